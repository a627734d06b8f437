"""What the outages that happened cost viewers: drills on the demo site, deployed to a localcloud of its own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from scripts.commands.build import content_rules, make
from scripts.commands.publishing.publishing import publish
from scripts.commands.shared.options import open_website, publisher
from scripts.demo import Demo
from scripts.drill.measurement import Measurement
from scripts.drill.request import DrillSettings
from scripts.drill.scenarios import AWS_EDGE_OUTAGE, ORIGIN_DEGRADED, SCENARIOS
from scripts.drill.session import DrillSession
from scripts.local.endpoints import Endpoints, read_endpoints
from scripts.release.folder import read_folder
from scripts.release.serving.content_settings import parse_content
from scripts.replay.arithmetic import TOLERANCE_RATIO
from scripts.replay.incidents import incident_ids, load_incident
from scripts.replay.replaying import replay
from scripts.replay.views import Outcome
from scripts.site_build.output import write_site
from scripts.terraform.outputs import load_deployment
from scripts.terraform.synthesis import synthesize
from tools.bench.figures import ROOT, Figure, aws_figure
from tools.examples.deployed_example import deployed

_SITE_FILE = ROOT / "config" / "demo.toml"
_EXIT_SITE_FILE = ROOT / "config" / "last-exit.example.toml"
_FAST_CHECKS = "\n[health_check]\nrequest_interval_seconds = 10\n"
_SPEED = 5.0
# Twenty page views in a real second: visitors whose negative answers end together then ask the endpoint's few functions together.
_SETTINGS = DrillSettings(rate_per_second=4.0)
_LONGEST_PAUSE_MINUTES = 3.0
_RECOVERY_BY_EXIT_SECONDS = 150.0
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
_UNMANAGED_SOA = "awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
_UNMANAGED_TTL_SECONDS = 900
_DEGRADED = [variant.name for variant in ORIGIN_DEGRADED.variants]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrilledSite:
    """The demo site, deployed, with a release that is live."""

    session: DrillSession
    endpoints: Endpoints
    state_folder: Path
    hosted_zone_id: str
    domain_name: str

    def drill(self, scenario: str, variant: str) -> Measurement:
        """Returns the figures of one drill."""
        (run,) = self.session.run(SCENARIOS[scenario], (variant,), _SETTINGS).runs
        print(f"{scenario} {variant}: {'; '.join(run.measurement.reasons)}", file=sys.stderr)
        return run.measurement


def bench_outages() -> Iterator[Figure]:
    """Drills and replays the outages that happened; what was measured is kept when a later one fails.

    CloudFront's vanished names are drilled with the zone's SOA as we manage it and as Route 53 makes it.
    """
    with drilled_site() as site:
        for name in ("nxdomain", "nodata", "servfail"):
            yield aws_figure(f"CloudFront's names gone ({name}), SOA of 60 s", _recovery_seconds(site, name), 150)
        for variant in _DEGRADED:
            yield from _shares(site, variant)
        for incident_id in incident_ids():
            yield from _replayed(site, incident_id)
        _leave_soa_as_it_comes(site)
        for name in ("nxdomain", "nodata"):
            yield aws_figure(f"the same ({name}), SOA as it comes", _recovery_seconds(site, name), 960)
    yield from _exit_figures()


def _exit_figures() -> list[Figure]:
    """Returns the recovery with a server outside AWS behind the regional endpoint, with checks at 10 s, for each way to fail."""
    with tempfile.TemporaryDirectory() as name:
        site_file = Path(name) / "site.toml"
        site_file.write_text(f"{_EXIT_SITE_FILE.read_text(encoding='utf-8')}{_FAST_CHECKS}", encoding="utf-8")
        demo = Demo(site_file=site_file, folder=Path(name) / "demo", speed=_SPEED, any_port=True)
        with demo.site() as (_, session):
            variants = tuple(variant.name for variant in AWS_EDGE_OUTAGE.variants)
            runs = session.run(AWS_EDGE_OUTAGE, variants, _SETTINGS).runs
    return [
        aws_figure(
            f"CloudFront and API Gateway {run.variant.title}, a last exit outside AWS",
            float("inf") if (seconds := run.measurement.recovery_time_seconds) is None else seconds,
            _RECOVERY_BY_EXIT_SECONDS,
        )
        for run in runs
    ]


def _replayed(site: DrilledSite, incident_id: str) -> list[Figure]:
    """Returns the share of the page views that failed in an incident, with and without our layers, against its arithmetic."""
    played = replay(
        load_incident(incident_id),
        site.session.deployment,
        site.endpoints,
        release_id=site.session.release_id,
        state_folder=site.state_folder,
        longest_pause_minutes=_LONGEST_PAUSE_MINUTES,
        tell=lambda line: print(line, file=sys.stderr),
    )
    print(f"{incident_id}: page views began at most {played.late_seconds:.2f} s late", file=sys.stderr)
    return [figure for outcome in played.outcomes for figure in _against_arithmetic(incident_id, outcome)]


def _against_arithmetic(incident_id: str, outcome: Outcome) -> Iterator[Figure]:
    """Yields a share of page views and the most that 5 % over its arithmetic allows; then the least, where that is any."""
    name, expected = f"{incident_id}, page views that failed, {outcome.view.name}", outcome.expected
    value, most = 100 * outcome.failed_ratio, 100 * expected.high_ratio * (1 + TOLERANCE_RATIO)
    yield Figure(name=name, value=value, unit="%", limit=most)
    if expected.low_ratio:
        least = 100 * expected.low_ratio * (1 - TOLERANCE_RATIO)
        yield Figure(name=f"{name}, at least", value=value, unit="%", limit=least, is_least=True)


@contextmanager
def drilled_site() -> Iterator[DrilledSite]:
    """Deploys the demo site and publishes a release."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        synthesize(_SITE_FILE, folder / "cdktf.out")
        with deployed(folder, speed=_SPEED):
            outputs = folder / "outputs.json"
            _publish(folder, outputs)
            deployment = load_deployment(outputs)
            state_folder = folder / "localcloud"
            endpoints = read_endpoints(state_folder / "endpoints.json")
            yield DrilledSite(
                session=DrillSession(deployment, endpoints, state_folder=state_folder),
                endpoints=endpoints,
                state_folder=state_folder,
                hosted_zone_id=deployment.hosted_zone_id,
                domain_name=deployment.hostname.partition(".")[2],
            )


