"""What a site costs a month, priced from its synthesized Terraform JSON and the traffic that the site file expects.

Nothing here asks AWS. Free tiers that AWS grants for ever are counted, those of the first year are not. Health checks are
priced as checks of AWS endpoints; that CloudFront counts as one is unverified (docs/SANDBOX.md), and twice the option price
applies if it does not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from scripts.cost.extensions import extensions, is_extension
from scripts.cost.monitoring import monitoring
from scripts.cost.parity import parity
from scripts.cost.prober import looks_of_probers, probers
from scripts.cost.protection import protection
from scripts.cost.publishing import publishing
from scripts.cost.resources import GIGABYTE, Quantity, Resource, resources_of
from scripts.errors import StacksError
from scripts.terraform.synthesis import read_stack, stack_folders

_PRICES = Path(__file__).with_name("prices.toml")
_SECONDS_PER_MONTH = 730 * 3600
# Two checkers per checker region (inferred; AWS publishes address ranges, not counts).
_CHECKERS_PER_REGION = 2
_ROUTER_CALLS_PER_REQUEST = 1
_FAST_INTERVAL_SECONDS = 10
# 512 MB for 50 ms: most objects come from the function's memory (an assumption; the function's log shows the real figure).
_GIGABYTE_SECONDS_PER_CALL = 0.5 * 0.05
_QUERY_PRICES = {
    "latency_routing_policy": "dns_query_latency",
    "geolocation_routing_policy": "dns_query_geo",
    "geoproximity_routing_policy": "dns_query_geo",
}


class Price(BaseModel):
    """Price of one unit; `free` units a month cost nothing. `service` is whose bill it stands on, as Cost Explorer names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    service: str
    usd: float
    free: float = 0
    source: str
    verified: bool


class Traffic(BaseModel):
    """The site file's `[traffic]`, as the edge stack's output repeats it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    page_views_per_month: NonNegativeInt
    requests_per_page_view: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    bytes_per_page_view: NonNegativeInt
    site_bytes: NonNegativeInt


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One line of the bill: `quantity` units, of which some may be free."""

    item: str
    service: str
    quantity: float
    unit: str
    usd: float
    verified: bool


def monthly_cost_usd(lines: list[CostLine]) -> float:
    """Returns the sum of the lines in cents, so that what is printed adds up."""
    return round(sum(round(line.usd, 2) for line in lines), 2)


def load_prices() -> dict[str, Price]:
    """Returns the price list of this version."""
    document = tomllib.loads(_PRICES.read_text(encoding="utf-8"))
    return {name: Price.model_validate(entry) for name, entry in document.items() if isinstance(entry, dict)}


def load_stacks(stacks_folder: Path) -> dict[str, dict[str, Any]]:
    """Returns stack name -> synthesized Terraform JSON.

    Raises:
        StacksError: there is nothing synthesized in the folder, or something else.
    """
    return {folder.name: read_stack(folder) for folder in stack_folders(stacks_folder)}


def estimate(stacks: Mapping[str, Mapping[str, Any]]) -> list[CostLine]:
    """Returns the bill of one month, line by line, the most expensive first.

    Raises:
        StacksError: the edge stack with its outputs `traffic` and `objectives` is not among the stacks, or a resource is not
            written as `main.py` writes it.
    """
    try:
        quantities = list(_quantities(stacks))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StacksError(
            f"the stacks hold something that `python main.py` does not write ({type(error).__name__}: {error}), and a bill "
            "without it would mislead: synthesize the site again, and take stacks of your own out of the folder"
        ) from error
    lines = _lines(quantities, load_prices())
    return sorted((line for line in lines if line.quantity > 0), key=lambda line: -line.usd)


def _quantities(stacks: Mapping[str, Mapping[str, Any]]) -> Iterator[Quantity]:
    resources = resources_of(stacks)
    website = resources_of({name: stack for name, stack in stacks.items() if not is_extension(name)})
    added = {name: stack for name, stack in stacks.items() if is_extension(name)}
    probes_of_extensions = sum(map(_probes_per_month, _checks(resources_of(added))))
    traffic = _traffic(stacks)
    through_cloudfront = partial(_through_cloudfront, reads_per_request=_reads_per_request(stacks))
    serving: Serving = _through_endpoints if _entry(stacks) == "regional" else through_cloudfront
    yield from _fixed(resources)
    yield from monitoring(resources)
    yield from _per_use(website, traffic, serving)
    yield from extensions(added, probes=probes_of_extensions)


