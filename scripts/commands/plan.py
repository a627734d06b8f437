"""`failover plan`: plan every stack, and keep the plans so that they are applied as they were reviewed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.commands.shared.options import (
    JsonOption,
    LocalcloudOption,
    TerraformOption,
    use_localcloud,
    use_terraform,
)

if TYPE_CHECKING:
    from scripts.rollout.plans import Plans


def plan(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    lock: Annotated[
        bool, typer.Option("--lock/--no-lock", help="Take the states' locks; a role that may only read cannot.")
    ] = True,
    drift: Annotated[
        Path | None,
        typer.Option(
            "--drift", help="File for what differs from what is deployed, as Markdown; exit code 1 when anything does."
        ),
    ] = None,
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan every stack in order, and write plans.json beside them: a digest of each plan and of what it was made from.

    `failover deploy` applies those plans and no others. A stack that reads what another one is about to change waits: it is
    planned in the next run. Exit code 1 when a stack could not be planned. Example: failover plan --no-lock
    """
    import datetime as dt

    from scripts.aws.clients import s3_client
    from scripts.onboarding.site_in_bucket import refuse_another_site
    from scripts.rollout import plans as files
    from scripts.rollout.planning import Planner
    from scripts.terraform.cli import from_this_machine
    from scripts.terraform.deploy import stack_order

    use_terraform(program)
    endpoints = use_localcloud(localcloud)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    refuse_another_site(stacks, s3_client, lambda words: print(words, file=sys.stderr))
    planner = Planner(terraform=terraform, tell=_tell, is_locked=lock)
    made = planner.plan([stacks / name for wave in stack_order(stacks) for name in wave])
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    plans = files.Plans(made_at=now, commit=_commit(), stacks=tuple(made))
    path = files.save(plans, stacks)
    digest = files.sha256(path)
    if as_json:
        print(json.dumps({"file": str(path), "sha256": digest, **plans.model_dump(mode="json")}))
    else:
        _print(plans, path, digest)
    is_drifted = drift is not None and _write_drift(plans, stacks, drift)
    if is_drifted or plans.of(files.Outcome.FAILED):
        raise typer.Exit(1)


def _write_drift(plans: Plans, stacks: Path, file: Path) -> bool:
    """Writes what differs, and nothing when nothing does; returns whether anything does."""
    from scripts.rollout.drift import drift_text

    text = drift_text(plans, stacks)
    if text:
        file.write_text(text, encoding="utf-8")
    return bool(text)


def _tell(stack: str, words: str) -> None:
    print(f"{stack}: {words}", file=sys.stderr)


def _commit() -> str:
    try:
        asked = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()


def _print(plans: Plans, path: Path, digest: str) -> None:
    from scripts.commands.shared.tables import results_console, results_table
    from scripts.rollout.plans import Outcome
    from scripts.rollout.stages import ADMINISTRATORS

    table = results_table("Stack", "Plan", whole=("Stack",))
    for stack in plans.stacks:
        admins = ", an administrator applies it" if stack.name in ADMINISTRATORS and stack.plan_sha256 else ""
        table.add_row(stack.name, stack.words + admins)
    results_console().print(table)
    print(f"{path}: SHA-256 {digest}")
    if plans.of(Outcome.CHANGES):
        print(f"Once it is reviewed: failover deploy --stacks {path.parent / 'stacks'} --approved {digest} --apply")
