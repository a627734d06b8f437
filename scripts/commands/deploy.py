"""`failover deploy`: apply the plans that were reviewed, region by region."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    LocalcloudOption,
    OutputsOption,
    TerraformOption,
    use_localcloud,
    use_terraform,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.local.endpoints import Endpoints
    from scripts.rollout.applying import Look
    from scripts.rollout.plans import Plans
    from scripts.rollout.stages import Stage
    from scripts.terraform.cli import Terraform


def deploy(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized and planned stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    approved: Annotated[
        str | None,
        typer.Option(metavar="SHA256", help="The digest of plans.json that was approved; `failover plan` printed it."),
    ] = None,
    degraded: Annotated[
        bool,
        typer.Option("--degraded", help="Leave out a region that cannot be planned, applied or reached, and go on."),
    ] = False,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    apply: ApplyOption = False,
) -> None:
    """Apply the plans of `failover plan`, exactly: what all regions share, the secondary region, the primary, then the edge.

    After each region its own names are asked, and what served before has to serve still, or the rollout stops there. A plan
    that is stale, or is not the one approved, is not applied. Saves the outputs. Exit code 1: stopped; the message says where.
    """
    from scripts.aws.clients import s3_client
    from scripts.onboarding.site_in_bucket import refuse_another_site
    from scripts.rollout import plans as files
    from scripts.rollout.applying import Rollout
    from scripts.rollout.stages import stages
    from scripts.terraform.cli import from_this_machine

    use_terraform(program)
    plans = files.load(stacks, expected_sha256=approved)
    order = stages(stacks)
    _print(order, plans)
    if not apply:
        print(PLAN_ONLY)
        return
    if approved is None:
        raise WrongUsageError("--apply needs --approved SHA256: the digest of plans.json that was reviewed")
    endpoints = use_localcloud(localcloud)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    refuse_another_site(stacks, s3_client, _tell)
    look = _look(terraform, stacks, outputs, endpoints)
    rollout = Rollout(terraform=terraform, stacks_folder=stacks, look=look, tell=_tell, is_degraded=degraded)
    rollout.run(order, plans)
    is_saved = _save(terraform, stacks, outputs)
    print(f"Applied: {', '.join(rollout.applied) or 'nothing, since nothing changes'}.")
    for name, reason in rollout.left_out.items():
        print(f"Left out: {name}, {reason.splitlines()[0]}. Plan and deploy again when it is back.")
    if waiting := plans.of(files.Outcome.WAITS):
        names = ", ".join(stack.name for stack in waiting)
        print(f"Not yet planned: {names}. Plan again: they read what was changed now.")
    if is_saved:
        print(f"{outputs}: saved; keep it where it is found on the day of an outage (docs/DISASTER_RECOVERY.md)")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print(order: Sequence[Stage], plans: Plans) -> None:
    from scripts.commands.shared.tables import results_console, results_table

    of_stack = {stack.name: stack for stack in plans.stacks}
    table = results_table("Stage", "Stack", "Plan", whole=("Stage", "Stack"))
    for number, stage in enumerate(order, 1):
        for name in stage.stacks:
            stack = of_stack[name]
            where = stage.region or "all regions"
            table.add_row(f"{number}. {where}", name, stack.words)
    results_console().print(table)
    print(f"planned {plans.made_at} from {plans.commit or 'no commit'}")


def _outputs(terraform: Terraform, stacks: Path) -> dict[str, dict[str, Any]]:
    from scripts.terraform.synthesis import stack_folders

    found = {}
    for folder in stack_folders(stacks):
        terraform.init(folder)
        found[folder.name] = terraform.output(folder)
    return found


def _save(terraform: Terraform, stacks: Path, outputs: Path) -> bool:
    """Saves the outputs where the edge has some; before that, no command could use them."""
    from scripts.terraform.outputs import deployment_of, save_outputs

    found = _outputs(terraform, stacks)
    if not found.get("edge"):
        return False
    deployment_of(found, outputs)  # before a file that the commands could use is replaced
    save_outputs(found, outputs)
    return True


def _look(terraform: Terraform, stacks: Path, outputs: Path, endpoints: Endpoints | None) -> Look:
    """Returns what looks at the site after a stage."""
    from scripts.rollout.serving import look_before, nothing_before
    from scripts.status.entries import network_entry_probe

    if not (stacks / "edge" / "cdk.tf.json").is_file():
        _tell("there is no stack edge here, so there are no names to ask after each stage")
        return nothing_before
    if not _save(terraform, stacks, outputs):
        _tell("nothing was deployed before, so there is nothing to compare with")
        return nothing_before
    before = look_before(outputs, network_entry_probe(endpoints))
    for line in before.failing():
        _tell(f"did not serve before, and is not judged: {line}")
    return before.worse
