"""A child process in a process group of its own, so that nothing it started outlives the block that started it."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, cast

# On the first SIGINT Terraform finishes the calls it has begun and saves its state; a CloudFront call takes seconds.
STOP_SECONDS = 60.0
KILL_SECONDS = 5.0
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
SLICE_SECONDS = 0.1
_WATCHER = Path(__file__).with_name("watched_group.py")


@contextlib.contextmanager
def started(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command with its output and errors in one text pipe; whatever ends the block, its whole group is gone after.

    A Ctrl-C in the terminal does not reach the group by itself: the exception it raises in the block stops the group, and
    further ones wait for that. When this process itself is killed, the group's leader, `watched_group`, ends the group. A
    command that cannot be run ends with 127 and its reason.

    Args:
        command: the program and its arguments.
        environment: variables added to this process's own.
    """
    process = None
    try:
        with interrupts_deferred():
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_WATCHER), str(os.getpid()), *command],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            with interrupts_deferred():
                if process.poll() is None:
                    stop(process)
                send(process, signal.SIGKILL)  # what the leader left behind, such as a provider whose Terraform crashed
                cast("IO[str]", process.stdout).close()


@contextlib.contextmanager
def first_interrupt_only() -> Iterator[Callable[[], None]]:
    """Raise KeyboardInterrupt at the first SIGINT or SIGTERM; until the block has ended, further ones change nothing.

    So `kill` ends the block as Ctrl-C does, and no impatience breaks off the clean-up that the first one began. Within another
    block of this kind, or one that has handlers of its own, the first one is theirs to answer as well. Outside the main thread,
    which alone is interrupted, this does nothing.

    Yields:
        a function that makes the block ignore the first one too, for a clean-up that has begun for another reason.
    """
    is_ignoring = False

    def ignore() -> None:
        nonlocal is_ignoring
        is_ignoring = True

    def interrupt(number: int, frame: FrameType | None) -> None:
        if is_ignoring:
            return
        ignore()
        outer = before[signal.Signals(number)]
        if callable(outer):
            outer(number, frame)
        else:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield ignore
        return
    before = {number: signal.signal(number, interrupt) for number in _INTERRUPTS}
    try:
        yield ignore
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back for the length of the block; one that came is handled at its end, as it would have been.

    Where nothing handles SIGTERM it raises KeyboardInterrupt too. An interrupt in the middle of `Popen` would leave a child that
    nobody holds, in the middle of a clean-up a child that nobody ends. Outside the main thread, which alone is interrupted, this
    does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[signal.Signals] = []
    before = {
        number: signal.signal(number, lambda number, _frame: caught.append(signal.Signals(number)))
        for number in _INTERRUPTS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        handler = before[caught[0]]
        if callable(handler):
            handler(caught[0], None)
        elif handler == signal.SIG_DFL:
            raise KeyboardInterrupt


def stop(process: subprocess.Popen[str], *, stop_seconds: float = STOP_SECONDS) -> None:
    """End a group as Ctrl-C does, then by force, and wait for its end."""
    send(process, signal.SIGINT)
    try:
        if not _ends_within(stop_seconds, process):
            send(process, signal.SIGTERM)
            _ends_within(KILL_SECONDS, process)
    finally:
        send(process, signal.SIGKILL)
        process.wait()


def _ends_within(seconds: float, process: subprocess.Popen[str]) -> bool:
    """Wait for the leader, not for the end of its output: a grandchild may hold the pipe open for as long as it likes."""
    for _ in range(math.ceil(seconds / SLICE_SECONDS)):
        # Reads on meanwhile: a full pipe would keep the child from ending.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=SLICE_SECONDS)
        if process.poll() is not None:
            return True
    return False


def send(process: subprocess.Popen[str], signal_number: signal.Signals) -> None:
    """Send a signal to the whole group; a group that is gone already is no error."""
    # The group outlives its leader for as long as a grandchild does, such as Terraform's provider.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal_number)
