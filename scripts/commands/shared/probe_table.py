"""What `failover probe` shows: the table of a survey, and the live view of a run."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from scripts.commands.shared.tables import results_table
from scripts.probe.openmetrics import Totals
from scripts.probe.survey import Finding

LATE_SECONDS = 1.0
"""A prober that begins 1 % of its page views later than this measures itself."""


def findings_table(findings: Sequence[Finding]) -> Table:
    """Returns a row for each finding."""
    table = results_table("Check", "Subject", "OK", "Found", whole=("Check",))
    for each in findings:
        table.add_row(each.kind, each.subject, "yes" if each.is_ok else "NO", each.detail)
    return table


def findings_document(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Returns the findings for `--json`."""
    return [
        {"check": each.kind, "subject": each.subject, "ok": each.is_ok, "found": each.detail, "seconds": each.value}
        for each in findings
    ]


def keeps_up(totals: Totals) -> bool:
    """Returns whether this machine began the page views near enough to their time for them to say something about the site."""
    late_seconds = totals.late.percentile(0.99)
    return late_seconds is None or late_seconds <= LATE_SECONDS


def totals_document(totals: Totals) -> dict[str, object]:
    """Returns a run's figures for `--json`; durations in seconds."""
    count = totals.views.total()
    return {
        "page_views": count,
        "good": totals.good,
        "availability_ratio": totals.good / count if count else None,
        "p50_seconds": totals.phases["total"].percentile(0.5),
        "p99_seconds": totals.phases["total"].percentile(0.99),
        "keeps_up": keeps_up(totals),
        "lateness_p99_seconds": totals.late.percentile(0.99),
    }


def live_view(totals: Totals, hostname: str) -> Group:
    """Returns what a terminal shows while the prober runs."""
    table = results_table("Family", "Served by", "Failed with", "Page views")
    for (family, region, error), count in sorted(totals.views.items()):
        table.add_row(family, region or "nobody", error or "", f"{count:,}")
    bad = [each for each in totals.findings if not each.is_ok]
    lines = [Text(f"{each.kind} {each.subject}: {each.detail}", style="red") for each in bad]
    return Group(Text(f"{hostname}: {summary(totals)}"), table, *lines)


def summary(totals: Totals) -> str:
    """Returns a run in one sentence."""
    count = totals.views.total()
    if not count:
        return "no page view yet"
    slow, late = totals.phases["total"].percentile(0.99), totals.late.percentile(0.99)
    return (
        f"{totals.good:,} of {count:,} page views good ({totals.good / count:.4%}), 99 % within"
        f" {(slow or 0) * 1000:.0f} ms; this machine began 99 % of them within {(late or 0) * 1000:.1f} ms of their time"
    )
