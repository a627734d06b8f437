"""Writing what the drills found: report.json, report.html, the samples, and the table for the terminal."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import jinja2
from rich.table import Table
from rich.text import Text

from scripts.drill.result import DrillContext, ScenarioResult
from scripts.drill.verdict import Verdict
from scripts.files import write_atomically
from scripts.report.data import Figures, Report, build_report, samples_file_name, samples_text
from scripts.report.history import with_history
from scripts.report.junit import junit
from scripts.report.runs import DrillRecord, age_in_words
from scripts.report.timeline import chart, describe, moments_of

TEMPLATES = Path(__file__).parent / "templates"
VERDICT_SIGNS = {Verdict.WITHIN: "✓", Verdict.OUTSIDE: "✗", Verdict.INCONCLUSIVE: "?"}
VERDICT_STYLES = {Verdict.WITHIN: "bold green", Verdict.OUTSIDE: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}

DurationKey = Literal[
    "time_to_detect_seconds", "time_to_switch_seconds", "recovery_time_seconds", "time_to_fail_back_seconds"
]
DURATIONS: tuple[tuple[str, DurationKey], ...] = (
    ("detect", "time_to_detect_seconds"),
    ("switch", "time_to_switch_seconds"),
    ("recover", "recovery_time_seconds"),
    ("fail back", "time_to_fail_back_seconds"),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReports:
    """What was written where, and the content of report.json."""

    report: Report
    json_file: Path
    html_file: Path


def write_reports(
    results: Sequence[ScenarioResult], context: DrillContext, folder: Path, *, earlier: Sequence[DrillRecord] = ()
) -> WrittenReports:
    """Write the samples, report.html and, last, report.json into a folder, each file in one step.

    report.json comes last: where it is, the rest is complete.

    Args:
        results: of the drills.
        context: what they ran against.
        folder: where the files go.
        earlier: every drill before these. Default: there was none.
    """
    report = with_history(build_report(results, context), earlier)
    for result in results:
        write_atomically(folder / samples_file_name(result), samples_text(result))
    html_file, json_file = folder / "report.html", folder / "report.json"
    write_atomically(html_file, render_html(results, report))
    write_atomically(folder / "junit.xml", junit(report))
    write_atomically(json_file, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return WrittenReports(report=report, json_file=json_file, html_file=html_file)


def render_html(results: Sequence[ScenarioResult], report: Report) -> str:
    """Return report.html: one file without scripts or outside resources."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seconds"] = format_seconds
    environment.filters["age"] = lambda at: age_in_words(at, now=report["generated_at"])
    environment.filters["range"] = format_range
    environment.filters["sign"] = lambda verdict: VERDICT_SIGNS[Verdict(verdict)]
    return environment.get_template("report.html.j2").render(
        report=report, pictures=[_pictures(result) for result in results], headline=headline(report)
    )


def summary_table(report: Report) -> Table:
    """Return the table for the terminal: a column for each fault, so that it fits 80 characters; then the cost."""
    faults = [(scenario, variant) for scenario in report["scenarios"] for variant in scenario["variants"]]
    table = Table(title=headline(report), caption=_cost(report), title_justify="left", caption_justify="left")
    table.add_column("what broke", style="bold")
    for _, variant in faults:
        table.add_column(variant["what_broke"], overflow="fold")
    table.add_row("who took over", *[scenario["took_over"] for scenario, _ in faults], end_section=True)
    for label, key in DURATIONS:
        table.add_row(label, *[format_seconds(variant[key]) for _, variant in faults])
    if any(variant["ratio"] is not None for _, variant in faults):
        table.add_row("failed page views", *[f"{variant['failed_ratio']:.1%}" for _, variant in faults])
        table.add_row("slow page views", *[f"{variant['slow_ratio']:.1%}" for _, variant in faults])
        table.add_row("from the secondary", *[f"{variant['covered_ratio']:.1%}" for _, variant in faults])
    if any(variant["marks"]["has_listener"] for _, variant in faults):
        table.add_row("first alarm", *[format_seconds(variant["time_to_alarm_seconds"]) for _, variant in faults])
        table.add_row("first mail", *[format_seconds(variant["time_to_mail_seconds"]) for _, variant in faults])
    if any(scenario["predicted_recovery_seconds"] for scenario, _ in faults):
        table.add_row("predicted", *[format_range(scenario["predicted_recovery_seconds"]) for scenario, _ in faults])
    table.add_row(
        "month's error budget", *[f"{variant['error_budget']['spent_ratio']:.1%} spent" for _, variant in faults]
    )
    table.add_row("failed requests", *[_failed(variant) for _, variant in faults], end_section=True)
    table.add_row("objective (RTO)", *[f"{variant['rto_seconds']:g} s" for _, variant in faults])
    if any(variant["history"] and variant["history"][-1]["regression"] for _, variant in faults):
        table.add_row("regression", *[variant["history"][-1]["regression"] or "none" for _, variant in faults])
    table.add_row("verdict", *[_verdict(variant["verdict"]) for _, variant in faults])
    return table


def headline(report: Report) -> str:
    """Return the outcome of all drills in one sentence, and why the first is not within its objective in another."""
    verdicts = [scenario["verdict"] for scenario in report["scenarios"]]
    within = verdicts.count(Verdict.WITHIN)
    if within == len(verdicts):
        return f"{within} of {within} drills within the objective"
    worst = next(s for s in report["scenarios"] if s["verdict"] != Verdict.WITHIN)
    doubt = "inconclusive: " if worst["verdict"] == Verdict.INCONCLUSIVE else ""
    reason = f"{worst['name']}: {doubt}{'; '.join(worst['reasons'])}"
    return f"{len(verdicts) - within} of {len(verdicts)} drills not within the objective. {reason}"


def format_seconds(seconds: float | None) -> str:
    """Return AWS seconds for a reader; a dash for what was not seen."""
    return "–" if seconds is None else f"{seconds:.1f} s"


def format_range(seconds: Sequence[float] | None) -> str:
    """Return the shortest and the longest of what was predicted; a dash for nothing."""
    return "–" if seconds is None else f"{seconds[0]:.0f} to {seconds[1]:.0f} s"


def _failed(figures: Figures) -> str:
    wrong = figures["wrong_content_requests"]
    return f"{figures['failed_requests']} of {figures['requests']}" + (f", {wrong} wrong" if wrong else "")


def _verdict(verdict: str) -> Text:
    return Text(f"{VERDICT_SIGNS[Verdict(verdict)]} {verdict}", style=VERDICT_STYLES[Verdict(verdict)])


def _cost(report: Report) -> str:
    cost = report["cost_usd_per_month"]
    speed = "" if report["speed"] == 1 else f"; localcloud's clock ran {report['speed']:g} times faster"
    estimate = "not estimated" if cost is None else f"{cost:.2f} USD per month"
    return f"Times are AWS seconds{speed}. Estimated cost of the site on AWS: {estimate}."


def _pictures(result: ScenarioResult) -> list[dict[str, object]]:
    regions = {"primary": result.request.primary_region, "secondary": result.request.secondary_region}
    return [
        {"chart": chart(run, **regions), "description": describe(run), "moments": moments_of(run)}
        for run in result.runs
    ]
