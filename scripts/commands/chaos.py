"""`failover chaos`: what belongs to breaking things and is no drill itself: undo what a crash left, list, and the policy."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.drill import READ_ONLY
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    use_localcloud,
)
from scripts.errors import WrongUsageError

_ACTIONS = ("recover", "levers", "policy", "run")


def chaos(
    action: Annotated[str, typer.Argument(help=f"What to do: {', '.join(_ACTIONS)}.")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Levers for `policy` (default all); a file for `run`.")
    ] = None,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    report: Annotated[Path, typer.Option(help="Folder for the journal of `run`.")] = Path("build/chaos"),
    as_json: JsonOption = False,
) -> None:
    """Undo what a crash left (recover), list AWS's levers (levers), print their policy (policy), run experiments (run FILE).

    Experiments are Chaos Toolkit's, against localcloud: docs/CHAOS.md.

    The undo is read from the journal beside the outputs, or in localcloud's folder, and needs nothing else. Safe to repeat.
    """
    if action not in _ACTIONS:
        raise WrongUsageError(f"unknown action {action!r}; allowed: {', '.join(_ACTIONS)}")
    if action == "run":
        _run(tuple(names or ()), outputs, localcloud, report)
        return
    use_localcloud(localcloud)
    if action == "recover":
        _recover(localcloud or outputs.parent, as_json=as_json)
    elif action == "levers":
        _list(as_json=as_json)
    else:
        _print_policy(outputs, tuple(names or ()))


def _recover(folder: Path, *, as_json: bool) -> None:
    from scripts.drill.journal import recover_journal

    undone = [str(fault) for fault in (recover_journal(folder),) if fault is not None]
    undone += _experiment_faults_ended(folder)
    if as_json:
        print(json.dumps({"undone": undone}))
    else:
        print(f"Undone: {', '.join(undone)}." if undone else "Nothing was left broken.")


def _experiment_faults_ended(folder: Path) -> list[str]:
    from scripts.chaos.ledger import Ledger, end_faults
    from scripts.local.control import ControlApi
    from scripts.local.endpoints import read_endpoints

    ledger = Ledger(folder)
    if not ledger.read():
        return []
    control = ControlApi(read_endpoints(folder / "endpoints.json").control_url)
    return [str(fault) for fault in asyncio.run(end_faults(ledger, control))]


def _run(files: tuple[str, ...], outputs: Path, localcloud: Path | None, report: Path) -> None:
    from scripts.chaos.run import load_experiment, run
    from scripts.drill.journal import drill_lock

    if len(files) != 1:
        raise WrongUsageError("`failover chaos run` wants one experiment, such as config/experiments/checkers-lie.json")
    experiment = load_experiment(Path(files[0]))
    if localcloud is None:
        raise WrongUsageError("experiments inject faults into localcloud: run them with --localcloud DIR")
    use_localcloud(localcloud)
    os.environ |= {"FAILOVER_LOCALCLOUD": str(localcloud), "FAILOVER_OUTPUTS": str(outputs)}
    with drill_lock(localcloud):
        problems = run(experiment, report / "journal.json")
    print("\n".join(problems) or f"{experiment['title']}: held. Journal: {report / 'journal.json'}")
    if problems:
        raise typer.Exit(1)


def _list(*, as_json: bool) -> None:
    from scripts.commands.shared.tables import results_console, results_table
    from scripts.drill.lever_scenarios import LEVER_SCENARIOS

    rows = [
        (
            each.name,
            str(each.layer),
            f"{each.what_fails} {each.variants[0].title}",
            "nothing may move" if each.stays else "fails over",
        )
        for each in LEVER_SCENARIOS.values()
    ]
    rows.append(("certificate", "-", "nothing: it reads", "every certificate would be renewed"))
    if as_json:
        print(json.dumps([dict(zip(("lever", "layer", "breaks", "expected"), row, strict=True)) for row in rows]))
        return
    table = results_table("Lever", "Layer", "Breaks", "Expected", whole=("Lever",))
    for row in rows:
        table.add_row(*(cell.format(primary="the primary", secondary="the secondary") for cell in row))
    results_console().print(table)


def _print_policy(outputs: Path, names: tuple[str, ...]) -> None:
    from scripts.drill.lever_scenarios import LEVER_SCENARIOS
    from scripts.drill.levers.catalogue import lever_for
    from scripts.drill.levers.certificates import rights
    from scripts.drill.levers.plan import policy_for
    from scripts.terraform.outputs import deployment_of, load_outputs

    known = (*LEVER_SCENARIOS, READ_ONLY)
    if unknown := [name for name in names if name not in known]:
        raise WrongUsageError(f"unknown lever {unknown[0]!r}; allowed: {', '.join(known)}")
    document = load_outputs(outputs)
    deployment = deployment_of(document, outputs)
    levers = [name for name in names or LEVER_SCENARIOS if name != READ_ONLY]
    chosen = [lever_for(name, deployment, document) for name in levers]
    policy = policy_for(chosen, deployment)
    if not names or READ_ONLY in names:
        policy["Statement"] += [each for each in rights(deployment) if each not in policy["Statement"]]
    print(json.dumps(policy, indent=2))
