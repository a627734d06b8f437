"""One cause is told once: which alerts are left to another one."""

from alerts.alert import NO_DATA, Alert


def is_told_elsewhere(alert: Alert) -> bool:
    """Returns whether another alert tells of the same cause, or this one's end is none.

    An alarm whose expression holds another check ends when that one fails, which is no end; a composite repeats its members.
    An alarm that begins as that check fails is that check's to tell: should it last longer than the check, it begins anew.
    """
    kind, state, checks = alert.kind, alert.state, alert.checks
    if kind == "serving-from-secondary":
        return True
    if state == "OK" and kind == "region-unhealthy":
        is_back = (
            alert.was == NO_DATA and checks.has_path and alert.region in checks.states
        )  # as the path check's metric
        return is_back or checks.fails(alert.region)
    if kind == "edge-5xx":
        return checks.fails("path") or checks.fails(alert.region)
    if state == NO_DATA and kind == "region-unhealthy":
        return checks.has_path and alert.region in checks.states  # it is the path check's metric that stopped
    if state != "ALARM":
        return False
    if kind in ("canary-failed", "origin-latency", "prober-failed"):
        return checks.fails("path") or bool(checks.failing_regions)
    if kind == "region-unhealthy":
        return checks.fails("path")
    if kind == "endpoint-5xx":
        return not checks.has_path and checks.fails(alert.region)
    server, _, record_type = alert.region.rpartition("-")
    return kind == "external-unhealthy" and record_type == "aaaa" and checks.fails(f"{server}-a")
