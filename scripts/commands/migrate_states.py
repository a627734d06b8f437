"""`failover migrate-states`: bring the states of a site that an earlier version deployed into this version's layout."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.commands.shared.options import (
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    TerraformOption,
    use_localcloud,
    use_terraform,
)
from scripts.commands.shared.parity_words import PLAN_ONLY

if TYPE_CHECKING:
    from scripts.terraform.migration import Migration


def migrate_states(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    keep: Annotated[Path, typer.Option("--keep", help="Folder for a copy of every state as it was.")] = Path("build"),
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the states of a site that an earlier version deployed into this version's layout. Nothing that serves changes.

    Synthesize the deployed site file with this version first. Example: failover migrate-states --apply
    """
    import json
    from dataclasses import asdict

    from rich.console import Console

    from scripts.terraform.cli import from_this_machine
    from scripts.terraform.migration import keep_copies, move_states, plan_migration, settle

    use_terraform(program)
    endpoints = use_localcloud(localcloud)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    migration = plan_migration(terraform, stacks)
    kept = keep_copies(migration, keep) if apply and migration.moves else None
    if kept is not None:
        move_states(terraform, migration)
    if apply:
        settle(terraform, stacks, Console(stderr=True, soft_wrap=True))
    if as_json:
        document = {
            "is_applied": apply,
            "moves": [asdict(move) for move in migration.moves],
            "copies": None if kept is None else str(kept),
        }
        print(json.dumps(document, indent=2))
        return
    _print(migration)
    if not apply:
        print(PLAN_ONLY)
        return
    if kept is not None:
        print(
            f"The states as they were: {kept}. Delete them once `terraform plan` is clean: they hold what the states hold."
        )
    print("Every state is its stack's. Save the outputs again: failover outputs")


def _print(migration: Migration) -> None:
    if not migration.moves:
        print("Nothing to move: every entry is in the state of its stack.")
    for (source, target), count in Counter((move.source, move.target) for move in migration.moves).items():
        print(f"  {source} -> {target}: {count} {'entry' if count == 1 else 'entries'}")
