"""Progress bars on stderr for commands that move or delete many objects; nothing where stderr is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


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
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.advance(task, done)
