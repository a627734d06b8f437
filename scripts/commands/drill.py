"""`failover drill`: break something on purpose and measure what users lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.commands.shared.lever_drill import newsroom_of
from scripts.commands.shared.lost_region_drill import NAME as REGION_LOST
from scripts.commands.shared.lost_region_drill import run_lost_region_drill
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    use_localcloud,
)
from scripts.commands.shared.under_test import UnderTest, under_test
from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.request import DrillSettings
from scripts.drill.scenarios import SCENARIOS
from scripts.drill.session import DrillSession
from scripts.drill.verdict import Verdict
from scripts.errors import WrongUsageError
from scripts.report.drill_log import LOG_NAME, append, read
from scripts.report.report import summary_table, write_reports
from scripts.terraform.outputs import load_deployment, load_other_outputs

LEVERS = tuple(LEVER_SCENARIOS)
READ_ONLY = "certificate"
_NAMES = ", ".join([*SCENARIOS, REGION_LOST, *LEVERS, READ_ONLY])
_VARIANTS = "; ".join(
    f"{scenario.name} has {', '.join(variant.name for variant in scenario.variants)}" for scenario in SCENARIOS.values()
)
_DEFAULTS = ", ".join(variant.name for scenario in SCENARIOS.values() for variant in scenario.select())


def drill(
    scenario: Annotated[str, typer.Argument(help=f"What to break: {_NAMES}.")],
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help=f"How to break it, once or more often: {_VARIANTS}. Default: {_DEFAULTS}, one after the other."
        ),
    ] = None,
    error_keeping_ratio: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of the visitors whose resolver keeps the answer that a name does not exist (RFC 2308) or cannot be "
            "resolved (RFC 9520); the others ask anew each time.",
        ),
    ] = 1.0,
    report: Annotated[Path, typer.Option(help="Folder for report.json, report.html and the samples.")] = Path(
        "build/drill"
    ),
    stacks: Annotated[Path, typer.Option(help="Folder of the synthesized stacks, for the cost.")] = Path(
        "cdktf.out/stacks"
    ),
    site_file: Annotated[
        str, typer.Option(help=f"What the report calls the site file; a label. {REGION_LOST} changes the file.")
    ] = "",
    new_region: Annotated[str, typer.Option(help=f"Region that takes the primary's place; {REGION_LOST} only.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Pull a lever. Without it its plan is printed.")] = False,
    confirm: Annotated[str, typer.Option(help="ACCOUNT:HOSTNAME of the site whose lever is pulled.")] = "",
    stop_alarm: Annotated[str, typer.Option(help="Name or ARN of an alarm; in ALARM it ends a lever's drill.")] = "",
    stop_failed_ratio: Annotated[
        float, typer.Option(min=0, max=1, help="Share of failed page views within 30 s that ends a lever's drill.")
    ] = 0.2,
    max_seconds: Annotated[float, typer.Option(min=60, help="Longest time that a lever stays pulled.")] = 900,
    mail_queue: Annotated[
        str, typer.Option(help="URL of an SQS queue that hears an alert topic, for the time to mail; it is emptied.")
    ] = "",
    rate: Annotated[
        float, typer.Option(min=1, max=100, help="Page views a second; fewer where this machine is busy.")
    ] = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Run SCENARIO: steady state, fault, probing throughout, undo always, report.

    Levers of AWS's own (`failover chaos levers`) run against AWS and localcloud alike, with --apply and --confirm; the other
    scenarios break localcloud's data plane; `certificate` breaks nothing and looks whether every certificate would be renewed.
    The verdict is inconclusive unless the primary, then the secondary, then the
    primary again was seen. The undo is written to disk before the fault, so Ctrl-C and even a crash leave nothing broken: the
    next drill on this target undoes it first, or `failover chaos recover`.
    """
    if scenario == READ_ONLY:
        from scripts.commands.shared.certificate_drill import look

        look(outputs, use_localcloud(localcloud), as_json=as_json)
        return
    variants = tuple(variant or ())
    if scenario == REGION_LOST:
        run_lost_region_drill(
            site_file=site_file,
            new=new_region,
            stacks=stacks,
            outputs=outputs,
            localcloud=localcloud,
            report=report,
            rate=rate,
            as_json=as_json,
        )
        return
    _insist_on_known(scenario, variants, localcloud)  # a wrong name is told before anything else
    made_of = under_test(stacks) if apply or scenario not in LEVERS else UnderTest()
    state_folder = localcloud or outputs.parent
    if scenario in LEVERS:
        from scripts.commands.shared.lever_drill import LeverOptions, run_lever

        options = LeverOptions(
            apply=apply,
            confirm=confirm,
            stop_alarm=stop_alarm,
            stop_failed_ratio=stop_failed_ratio,
            max_seconds=max_seconds,
            rate=rate,
            mail_queue=mail_queue,
        )
        run = run_lever(scenario, outputs, use_localcloud(localcloud), options, state_folder=state_folder)
        if run is None:  # the plan, which stderr has
            if as_json:
                print(json.dumps({"scenario": scenario, "applied": False}))
            return
        session, result = run
    else:
        endpoints = use_localcloud(localcloud)
        newsroom = newsroom_of(load_other_outputs(outputs), mail_queue)
        session = DrillSession(load_deployment(outputs), endpoints, state_folder=state_folder, newsroom=newsroom)
        newsroom.forget()
        settings = DrillSettings(rate_per_second=rate, error_keeping_ratio=error_keeping_ratio)
        result = session.run(SCENARIOS[scenario], variants, settings)
    context = made_of.context(session, [result], site_file=site_file)
    log = report.parent / LOG_NAME
    written = write_reports([result], context, report, earlier=read(log))
    append(log, written.report)
    if as_json:
        print(written.json_file.read_text(encoding="utf-8"), end="")
    else:
        Console().print(summary_table(written.report))
        print(f"Report: {written.html_file}")
    if result.worst.measurement.verdict is not Verdict.WITHIN:
        raise typer.Exit(1)


def _insist_on_known(scenario: str, variants: tuple[str, ...], localcloud: Path | None) -> None:
    if scenario in LEVERS:
        return
    if scenario not in SCENARIOS:
        raise WrongUsageError(f"unknown scenario {scenario!r}; allowed: {_NAMES}")
    SCENARIOS[scenario].select(variants)
    if localcloud is None:  # before the account is asked for anything
        raise WrongUsageError(
            f"{scenario} breaks localcloud's data plane, which AWS has no call for: run it with --localcloud DIR, or drill by"
            f" a lever of AWS's own: {', '.join(LEVERS)}"
        )
