"""The part of `failover drill` that pulls one of AWS's own levers: plan, confirmation, stop conditions."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scripts.aws.clients import aws_client, translated
from scripts.drill.guard import ReadAlarm, StopConditions
from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.levers.alarm_path import AlarmPath
from scripts.drill.levers.catalogue import lever_for
from scripts.drill.levers.effects import LeverEffects
from scripts.drill.levers.news import Newsroom
from scripts.drill.levers.plan import confirmation_of, insist_on_own_site
from scripts.drill.request import DrillSettings
from scripts.drill.session import DrillSession
from scripts.errors import WrongUsageError
from scripts.local.network import network_of
from scripts.terraform.outputs import OtherOutputs, deployment_of, load_outputs, other_outputs_of, regional_endpoints

if TYPE_CHECKING:
    from scripts.drill.result import ScenarioResult
    from scripts.drill.scenarios import Scenario
    from scripts.local.endpoints import Endpoints


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LeverOptions:
    """What the command line said.

    Args:
        apply: pull the lever; else print the plan.
        confirm: ACCOUNT:HOSTNAME; "" asks at a terminal.
        stop_alarm: name or ARN of an alarm that ends the drill; "" for none.
        stop_failed_ratio: share of failed page views that ends it.
        rate: page views a second.
        max_seconds: how long the fault may last, in AWS seconds.
        mail_queue: URL of an SQS queue subscribed to an alert topic; "" for none.
    """

    apply: bool
    confirm: str
    stop_alarm: str
    stop_failed_ratio: float
    max_seconds: float
    rate: float
    mail_queue: str = ""


def run_lever(
    name: str, outputs: Path, endpoints: Endpoints | None, options: LeverOptions, *, state_folder: Path
) -> tuple[DrillSession, ScenarioResult] | None:
    """Prints the plan, and with `apply` runs the drill; returns None without.

    Raises:
        WrongUsageError: the confirmation is another one.
        OpsError: as `DrillSession.run_lever`.
    """
    document = load_outputs(outputs)
    deployment = deployment_of(document, outputs)
    scenario = LEVER_SCENARIOS[name]
    newsroom = newsroom_of(other_outputs_of(document), options.mail_queue)
    session = DrillSession(deployment, endpoints, state_folder=state_folder, newsroom=newsroom)
    insist_on_own_site(deployment)
    lever = lever_for(name, deployment, document)
    wanted = confirmation_of(deployment)
    regions = {"primary": deployment.primary, "secondary": deployment.secondary}
    expected = _expected(scenario, regions)
    _say(f"Lever {name}, layer {scenario.layer}, on {wanted}")
    _say(f"  It {lever.describe()}.")
    _say(f"  Expected: {expected}.")
    _say(f"  It stops by itself when {_stops(options, scenario)}.")
    _say(f"  The undo is written to {state_folder} first; `failover chaos recover` runs it after a crash.")
    _say(f"  `failover chaos policy {name}` prints the IAM policy that it needs.")
    if not options.apply:
        _say("Nothing was done. Add --apply to pull it.")
        return None
    insist_on_confirmation(options.confirm, wanted, "This breaks a part of a running site")
    effects = LeverEffects(
        deployment,
        regional_endpoints(document),
        network_of(endpoints),
        alarm_path=lever if isinstance(lever, AlarmPath) else None,
    )
    newsroom.forget()
    effects.measure_recovery_point()  # at the fault, or a second before it
    stop = StopConditions(
        max_failed_ratio=1.0 if scenario.heals else options.stop_failed_ratio,
        max_fault_seconds=options.max_seconds,
        alarm=options.stop_alarm,
        read_alarm=_alarm_reader(options.stop_alarm) if options.stop_alarm else None,
    )
    result = session.run_lever(
        scenario, lever, effects=effects, stop=stop, settings=DrillSettings(rate_per_second=options.rate)
    )
    return session, dataclasses.replace(result, recovery_point_seconds=effects.recovery_point_seconds)


def newsroom_of(others: OtherOutputs, mail_queue: str = "") -> Newsroom:
    """Return who listens to the site's alarms, as far as the saved outputs name them."""
    return Newsroom(alarms=others.alarm_names, regions=others.alarm_regions, mail_queue=mail_queue)


def _expected(scenario: Scenario, regions: dict[str, str]) -> str:
    if scenario.stays:
        return "nothing may move, and not one page view may fail"
    taker = scenario.takes_over.format(**regions)
    if scenario.heals:
        return f"page views fail until {taker}, is served again, within the RTO and before the undo"
    return f"{taker}, takes over; not one page view may fail"


def _stops(options: LeverOptions, scenario: Scenario) -> str:
    alarm = f"the alarm {options.stop_alarm} is in ALARM" if options.stop_alarm else ""
    if scenario.heals:  # page views are to fail, until what is drilled ends that
        return f"{alarm}{' or ' if alarm else ''}the fault lasted {options.max_seconds:g} s"
    return (
        f"{alarm}{', ' if alarm else ''}more than {options.stop_failed_ratio:.0%} of the page views of 30 s fail,"
        f" or the fault lasted {options.max_seconds:g} s"
    )


def insist_on_confirmation(given: str, wanted: str, what: str) -> None:
    """Refuse to go on unless the operator named account and site.

    Args:
        given: the command line's; "" asks at a terminal.
        wanted: ACCOUNT:HOSTNAME.
        what: what is about to happen, as a sentence without its full stop.

    Raises:
        WrongUsageError: it is another one.
    """
    if not given and sys.stdin.isatty():
        given = typer.prompt(f"{what}. Type {wanted} to go on", err=True)
    if given != wanted:
        raise WrongUsageError(
            f"--confirm is {given!r}, and this is {wanted}: nothing was done."
            f" Say --confirm {wanted} if that is the site you mean"
        )


def _alarm_reader(alarm: str) -> ReadAlarm:
    region = alarm.split(":")[3] if alarm.startswith("arn:") else "us-east-1"
    name = alarm.split(":alarm:", 1)[-1]
    client = aws_client("cloudwatch", region=region, is_hasty=True)

    def read() -> str:
        with translated("DescribeAlarms", alarm, region=region):
            answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        if not found:
            raise WrongUsageError(f"--stop-alarm {alarm}: {region} has no such alarm; nothing is broken any more")
        return str(found[0]["StateValue"])

    async def read_beside() -> str:
        return await asyncio.to_thread(read)

    read()  # an alarm that is not there is told before anything is broken
    return read_beside


def _say(text: str) -> None:
    typer.echo(text, err=True)
