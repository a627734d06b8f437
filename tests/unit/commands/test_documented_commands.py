"""Every command that a page shows is one that the program takes: its verb, its options, and in blocks its arguments too.

What runs them is in tests/documented_commands.py.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from scripts import cli
from tests.shown_commands import PAGES, ROOT

TARGETS = set(re.findall(r"^([a-z-]+):.* ## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
_CALL = re.compile(r"(?:^|[\s(])(?:\.venv/bin/)?(failover|make) +([a-z][a-z-]*)((?: +(?!#)[^|&;<>`]+)?)")
_PLACEHOLDER = re.compile(r"\b[A-Z][A-Z_0-9]*\b")
_WRONG_USAGE: type[Exception] = next(each for each in typer.BadParameter.__mro__ if each.__name__ == "UsageError")
"""Of the click that typer brings, which has no public name: what a wrong call raises."""


class Shown(NamedTuple):
    """A call as a page shows it; `is_whole` when it is a line of a block, which a reader copies."""

    program: str
    verb: str
    rest: str
    is_whole: bool


def shown_in(text: str) -> Iterator[Shown]:
    for match in re.finditer(r"`([^`\n]+)`|^(?:    |\.venv/bin/|failover |make )(.+)$", text, re.MULTILINE):
        code = (match[1] or match[0]).partition("  #")[0].partition(" # ")[0].strip()
        for call in _CALL.finditer(code):
            yield Shown(call[1], call[2], call[3].strip(), match[1] is None)


@pytest.fixture(scope="module")
def verbs() -> dict[str, TyperCommand]:
    group = get_command(cli.application())
    assert isinstance(group, TyperGroup)
    return {name: each for name, each in group.commands.items() if isinstance(each, TyperCommand)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_taken(page: Path, verbs: dict[str, TyperCommand]) -> None:
    wrong = [problem for shown in shown_in(page.read_text(encoding="utf-8")) if (problem := _problem(shown, verbs))]
    assert wrong == []


def test_pages_show_commands_at_all() -> None:
    found = [shown for page in PAGES for shown in shown_in(page.read_text(encoding="utf-8"))]
    assert len(found) > 300
    assert len([one for one in found if one.is_whole]) > 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`failover stats`", "no verb"),
        ("`failover status --jsn`", "no option --jsn"),
        ("    failover evacuate --apply\n", "Missing parameter: region"),
        ("    failover prune --keep many\n", "many"),
        ("`make demos`", "no target"),
    ],
)
def test_a_wrong_command_is_found(text: str, said: str, verbs: dict[str, TyperCommand]) -> None:
    (shown,) = shown_in(text)
    assert said in (_problem(shown, verbs) or "")


def _problem(shown: Shown, verbs: dict[str, TyperCommand]) -> str | None:
    call = f"{shown.program} {shown.verb} {shown.rest}".strip()
    if shown.program == "make":
        return None if shown.verb in TARGETS else f"{call}: no target"
    if shown.verb not in verbs:
        return f"{call}: no verb"
    if shown.verb == "localcloud":  # its options are another program's
        return None
    command = verbs[shown.verb]
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    for option in re.findall(r"(?:^| )(--[a-z-]+)", shown.rest):
        if option not in known:
            return f"{call}: no option {option}"
    if not shown.is_whole:
        return None
    try:
        command.make_context(shown.verb, shlex.split(shown.rest))
    except typer.Exit:
        return None
    except _WRONG_USAGE as error:
        # Where a page says NAME a reader puts something of the right kind.
        told = str(error)
        return None if any(name in told for name in _PLACEHOLDER.findall(shown.rest)) else f"{call}: {told}"
    return None
