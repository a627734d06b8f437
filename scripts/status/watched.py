"""What of a deployment is looked at: its entries, its health checks, its alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scripts.status.entries import Entry
from scripts.terraform.outputs import Deployment, OtherOutputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One deployed website as its users and AWS's observers see it.

    Attributes:
        entry: what stands behind the public name, "cloudfront" or "regional".
        first_region: the region that serves when nothing is wrong; None where the policy lets several serve.
        public: the public name.
        entries: every other entry.
        health_check_ids: "path", where there is one, and each region -> id of its check.
        alarm_names: every alarm that tells somebody; empty where the saved outputs do not say.
        alarm_regions: where they are.
    """

    entry: str
    first_region: str | None
    public: Entry
    entries: tuple[Entry, ...] = ()
    health_check_ids: Mapping[str, str]
    alarm_names: tuple[str, ...] = ()
    alarm_regions: tuple[str, ...] = ()


def watched(deployment: Deployment, others: OtherOutputs) -> Watched:
    """Returns what to look at of a deployment."""
    return Watched(
        entry=deployment.routing.entry,
        first_region=deployment.primary if deployment.routing.policy == "failover" else None,
        public=Entry(name=deployment.hostname, hostname=deployment.hostname),
        entries=tuple(_entries(deployment, others)),
        health_check_ids=dict(sorted(deployment.health_check_ids.items(), key=lambda each: each[0] != "path")),
        alarm_names=others.alarm_names,
        alarm_regions=others.alarm_regions,
    )


def _entries(deployment: Deployment, others: OtherOutputs) -> Iterator[Entry]:
    for region, distribution in deployment.distributions.items():
        yield Entry(name=f"distribution in {region}", hostname=distribution.hostname)
    if not deployment.distributions:  # the regions' own names lead to their endpoints
        for hostname in deployment.regional_hostnames:
            yield Entry(name=f"regional endpoint in {hostname.partition('.')[0]}", hostname=hostname)
        return
    for region, domain_name in others.endpoint_domain_names.items():
        yield Entry(name=f"regional endpoint in {region}", hostname=deployment.hostname, leads_to=domain_name)
