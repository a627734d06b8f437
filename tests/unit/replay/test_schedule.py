"""When what is played: pauses are shortened, and nothing else."""

import pytest

from scripts.replay.incidents import Event, Incident, IncidentFault, Source
from scripts.replay.schedule import LEAD_SECONDS, schedule_of

BROKEN = IncidentFault(target="s3:{primary}", kind="refuse")


def an_incident(*minutes: float) -> Incident:
    events = [
        Event(at_minutes=at, what="x", certainty="stated", faults=() if at == minutes[-1] else (BROKEN,))
        for at in minutes
    ]
    return Incident.model_validate(
        {
            "id": "x",
            "title": "x",
            "began_at": "2020-01-01T00:00:00Z",
            "what_happened": "x",
            "mapped": "x",
            "source": (Source(url="https://example.test/", kind="AWS"),),
            "event": events,
        }
    )


@pytest.mark.parametrize(
    ("minutes", "played_minutes", "shortened"),
    [((0, 3, 4), [0, 3, 4], 0), ((0, 60), [0, 5], 55), ((0, 5, 100, 101), [0, 5, 10, 11], 90)],
)
def test_pauses_beyond_the_longest_are_left_out(
    minutes: tuple[float, ...], played_minutes: list[float], shortened: float
) -> None:
    schedule = schedule_of(an_incident(*minutes), longest_pause_minutes=5)
    assert [(each.at_seconds - LEAD_SECONDS) / 60 for each in schedule.events] == played_minutes
    assert schedule.shortened_minutes == shortened
    assert schedule.duration_seconds == LEAD_SECONDS + 60 * (played_minutes[-1] + 5)
    assert schedule.fault_at_seconds == LEAD_SECONDS
