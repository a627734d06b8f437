"""What an open page is shown: the picture and what the gateway says, again and again, while anybody looks."""

import asyncio
import logging
from pathlib import Path
from typing import Any

from localcloud.console.actions import ActionRunner
from localcloud.console.frames import SiteFrame
from localcloud.console.gateway import GatewayClient, Refused
from localcloud.console.history import History
from localcloud.console.picture import draw, site_names
from localcloud.console.visitors import Visitors
from localcloud.dataplane.service import DataPlane
from localcloud.dataplane.timekeeping import Timekeeper

logger = logging.getLogger(__name__)

Json = dict[str, Any]
PERIOD_REAL_SECONDS = 0.5


class Onlookers:
    """Everybody who looks at the console; the picture is made once for all of them, and not at all for nobody."""

    def __init__(
        self,
        data_plane: DataPlane,
        gateway: GatewayClient,
        *,
        history: History,
        runner: ActionRunner,
        timekeeper: Timekeeper,
        ca_certificate: Path,
    ) -> None:
        """Look at nothing yet."""
        self._data_plane = data_plane
        self._gateway = gateway
        self._history = history
        self._runner = runner
        self._timekeeper = timekeeper
        self.visitors = Visitors(data_plane, ca_certificate=ca_certificate, note=history.note)
        self.frames: list[SiteFrame] = []
        self.name = ""
        self.has_visitors = True
        self._count = 0
        self._looking: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._state: Json = {}
        self._turn = 0
        self._before: Json = {}

    async def close(self) -> None:
        """Stop looking."""
        self.visitors.stop()
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def enter(self) -> None:
        """Somebody begins to look."""
        self._count += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_forever())

    def leave(self) -> None:
        """Somebody has stopped looking; with the last one everything stops."""
        self._count -= 1
        if self._count == 0 and self._looking:
            self._looking.cancel()
            self._looking = None
            self.visitors.stop()

    async def next_state(self, turn: int) -> tuple[int, Json]:
        """Wait for a state after `turn` and return its turn and it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._turn > turn)
            return self._turn, self._state

    async def _look_forever(self) -> None:
        while True:
            try:
                state = await self.look()
            except Refused as error:
                state = {"problem": f"The console cannot ask the gateway: {error}."}
            except Exception:
                logger.exception("the console's picture")
                state = {"problem": "The console failed; localcloud's log has the traceback."}
            async with self._changed:
                self._turn += 1
                self._state = state
                self._changed.notify_all()
            await asyncio.sleep(PERIOD_REAL_SECONDS)

    async def look(self) -> Json:
        """Return what is so now.

        Keys: those of `picture.draw`; clock, faults, alarms, mails, run, visitors_on, frames.
        """
        seen = await self._gateway.call("GET", f"onlooker?after={self._history.seen_of_gateway}")
        self._history.take(seen["events"])
        names = site_names(self._data_plane.configuration)
        if self.name not in names:
            self.name = names[0] if names else ""
        self.visitors.visit(self.name if self.has_visitors else "")
        for index, frame in enumerate(self.frames):
            if frame.name not in names:
                frame.name = self.name if index == 0 or len(names) < 2 else names[0]
        picture = draw(self._data_plane, self.visitors, self.name)
        self._note_changes(picture)
        return {
            **picture,
            "clock": self._timekeeper.document(),
            "faults": seen["faults"],
            "alarms": seen["alarms"],
            "mails": seen["mails"],
            "run": self._runner.document(),
            "visitors_on": self.has_visitors,
            "frames": [{"origin": frame.origin, "name": frame.name, "place": frame.place} for frame in self.frames],
        }

    def _note_changes(self, picture: Json) -> None:
        """Note checks that flipped and answers that moved since the last look."""
        before, self._before = self._before, picture
        if before.get("name") != picture["name"]:
            return
        health = {check["id"]: check["is_healthy"] for check in before["checks"]}
        for check in picture["checks"]:
            if health.get(check["id"], check["is_healthy"]) != check["is_healthy"]:
                state = "healthy" if check["is_healthy"] else "unhealthy"
                self._history.note("check", f"The health check on {check['target']} is {state}.")
        moved: dict[tuple[str, str], list[str]] = {}
        for old, new in zip(before["places"], picture["places"], strict=True):
            was, now = _whom(old["answer"]), _whom(new["answer"])
            if was != now:
                moved.setdefault((was, now), []).append(new["title"])
        for (was, now), titles in moved.items():
            who = "everybody" if len(titles) == len(picture["places"]) else ", ".join(titles)
            self._history.note("dns", f"DNS answers {who} with {now} instead of {was}.")


def _whom(answer: Json) -> str:
    return str(answer["entry"]).replace(":", " ") or str(answer["status"])
