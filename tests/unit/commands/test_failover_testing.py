"""docs/FAILOVER_TESTING.md has a command for everything that is to be shown, and each of them exists."""

import re
from pathlib import Path

import pytest

from scripts.cli import COMMANDS

PAGE = (Path(__file__).parents[3] / "docs" / "FAILOVER_TESTING.md").read_text(encoding="utf-8")
TABLE = PAGE[: PAGE.index("\n## ")]


@pytest.mark.parametrize(
    "subject",
    [
        "failover works",
        "chaos",
        "health",
        "alerts",
        "performance, latency",
        "load, stress",
        "UX",
        "RTO, RPO",
        "success metrics",
    ],
)
def test_what_is_to_be_shown_has_a_command(subject: str) -> None:
    (row,) = [line for line in TABLE.splitlines() if line.startswith("|") and subject in line.split("|")[1]]
    assert re.search(r"`failover [a-z-]+|the report of every drill", row.split("|")[2])


def test_every_command_of_the_page_exists() -> None:
    named = set(re.findall(r"failover ([a-z][a-z-]+)", " ".join(re.findall(r"`([^`]+)`", TABLE))))
    assert named
    assert named <= set(COMMANDS)
