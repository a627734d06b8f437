"""Replaying incidents on a site that runs on localcloud: the views of it, the probes, the lock and the signals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aws_facts.health_checks import (
    CHECKER_REGIONS_BY_DEFAULT,
    CHECKERS_PER_REGION,
    HTTP_CONNECT_BUDGET_SECONDS,
    HTTP_RESPONSE_BUDGET_SECONDS,
)
from scripts.aws.clients import aws_client, translated
from scripts.clock import AwsClock
from scripts.drill.faults import LocalcloudFaults
from scripts.drill.journal import drill_lock
from scripts.drill.rehearsal import interruptible
from scripts.errors import EnvironmentFailureError
from scripts.local.control import ControlApi
from scripts.local.endpoints import Endpoints
from scripts.probe.page_view import MARKER_PATH, BrowserProbe, Page, verifying_tls
from scripts.probe.resolver import CachingResolver, Nameserver
from scripts.replay.arithmetic import Circumstances, expected_of
from scripts.replay.incidents import Incident
from scripts.replay.page import Mail, Replay
from scripts.replay.player import CLIENTS, JOURNAL_NAME, RATE_PER_SECOND, Player
from scripts.replay.schedule import schedule_of
from scripts.replay.views import View, outcome_of
from scripts.terraform.outputs import Deployment

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import HealthCheckConfigOutputTypeDef

GLOBAL_REGION = "us-east-1"


def views_of(deployment: Deployment) -> tuple[View, ...]:
    """Return the ways to build the site, from one region alone to all of ours, each at a name where it can be seen."""
    primary = deployment.primary
    own_name = deployment.distributions[primary].hostname
    return (
        View(
            name="one region",
            title=f"CloudFront with the bucket in {primary} alone",
            hostname=own_name,
            marker_path=f"/health/{primary}.json",
        ),
        View(
            name="with layer 1",
            title="CloudFront with an origin group of both buckets, no failover in DNS",
            hostname=own_name,
            marker_path=MARKER_PATH,
        ),
        View(
            name="with layers 1 and 3",
            title="Your site: the origin group, and Route 53 with the regional endpoint behind it",
            hostname=deployment.hostname,
            marker_path=MARKER_PATH,
        ),
    )


def circumstances_of(deployment: Deployment) -> Circumstances:
    """Return what of the site decides a replay's arithmetic: its health checks, as Route 53 has them.

    Raises:
        AwsError: Route 53 does not answer.
    """
    path, region = (_health_check(deployment.health_check_ids[name]) for name in ("path", deployment.primary))
    interval, threshold = path["RequestInterval"], path["FailureThreshold"]
    checkers = CHECKERS_PER_REGION * (len(region.get("Regions", ())) or CHECKER_REGIONS_BY_DEFAULT)
    return Circumstances(
        rate_per_second=RATE_PER_SECOND,
        probes_per_second=checkers / region["RequestInterval"],
        detection_seconds=(
            interval * (threshold - 1),
            interval * threshold + HTTP_CONNECT_BUDGET_SECONDS + HTTP_RESPONSE_BUDGET_SECONDS,
        ),
        visitors=CLIENTS,
    )


def _health_check(id_: str) -> HealthCheckConfigOutputTypeDef:
    with translated("GetHealthCheck", id_):
        found = aws_client("route53", region=GLOBAL_REGION).get_health_check(HealthCheckId=id_)["HealthCheck"]
    config: HealthCheckConfigOutputTypeDef = found["HealthCheckConfig"]
    return config


def replay(
    incident: Incident,
    deployment: Deployment,
    endpoints: Endpoints,
    *,
    release_id: str,
    state_folder: Path,
    longest_pause_minutes: float,
    tell: Callable[[str], None],
) -> Replay:
    """Play one incident and return what visitors saw; every fault is undone, whatever ends it.

    Raises:
        InterruptedDrillError: a signal came; nothing is broken any more.
        OpsError: a drill or another replay is running, or a fault could not be injected or ended.
    """
    clock = AwsClock(speed=endpoints.speed)
    schedule = schedule_of(incident, longest_pause_minutes=longest_pause_minutes)
    views, circumstances = views_of(deployment), circumstances_of(deployment)

    def new_probe(view: View) -> BrowserProbe:
        nameserver = Nameserver(address=endpoints.dns.address, port=endpoints.dns.port)
        resolvers = [
            CachingResolver(nameservers=[nameserver], clock=clock, first_answer_age_ratio=client / CLIENTS)
            for client in range(CLIENTS)
        ]
        page = Page(
            hostname=view.hostname,
            release_id=release_id,
            https_port=endpoints.https_port,
            marker_path=view.marker_path,
        )
        return BrowserProbe(page=page, resolvers=resolvers, clock=clock, tls=verifying_tls(endpoints.ca_certificate))

    player = Player(
        clock=clock,
        injector=LocalcloudFaults(ControlApi(endpoints.control_url)),
        new_probe=new_probe,
        journal=state_folder / JOURNAL_NAME,
        regions=(deployment.primary, deployment.secondary),
        tell=tell,
    )
    control = ControlApi(endpoints.control_url)
    with drill_lock(state_folder):
        before = len(_mailbox(control))
        samples = asyncio.run(interruptible(player.play(schedule, views), name=f"the replay of {incident.id}"))
    return Replay(
        incident=incident,
        schedule=schedule,
        outcomes=tuple(
            outcome_of(
                view,
                samples[view.name],
                expected=expected,
                fault_at_seconds=schedule.fault_at_seconds,
                duration_seconds=schedule.duration_seconds,
            )
            for view, expected in zip(views, expected_of(schedule, circumstances), strict=True)
        ),
        hostname=deployment.hostname,
        speed=endpoints.speed,
        mails=_mailbox(control)[before:],
    )


def _mailbox(control: ControlApi) -> tuple[Mail, ...]:
    """Returns every e-mail that localcloud's SNS has sent."""
    answer = asyncio.run(control.get("/mailbox"))
    found = answer.get("mails") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise EnvironmentFailureError(f"GET {control.url}/mailbox answered without mails: {answer!r}")
    return tuple(Mail(subject=str(each["subject"] or ""), text=str(each["text"])) for each in found)
