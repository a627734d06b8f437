"""Drills and replays that the page starts: programs of whoever started localcloud, which says what they are.

localcloud knows no drill. It gets a list of commands in its environment and runs what the page picks, one at a time.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.run_secret import ACTIONS_VARIABLE

logger = logging.getLogger(__name__)

KEPT_LINES = 300
STOP_LIMIT_REAL_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something to run.

    Attributes:
        group: What the page calls its kind.
        command: Program and arguments; `{state_dir}` stands for the state folder, `{report}` for a folder of the run's own.
        report: The page that it leaves in that folder; empty for none.
    """

    id: str
    group: str
    title: str
    command: tuple[str, ...]
    report: str = ""


def actions_from(text: str | None) -> tuple[Action, ...]:
    """Read a JSON list of actions; none without one. The keys of each are the fields of `Action`.

    Raises:
        ValueError: it is not such a list.
    """
    try:
        return tuple(Action(**{**item, "command": tuple(item["command"])}) for item in json.loads(text or "[]"))
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{ACTIONS_VARIABLE} is no list of actions: {error!r}") from error


class ActionRunner:
    """Runs one action at a time and keeps what it says."""

    def __init__(self, actions: tuple[Action, ...], *, state_dir: Path, note: Callable[[str, str], None]) -> None:
        """Run nothing yet.

        Args:
            actions: What may be run.
            state_dir: Of this localcloud.
            note: Is told in a sentence when one begins and ends.
        """
        self.actions = {action.id: action for action in actions}
        self._state_dir = state_dir
        self._note = note
        self._process: asyncio.subprocess.Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._action: Action | None = None
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._is_stopping = False
        self.exit_code: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether an action runs."""
        return self._following is not None and not self._following.done()

    def report_file(self) -> Path | None:
        """Return the report of the latest run when there is one."""
        if self._action is None or not self._action.report:
            return None
        file = self._folder(self._action) / self._action.report
        return file if file.is_file() else None

    def document(self) -> dict[str, Any]:
        """Return what the page shows of the latest run: id, title, is_running, exit_code, lines, has_report."""
        return {
            "id": self._action.id if self._action else "",
            "title": self._action.title if self._action else "",
            "is_running": self.is_running,
            "is_stopping": self._is_stopping and self.is_running,
            "exit_code": self.exit_code,
            "lines": list(self._lines),
            "has_report": not self.is_running and self.report_file() is not None,
        }

    async def start(self, id_: str) -> None:
        """Start an action.

        Raises:
            LookupError: there is none of this id.
            RuntimeError: one runs already, or the program cannot be started.
        """
        action = self.actions[id_]
        if self.is_running:
            raise RuntimeError(
                f"{self._action.title if self._action else 'another'} runs; stop it, or wait for its end"
            )
        folder = self._folder(action)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / action.report).unlink(missing_ok=True) if action.report else None
        places: Mapping[str, str] = {"{state_dir}": str(self._state_dir), "{report}": str(folder)}
        command = [_put_in(part, places) for part in action.command]
        environment = {name: value for name, value in os.environ.items() if name != ACTIONS_VARIABLE}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**environment, "COLUMNS": "100"},
                start_new_session=True,
            )
        except OSError as error:
            raise RuntimeError(f"{command[0]} cannot be started: {error.strerror}") from error
        self._action, self.exit_code, self._is_stopping = action, None, False
        self._lines.clear()
        self._note("drill", f"{action.title} begins.")
        self._following = asyncio.create_task(self._follow(self._process, action))

    def stop(self) -> None:
        """Ask the running action to end, as Ctrl-C does: a drill undoes its fault first."""
        if self.is_running and self._process is not None:
            self._is_stopping = True
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    async def close(self) -> None:
        """End what runs: by asking, and after a while by force."""
        self.stop()
        if self._following is None or self._process is None:
            return
        try:
            async with asyncio.timeout(STOP_LIMIT_REAL_SECONDS):
                await asyncio.shield(self._following)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._following

    def _folder(self, action: Action) -> Path:
        return self._state_dir / "console" / action.id.replace("/", "-")

    async def _follow(self, process: asyncio.subprocess.Process, action: Action) -> None:
        assert process.stdout  # noqa: S101  start asks for it
        try:
            async for line in process.stdout:
                self._lines.append(line.decode(errors="replace").rstrip())
        except ValueError:  # a line without an end: asyncio.StreamReader.readline
            logger.warning("%s writes lines that are too long; the rest is not shown", action.title)
        self.exit_code = await process.wait()
        words = {0: "ended well", 1: "ended outside its objective", 130: "was stopped"}
        self._note("drill", f"{action.title} {words.get(self.exit_code, f'failed with exit code {self.exit_code}')}.")


def _put_in(part: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        part = part.replace(name, value)
    return part
