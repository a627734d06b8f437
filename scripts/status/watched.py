"""What of a deployment is looked at: its entries, its health checks, its alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scripts.status.entries import Entry
from scripts.terraform.outputs import Deployment, OtherOutputs, external_addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One deployed website as its users and AWS's observers see it.

    Attributes:
        entry: what stands behind the public name, "cloudfront" or "regional".
        first_region: the region that serves when nothing is wrong; None where the policy lets several serve.
        public: the public name.
        entries: every other entry.
        health_check_ids: "path", where there is one, and each region -> id of its check.
        standby_check_ids: what else Route 53 checks: the regional endpoint and each external endpoint -> id.
        exit_names: servers outside AWS, as their region marker calls them.
        alarm_names: every alarm that tells somebody; empty where the saved outputs do not say.
        alarm_regions: where they are.
        takes_name: whether the public name is this site's.
    """

    entry: str
    first_region: str | None
    public: Entry
    entries: tuple[Entry, ...] = ()
    health_check_ids: Mapping[str, str]
    standby_check_ids: Mapping[str, str] = field(default_factory=dict)
    exit_names: tuple[str, ...] = ()
    alarm_names: tuple[str, ...] = ()
    alarm_regions: tuple[str, ...] = ()
    takes_name: bool = True


def watched(deployment: Deployment, others: OtherOutputs, reached: Mapping[str, str] = MappingProxyType({})) -> Watched:
    """Returns what to look at of a deployment.

    Args:
        deployment: the edge stack's outputs.
        others: what the other stacks' say.
        reached: address outside AWS -> where that server is reached. Default: at its address.
    """
    return Watched(
        entry=deployment.routing.entry,
        first_region=deployment.primary if deployment.routing.policy == "failover" else None,
        public=Entry(name=deployment.hostname, hostname=deployment.hostname),
        entries=(*_entries(deployment, others), *_exits(deployment, reached)),
        health_check_ids=dict(sorted(deployment.health_check_ids.items(), key=lambda each: each[0] != "path")),
        standby_check_ids=_standby_checks(deployment),
        exit_names=tuple(deployment.external_endpoints),
        alarm_names=others.alarm_names,
        alarm_regions=others.alarm_regions,
        takes_name=deployment.takes_name,
    )


def _standby_checks(deployment: Deployment) -> dict[str, str]:
    own = {"the regional endpoint": deployment.standby_health_check_id} if deployment.standby_health_check_id else {}
    return own | {
        f"{name}, outside AWS ({record_type})": id_
        for name, endpoint in deployment.external_endpoints.items()
        for record_type, id_ in endpoint.health_check_ids.items()
    }


def _exits(deployment: Deployment, reached: Mapping[str, str]) -> Iterator[Entry]:
    for name, address in external_addresses(deployment, reached).items():
        yield Entry(name=f"{name}, outside AWS", hostname=deployment.hostname, address=address)


def _entries(deployment: Deployment, others: OtherOutputs) -> Iterator[Entry]:
    for region, distribution in deployment.distributions.items():
        yield Entry(name=f"distribution in {region}", hostname=distribution.hostname)
    if not deployment.distributions:  # the regions' own names lead to their endpoints
        for hostname in deployment.regional_hostnames:
            yield Entry(name=f"regional endpoint in {hostname.partition('.')[0]}", hostname=hostname)
        return
    for region, domain_name in others.endpoint_domain_names.items():
        yield Entry(name=f"regional endpoint in {region}", hostname=deployment.hostname, leads_to=domain_name)
