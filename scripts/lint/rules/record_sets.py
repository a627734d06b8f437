"""Record sets that Route 53 refuses at apply, never switches, or answers with nothing (traps 2, 3, 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.records import CLOUDFRONT_ZONE_ID, Record, record_sets, records
from scripts.lint.rule import Finding, Rule, at
from scripts.lint.sources import api_gateway, route53_api
from scripts.lint.values import Block, Expression

_HTTP_NAME, _REST_NAME = "aws_apigatewayv2_domain_name", "aws_api_gateway_domain_name"

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias.html
_OTHER_TARGETS = (
    _HTTP_NAME,
    _REST_NAME,
    "aws_alb",
    "aws_elastic_beanstalk_environment",
    "aws_elb",
    "aws_globalaccelerator_accelerator",
    "aws_lb",
    "aws_route53_record",
    "aws_s3_bucket",
    "aws_s3_bucket_website_configuration",
    "aws_vpc_endpoint",
)
_PLACES = ("country", "subdivision", "continent")


def _unchecked_record(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        is_last_resort = record.failover_role == "SECONDARY" or _location(record) == ("*", "", "")
        if not record.policies or is_last_resort or not record.body.is_unset("health_check_id"):
            continue
        if record.is_alias and record.alias.flag("evaluate_target_health") and _endpoint(record):
            yield at(record.resource, f"{record.policies[0]} record to API Gateway with target health only")
        elif record.failover_role == "PRIMARY" and not _may_be_cloudfront(record) and _ignores_target(record):
            yield at(record.resource, "PRIMARY with neither health_check_id nor target health")


def _may_be_cloudfront(record: Record) -> bool:
    """Whether an alias leads to a distribution, whose record without a check is FW023, or somewhere that is not known."""
    name = record.alias.value("name")
    is_known = not isinstance(name, Expression) or record.configuration.resource(name, record.resource, *_OTHER_TARGETS)
    return record.target == "cloudfront" or not (is_known or record.alias.text("zone_id"))


def _ignores_target(record: Record) -> bool:
    return record.alias.flag("evaluate_target_health") is False if record.is_alias else record.body.is_unset("alias")


def _endpoint(record: Record) -> Resource | None:
    """Returns the API Gateway domain name that an alias points to."""
    return record.configuration.resource(record.alias.value("name"), record.resource, _HTTP_NAME, _REST_NAME)


def _wrong_zone(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        own = configuration.resource(record.alias.value("zone_id"), record.resource, "aws_route53_zone")
        zone = own.address if own else record.alias.text("zone_id")
        if record.distribution and zone and zone != CLOUDFRONT_ZONE_ID:
            yield at(record.resource, f"alias to {record.distribution.address} in zone {zone}")


def _ipv4_only(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        endpoint = _endpoint(record) if (record.body.text("type") or "").upper() == "AAAA" else None
        if endpoint is not None and _is_ipv4_only(endpoint):
            yield at(record.resource, f"AAAA alias to {endpoint.address}, which has IPv4 addresses only")


def _is_ipv4_only(endpoint: Resource) -> bool:
    settings = "domain_name_configuration" if endpoint.type == _HTTP_NAME else "endpoint_configuration"
    return any(
        block.is_unset("ip_address_type") or block.text("ip_address_type") == "ipv4"
        for block in endpoint.body.blocks(settings)
    )


def _same_place_twice(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        held: dict[str, Record] = {}
        for record in group.records:
            place = _place(record)
            first = held.setdefault(place, record) if place else record
            if first is not record:
                yield at(
                    record.resource, f"{group.type.upper()} {group.name}: {place} is also on {first.resource.address}"
                )


def _place(record: Record) -> str | None:
    """Returns what one record of a set may have only, None when it is unknown or nothing of the kind."""
    region = record.body.block("latency_routing_policy").text("region")
    location = _location(record)
    if record.failover_role:
        return f"failover {record.failover_role}"
    if region or location is None:
        return f"latency {region}" if region else None
    # The kind of place too: country AF is Afghanistan, continent AF is Africa.
    return "geolocation " + " ".join(f"{kind} {code}" for kind, code in zip(_PLACES, location, strict=True) if code)


def _location(record: Record) -> tuple[str, ...] | None:
    block = record.body.block("geolocation_routing_policy")
    is_known = block.values and all(map(block.is_known, _PLACES))
    return tuple(block.text(kind) or "" for kind in _PLACES) if is_known else None


def _several_values(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        listed = record.body.value("records")
        if "latency" in record.policies and isinstance(listed, list) and len(listed) > 1:
            yield at(record.resource, f"latency record with {len(listed)} values")


def _edge_optimized(configuration: Configuration) -> Iterator[Finding]:
    routed: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records(configuration):
        endpoint = _endpoint(record)
        if record.policies and endpoint is not None and endpoint.type == _REST_NAME and _is_edge(endpoint.body):
            routed[endpoint.key].append(record)
    for pointing in routed.values():
        endpoint = _endpoint(pointing[0])
        if endpoint is not None:
            yield at(endpoint, f"edge-optimized, and {pointing[0].resource.address} routes to it")


def _is_edge(body: Block) -> bool:
    return "EDGE" in body.block("endpoint_configuration").texts("types") or (
        not body.is_unset("certificate_arn") and body.is_unset("regional_certificate_arn")
    )


_RECORD_SET = route53_api("API_ResourceRecordSet")

RULES = (
    Rule(
        id="FW024",
        slug="primary-never-unhealthy",
        title="A routed record of which nothing tells that it is unhealthy",
        why="A record without a check counts as healthy. API Gateway's target health fails only when the service is down in the"
        " whole region, not when your function or bucket is.",
        source=api_gateway("dns-failover"),
        remedy="Set health_check_id to a check of a path of that endpoint that reads what it serves.",
        check=_unchecked_record,
    ),
    Rule(
        id="FW025",
        slug="cloudfront-alias-zone",
        title="An alias to CloudFront in another zone than CloudFront's",
        why="The zone of an alias is that of its target; CloudFront's is Z2FDTNDATAQYW2 for every distribution. Apply "
        "fails, plan does not.",
        source=route53_api("API_AliasTarget"),
        remedy="Set zone_id to the distribution's hosted_zone_id.",
        check=_wrong_zone,
    ),
    Rule(
        id="FW032",
        slug="aaaa-to-ipv4-endpoint",
        title="An AAAA alias to an endpoint with IPv4 addresses only",
        why="A domain name of API Gateway has IPv4 addresses unless it is dualstack: the AAAA record answers with nothing.",
        source=api_gateway("http-api-custom-domain-names-ip-address-type"),
        remedy='Set ip_address_type = "dualstack" on the domain name, or leave the AAAA record out.',
        check=_ipv4_only,
    ),
    Rule(
        id="FW053",
        slug="same-place-twice",
        title="Two records of one set for the same role, region or location",
        why="A set has one PRIMARY, one SECONDARY, one latency record per region and one record per location; the second is "
        "refused at apply, not at plan.",
        source=_RECORD_SET,
        remedy="Give each record a role, region or location of its own, or put an inner set under a name of its own.",
        check=_same_place_twice,
    ),
    Rule(
        id="FW054",
        slug="several-values",
        title="A latency record with several values",
        why="Such a record takes one value; more are refused at apply, not at plan.",
        source=_RECORD_SET,
        remedy="Make one record per address, or an alias to a record that holds them all.",
        check=_several_values,
    ),
    Rule(
        id="FW265",
        slug="edge-optimized-endpoint",
        title="A routed record to an edge-optimized API domain name",
        why="An edge-optimized name is a CloudFront distribution of AWS's: it exists once in the world, so there is no "
        "second region to route to.",
        source=api_gateway("apigateway-regional-api-custom-domain-create"),
        remedy='Make the name REGIONAL in each region: endpoint_configuration types = ["REGIONAL"] and regional_certificate_arn.',
        check=_edge_optimized,
    ),
)
