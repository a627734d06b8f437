"""A queue of tasks that are due some AWS time after they were added, and the thread that does them in that order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from localcloud.gateway.clock import AwsClock

Task = TypeVar("Task")


@dataclass(slots=True, kw_only=True)
class DelayedWork(Generic[Task]):
    """Does each task `delay_seconds` after it was added; one that is not finished is tried again after as long.

    Attributes:
        name: of the thread.
        clock: AWS time.
        delay_seconds: AWS seconds between adding a task and doing it.
        work: does a task and returns whether it is finished; it must not raise.
        changed: the lock of the queue, free for what its owner keeps beside it. `work` is called without it.
    """

    name: str
    clock: AwsClock
    delay_seconds: float
    work: Callable[[Task], bool]
    changed: threading.Condition = field(default_factory=threading.Condition)
    _queue: deque[tuple[float, Task]] = field(default_factory=deque)
    _thread: threading.Thread | None = None
    _is_closed: bool = False
    _is_working: bool = False

    def __post_init__(self) -> None:
        self.clock.on_change(self._wake)

    def _wake(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def add(self, *tasks: Task) -> None:
        """Queue tasks, which are due after those that are queued already."""
        with self.changed:
            self._push(*tasks)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()

    def drop(self, is_unwanted: Callable[[Task], bool]) -> None:
        """Take tasks out of the queue; what is being done is not stopped."""
        with self.changed:
            self._queue = deque(entry for entry in self._queue if not is_unwanted(entry[1]))

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait in real time until everything is done; return whether it is."""
        with self.changed:
            return self.changed.wait_for(lambda: not self._queue and not self._is_working, timeout_seconds)

    def close(self) -> None:
        """Stop the thread; what is queued stays undone."""
        with self.changed:
            self._is_closed = True
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _push(self, *tasks: Task) -> None:
        due = self.clock.now_seconds() + self.delay_seconds
        self._queue.extend((due, task) for task in tasks)
        self.changed.notify_all()

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            is_finished = self.work(entry[1])
            with self.changed:
                self._is_working = False
                if not is_finished:
                    self._push(entry[1])
                self.changed.notify_all()

    def _next(self) -> tuple[float, Task] | None:
        """Wait for the next task that is due; None when the queue is closed."""
        with self.changed:
            while not self._is_closed:
                if not self._queue:
                    self.changed.wait()
                    continue
                wait_seconds = self._queue[0][0] - self.clock.now_seconds()
                if wait_seconds <= 0:
                    self._is_working = True
                    return self._queue.popleft()
                self.changed.wait(self.clock.real_seconds(wait_seconds))
        return None
