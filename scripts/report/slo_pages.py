"""What `failover slo` writes: slo.json, slo.md and slo.html, and the table for the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import jinja2
from rich.table import Table

from scripts.files import write_atomically
from scripts.report.report import TEMPLATES
from scripts.report.slo import Row, Slo, headline

_WIDTH, _HEIGHT = 960, 120


def write_slo(slo: Slo, folder: Path) -> Path:
    """Write all three into a folder, each in one step; return the page."""
    write_atomically(folder / "slo.md", markdown(slo))
    write_atomically(folder / "slo.html", render_html(slo))
    write_atomically(folder / "slo.json", json.dumps(slo, indent=2) + "\n")
    return folder / "slo.html"


def summary_table(slo: Slo) -> Table:
    """Return the table for the terminal."""
    table = Table(title=headline(slo), title_justify="left")
    for name in ("Objective", "Wanted", "Measured", "Outcome"):
        table.add_column(name, overflow="fold")
    for row in slo["objectives"]:
        table.add_row(row["name"], *told(row), row["outcome"].value)
    table.add_section()
    for name, value in figures(slo):
        table.add_row(name, "", value, "")
    return table


def markdown(slo: Slo) -> str:
    """Return the report as Markdown."""
    lines = [f"# {headline(slo)}", "", f"{slo['since']} to {slo['until']}", ""]
    lines += ["| Objective | Wanted | Measured | Outcome |", "|---|---|---|---|"]
    lines += [f"| {row['name']} | {' | '.join(told(row))} | {row['outcome'].value} |" for row in slo["objectives"]]
    lines += ["", "| Figure | Value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in figures(slo)]
    return "\n".join(lines) + "\n"


def render_html(slo: Slo) -> str:
    """Return slo.html: one file without scripts or outside resources."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    bars = _bars(slo)
    return environment.get_template("slo.html.j2").render(
        slo=slo, headline=headline(slo), figures=figures(slo), told=told, bars=bars, width=_WIDTH, height=_HEIGHT
    )


def told(row: Row) -> tuple[str, str]:
    """Return what was wanted and what was measured, for a reader."""
    if row["unit"] == "ratio":
        return f"{row['objective']:.3%}", "-" if row["measured"] is None else f"{row['measured']:.3%}"
    measured = "-" if row["measured"] is None else f"{row['measured']:.1f} s"
    if row["measured"] is None and row["outcome"] == "missed":
        measured = "never"
    return f"{row['objective']:g} s", measured


def figures(slo: Slo) -> list[tuple[str, str]]:
    """Return the other figures with their names."""
    return [
        ("page views, good and bad", f"{slo['good']:,} and {slo['bad']:,}"),
        ("page views that this machine was too busy to make", f"{slo['unmeasured']:,}"),
        ("error budget spent", _ratio(slo["error_budget_spent_ratio"])),
        *((f"burn rate, last {window}", _number(rate)) for window, rate in slo["burn_rates"].items()),
        ("drills within, of conclusive ones", _ratio(slo["drill_success_ratio"])),
        ("drills, of them inconclusive", f"{slo['drills']} and {slo['drills_inconclusive']}"),
        ("mean time to detect (MTTD)", _seconds(slo["mttd_seconds"])),
        ("mean time to recover (MTTR)", _seconds(slo["mttr_seconds"])),
        ("worst recovery point", _seconds(slo["recovery_point_seconds"])),
    ]


def _bars(slo: Slo) -> list[dict[str, float]]:
    """Return a bar for each stretch with page views, its failed part on top."""
    step, found = _WIDTH / len(slo["bins"]), []
    for number, each in enumerate(slo["bins"]):
        count = each["good"] + each["bad"]
        if not count:
            continue
        failed = each["bad"] / count * _HEIGHT
        found.append({"x": round(number * step, 1), "width": round(step * 0.9, 1), "failed": round(failed, 1)})
    return found


def _ratio(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


def _seconds(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f} s"
