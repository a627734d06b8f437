"""A rehearsal in the terminal: a few sentences and a table, for somebody who sees it for the first time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from scripts.rehearse.result import BROKEN, DrillResult, Missing, Outcome, Rehearsal, Views


def show(rehearsal: Rehearsal, console: Console) -> None:
    """Print it."""
    for line in _lines(rehearsal):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for hostname in dict.fromkeys(each.hostname for each in rehearsal.drills):
        console.print(f"\nViewers of {hostname}", markup=False, highlight=False)
        console.print(_table([each for each in rehearsal.drills if each.hostname == hostname]))
    for line in _remarks(rehearsal):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(_verdict(rehearsal), markup=False, highlight=False, soft_wrap=True)


def _lines(rehearsal: Rehearsal) -> Iterator[str]:
    yield f"{len(rehearsal.made)} resources were made, {len(rehearsal.left_out)} were not."
    for why in Missing:
        missing = [each for each in rehearsal.left_out if each.why is why]
        if not missing:
            continue
        types = ", ".join(
            f"{name} x {number}" for name, number in sorted(Counter(each.type for each in missing).items())
        )
        yield f"  {why.value}: {types}"
        yield from (f"    {each.address}: {each.detail}" for each in missing if each.detail)
    if rehearsal.replaced:
        yield f"Replaced in the copy: {', '.join(rehearsal.replaced)}."
    if rehearsal.assumed:
        yield f"Made up beside it: {', '.join(rehearsal.assumed)}."
    counts = Counter(each.severity for each in rehearsal.findings)
    found = ", ".join(f"{counts[each]} {each}s" for each in ("error", "warning", "note") if counts[each])
    yield f"The linter finds {found or 'nothing'}."
    for each in rehearsal.findings:
        if each.severity == "error":
            yield f"  {each.rule} {each.address}: {each.detail}"


def _table(drills: Sequence[DrillResult]) -> Table:
    table = Table("drill", "page that the edge held", "other pages", "healed: good after")
    for each in drills:
        back = "" if each.outcome is Outcome.NOT_DRILLED else _seconds(each.back_after_seconds)
        table.add_row(each.drill, _views(each.cached, each), _views(each.uncached, each), back)
    return table


def _views(views: Views | None, drill: DrillResult) -> str:
    if views is None:
        return drill.outcome.value
    slow = f", slowest {views.slowest_seconds:g} s" if views.slowest_seconds >= 1 else ""
    match views.outcome:
        case Outcome.NOTHING_LOST:
            return f"none of {views.count} views failed{slow}"
        case Outcome.RECOVERED:
            return f"{views.failed} of {views.count} failed, good after {views.recovered_after_seconds:g} s{slow}"
        case _:
            return f"lost for {drill.seconds:.0f} s: {views.failed} of {views.count} failed"


def _seconds(value: float | None) -> str:
    return "not in time" if value is None else f"{value:g} s"


def _remarks(rehearsal: Rehearsal) -> Iterator[str]:
    for each in rehearsal.drills:
        for text in (*each.notes, each.reason):
            if text:
                yield f"{each.hostname}, {each.drill}: {text}."
        if each.uncached and each.uncached.example:
            yield f"{each.hostname}, {each.drill}: a viewer saw {each.uncached.example}."
    yield from (f"{note}." for note in rehearsal.notes)


def _verdict(rehearsal: Rehearsal) -> str:
    if not rehearsal.drills:
        return "No distribution that is enabled was made, so nothing was drilled."
    lost = sum(each.outcome is Outcome.LOST for each in rehearsal.drills)
    not_drilled = sum(each.outcome is Outcome.NOT_DRILLED for each in rehearsal.drills)
    times = f"All times are AWS seconds, at {rehearsal.speed:g} times the wall's speed."
    if rehearsal.is_good:
        return f"In every drill viewers kept the site or got it back by itself. {times}"
    parts = [
        f"in {lost} of {len(rehearsal.drills)} drills viewers had no site until the part was healed" if lost else "",
        f"{not_drilled} drills could not begin" if not_drilled else "",
        "the linter finds errors" if any(each.severity == "error" for each in rehearsal.findings) else "",
        "resources were refused or failed" if any(each.why in BROKEN for each in rehearsal.left_out) else "",
    ]
    text = "; ".join(filter(None, parts))
    return f"{text[0].upper()}{text[1:]}. {times}"