def objective_usd(stacks: Mapping[str, Mapping[str, Any]]) -> float:
    """Returns `objectives.monthly_cost_usd` of the site file that was synthesized.

    Raises:
        StacksError: the edge stack does not say it.
    """
    try:
        return float(_edge_output(stacks, "objectives")["monthly_cost_usd"])
    except (KeyError, TypeError, ValueError) as error:
        raise StacksError("edge's output objectives lacks monthly_cost_usd: synthesize the site again") from error


def tags_of(stacks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Returns the tags that tell this site's resources from others of the account: Project and Environment.

    Raises:
        StacksError: the edge stack's provider does not say them.
    """
    try:
        tags = stacks["edge"]["provider"]["aws"][0]["default_tags"][0]["tags"]
        return {name: str(tags[name]) for name in ("Project", "Environment")}
    except (KeyError, IndexError, TypeError) as error:
        raise StacksError("the edge stack's provider lacks its default tags: synthesize the site again") from error


def _entry(stacks: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the site file's `routing.entry`; stacks of earlier versions had one only."""
    routing = stacks["edge"]["output"].get("routing", {}).get("value", {})
    return str(routing.get("entry", "cloudfront"))


def _reads_per_request(stacks: Mapping[str, Mapping[str, Any]]) -> int:
    """Returns how often the router asks its KeyValueStore for a page, at most.

    The routing, a part of the release's index and, where the site file has redirects with a wildcard, their lines.
    """
    content = stacks["edge"]["output"].get("content", {}).get("value", {})
    has_wildcards = any(str(redirect["from"]).endswith("/*") for redirect in content.get("redirect", ()))
    return 3 if has_wildcards else 2


def _traffic(stacks: Mapping[str, Mapping[str, Any]]) -> Traffic:
    try:
        return Traffic.model_validate(_edge_output(stacks, "traffic"))
    except ValidationError as error:
        wrong = ", ".join(f"{details['loc'][0]}: {details['msg']}" for details in error.errors())
        raise StacksError(
            f"edge's output traffic is of another version ({wrong}): synthesize the site again"
        ) from error


def _edge_output(stacks: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = stacks["edge"]["output"][name]["value"]
    except (KeyError, TypeError) as error:
        raise StacksError(f"the synthesized stacks lack edge's output {name}: synthesize the site again") from error
    return value


_STANDBY_PREFIX = "endpoint."
"""Starts the name that the check of a standby with a last exit behind it asks: API Gateway answers it, not CloudFront."""

Serving = Callable[[float, float, float], Iterator[Quantity]]
"""(requests, probes, gigabytes) a month -> what serving them takes."""


def _fixed(resources: list[Resource]) -> Iterator[Quantity]:
    zones = sum(kind == "aws_route53_zone" for kind, _ in resources)
    checks = _checks(resources)
    yield "Hosted zone", "hosted_zone_month", zones, "zones"
    yield from _health_checks([check for check in checks if "ip_address" not in check], "", "health_check")
    external = [check for check in checks if "ip_address" in check]
    yield from _health_checks(external, " of external endpoints", "external_health_check")


def _checks(resources: list[Resource]) -> list[Mapping[str, Any]]:
    return [body for kind, body in resources if kind == "aws_route53_health_check"]


def _health_checks(checks: list[Mapping[str, Any]], whose: str, price: str) -> Iterator[Quantity]:
    yield f"Health checks{whose}, base price", f"{price}_month", len(checks), "checks"
    options = {
        "HTTPS": sum(str(check["type"]).startswith("HTTPS") for check in checks),
        "string match": sum(str(check["type"]).endswith("_STR_MATCH") for check in checks),
        "10 s interval": sum(check.get("request_interval") == _FAST_INTERVAL_SECONDS for check in checks),
        "latency graph": sum(bool(check.get("measure_latency")) for check in checks),
    }
    for option, count in options.items():
        yield f"Health checks{whose}, {option}", f"{price}_option_month", count, "checks"


def _per_use(resources: list[Resource], traffic: Traffic, serving: Serving) -> Iterator[Quantity]:
    # Content buckets: the audit trail's, which is locked, and those of access logs and canaries hold no copy of the site.
    buckets = sum(kind == "aws_s3_bucket" and not body.get("object_lock_enabled") for kind, body in resources)
    buckets -= sum(kind in ("aws_s3_bucket_logging", "aws_synthetics_canary") for kind, _ in resources)
    # Checkers of an external endpoint ask nothing that we pay for.
    asking = [check for check in _checks(resources) if "ip_address" not in check]
    probes = sum(map(_probes_per_month, asking))
    of_standby = sum(_probes_per_month(check) for check in asking if str(check.get("fqdn")).startswith(_STANDBY_PREFIX))
    requests = traffic.page_views_per_month * traffic.requests_per_page_view
    gigabytes = traffic.page_views_per_month * traffic.bytes_per_page_view / GIGABYTE
    looks = looks_of_probers(resources)
    yield from serving(requests, probes - of_standby + looks.names, gigabytes)
    yield from _asked_of_endpoints(looks.endpoints, "by probers") if looks.endpoints else ()
    yield from probers(resources)
    yield from _asked_of_endpoints(of_standby, "by the standby's check") if of_standby else ()
    yield from _dns_queries(resources, traffic)
    yield "S3 storage", "s3_gigabyte_month", buckets * traffic.site_bytes / GIGABYTE, "GB"
    yield "S3 reads by health probes", "s3_get", probes, "requests"
    # A viewer's page asks the region marker, which is never cached; everything else is filled once and then cached.
    yield "S3 reads of the region marker", "s3_get", traffic.page_views_per_month, "requests"
    yield from publishing(resources, buckets=buckets, site_bytes=traffic.site_bytes)
    yield from parity(resources, site_bytes=traffic.site_bytes)
    yield from protection(
        resources,
        page_views=traffic.page_views_per_month,
        requests=requests,
        probes=probes,
        site_bytes=traffic.site_bytes,
    )


def _through_cloudfront(
    requests: float, probes: float, gigabytes: float, *, reads_per_request: int
) -> Iterator[Quantity]:
    calls = (requests + probes) * _ROUTER_CALLS_PER_REQUEST
    yield "CloudFront data to viewers", "cloudfront_gigabyte", gigabytes, "GB"
    yield "CloudFront requests", "cloudfront_request", requests + probes, "requests"
    yield "Router function calls", "cloudfront_function_call", calls, "calls"
    # What a check asks lies outside releases: the routing alone.
    reads = (requests * reads_per_request + probes) * _ROUTER_CALLS_PER_REQUEST
    yield "KeyValueStore reads, at most", "key_value_store_read", reads, "reads"


def _through_endpoints(requests: float, probes: float, gigabytes: float) -> Iterator[Quantity]:
    yield "Data from the regional endpoints", "internet_gigabyte", gigabytes, "GB"
    yield from _asked_of_endpoints(requests + probes)


def _asked_of_endpoints(calls: float, by_whom: str = "") -> Iterator[Quantity]:
    by = f" {by_whom}" if by_whom else ""
    yield f"HTTP API requests{by}", "http_api_request", calls, "requests"
    yield f"Lambda requests{by}", "lambda_request", calls, "requests"
    yield f"Lambda duration{by}", "lambda_gigabyte_second", calls * _GIGABYTE_SECONDS_PER_CALL, "GB s"


def _dns_queries(resources: list[Resource], traffic: Traffic) -> Iterator[Quantity]:
    """Queries answered with plain addresses; an alias to AWS is free. One a page view, the most it can be."""
    plain = [
        body
        for kind, body in resources
        if kind == "aws_route53_record" and "records" in body and "health_check_id" in body
    ]
    policies = {key for body in plain for key in body if key.endswith("_routing_policy")}
    price = next((_QUERY_PRICES[key] for key in sorted(policies) if key in _QUERY_PRICES), "dns_query")
    queries = traffic.page_views_per_month if plain else 0
    yield "DNS queries answered by external endpoints, at most", price, queries, "queries"


def _probes_per_month(check: Mapping[str, Any]) -> float:
    """Calculated and CloudWatch checks send none."""
    if "request_interval" not in check:
        return 0.0
    checkers = _CHECKERS_PER_REGION * len(check.get("regions", ()))
    return checkers * _SECONDS_PER_MONTH / float(check["request_interval"])


def _lines(quantities: Iterable[Quantity], prices: Mapping[str, Price]) -> list[CostLine]:
    """Prices each line; what is free of a price is used up by its first lines, once for the whole account."""
    left = {name: price.free for name, price in prices.items()}
    lines = []
    for item, name, quantity, unit in quantities:
        price = prices[name]
        usd = max(0.0, quantity - left[name]) * price.usd
        left[name] = max(0.0, left[name] - quantity)
        lines.append(
            CostLine(item=item, service=price.service, quantity=quantity, unit=unit, usd=usd, verified=price.verified)
        )
    return lines
