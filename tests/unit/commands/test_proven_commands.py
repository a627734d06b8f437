"""Every command that a page shows is run as it is shown, or by something that has a name, or its page says that it needs AWS."""

import ast
import re
from pathlib import Path

import pytest

from tests.documented_commands import ELSEWHERE, RUNS, Elsewhere
from tests.shown_commands import ROOT, ShownCommand, commands_of, shown_commands

_BY_THE_FIXTURES = {"--localcloud", "--outputs", "--stacks", "--json"}
"""Options that a test gives by variables, or reads the answer with."""


@pytest.fixture(scope="module")
def shown() -> list[ShownCommand]:
    return shown_commands()


def test_every_command_of_every_page_is_proven(shown: list[ShownCommand]) -> None:
    assert [f"{command.page}: {command.text}" for command in shown if not is_proven(command)] == []


def test_nothing_is_proven_that_no_page_shows(shown: list[ShownCommand]) -> None:
    texts = {command.text for command in shown}
    assert [run.shown for run in RUNS if run.shown not in texts] == []
    patterns = [(each, pattern) for each in ELSEWHERE for pattern in each.shown]
    assert [pattern for each, pattern in patterns if not any(each.covers_by(pattern, text) for text in texts)] == []


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: row.shown[0])
def test_what_runs_a_command_exists_and_names_it(row: Elsewhere, shown: list[ShownCommand]) -> None:
    file, _, name = row.by.partition("::") if "::" in row.by else row.by.partition(": ")
    text = (ROOT / file).read_text(encoding="utf-8")
    if "::" not in row.by:
        assert name in text
        return
    functions = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    assert name in functions or (name == "*" and any(each.startswith("test_") for each in functions))
    if not row.why:
        words = {word for command in shown if row.covers(command.text) for word in spelled(command.text)}
        assert [word for word in sorted(words - set(row.apart_from)) if not is_in(word, file)] == []


def is_proven(command: ShownCommand) -> bool:
    if command.needs_aws or any(run.shown == command.text for run in RUNS):
        return True
    return any(each.covers(command.text) for each in ELSEWHERE) or (not command.is_whole and is_a_name(command.text))


def is_a_name(text: str) -> bool:
    """Returns whether a sentence names a verb, or what a command that is run begins with or pipes to, and no more."""
    program, verb, *rest = text.split()
    if any(f"{text} " in f"{run.shown} " for run in RUNS):
        return True
    return not rest and any(
        re.match(rf"{program} {re.escape(verb)}( |$)", known)
        for known in (*(run.shown for run in RUNS), *(pattern for each in ELSEWHERE for pattern in each.shown))
    )


def spelled(text: str) -> set[str]:
    """Returns the verb and the options of a command of ours, which whoever runs it has to spell."""
    if not text.startswith("failover "):
        return set()
    return {text.split()[1], *re.findall(r" (--[a-z-]+)", text)} - _BY_THE_FIXTURES


def is_in(word: str, file: str) -> bool:
    """Returns whether a test, or a world that it imports, has a word between quotes."""
    texts = [(ROOT / file).read_text(encoding="utf-8")]
    for module in re.findall(r"^from (tests\.[\w.]+) import", texts[0], re.MULTILINE):
        path = ROOT / Path(*module.split(".")).with_suffix(".py")
        texts += [path.read_text(encoding="utf-8")] if path.is_file() else []
    return any(re.search(rf"[\"']{re.escape(word)}[\"' =]", text) for text in texts)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("    failover stats --now\n", "failover stats --now"),
        ("Say `failover stats --now` at night.\n", "failover stats --now"),
        ("```sh\n.venv/bin/failover stats \\\n  --now   # at night\n```\n", "failover stats --now"),
        ("1. First\n\n       aws s3 rm x\n", "aws s3 rm x"),
        ("    ExecStart=/opt/failover/.venv/bin/failover stats --now\n", "failover stats --now"),
        ("Call `aws s3 rm x`.\n", "aws s3 rm x"),
    ],
)
def test_a_new_command_is_found_and_not_proven(text: str, command: str) -> None:
    (found,) = commands_of(text)
    assert found.text == command
    assert not is_proven(found)


@pytest.mark.parametrize(
    ("text", "is_marked"),
    [
        ("    aws s3 rm x   # needs AWS\n    aws s3 rm y\n", [True, False]),
        ("This needs AWS:\n\n    aws s3 rm x\n\nThis does not.\n\n    aws s3 rm y\n", [True, False]),
        ("1. `aws s3 rm x` needs AWS\n2. `aws s3 rm y`\n", [True, False]),
        ("# Page\n\nWhatever is on this page needs AWS.\n\n## Later\n\n    aws s3 rm x\n", [True]),
        ("```toml\nx = 'aws s3 rm x'\n```\nRun `terraform apply`.\n", []),
    ],
)
def test_mark_is_of_the_line_the_paragraph_or_the_page(text: str, is_marked: list[bool]) -> None:
    assert [command.needs_aws for command in commands_of(text)] == is_marked
