"""One child process of the supervisor: started, asked for its ports, watched, stopped."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

LOG_TAIL_LINES = 30
STOP_LIMIT_REAL_SECONDS = 2.0
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""glibc would give each of the gateway's threads a heap of its own, which only grows: https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html"""


class ChildFailed(Exception):  # noqa: N818  what happened
    """A child ended by itself; the message holds the tail of its log."""


class ChildProcess:
    """A Python module run as a process; its log is copied to stderr."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        """Follow a process that `start_child` started."""
        self.name = name
        self._process = process
        self._tail: deque[str] = deque(maxlen=LOG_TAIL_LINES)
        self._log = asyncio.create_task(self._follow_log())

    async def ready(self) -> dict[str, Any]:
        """Wait for the line of JSON that a child prints when it serves.

        Raises:
            ChildFailed: when it ends before.
        """
        assert self._process.stdout  # noqa: S101  start_child asks for it
        line = await self._process.stdout.readline()
        if not line:
            await self.failure()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def tell(self, line: str) -> None:
        """Send a line to a child that was started to be told one."""
        assert self._process.stdin  # noqa: S101  start_child was asked for it
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.close()

    async def failure(self) -> None:
        """Wait until the process ends and raise.

        Raises:
            ChildFailed: always.
        """
        code = await self._process.wait()
        await self._log
        tail = "\n".join(self._tail)
        raise ChildFailed(f"the {self.name} ended with exit code {code}; the end of its log:\n{tail}")

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_LIMIT_REAL_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._log.cancel()
        await asyncio.gather(self._log, return_exceptions=True)

    async def _follow_log(self) -> None:
        assert self._process.stderr  # noqa: S101  start_child asks for it
        async for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            self._tail.append(text)
            print(text, file=sys.stderr, flush=True)


async def start_child(
    name: str, module: str, arguments: Sequence[str], environment: Mapping[str, str], *, is_told: bool = False
) -> ChildProcess:
    """Start a module that ends with this process, in a session of its own: Ctrl-C reaches only the supervisor.

    Args:
        name: For messages.
        module: What `python -m` runs.
        arguments: Its command line, which other users can see.
        environment: Variables on top of this process's own, which others cannot see.
        is_told: Whether it reads a line that `tell` sends; default: its stdin is empty.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "localcloud.watched_child",
        str(os.getpid()),
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE if is_told else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
        env={**os.environ, **FEW_ARENAS, **environment},
        start_new_session=True,
    )
    return ChildProcess(name, process)
