"""What tests of interleavings have in common: the releases, what must hold at the end of any order, and their fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worlds.explorer.cloud import Cloud
from tests.worlds.explorer.operators import Program, Refused
from tests.worlds.explorer.operators import run_alone as run_alone
from tests.worlds.explorer.programs import TAKEN_DOWN, Sites, repair_active, without_threads
from tests.worlds.explorer.properties import (
    insist_on_agreement,
    insist_on_unserved,
    insist_on_whole_releases,
    routing_at,
)
from tests.worlds.explorer.search import CRASHED, Outcomes, Search

ACTIVE, PREVIOUS, OLD = "new2", "new1", "old"


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each operator make one request after the other."""
    without_threads(monkeypatch)


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """Folders of this test's own."""
    return Sites(tmp_path)


def insist_on_a_good_end(cloud: Cloud, outcomes: Outcomes) -> None:
    """Who says that he switched did; regions follow the routing, after a crash as soon as somebody repairs.

    Raises:
        AssertionError: names what does not hold.
    """
    was_active = {routing_at(each).release_id for each in cloud.routings}
    for name, told in outcomes.items():
        assert told == CRASHED or isinstance(told, str | Refused), f"{name} ended with {told!r}"
        if isinstance(told, str) and told.startswith("active "):
            assert told.removeprefix("active ") in was_active, f"SILENT: {name} says {told}, and it never was"
    if "taken down" in outcomes.values():
        insist_on_unserved(cloud, TAKEN_DOWN)
    if CRASHED in outcomes.values():
        cloud, _ = run_alone(cloud, repair_active)
        insist_on_whole_releases(cloud)
    insist_on_agreement(cloud)


def run_alone_telling(cloud: Cloud, program: Program) -> tuple[Cloud, Any]:
    """As `run_alone`, with what a refused operator is told."""
    ends: list[tuple[Cloud, Any]] = []
    Search(
        programs={"only": program},
        always=lambda _cloud: None,
        at_end=lambda end, outcomes: ends.append((end, outcomes["only"])),
        crashes=0,
    ).run(cloud)
    return ends[0]


def crashed_anywhere(cloud: Cloud, program: Program) -> list[Cloud]:
    """Returns what an operator leaves behind, crashed after each of its writes, or at its end."""
    left: dict[int, Cloud] = {}
    Search(
        programs={"only": program},
        always=insist_on_whole_releases,
        at_end=lambda end, _outcomes: left.update({end.digest: end}),
    ).run(cloud)
    return list(left.values())
