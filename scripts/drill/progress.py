"""Showing on stderr how a drill is doing: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

PLAIN_INTERVAL_SECONDS = 15.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DrillState:
    """How a drill is doing now.

    Args:
        drill: scenario and variant, such as "origin-outage/unreachable".
        phase: what it waits for, such as "fault in force, waiting for us-east-1".
        elapsed_seconds: AWS seconds since the phase began.
        good: good page views so far.
        bad: all other page views so far.
        region: who answered the latest good page view; None before the first.
    """

    drill: str
    phase: str
    elapsed_seconds: float
    good: int
    bad: int
    region: str | None


class Progress(Protocol):
    """Is told several times an AWS second."""

    def show(self, state: DrillState) -> None:
        """Show the state, or not, as fits the display."""


class SilentProgress:
    """Shows nothing: for tests and for callers with a display of their own."""

    def show(self, state: DrillState) -> None:
        """Do nothing."""


class PlainProgress:
    """A line when the phase changes, and every 15 AWS seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: DrillState | None = None

    def show(self, state: DrillState) -> None:
        """Print a line if there is news."""
        shown = self._shown
        is_news = shown is None or (shown.drill, shown.phase) != (state.drill, state.phase)
        if is_news or (shown and state.elapsed_seconds - shown.elapsed_seconds >= PLAIN_INTERVAL_SECONDS):
            self._console.print(_line(state), soft_wrap=True)
            self._shown = state


class LiveProgress:
    """One line that changes in place."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, state: DrillState) -> None:
        """Replace the line."""
        self._live.update(_line(state))


@contextmanager
def progress_on(console: Console) -> Iterator[Progress]:
    """Yield the progress that fits a console, which should write to stderr."""
    if not console.is_terminal:
        yield PlainProgress(console)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield LiveProgress(live)


def _line(state: DrillState) -> Text:
    return Text.assemble(
        (state.drill, "bold"),
        f"  {state.phase}  {state.elapsed_seconds:5.1f} s  ",
        (f"{state.good} good", "green"),
        "  ",
        (f"{state.bad} failed", "red" if state.bad else "dim"),
        f"  served by {state.region or 'nobody'}",
        no_wrap=True,
        overflow="ellipsis",
    )
