"""How long the region checks need to notice: what alarms wait for that must not speak before them. Pure."""

import math

from constructs_lib.site_file.models import HealthCheck

# A failing probe takes up to 8 s, and 82% of the checkers must have failed: aws-facts, from
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
_SLOWEST_PROBE_SECONDS = 8
_CHECKERS_RATIO = 0.82


def periods_until_detected(check: HealthCheck) -> int:
    """Returns the minutes, one more than those that failing probes can fill before the region check is unhealthy."""
    interval_seconds = check.region_interval_seconds
    round_seconds = interval_seconds + _SLOWEST_PROBE_SECONDS
    detection_seconds = (
        (check.failure_threshold - 1) * round_seconds + _SLOWEST_PROBE_SECONDS + _CHECKERS_RATIO * interval_seconds
    )
    return math.ceil(detection_seconds / 60) + 1
