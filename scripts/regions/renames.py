"""What keeps its place in the state of `edge` while its region's name changes: it is changed in place, never made again.

The distribution of the region may hold the public name: a new one could have that name only after the old one has lost it. A
health check that is made again would leave its record without one meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IN_PLACE = ("aws_cloudfront_distribution", "aws_route53_health_check")
ONE_AFTER_THE_OTHER = (
    "aws_cloudwatch_log_delivery",
    "aws_cloudwatch_log_delivery_destination",
    "aws_cloudwatch_log_delivery_source",
)
"""Made anew under another name, the old one's deletion first: a distribution has one source of its access log."""
_KEPT = (*IN_PLACE, *ONE_AFTER_THE_OTHER)
_RECORD = "aws_route53_record"


def renames(before: Mapping[str, Any], after: Mapping[str, Any], *, old: str, new: str) -> dict[str, str]:
    """Returns address -> new address of what is changed in place, or deleted before it is made anew.

    Args:
        before: the stack with the old region.
        after: the same with the new one.
        old: the region that goes.
        new: the region that comes.
    """
    at = {path: address for address, path in _paths(before, _KEPT).items()}
    found = {}
    for address, path in _paths(after, _KEPT).items():
        was = at.get(path.replace(new, old))
        if was is not None and was != address:
            found[was] = address
    return found


def own_records(after: Mapping[str, Any], new: str) -> list[str]:
    """Returns the addresses of the records of the new region's own name, which its health checks ask."""
    return [address for address, path in _paths(after, (_RECORD,)).items() if f"/records_{new}/" in path]


def _paths(stack: Mapping[str, Any], kinds: tuple[str, ...]) -> dict[str, str]:
    """Returns address -> path in the tree of constructs, which cdktf writes beside every resource."""
    return {
        f"{kind}.{name}": body["//"]["metadata"]["path"]
        for kind in kinds
        for name, body in stack.get("resource", {}).get(kind, {}).items()
    }


def certificates_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Returns the addresses of certificates that get other names: they are made anew, and the old ones are in use until then."""
    kind = "aws_acm_certificate"
    new = after["resource"].get(kind, {})
    names = ("domain_name", "subject_alternative_names")
    return [
        f"{kind}.{name}"
        for name, body in before["resource"].get(kind, {}).items()
        if any(body.get(key) != new.get(name, {}).get(key) for key in names)
    ]
