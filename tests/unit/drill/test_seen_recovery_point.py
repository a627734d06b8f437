"""How far back visitors of the secondary were taken, from what they saw."""

from pathlib import Path

import pytest

from scripts.drill.scenarios import EDGE_OUTAGE
from scripts.probe.samples import ErrorKind
from tests.worlds.fake_site import a_request, drill_virtually


@pytest.mark.parametrize(
    ("release", "age", "seen"),
    [(None, 500.0, 0.0), (ErrorKind.WRONG_CONTENT, 500.0, 500.0), (ErrorKind.WRONG_CONTENT, None, None)],
)
def test_recovery_point_that_visitors_saw_is_the_age_of_the_release_that_the_secondary_lacked(
    release: ErrorKind | None, age: float | None, seen: float | None, tmp_path: Path
) -> None:
    request = a_request(EDGE_OUTAGE, tmp_path, release_age_seconds=age)
    old = release is ErrorKind.WRONG_CONTENT
    run = drill_virtually(request, serves_old_release_from_secondary=old)[0].runs[0]
    since_the_drill_began = run.marks.fault_at_seconds - run.started_at_seconds
    wanted = seen + since_the_drill_began if seen else seen
    assert run.measurement.seen_recovery_point_seconds == (None if wanted is None else pytest.approx(wanted))


def test_secondary_that_served_nobody_says_nothing_of_the_recovery_point(tmp_path: Path) -> None:
    request = a_request(EDGE_OUTAGE, tmp_path, release_age_seconds=500.0)
    run = drill_virtually(request, never_fails_over=True)[0].runs[0]
    assert run.measurement.seen_recovery_point_seconds is None
