"""Health checks: what they ask, and settings that make them blind, dear or impossible to change (traps 7, 9 to 12)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from scripts.lint.checks import ENDPOINT_TYPES, HEALTH_CHECK, bucket_asked, health_checks, probes
from scripts.lint.model import Configuration, Document, Resource
from scripts.lint.records import RECORD, records
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import route53, route53_api
from scripts.lint.values import Block

_REGION_NAME = re.compile(r"(?<![a-z])[a-z]{2}(?:-[a-z]+){1,2}-\d(?![\d])")
_COST = re.compile(r"\b(costs?|usd|eur|prices?)\b", re.IGNORECASE)
_FAST_SECONDS = 10
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html: eight regions, at least three;
# without a list all eight ask.
_ALL_REGIONS = 8
_FEWEST_REGIONS = 3
# Alarms on metrics with a period below a minute are of high resolution.
_STANDARD_PERIOD_SECONDS = 60


def _region_check_through_group(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        region = _REGION_NAME.search(probe.path)
        if region and probe.group is not None:
            yield at(
                probe.check,
                f"{probe.path} is meant for {region[0]}, but {probe.distribution.resource.address} answers it "
                f"from origin group {probe.group.text('origin_id')}",
            )


def _http_meets_redirect(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        redirects = probe.behaviour.text("viewer_protocol_policy") == "redirect-to-https"
        if redirects and not probe.type.startswith("HTTPS"):
            yield at(probe.check, f"{probe.type} check of {probe.path}, whose behaviour redirects to HTTPS")


def _private_bucket(configuration: Configuration) -> Iterator[Finding]:
    for check in health_checks(configuration):
        bucket = bucket_asked(configuration, check)
        if bucket is not None and any(
            block.body.flag("restrict_public_buckets") or block.body.flag("block_public_policy")
            for block in configuration.users(bucket, "aws_s3_bucket_public_access_block", "bucket")
        ):
            yield at(check, f"asks {bucket.address}, which blocks public access")


def _private_address(configuration: Configuration) -> Iterator[Finding]:
    for check in health_checks(configuration):
        address = check.body.text("ip_address")
        is_public = all(check.body.is_unset(key) for key in _PRIVATE_SETTINGS)
        if address and is_public and _is_unreachable(address):
            yield at(check, f"ip_address {address} cannot be reached from the internet")


# A check of a private endpoint (EndpointType = PRIVATE) asks from a VPC. In the API since 2026-11, in no provider up to 6.69.
_PRIVATE_SETTINGS = ("endpoint_type", "health_check_source_id", "health_check_source_arn", "health_check_source")
# What examples are written with stands for an address that the reader puts in (RFC 5737, RFC 3849).
_DOCUMENTATION = tuple(
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
# Python calls much of IPv6 global that no host has: https://www.iana.org/assignments/ipv6-address-space/
_UNICAST = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("2000::/3"))


def _is_unreachable(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(parsed in network for network in _DOCUMENTATION):
        return False
    return not parsed.is_global or parsed.is_multicast or not any(parsed in network for network in _UNICAST)


def _own_name(configuration: Configuration) -> Iterator[Finding]:
    """A check by address is fine: its name is the Host header only."""
    for record in records(configuration):
        check = configuration.resource(record.body.value("health_check_id"), record.resource, HEALTH_CHECK)
        for one in _with_children(configuration, check) if check else []:
            asked = configuration.resource(one.body.value("fqdn"), one, RECORD)
            is_own = asked == record.resource or configuration.same(one.body.value("fqdn"), one) == record.name
            if one.body.is_unset("ip_address") and not one.body.is_unset("fqdn") and record.name and is_own:
                yield at(one, f"asks {record.name}, the name of {record.resource.address} that it decides")


def _with_children(configuration: Configuration, check: Resource) -> Iterator[Resource]:
    """Yields a check and, of a calculated one, those that it counts."""
    yield check
    yield from configuration.listed(check.body.items("child_healthchecks"), check, HEALTH_CHECK)


def _replaced_check(configuration: Configuration) -> Iterator[Finding]:
    for check in health_checks(configuration):
        if check.actions == ("delete", "create"):  # the other way round is create_before_destroy
            yield at(check, "the plan replaces this health check")


def _unreadable_alarm(configuration: Configuration) -> Iterator[Finding]:
    for check, alarm in _watched_alarms(configuration):
        if reason := _unreadable(alarm.body):
            yield at(check, f"{alarm.address} {reason}")


def _unreadable(alarm: Block) -> str | None:
    if alarm.blocks("metric_query"):
        return "uses metric math"
    datapoints, periods = alarm.number("datapoints_to_alarm"), alarm.number("evaluation_periods")
    if datapoints and periods and datapoints < periods:
        return f"is M out of N: {datapoints:g} of {periods:g}"
    period = alarm.number("period")
    return f"has high resolution: period {period:g} s" if period and period < _STANDARD_PERIOD_SECONDS else None


def _alarm_without_trigger(configuration: Configuration) -> Iterator[Finding]:
    for check, alarm in _watched_alarms(configuration):
        if check.body.is_unset("triggers"):
            yield at(check, f"reads {alarm.address} and has no triggers")


def _watched_alarms(configuration: Configuration) -> Iterator[tuple[Resource, Resource]]:
    for check in health_checks(configuration):
        name = check.body.value("cloudwatch_alarm_name")
        alarm = configuration.resource(name, check, "aws_cloudwatch_metric_alarm")
        if check.body.text("type") == "CLOUDWATCH_METRIC" and alarm:
            yield check, alarm


def _unpriced(configuration: Configuration) -> Iterator[Finding]:
    priced = {document.name for document in configuration.documents if _speaks_of_cost(document)}
    for check in health_checks(configuration):
        speaks = _COST.search(repr([check.body.value("tags"), check.body.value("//")]))
        if check.document in priced or speaks or not check.body.is_known("tags"):
            continue
        if check.body.number("request_interval") == _FAST_SECONDS:
            yield at(check, f"request_interval {_FAST_SECONDS} s, and nothing says what it costs")
        elif check.body.text("type") in ENDPOINT_TYPES and len(check.body.items("regions")) in (0, _ALL_REGIONS):
            yield at(check, f"all {_ALL_REGIONS} checker regions, and nothing says what they cost")


def _speaks_of_cost(document: Document) -> bool:
    return any(_COST.search(repr((name, value)).replace("_", " ")) for name, value in document.outputs.items())


def _too_few_regions(configuration: Configuration) -> Iterator[Finding]:
    for check in health_checks(configuration):
        count = len(check.body.items("regions"))
        if 0 < count < _FEWEST_REGIONS and isinstance(check.body.value("regions"), list):
            yield at(check, f"{count} checker regions, at least {_FEWEST_REGIONS}")


_VALUES = route53("health-checks-creating-values")
_CONFIG = route53_api("API_HealthCheckConfig")

RULES = (
    Rule(
        id="FW071",
        slug="region-check-through-group",
        title="A region check that goes through the origin group",
        why="The group answers from the other region when this one is unhealthy, so the check never fails and nobody "
        "learns which is unhealthy.",
        source="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html",
        remedy="Give the region's health path a behaviour that targets that region's origin, not the group, with caching off.",
        check=_region_check_through_group,
    ),
    Rule(
        id="FW091",
        slug="http-check-meets-redirect",
        title="An HTTP check of a path that redirects to HTTPS",
        why="A 3xx answer counts as healthy as it is: the check sees the redirect, which CloudFront gives even with "
        "dead origins.",
        source=route53("dns-failover-determining-health-of-endpoints"),
        remedy="Check over HTTPS, or let the health path's behaviour allow HTTP (allow-all).",
        check=_http_meets_redirect,
    ),
    Rule(
        id="FW092",
        slug="check-on-private-bucket",
        title="A check that asks a private bucket",
        why="Checkers cannot sign requests: a private bucket answers 403, so the check is unhealthy from the start.",
        source=route53("dns-failover-determining-health-of-endpoints"),
        remedy="Ask through the distribution, at a path pinned to that bucket's origin.",
        check=_private_bucket,
    ),
    Rule(
        id="FW093",
        slug="check-on-private-address",
        title="A public check of a private address",
        why="Checkers ask from the internet, unless the check is of a private endpoint, which has a source in a VPC: they "
        "cannot reach private, local or reserved addresses.",
        source=route53("health-checks-private-endpoints"),
        remedy="Check a public address, or base the check on a CloudWatch alarm about the private one. Checks of private "
        "endpoints (EndpointType PRIVATE, since 2026-11) are in the API, not in provider 6.69.",
        check=_private_address,
    ),
    Rule(
        id="FW094",
        slug="check-on-own-name",
        title="A check that asks the name of the record it decides",
        why="After the switch the check asks the standby, turns healthy, switches back, and so on.",
        source=_VALUES,
        remedy="Ask a name that always leads to the checked endpoint, such as <region>.<hostname>.",
        check=_own_name,
    ),
    Rule(
        id="FW101",
        severity=Severity.WARNING,
        slug="check-replaced",
        title="A plan that replaces a health check",
        why="Type, interval, latency graph, string match and by-IP/by-name are fixed at creation: a new check starts "
        "as healthy, and "
        "records point at a deleted one in between.",
        source=_VALUES,
        remedy="Add a second check with the new settings, move the records to it, then remove the old one; or "
        "create_before_destroy.",
        check=_replaced_check,
    ),
    Rule(
        id="FW111",
        slug="unreadable-alarm",
        title="A CloudWatch check on an alarm it cannot read",
        why="Route 53 reads the metric stream, not the alarm: metric math, M out of N and high resolution are not supported.",
        source=_VALUES,
        remedy="Base the check on an alarm of one metric with a 60 s period and datapoints_to_alarm = evaluation_periods.",
        check=_unreadable_alarm,
    ),
    Rule(
        id="FW112",
        severity=Severity.WARNING,
        slug="alarm-without-triggers",
        title="A CloudWatch check without triggers",
        why="The check copies the alarm's settings when it is made: an edited alarm changes nothing until the check is updated.",
        source=_VALUES,
        remedy="Set triggers to the alarm's threshold, period, comparison and dimensions.",
        check=_alarm_without_trigger,
    ),
    Rule(
        id="FW121",
        severity=Severity.NOTE,
        slug="unpriced-check",
        title="A 10 s interval or all checker regions without a word on cost",
        why="A 10 s interval costs 1 to 2 USD a month and check, and eight regions send 1.3 to 3.9 million requests a month.",
        source="https://aws.amazon.com/route53/pricing/",
        remedy="State the cost in a tag, a comment (//) or an output; or use 30 s and three regions.",
        check=_unpriced,
    ),
    Rule(
        id="FW122",
        slug="too-few-checker-regions",
        title="Fewer than three checker regions",
        why="Route 53 wants three at least: with fewer, one checker region's network trouble would decide.",
        source=_CONFIG,
        remedy="List three or more of the eight checker regions.",
        check=_too_few_regions,
    ),
)
