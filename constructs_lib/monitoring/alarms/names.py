"""Names of the alarms. The alert formatter finds its advice by the kind, so a kind here has an entry there.

`functions/alert_formatter/handler.py` ships alone and cannot import this module; tests/synth/test_monitoring.py compares.
"""

from enum import StrEnum

from constructs_lib.site_file.models import SiteFile


class AlarmKind(StrEnum):
    """What an alarm says; the middle of its name."""

    PATH = "path-unhealthy"
    REGION = "region-unhealthy"
    EXTERNAL = "external-unhealthy"
    EDGE_ERRORS = "edge-5xx"
    ORIGIN_LATENCY = "origin-latency"
    ENDPOINT_ERRORS = "endpoint-5xx"
    GLOBAL_REGION_SILENT = "global-region-silent"
    REPLICATION_BACKLOG = "replication-backlog"
    REPLICATION_LATENCY = "replication-latency"
    CANARY = "canary-failed"
    PARITY_LOST = "parity-lost"
    PARITY_UNCHECKED = "parity-unchecked"
    CERTIFICATE = "certificate-expiring"
    PROBER = "prober-failed"
    SERVING_FROM_SECONDARY = "serving-from-secondary"


def alarm_name(site: SiteFile, kind: AlarmKind, region: str | None = None) -> str:
    """Returns `<project>-<environment>-alarm-<kind>`, and `.<region>` when the alarm is about one region or endpoint."""
    name = f"{alarm_prefix(site)}{kind}"
    return name if region is None else f"{name}.{region}"


def alarm_prefix(site: SiteFile) -> str:
    """Returns how every alarm's name begins."""
    return f"{site.prefix}-alarm-"
