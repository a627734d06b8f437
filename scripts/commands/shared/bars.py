"""Progress on stderr for commands that move or delete many objects: a bar, or a line now and then where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.clock import AwsClock

_LINE_SECONDS = 10.0


@contextmanager
def byte_bar(description: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Yields what is called with the bytes of each finished file."""
    with _bar(description, total_bytes, DownloadColumn()) as advance:
        yield advance


@contextmanager
def object_bar(description: str, total_objects: int) -> Iterator[Callable[[int], None]]:
    """Yields what is called with the number of objects that are done."""
    with _bar(description, total_objects, MofNCompleteColumn()) as advance:
        yield advance


@contextmanager
def _bar(description: str, total: int, amount: DownloadColumn | MofNCompleteColumn) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeElapsedColumn())
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(description, total).advance
        return
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.advance(task, done)


class _Lines:
    """Says every ten seconds how far it is, for logs; nothing of what is done sooner."""

    def __init__(self, description: str, total: int) -> None:
        self._description = description
        self._total = total
        self._done = 0
        self._clock = AwsClock()
        self._said_at_seconds = 0.0
        self._lock = Lock()

    def advance(self, done: int) -> None:
        """Takes what was done; from any thread."""
        with self._lock:
            self._done += done
            now = self._clock.now_seconds()
            if now - self._said_at_seconds < _LINE_SECONDS:
                return
            self._said_at_seconds = now
            print(f"{self._description}: {self._done:,} of {self._total:,}", file=sys.stderr, flush=True)
