"""The comment on a pull request, as Markdown: what failed, what needs a look, then everything else, folded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.cost.estimate import CostLine, estimate, monthly_cost_usd, objective_usd
from scripts.errors import WrongUsageError
from scripts.review.access import widened
from scripts.review.consequences import consequence
from scripts.review.differences import attributes, code
from scripts.review.findings import Delta
from scripts.review.plans import Change, Kind, StackPlan
from scripts.review.site_file import orphans
from scripts.simulate.prediction import in_words, layers
from scripts.simulate.site import site_of_stacks

# https://docs.github.com/en/rest/issues/comments: a body holds 65,536 characters.
MAXIMUM_CHARACTERS = 65_536
_DANGEROUS = (Kind.REPLACE, Kind.DELETE)
_SIGNS = {Kind.CREATE: "+", Kind.UPDATE: "~", Kind.REPLACE: "-/+", Kind.DELETE: "-"}
_NOTHING = Delta(new=(), gone=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is compared.

    Attributes:
        plans: of every stack, by name.
        before: the stacks of the base revision; empty when there are none to compare with.
        after: the synthesized stacks of the change.
        keys: (key, before, after) of the site file's changed keys.
        failed: steps of the run that failed, in their own words.
        notes: what could not be compared, and why.
        run_url: link to the run; "" outside one.
        commit: what was reviewed; "" when not known.
    """

    plans: Sequence[StackPlan]
    before: Mapping[str, Mapping[str, Any]]
    after: Mapping[str, Mapping[str, Any]]
    keys: Sequence[tuple[str, str, str]] = ()
    lint: Delta = _NOTHING
    waivers: Delta = _NOTHING
    failed: Sequence[str] = ()
    notes: Sequence[str] = ()
    run_url: str = ""
    commit: str = ""

    @property
    def changes(self) -> list[Change]:
        """Everything that the plans change."""
        return [change for plan in self.plans for change in plan.changes]

    @property
    def unplanned(self) -> list[StackPlan]:
        """Stacks without a plan."""
        return [plan for plan in self.plans if plan.problem is not None]


@dataclass(slots=True)
class _Page:
    lines: list[str] = field(default_factory=list)

    def add(self, title: str, rows: Sequence[str]) -> None:
        if rows:
            self.lines += ["", f"#### {title}", "", *rows]

    def fold(self, title: str, rows: Sequence[str]) -> None:
        if rows:
            self.lines += ["", f"<details><summary>{title}</summary>", "", *rows, "", "</details>"]


def comment(review: Review) -> str:
    """Returns the Markdown, at most 65,536 characters; failures stand first, what is cut off is said."""
    page = _Page([f"### {_headline(review)}"])
    page.add("What failed", [*_failures(review)])
    page.add("Look at these", [*_dangers(review)])
    page.add("The site file", _keys(review.keys))
    page.add("Stacks", _stacks(review))
    page.add("Cost and recovery", [*_cost(review), *_recovery(review)])
    page.add("Linter", _delta(review.lint, "finding"))
    page.add("Waivers and checkov skips", _delta(review.waivers, "exception"))
    page.add("Stacks that are applied later", _effects(review))
    for plan in review.plans:
        page.fold(f"{plan.stack}: {_counted(plan)}", [*_resources(plan)])
    page.add("Not compared", [f"- {note}" for note in review.notes])
    return _shortened("\n".join(page.lines), _footer(review))


def _headline(review: Review) -> str:
    if review.failed or review.unplanned:
        return "This change could not be reviewed completely"
    counts = Counter(change.kind for change in review.changes)
    text = ", ".join(f"{counts[kind]} to {kind}" for kind in Kind if counts[kind]) or "No resource changes"
    if orphans(list(review.keys)):  # what is counted would be made beside what is deployed
        return f"The stacks get other states: {text[0].lower()}{text[1:]}; **look below before you approve**"
    return f"{text}; **look below before you approve**" if any(_dangers(review)) else text


def _failures(review: Review) -> Iterator[str]:
    yield from (f"- **{step}** failed." for step in review.failed)
    for plan in review.unplanned:
        yield f"- **{plan.stack}**: {plan.problem}. What it would change is **not known**, so nothing below speaks for it."
        if plan.log:
            yield from ("", "```text", plan.log, "```", "")


def _dangers(review: Review) -> Iterator[str]:
    if left := orphans(list(review.keys)):
        yield f"- {left}"
    for change in review.changes:
        if change.kind in _DANGEROUS:
            because = f" because of `{', '.join(change.forced_by)}`" if change.forced_by else ""
            meaning = f": {found}" if (found := consequence(change)) else ""
            yield f"- **{change.kind}** `{change.address}` ({change.stack}){because}{meaning}"
    for change in review.changes:
        yield from (f"- `{change.address}` ({change.stack}) {sentence}" for sentence in widened(change))


def _keys(keys: Sequence[tuple[str, str, str]]) -> list[str]:
    if not keys:
        return []
    return [
        "| Key | Before | After |",
        "|---|---|---|",
        *[f"| `{key}` | {_cell(old)} | {_cell(new)} |" for key, old, new in keys],
    ]


