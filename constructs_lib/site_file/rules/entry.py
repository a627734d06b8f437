"""Rules of `routing.entry = "regional"`: what would not work, or would do nothing, without CloudFront in the name."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.models import Entry, HealthCheck, Policy, Protocol, Routing
from constructs_lib.site_file.security import Features

_FALSE = 'false, or entry = "cloudfront"'
_NEED_CLOUDFRONT = {
    # https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
    "waf": "AWS WAF protects the distributions, and cannot stand before an HTTP API",
    "origin_latency": "it is a metric of the distributions, and there are none; nothing would watch",
}


def regional_entry_has_what_it_reads(sections: Mapping[str, Any]) -> list[Problem]:
    """Nothing while a section that the rules read is itself wrong."""
    routing: Routing | None = sections.get("routing")
    if routing is None or routing.entry is not Entry.REGIONAL:
        return []
    problems: list[Problem] = []
    if "price_class" in routing.model_fields_set:
        problems.append(
            Problem(
                key="routing.price_class",
                value=f'"{routing.price_class}" with entry = "regional"',
                allowed='no price class, or entry = "cloudfront"',
                remedy="remove it: it says which of CloudFront's edge locations serve, and no distribution is made",
            )
        )
    if (features := sections.get("features")) is not None:
        problems += _features_without_effect(features)
    if (check := sections.get("health_check")) is not None:
        problems += _checks_without_effect(check, routing)
    return problems


def _features_without_effect(features: Features) -> Iterator[Problem]:
    for name, why in _NEED_CLOUDFRONT.items():
        if getattr(features, name):
            yield Problem(
                key=f"features.{name}", value='true with entry = "regional"', allowed=_FALSE, remedy=f"remove it: {why}"
            )


def _checks_without_effect(check: HealthCheck, routing: Routing) -> Iterator[Problem]:
    """API Gateway serves no port 80, so a check over HTTP would never be healthy; an alarm watches regions, not endpoints."""
    if check.region_check_protocol is not Protocol.HTTPS:
        yield Problem(
            key="health_check.region_check_protocol",
            value=f'"{check.region_check_protocol}" with entry = "regional"',
            allowed='"https" with entry = "regional"',
            remedy='write region_check_protocol = "https" (1.00 USD a month and region): a regional endpoint has no port 80',
        )
    if check.alarm_check and routing.policy is Policy.MULTIVALUE:
        yield Problem(
            key="health_check.alarm_check",
            value='true with policy = "multivalue"',
            allowed="false, or another policy",
            remedy="remove it: the name leads to external endpoints only, whose errors no CloudWatch metric counts",
        )
