"""Work shared out to copies of this process, which end with it: Python's threads take turns where each step is short."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Generic, NoReturn, TypeVar

Item = TypeVar("Item")


def can_fork() -> bool:
    """Whether a copy of this process can work: elsewhere than on Linux, and beside other threads, it could wait for ever.

    https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
    """
    return sys.platform == "linux" and threading.active_count() == 1


def cores() -> int:
    """Returns on how many cores this process may run; a container's limit of time is not among them."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class Forked(Generic[Item]):
    """Copies of this process, each at work on its share from now on; whatever ends the block, they are gone after it.

    A copy whose reader is gone, because this process was killed, ends when it hands its result over.

    Args:
        work: makes a copy's result of its share.
        shares: one a copy.
    """

    def __init__(self, work: Callable[[Sequence[Item]], bytes], shares: Sequence[Sequence[Item]]) -> None:
        self._copies: dict[int, int] = {}
        for share in shares:
            reading, writing = os.pipe()
            try:
                pid = os.fork()
            except OSError:  # no more processes here, or no memory: what is not done is left to the caller
                os.close(reading)
                os.close(writing)
                return
            if pid == 0:
                # A pipe that has a reader is written to for ever, were the reader the copy itself.
                for each in (reading, *self._copies.values()):
                    os.close(each)
                _work(work, share, writing)
            os.close(writing)
            self._copies[pid] = reading

    def __enter__(self) -> Forked[Item]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for pid, reading in self._copies.items():
            os.close(reading)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._copies.clear()

    def results(self) -> list[bytes]:
        """Waits for all; returns the results of those that came to their end. Once only."""
        found: list[bytes] = []
        while self._copies:
            pid, reading = next(iter(self._copies.items()))
            with open(reading, "rb", closefd=False) as stream:
                result = stream.read()
            os.close(reading)
            del self._copies[pid]
            if os.waitpid(pid, 0)[1] == 0:
                found.append(result)
        return found


def _work(work: Callable[[Sequence[Item]], bytes], share: Sequence[Item], writing: int) -> NoReturn:
    """Is the copy's whole life: nothing of this process' ends, such as its buffers, is to be ended twice."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        with open(writing, "wb") as stream:
            stream.write(work(share))
    except BaseException:  # noqa: BLE001  (whoever waits for the result does the work itself then, and tells what is wrong)
        os._exit(1)
    os._exit(0)