def _publish(folder: Path, outputs: Path) -> None:
    write_site(make(ROOT / "site" / "src", content_rules(_SITE_FILE)).files, folder / "site")
    website = open_website(outputs)
    site = publisher(website)
    files = read_folder(folder / "site", rules=parse_content(website.content))
    publish(site, site.plan(files), folder / "site")


def _recovery_seconds(site: DrilledSite, variant: str) -> float:
    seconds = site.drill("edge-outage", variant).recovery_time_seconds
    return float("inf") if seconds is None else seconds


def _shares(site: DrilledSite, variant: str) -> list[Figure]:
    """Returns what became of page views; a silent bucket costs 4 s a request, so as many as it hits are slow."""
    shares = site.drill("origin-degraded", variant).shares
    kind, _, percent = variant.partition("-")
    slow_limit = int(percent) + 5 if kind in ("hang", "delay", "slow") else 5
    return [
        Figure(name=f"page views that failed, S3 {variant} %", value=100 * shares.failed_ratio, unit="%", limit=0.1),
        Figure(
            name=f"page views over a second late, S3 {variant} %",
            value=100 * shares.slow_ratio,
            unit="%",
            limit=slow_limit,
        ),
    ]


def _leave_soa_as_it_comes(site: DrilledSite) -> None:
    route53 = boto3.client("route53")
    records = route53.list_resource_record_sets(HostedZoneId=site.hosted_zone_id)["ResourceRecordSets"]
    (soa,) = [record for record in records if record["Type"] == "SOA"]
    server = soa["ResourceRecords"][0]["Value"].split()[0]
    soa["TTL"], soa["ResourceRecords"] = _UNMANAGED_TTL_SECONDS, [{"Value": f"{server} {_UNMANAGED_SOA}"}]
    route53.change_resource_record_sets(
        HostedZoneId=site.hosted_zone_id, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": soa}]}
    )
