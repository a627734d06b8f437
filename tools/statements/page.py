"""The table of docs/FAILOVER_TESTING.md. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tools.statements.faults import VALUES
from tools.statements.rehearsal import Row

BEGINS = "<!-- statements: written by `make statements ARGS=--page` -->"
ENDS = "<!-- end of statements -->"
_HEAD = (
    "| What is broken | How | Users get | `failover status` says | exit | Alert | Runbook | Wrong |",
    "|---|---|---|---|---|---|---|---|",
)
_NAME_SERVER = re.compile(r"127\.0\.0\.1 port \d+")
"""A localcloud's own, which has another port in each copy."""


def markdown(rows: Sequence[Row]) -> str:
    """Returns the table: a line for all kinds of faults of one target of which the same was said."""
    lines: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        status = _NAME_SERVER.sub("the name server", row.status)
        said = (row.users, status, row.exit_code, tuple(row.alerts), tuple(row.sections), row.verdict)
        lines.setdefault((row.place, *said), []).append(_kind(row.kind))
    return "\n".join(
        [*_HEAD, *(_line(key, kinds) for key, kinds in sorted(lines.items(), key=lambda each: each[0][0:2]))]
    )


def count(rows: Sequence[Row]) -> str:
    """Returns how much was wrong."""
    unknown = sum(bool(row.inconclusive) for row in rows)
    wrong = sum(len(row.wrong) for row in rows if not row.inconclusive)
    words = f"{wrong} wrong statements over {len(rows)} faults"
    return f"{words}, {unknown} of them inconclusive: this machine was busy" if unknown else words


def into_page(page: Path, rows: Sequence[Row]) -> None:
    """Writes the table between its marks."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    page.write_text(f"{before}{BEGINS}\n{markdown(rows)}\n\n{count(rows)}.\n{ENDS}{after}", encoding="utf-8")


def _kind(kind: str) -> str:
    value = next((value for each, value in VALUES.items() if each.value == kind), None)
    return kind if value is None else f"{kind} {value}"


def _line(key: tuple[object, ...], kinds: Sequence[str]) -> str:
    place, users, status, exit_code, alerts, sections, wrong = key
    assert isinstance(alerts, tuple) and isinstance(sections, tuple)  # noqa: S101  as `markdown` made them
    cells = (
        f"`{place}`",
        ", ".join(kinds),
        users,
        status,
        exit_code,
        "; ".join(alerts) or "none",
        ", ".join(sections) or "-",
    )
    return f"| {' | '.join(map(str, cells))} | {wrong} |"
