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
from scripts.commands.shared.options import open_website, publisher
from scripts.commands.sync_content import publish
from scripts.drill.measurement import Measurement
from scripts.drill.scenarios import ORIGIN_DEGRADED, SCENARIOS
from scripts.drill.session import DrillSession
from scripts.local.endpoints import read_endpoints
from scripts.release.folder import read_folder
from scripts.release.serving.content_settings import parse_content
from scripts.site_build.output import write_site
from scripts.terraform.outputs import load_deployment
from scripts.terraform.synthesis import synthesize
from tools.bench.figures import ROOT, Figure, aws_figure
from tools.examples.deployed_example import deployed

_SITE_FILE = ROOT / "config" / "demo.toml"
_SPEED = 5.0
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
_UNMANAGED_SOA = "awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
_UNMANAGED_TTL_SECONDS = 900
_DEGRADED = [variant.name for variant in ORIGIN_DEGRADED.variants]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrilledSite:
    """The demo site, deployed, with a release that is live."""

    session: DrillSession
    hosted_zone_id: str
    domain_name: str

    def drill(self, scenario: str, variant: str) -> Measurement:
        """Returns the figures of one drill."""
        (run,) = self.session.run(SCENARIOS[scenario], (variant,)).runs
        print(f"{scenario} {variant}: {'; '.join(run.measurement.reasons)}", file=sys.stderr)
        return run.measurement


def bench_outages() -> list[Figure]:
    """Drills CloudFront's vanished names, with the zone's SOA as we manage it and as Route 53 makes it."""
    with drilled_site() as site:
        managed = {name: _recovery_seconds(site, name) for name in ("nxdomain", "nodata", "servfail")}
        _leave_soa_as_it_comes(site)
        degraded = [figure for variant in _DEGRADED for figure in _shares(site, variant)]
        unmanaged = {name: _recovery_seconds(site, name) for name in ("nxdomain", "nodata")}
    return [
        *[aws_figure(f"CloudFront's names gone ({name}), SOA of 60 s", each, 150) for name, each in managed.items()],
        *[aws_figure(f"the same ({name}), SOA as it comes", each, 960) for name, each in unmanaged.items()],
        *degraded,
    ]


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
            yield DrilledSite(
                session=DrillSession(
                    deployment, read_endpoints(state_folder / "endpoints.json"), state_folder=state_folder
                ),
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
