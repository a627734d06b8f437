"""What the page draws: names and their answers, visitors, entries, origins, checks, cache, as one JSON document.

Everything is read from the data plane at the moment of the call; nothing is remembered here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from localcloud.console.answers import PLACE_NAMES, DnsAnswer, ask
from localcloud.console.visitors import Visitors
from localcloud.dataplane.configuration import Configuration, Distribution
from localcloud.dataplane.service import DataPlane
from localcloud.dataplane.traffic import Served
from localcloud.model.health import HealthCheck
from localcloud.model.records import HostedZone, ResourceRecordSet

Json = dict[str, Any]
_SHOWN_ENTRIES = 12
_S3_SUFFIX = ".amazonaws.com"


def site_names(configuration: Configuration) -> list[str]:
    """Return the names that people may open, the likeliest public one first: by policy records, then the shortest.

    Names with an A record whose answer is CloudFront, API Gateway or an address; validation and name server records are none.
    """
    records: defaultdict[str, list[ResourceRecordSet]] = defaultdict(list)
    for zone in configuration.zones:
        for record in zone.records:
            if record.type == "A" and "*" not in record.name:
                records[record.name.rstrip(".")].append(record)
    return sorted(records, key=lambda name: (-len(records[name]), name.count("."), name))


def draw(data_plane: DataPlane, visitors: Visitors, name: str) -> Json:
    """Return the whole picture for one name.

    Keys: name, names, places, records, distributions, endpoints, origins, checks, cache.
    """
    configuration = data_plane.configuration
    recent = data_plane.traffic.recent()
    now = data_plane.clock.now()
    places = [_place(data_plane, visitors, name, place, now) for place in range(len(PLACE_NAMES))]
    return {
        "name": name,
        "names": site_names(configuration),
        "places": places,
        "records": _records(configuration.zones, name, data_plane),
        "distributions": [_distribution(data_plane, each, name, recent) for each in _shown(configuration, name)],
        "endpoints": _endpoints(configuration, recent),
        "origins": _origins(configuration, name, recent),
        "checks": _checks(data_plane),
        "cache": _cache(data_plane, now),
    }


def _place(data_plane: DataPlane, visitors: Visitors, name: str, place: int, now: float) -> Json:
    visitor = visitors.visitors[place]
    answer = ask(data_plane, name, place) if name else None
    document: Json = {"place": place, "title": PLACE_NAMES[place], "answer": _answer(answer)}
    if visitor.kept and visitors.name == name:
        kept = {**_answer(visitor.kept), "left_seconds": max(0, round(visitor.kept_until - now))}
        document["visitor"] = {
            "kept": kept,
            "outcome": visitor.outcome,
            "is_served": visitor.is_served,
            "from_cache": visitor.from_cache,
            "aws_milliseconds": round(visitor.aws_seconds * 1000),
        }
    return document


def _answer(answer: DnsAnswer | None) -> Json:
    if answer is None:
        return {"status": "NXDOMAIN", "address": "", "entry": "", "ttl_seconds": 0}
    return {
        "status": answer.status,
        "address": answer.address,
        "entry": answer.entry,
        "ttl_seconds": answer.ttl_seconds,
    }


def _records(zones: Iterable[HostedZone], name: str, data_plane: DataPlane) -> list[Json]:
    """Return the A and AAAA records of a name: what Route 53 chooses from."""
    return [
        {
            "type": record.type,
            "identifier": record.set_identifier or "",
            "policy": record.policy.value,
            "role": record.failover.value if record.failover else "",
            "weight": record.weight if record.policy.value == "weighted" else None,
            "target": record.alias_target.dns_name.rstrip(".") if record.alias_target else ", ".join(record.values),
            "ttl_seconds": record.ttl_seconds,
            "check": record.health_check_id or "",
            "is_healthy": data_plane.health.get(record.health_check_id) if record.health_check_id else None,
        }
        for zone in zones
        for record in zone.records
        if record.name.rstrip(".") == name and record.type in ("A", "AAAA")
    ]


def _shown(configuration: Configuration, name: str) -> list[Distribution]:
    """Return the distributions, the one that holds the name first, twelve at most."""
    distributions = sorted(
        configuration.cloudfront.distributions, key=lambda each: (name not in each.aliases, each.aliases, each.id)
    )
    return distributions[:_SHOWN_ENTRIES]


def _distribution(data_plane: DataPlane, distribution: Distribution, name: str, recent: dict[Served, int]) -> Json:
    node = f"distribution:{distribution.id}"
    hits, requests = data_plane.traffic.hits_and_requests(distribution.id)
    default = distribution.behaviours[-1] if distribution.behaviours else None
    group = distribution.origin_groups.get(default.target_origin_id) if default else None
    order = list(group.member_ids) if group else [default.target_origin_id] if default else []
    return {
        "node": node,
        "id": distribution.id,
        "domain_name": distribution.domain_name,
        "aliases": list(distribution.aliases),
        "holds_name": name in distribution.aliases,
        "is_enabled": distribution.is_enabled,
        "unsupported": distribution.unsupported,
        "default_order": order,
        "fails_over_on": sorted(group.status_codes) if group else [],
        "recent": _outcomes(recent, target=node),
        "hits": hits,
        "requests": requests,
    }


def _endpoints(configuration: Configuration, recent: dict[Served, int]) -> list[Json]:
    names: defaultdict[str, list[str]] = defaultdict(list)
    for domain in configuration.regional.domains:
        names[domain.region].append(domain.domain_name)
    return [
        {
            "node": f"endpoint:{region}",
            "region": region,
            "names": sorted(names[region]),
            "recent": _outcomes(recent, target=f"endpoint:{region}"),
        }
        for region in configuration.api_regions
    ]


def _origins(configuration: Configuration, name: str, recent: dict[Served, int]) -> list[Json]:
    """Return the origins of the shown distributions, one entry a domain name, with what each distribution got of it."""
    found: dict[str, Json] = {}
    for distribution in _shown(configuration, name):
        for origin in distribution.origins.values():
            bucket_name, _, rest = origin.domain_name.removesuffix(_S3_SUFFIX).rpartition(".s3.")
            bucket = configuration.buckets.get(bucket_name) if rest or origin.is_s3 else None
            entry = found.setdefault(
                origin.domain_name,
                {
                    "node": f"origin:{origin.domain_name}",
                    "domain_name": origin.domain_name,
                    "bucket": bucket.name if bucket else "",
                    "region": bucket.region if bucket else rest,
                    "fault_target": f"s3:{bucket.region}" if bucket else "",
                    "asked_by": [],
                },
            )
            outcomes = _outcomes(recent, target=f"origin:{distribution.id}/{origin.id}")
            if outcomes:
                entry["asked_by"].append({"node": f"distribution:{distribution.id}", "recent": outcomes})
    return list(found.values())


def _outcomes(recent: dict[Served, int], *, target: str) -> list[Json]:
    """Return what a target answered in the last seconds: outcome, from_cache, count; the most frequent first."""
    counted: Counter[tuple[str, bool]] = Counter()
    for served, count in recent.items():
        if served.target == target:
            counted[served.outcome, served.from_cache] += count
    return [
        {"outcome": outcome, "from_cache": from_cache, "count": count}
        for (outcome, from_cache), count in counted.most_common()
    ]


def _checks(data_plane: DataPlane) -> list[Json]:
    opinions = data_plane.opinions()
    return [
        {
            "id": check.id,
            "type": check.type.value,
            "target": _check_target(check),
            "is_healthy": data_plane.health.get(check.id, True),
            "is_disabled": check.is_disabled,
            "is_inverted": check.is_inverted,
            "interval_seconds": check.request_interval_seconds,
            "failure_threshold": check.failure_threshold,
            "checkers": [
                {"region": each.region, "is_healthy": each.is_healthy, "seen": each.seen}
                for each in opinions.get(check.id, [])
            ],
        }
        for check in data_plane.configuration.health_checks.values()
    ]


def _check_target(check: HealthCheck) -> str:
    if check.child_ids:
        return f"{check.health_threshold} of {len(check.child_ids)} checks"
    if check.alarm_name:
        return f"alarm {check.alarm_name} in {check.alarm_region}"
    scheme = "https" if check.uses_tls else "http"
    return f"{scheme}://{check.fully_qualified_domain_name or check.ip_address}{check.resource_path}"


def _cache(data_plane: DataPlane, now: float) -> Json:
    """Return the size of the edge's cache and its latest entries."""
    entries = list(data_plane.cache.contents())
    aliases = {
        each.domain_name: (each.aliases or (each.domain_name,))[0]
        for each in data_plane.configuration.cloudfront.distributions
    }
    return {
        "entries": len(entries),
        "bytes": data_plane.cache.size_bytes,
        "latest": [
            {
                "site": aliases.get(key[0], key[0]),
                "path": key[2],
                "status": entry.status_code,
                "bytes": len(entry.body),
                "age_seconds": round(now - entry.stored_at),
                "fresh_seconds": round(entry.fresh_until - now),
            }
            for key, entry in reversed(entries[-_SHOWN_ENTRIES:])
        ],
    }
