"""The prober's history: nothing counted twice or lost on the way to minutes and hours, a year's size, kills and foreign files."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.errors import EnvironmentFailureError
from scripts.probe import history as module
from scripts.probe.history import MINUTE_SECONDS, VIEW_SECONDS, History, Period, View

NOW = 1_800_000_000.0
DAY = 86400.0
VIEW = View(
    at=NOW,
    hostname="www.example.test",
    family="ipv4",
    resolver="127.0.0.1",
    region="eu-central-1",
    release="r1",
    is_cached=True,
    error=None,
    late=0.001,
    dns=0.002,
    connect=0.01,
    tls=0.02,
    first_byte=0.03,
    total=0.1,
)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    made = History(tmp_path / "history.sqlite")
    yield made
    made.close()


def views(history: History, since: float = 0, until: float = NOW + DAY) -> int:
    return sum(period.views for period in history.periods(since, until))


def some_views(begin: float, count: int, *, apart: float = 1.0) -> list[View]:
    shuffled = random.Random(7)
    return [
        dataclasses.replace(
            VIEW, at=begin + number * apart, family=("ipv4", "ipv6")[number % 2], total=shuffled.lognormvariate(-2, 0.4)
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("age_days", [0, 3, 20])
def test_views_are_counted_once_whatever_they_became(history: History, age_days: float) -> None:
    history.add(some_views(NOW - age_days * DAY, 500, apart=30))
    history.compact(NOW)
    history.compact(NOW)
    assert views(history) == 500


def test_old_views_become_minutes_and_old_minutes_hours(history: History) -> None:
    history.add(some_views(NOW - 60 - VIEW_SECONDS - 60, 1) + some_views(NOW - MINUTE_SECONDS - 7200, 1))
    history.compact(NOW)
    assert sorted(period.seconds for period in history.periods(0, NOW)) == [60, 3600]


def test_percentiles_survive_compaction(history: History) -> None:
    history.add(some_views(NOW - 20 * DAY, 1000))
    before = _p99(history)
    history.compact(NOW)
    assert _p99(history) == before


def _p99(history: History) -> float | None:
    whole: Period | None = None
    for period in history.periods(0, NOW):
        if whole is None:
            whole = period
        else:
            whole.merge(period)
    assert whole is not None
    return whole.phases["total"].percentile(0.99)


def test_views_of_a_minute_that_is_compacted_already_are_added_to_it(history: History) -> None:
    for _ in range(2):  # as after the machine's clock was set back
        history.add(some_views(NOW - 3 * DAY, 10))
        history.compact(NOW)
    assert views(history) == 20


def test_errors_and_regions_stay_apart(history: History) -> None:
    lost = dataclasses.replace(VIEW, region=None, error="tls_error", total=None, is_cached=None)
    history.add([dataclasses.replace(each, at=NOW - 3 * DAY) for each in (VIEW, VIEW, lost)])
    history.compact(NOW)
    found = {(p.region, p.error): (p.views, p.cached, p.cacheable) for p in history.periods(0, NOW)}
    assert found == {("eu-central-1", ""): (2, 2, 2), ("", "tls_error"): (1, 0, 0)}


def test_what_is_older_than_it_is_kept_for_is_forgotten(history: History) -> None:
    history.add(some_views(NOW - 40 * DAY, 10))
    history.note_recovery_point(NOW - 40 * DAY, 3.0, "s3")
    history.compact(NOW, retain_days=30)
    assert (views(history), history.recovery_points(0, NOW)) == (0, [])


def test_many_views_become_minutes_before_two_days(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VIEWS", 100)
    history.add(some_views(NOW - 1000, 1000))
    history.compact(NOW)
    assert views(history) == 1000
    assert 100 <= sum(period.seconds == 0 for period in history.periods(0, NOW)) < 160


@pytest.mark.slow
def test_year_at_one_view_a_second_is_below_200_megabytes(tmp_path: Path) -> None:
    """By the bytes of two hours of each kind: what an hour and a minute take does not depend on when they are."""
    sizes = {}
    for kind, age_days in (("view", 0.5), ("minute", 4), ("hour", 30)):
        path = tmp_path / f"{kind}.sqlite"
        made = History(path)
        made.add(some_views(NOW - age_days * DAY, 7_200))
        made.compact(NOW)
        rows = sum(1 for _ in made.periods(0, NOW))
        made.close()
        with sqlite3.connect(path) as database:
            database.execute("VACUUM")
            pages = database.execute("PRAGMA page_count").fetchone()[0] * 4096
        database.close()
        sizes[kind] = pages / rows
    year = sizes["view"] * VIEW_SECONDS + sizes["minute"] * 2 * MINUTE_SECONDS / 60 + sizes["hour"] * 2 * 24 * 365
    assert year < 200e6, sizes


def test_finding_is_news_when_it_changes_or_begins_badly(history: History) -> None:
    def note(kind: str, *, is_ok: bool) -> bool:
        return history.note_finding(NOW, kind, "x", is_ok=is_ok, detail="")

    assert [note("certificate", is_ok=ok) for ok in (True, True, False, False, True)] == [
        False,
        False,
        True,
        False,
        True,
    ]
    assert note("page-view", is_ok=False)


def test_entry_tells_since_when_only_after_a_change(history: History) -> None:
    seen = [history.note_entry(NOW + at, "A", entry) for at, entry in enumerate(["x", "x", "y", "y", "x"])]
    assert seen == [None, None, NOW + 2, NOW + 2, NOW + 4]
    assert history.note_entry(NOW, "AAAA", "x") is None


def test_killed_prober_loses_nothing_that_was_added(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    script = (
        "import sys, dataclasses\nfrom pathlib import Path\n"
        "from tests.unit.probe.test_history import VIEW, History\n"
        "kept = History(Path(sys.argv[1]))\n"
        "number = 0\n"
        "while True:\n"
        "    kept.add([VIEW] * 10)\n    number += 10\n    print(number, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(50)][-1]
        os.kill(process.pid, signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout if line.strip())])
    after = History(path)
    assert views(after) >= told
    after.close()


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough" * 20, b"SQLite format 3\0" + b"\1" * 500]
)
def test_broken_file_is_refused_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(content)
    with pytest.raises(EnvironmentFailureError, match="move it away"):
        History(path)
    assert path.read_bytes() == content


def test_half_written_file_is_refused_or_read_and_never_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    made = History(path)
    made.add([VIEW] * 3000)
    made.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 100])
    with pytest.raises(EnvironmentFailureError, match="move it away"):
        sum(period.views for period in History(path).periods(0, NOW + 1))


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()
    with pytest.raises(EnvironmentFailureError, match="name another file"):
        History(path)


def test_two_probers_may_share_a_file(tmp_path: Path) -> None:
    first, second = History(tmp_path / "h.sqlite"), History(tmp_path / "h.sqlite")
    first.add([VIEW])
    second.add([VIEW])
    assert views(first) == views(second) == 2
    first.close()
    second.close()