def _stacks(review: Review) -> list[str]:
    rows = [f"| Stack | {' | '.join(Kind)} |", f"|---|{'---|' * len(Kind)}"]
    for plan in review.plans:
        counts = Counter(change.kind for change in plan.changes)
        cells = (
            [str(counts[kind]) for kind in Kind] if plan.problem is None else ["**no plan**", *["?"] * (len(Kind) - 1)]
        )
        rows.append(f"| {plan.stack} | {' | '.join(cells)} |")
    return rows


def _cost(review: Review) -> Iterator[str]:
    after = estimate(review.after)
    total, objective = monthly_cost_usd(after), objective_usd(review.after)
    verdict = "within" if total <= objective else "**above**"
    if not review.before:
        yield f"{total:.2f} USD a month, {verdict} the objective of {objective:.2f} USD."
        return
    before = estimate(review.before)
    then = monthly_cost_usd(before)
    change = "unchanged: " if then == total else f"{then:.2f} -> "
    yield f"{change}{total:.2f} USD a month, {verdict} the objective of {objective:.2f} USD."
    rows = [*_cost_rows(before, after)]
    if rows:
        yield from ("", "| Cost line | Before | After |", "|---|---|---|", *rows)


def _cost_rows(before: Sequence[CostLine], after: Sequence[CostLine]) -> Iterator[str]:
    old, new = ({line.item: round(line.usd, 2) for line in lines} for lines in (before, after))
    for item in sorted({*old, *new}, key=lambda each: -abs(new.get(each, 0) - old.get(each, 0))):
        if old.get(item, 0) != new.get(item, 0):
            yield f"| {item} | {old.get(item, 0):.2f} | {new.get(item, 0):.2f} |"


def _recovery(review: Review) -> Iterator[str]:
    """What the simulator predicts of each layer, and what the change makes of it."""
    after, before = _predicted(review.after), _predicted(review.before)
    if not after:
        return
    yield from ("", "| Predicted recovery (`failover simulate`) | Before | After |", "|---|---|---|")
    for name in {**after, **before}:
        then = before.get(name, "no such layer") if review.before else "–"
        now = after.get(name, "**no such layer**")
        yield f"| {name} | {then} | {'unchanged' if then == now else now} |"


def _predicted(stacks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    if not stacks:
        return {}
    try:
        site = site_of_stacks(stacks)
    except WrongUsageError:  # nothing that fails over is in these stacks
        return {}
    return {f"layer {each['layer']}: {each['what_broke']}": in_words(each) for each in layers(site)}


def _delta(delta: Delta, what: str) -> list[str]:
    return [*[f"- new {what}: {_line(each)}" for each in delta.new], *[f"- gone: {_line(each)}" for each in delta.gone]]


def _effects(review: Review) -> list[str]:
    """Outputs that change here and that another stack reads: its own plan was made before they changed."""
    found = []
    for plan in review.plans:
        for output in plan.changed_outputs:
            text = re.compile(rf"cross-stack-reference-input-{re.escape(plan.stack)}\.outputs\.{re.escape(output)}\b")
            readers = [name for name, stack in review.after.items() if name != plan.stack and text.search(str(stack))]
            if readers:
                later = ", ".join(readers)
                found.append(
                    f"- `{output}` of {plan.stack} changes: apply it, then plan {later} again, which reads it."
                )
    return found


def _counted(plan: StackPlan) -> str:
    if plan.problem is not None:
        return "no plan"
    counts = Counter(change.kind for change in plan.changes)
    return ", ".join(f"{counts[kind]} {kind}" for kind in Kind if counts[kind]) or "no change"


def _resources(plan: StackPlan) -> Iterator[str]:
    for change in plan.changes:
        yield f"- `{_SIGNS[change.kind]}` `{change.address}`"
        if change.kind in (Kind.UPDATE, Kind.REPLACE):
            source = code(change)
            for name, before, after in attributes(change):
                if name != "code" or not source:
                    yield f"  - `{name}`: {_cell(before)} -> {_cell(after)}"
            if source:
                yield from ("", "  ```diff", *[f"  {line}" for line in source.splitlines()], "  ```", "")


def _cell(text: str) -> str:
    return f"`{_line(text).replace('|', chr(92) + '|').replace('`', chr(39))}`"


def _line(text: str) -> str:
    return " ".join(text.split())


def _footer(review: Review) -> str:
    parts = [
        f"commit {review.commit}" if review.commit else "",
        f"[the run]({review.run_url})" if review.run_url else "",
    ]
    named = ", ".join(part for part in parts if part)
    return f"\n\n---\nWritten by `failover review`{f' for {named}' if named else ''}."


def _shortened(text: str, footer: str) -> str:
    if len(text) + len(footer) <= MAXIMUM_CHARACTERS:
        return text + footer
    note = "\n\n**Shortened here**: the whole text is in the run's log and its artifact."
    kept = text[: MAXIMUM_CHARACTERS - len(footer) - len(note)]
    kept = kept[: kept.rfind("\n")]
    opened = kept.count("<details>") - kept.count("</details>")
    return kept[: MAXIMUM_CHARACTERS - len(footer) - len(note) - 12 * opened] + "\n</details>" * opened + note + footer
