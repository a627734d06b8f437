"""When which event is played. Pure. A pause in which nothing changed for hours is shortened, and the page says so."""

from __future__ import annotations

import dataclasses

from scripts.replay.incidents import Event, Incident

LEAD_SECONDS = 60.0
"""Steady state before the first event, so that the page shows what is usual."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlayedEvent:
    """An event and the AWS seconds since the play began at which it happens."""

    event: Event
    at_seconds: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is played when. `shortened_minutes` of the incident, in which nothing changed, are left out."""

    events: tuple[PlayedEvent, ...]
    duration_seconds: float
    shortened_minutes: float

    @property
    def fault_at_seconds(self) -> float:
        """When the first fault comes into force."""
        return next((each.at_seconds for each in self.events if each.event.faults), self.duration_seconds)


def schedule_of(incident: Incident, *, longest_pause_minutes: float) -> Schedule:
    """Return the schedule: every pause between two events, and the one after the last, is at most so long."""
    at_seconds, played, shortened = LEAD_SECONDS, [], 0.0
    for event, following in zip(incident.event, incident.event[1:], strict=False):
        played.append(PlayedEvent(event=event, at_seconds=at_seconds))
        pause = following.at_minutes - event.at_minutes
        shortened += max(0.0, pause - longest_pause_minutes)
        at_seconds += 60 * min(pause, longest_pause_minutes)
    played.append(PlayedEvent(event=incident.event[-1], at_seconds=at_seconds))
    return Schedule(
        events=tuple(played), duration_seconds=at_seconds + 60 * longest_pause_minutes, shortened_minutes=shortened
    )
