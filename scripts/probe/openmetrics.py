"""What a prober saw, as OpenMetrics text on loopback, for Prometheus or an agent of CloudWatch's to scrape.

Format: https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from scripts.errors import EnvironmentFailureError
from scripts.probe.histogram import Histogram
from scripts.probe.history import PHASES, View
from scripts.probe.survey import Finding

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
LOOPBACK = "127.0.0.1"
_QUANTILES = (0.5, 0.95, 0.99)


class Totals:
    """Counts since the prober began, and the last survey."""

    def __init__(self) -> None:
        self.views: Counter[tuple[str, str, str]] = Counter()
        """(family, region, error); "" where nobody answered, or nothing was wrong."""
        self.phases = {phase: Histogram() for phase in PHASES}
        self.late = Histogram()
        self.findings: Sequence[Finding] = ()

    def add(self, views: Iterable[View]) -> None:
        """Count views."""
        for view in views:
            self.views[view.family, view.region or "", view.error or ""] += 1
            self.late.add(view.late)
            for phase in PHASES:
                seconds: float | None = getattr(view, phase)
                if seconds is not None:
                    self.phases[phase].add(seconds)

    @property
    def good(self) -> int:
        """Page views without an error."""
        return sum(count for (_, _, error), count in self.views.items() if not error)


def exposition(totals: Totals, *, hostname: str) -> str:
    """Return the whole document."""
    lines = ["# TYPE failover_page_views counter", "# HELP failover_page_views Page views of the prober."]
    for (family, region, error), count in sorted(totals.views.items()):
        labels = {"hostname": hostname, "family": family, "region": region, "error": error}
        lines.append(f"failover_page_views_total{_labels(labels)} {count}")
    lines += ["# TYPE failover_page_view_seconds summary", "# UNIT failover_page_view_seconds seconds"]
    for phase, histogram in totals.phases.items():
        lines += _summary("failover_page_view_seconds", histogram, {"hostname": hostname, "phase": phase})
    lines += ["# TYPE failover_probe_lateness_seconds summary", "# UNIT failover_probe_lateness_seconds seconds"]
    lines += _summary("failover_probe_lateness_seconds", totals.late, {"hostname": hostname})
    lines += ["# TYPE failover_check_ok gauge", "# HELP failover_check_ok 1 when it is as it must be."]
    for each in totals.findings:
        labels = {"hostname": hostname, "check": each.kind, "subject": each.subject}
        lines.append(f"failover_check_ok{_labels(labels)} {int(each.is_ok)}")
    lines += _gauge("failover_resolver_lag_seconds", "propagation", totals.findings, hostname)
    lines += _gauge("failover_certificate_expiry_seconds", "certificate", totals.findings, hostname)
    return "\n".join([*lines, "# EOF", ""])


def _summary(name: str, histogram: Histogram, labels: Mapping[str, str]) -> list[str]:
    values = [(ratio, histogram.percentile(ratio)) for ratio in _QUANTILES]
    lines = [
        f"{name}{_labels({**labels, 'quantile': f'{ratio:g}'})} {seconds:.6f}"
        for ratio, seconds in values
        if seconds is not None
    ]
    return [*lines, f"{name}_count{_labels(labels)} {histogram.total}"]


def _gauge(name: str, kind: str, findings: Iterable[Finding], hostname: str) -> list[str]:
    lines = [f"# TYPE {name} gauge", f"# UNIT {name} seconds"]
    for each in findings:
        if each.kind == kind and each.value is not None:
            lines.append(f"{name}{_labels({'hostname': hostname, 'subject': each.subject})} {each.value:.3f}")
    return lines


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@asynccontextmanager
async def served(document: Callable[[], str], *, port: int) -> AsyncIterator[int]:
    """Serve the document at http://127.0.0.1:<port>/metrics for the length of the block; yields the port (0 asks for a free one).

    Raises:
        EnvironmentFailureError: the port is taken.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                head = await reader.readuntil(b"\r\n\r\n")
            is_known = head.split(b" ")[:2] == [b"GET", b"/metrics"]
            body = (document() if is_known else "ask for /metrics\n").encode()
            status = b"200 OK" if is_known else b"404 Not Found"
            writer.write(
                b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                % (status, CONTENT_TYPE.encode() if is_known else b"text/plain", len(body))
                + body
            )
            await writer.drain()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # a scraper that left, or what was no HTTP: its own matter
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(answer, LOOPBACK, port)
    except OSError as error:
        raise EnvironmentFailureError(
            f"port {port} of {LOOPBACK} is taken ({error.strerror}): choose another --metrics-port"
        ) from error
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
