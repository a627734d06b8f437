"""`failover prove`: deploy a sandbox, prove what the design rests on, drill, and take it down again."""

from __future__ import annotations

import json
import sys
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
from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.errors import UnsafePlanError, WrongUsageError

if TYPE_CHECKING:
    from scripts.commands.shared.proving import Proving
    from scripts.prove.proof import ProofReport

MOST_USD = 10.0


def prove(
    site_file: Annotated[Path, typer.Option(help="The sandbox's site file; its state is local.")] = Path(
        "config/sandbox.toml"
    ),
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    output: Annotated[Path, typer.Option(help="Folder for states, reports, prove.html and prove.json.")] = Path(
        "build/prove"
    ),
    drill: Annotated[
        list[str] | None,
        typer.Option(
            help="A lever to drill with; may be given more than once. Default: every one; `none` for no drill."
        ),
    ] = None,
    most_usd: Annotated[float, typer.Option(min=0, help="Refuse when the bill may be higher.")] = MOST_USD,
    apply: ApplyOption = False,
    confirm: Annotated[str, typer.Option(help="ACCOUNT:HOSTNAME of the sandbox.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Deploy a sandbox, prove each fact of docs/SANDBOX.md, drill, write prove.html and prove.json, take it down.

    Without --apply it says what it would do and what the bill is at most. On AWS it takes about two hours. With --localcloud the
    same runs against a localcloud that is up (`failover localcloud serve`): facts that it does not model are counted as "needs
    AWS". Exit code 1 when a fact is refuted or undecided, or a drill is not within its objective.
    """
    from scripts.commands.shared.proving import Proving

    use_terraform(program)
    endpoints = use_localcloud(localcloud)
    drills = _drills(tuple(drill or ()))
    proving = Proving(site_file=site_file, folder=output, drills=drills, endpoints=endpoints, localcloud=localcloud)
    with proving.sole():
        plan = proving.plan()
        if plan.estimated_usd > most_usd:
            raise UnsafePlanError(
                f"the bill may be {plan.estimated_usd:.2f} USD, and --most-usd is {most_usd:.2f}: nothing was done. Switch paid"
                f" features off in {site_file}, or allow more"
            )
        proving.say(plan)
        if not apply:
            if as_json:
                print(json.dumps({**plan.document(), "applied": False}))
            return
        report = proving.run(plan, confirm)
    _tell(proving, report, as_json=as_json)


def _drills(named: tuple[str, ...]) -> tuple[str, ...]:
    if named == ("none",):
        return ()
    if unknown := [name for name in named if name not in LEVER_SCENARIOS]:
        raise WrongUsageError(f"unknown lever {unknown[0]!r}; allowed: none, {', '.join(LEVER_SCENARIOS)}")
    return named or tuple(LEVER_SCENARIOS)


def _tell(proving: Proving, report: ProofReport, *, as_json: bool) -> None:
    from scripts.prove.proof import headline, is_good

    if as_json:
        print(json.dumps(report))
    else:
        print(headline(report))
        for fact in report["facts"]:
            if fact["outcome"] in ("refuted", "undecided"):
                print(f"  {fact['id']} {fact['outcome']}: {fact['evidence']}")
        for drill in report["drills"]:
            print(f"  drill {drill['name']}: {drill['verdict']}; {'; '.join(drill['reasons'])}")
        print(f"Taken down: {report['teardown']}.")
        print(f"Page: {proving.folder / 'prove.html'}")
    if report["problem"] is not None:
        print(f"failover: {report['problem']}", file=sys.stderr)
        raise typer.Exit(3)
    if not is_good(report):
        raise typer.Exit(1)
