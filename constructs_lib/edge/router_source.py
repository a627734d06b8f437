"""The source of the router function: functions/router.js with one region's configuration filled in. Knows no construct."""

import json
from pathlib import Path
from typing import Any

from constructs_lib import naming

SOURCE = Path(__file__).parents[1] / "functions" / "router.js"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
LARGEST_FUNCTION_BYTES = 10 * 1024

FAILOVER_STATUS_CODES = (403, 500, 502, 503, 504)
"""403 is broken access and fails over; 404 is an absent page and must not (each miss would ask both buckets)."""

_KEY_UNUSABLE_STATUS_CODE = 400
"""S3's answer while the KMS key of an object is disabled or its deletion scheduled (KMS.DisabledException and others).

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

# S3's default read timeout is 30 s and provider 5.100 cannot lower it on the origin; the function can, on the primary.
ORIGIN_READ_TIMEOUT_SECONDS = 4
ORIGIN_CONNECTION_TIMEOUT_SECONDS = 2

# A checker allows 2 s between connecting and the status: with 1 s for the first bucket the second one still gets its turn.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
PATH_CHECK_TIMEOUT_SECONDS = 1


def failover_status_codes(*, has_kms: bool) -> list[int]:
    """Returns what fails over: with a KMS key of its own per region, a region's unusable key too."""
    return sorted([*FAILOVER_STATUS_CODES, *([_KEY_UNUSABLE_STATUS_CODE] if has_kms else [])])


def render(*, own: str, other: str | None = None, has_kms: bool = False, policy: dict[str, Any] | None = None) -> str:
    """Returns the function's source for the distribution of region `own`.

    Args:
        own: the distribution's region.
        other: the region that takes over; None for a site with one region, which has no origin group to reorder, and whose
            bucket gets all of its time: nothing would be asked after it.
        has_kms: whether the buckets are encrypted with KMS keys of the site.
        policy: what `router_policy.edge_policy` returns; None for failover.
    """
    config = {
        "own": own,
        **({} if other is None else _pair(own, other, has_kms=has_kms)),
        "fixedPrefixes": [f"/{naming.HEALTH_PREFIX}", f"/{naming.ERRORS_PREFIX}"],
        **({} if policy is None else {"policy": policy}),
    }
    source = _code().replace("/*CONFIG*/ {}", json.dumps(config))
    size = len(source.encode("utf-8"))
    if size > LARGEST_FUNCTION_BYTES:
        raise ValueError(
            f"{SOURCE.name} is {size} bytes; CloudFront takes at most {LARGEST_FUNCTION_BYTES}: shorten it"
        )
    return source


def _pair(own: str, other: str, *, has_kms: bool) -> dict[str, Any]:
    return {
        "other": other,
        "origins": {region: naming.origin_id(region) for region in (own, other)},
        "statusCodes": failover_status_codes(has_kms=has_kms),
        "timeouts": {
            "connectionTimeout": ORIGIN_CONNECTION_TIMEOUT_SECONDS,
            "readTimeout": ORIGIN_READ_TIMEOUT_SECONDS,
        },
        "checkPath": f"/{naming.PATH_CHECK_KEY}",
        "checkTimeouts": {
            "connectionTimeout": PATH_CHECK_TIMEOUT_SECONDS,
            "readTimeout": PATH_CHECK_TIMEOUT_SECONDS,
        },
    }


def _code() -> str:
    """Returns the source without its comments, which are a quarter of it; each has lines of its own."""
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if line.strip() and not line.lstrip().startswith("//")]
    return "\n".join([f"// Written from {SOURCE.name}, where the comments are.", *code, ""])
