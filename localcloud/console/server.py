"""The console's HTTP: the page's files, the stream of what is so, and what the page may ask for."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.console.access import SECRET_HEADER, TOKEN_PARAMETER, ConsoleAccess, foreign, policy_headers
from localcloud.console.actions import Action, ActionRunner
from localcloud.console.dashboards import DashboardReader
from localcloud.console.frames import start_frames
from localcloud.console.gateway import GatewayClient, Refused
from localcloud.console.history import History
from localcloud.console.looking import Onlookers
from localcloud.dataplane.readers.clients import Clients
from localcloud.dataplane.service import DataPlane
from localcloud.dataplane.timekeeping import Timekeeper
from localcloud.model.places import PLACES
from localcloud.state_directory import CA_CERTIFICATE_FILE, is_measured

logger = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
STATIC = files(__package__).joinpath("static")
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_LARGEST_BODY_BYTES = 64 * 1024
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Console:
    """The console of one localcloud."""

    def __init__(
        self,
        data_plane: DataPlane,
        *,
        gateway_url: str,
        secret: str,
        state_dir: Path,
        actions: tuple[Action, ...],
        timekeeper: Timekeeper,
    ) -> None:
        """Listen nowhere yet.

        Args:
            data_plane: What is shown.
            gateway_url: Where the control plane answers.
            secret: Of the run.
            state_dir: Holds the authority's certificate; reports of drills go below it.
            actions: What the page may run.
            timekeeper: Says which speeds this machine keeps.
        """
        self._state_dir = state_dir
        self._timekeeper = timekeeper
        self._access = ConsoleAccess(secret)
        self._gateway = GatewayClient(gateway_url, secret)
        self._dashboards = DashboardReader(Clients(gateway_url, secret))
        self._reading = asyncio.Lock()
        self._history = History()
        self._runner = ActionRunner(actions, state_dir=state_dir, note=self._history.note)
        self._data_plane = data_plane
        self._onlookers = Onlookers(
            data_plane,
            self._gateway,
            history=self._history,
            runner=self._runner,
            timekeeper=timekeeper,
            ca_certificate=state_dir / CA_CERTIFICATE_FILE,
        )
        self._server: web.ServerRunner | None = None
        self._host = ""
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", "stream"): self._stream,
            ("GET", "choices"): self._choices,
            ("GET", "dashboards"): self._read_dashboards,
            ("GET", "report"): self._report,
            ("POST", "faults"): self._break,
            ("POST", "heal"): self._heal,
            ("POST", "clock"): self._set_clock,
            ("POST", "run"): self._run,
            ("POST", "stop"): self._stop,
            ("POST", "look"): self._look_at,
            ("POST", "frame"): self._set_frame,
        }

    @property
    def port(self) -> int:
        """The bound port."""
        return int(self._host.rpartition(":")[2])

    def address(self) -> str:
        """Return an address that opens the console once."""
        return f"http://{self._host}/?{TOKEN_PARAMETER}={self._access.mint()}"

    async def start(self, port: int) -> None:
        """Listen (0 = any port).

        Raises:
            OSError: the port is taken.
        """
        self._server = web.ServerRunner(web.Server(self._handle, access_log=None))
        await self._server.setup()
        await web.TCPSite(self._server, ADDRESS, port).start()
        host, bound = self._server.addresses[0][:2]
        self._host = f"{host}:{bound}"
        self._onlookers.frames = await start_frames(
            self._data_plane,
            ca_certificate=self._state_dir / CA_CERTIFICATE_FILE,
            asked_by=f"http://{self._host}",
        )

    async def close(self) -> None:
        """Stop the page and what it runs."""
        await self._runner.close()
        await self._onlookers.close()
        for frame in self._onlookers.frames:
            await frame.close()
        if self._server:
            await self._server.cleanup()
        await self._gateway.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        refused = foreign(request, self._host)
        if refused:
            return self._answer({"message": refused}, status=403)
        if request.path == "/tokens" and request.method == "POST":
            return self._hand_out(request)
        if not request.path.startswith("/api/"):
            return self._file(request)
        if not self._access.is_session(request.cookies.get(self._cookie, "")):
            return self._answer({"message": "open the address that `failover localcloud console` prints"}, status=401)
        handler = self._routes.get((request.method, request.path.removeprefix("/api/")))
        if handler is None:
            return self._answer({"message": f"there is no {request.method} {request.path}"}, status=404)
        try:
            return await handler(request)
        except Refused as error:
            return self._answer({"message": str(error)}, status=error.status)
        except (ValueError, KeyError, TypeError) as error:
            return self._answer({"message": f"not understood: {error!r}"}, status=400)

    @property
    def _cookie(self) -> str:
        """Cookies know no port, and other things on this machine set some."""
        return f"localcloud-console-{self.port}"

    def _headers(self) -> dict[str, str]:
        return policy_headers(tuple(frame.origin for frame in self._onlookers.frames))

    def _answer(self, document: object, *, status: int = 200) -> web.Response:
        return web.json_response(document, status=status, headers=self._headers())

    def _hand_out(self, request: web.BaseRequest) -> web.Response:
        if not self._access.is_secret(request.headers.get(SECRET_HEADER, "")):
            return self._answer({"message": f"it wants the secret of the run in {SECRET_HEADER}"}, status=403)
        return self._answer({"address": self.address()}, status=201)

    def _file(self, request: web.BaseRequest) -> web.Response:
        """Answer with a file of the page, none of which is secret; the first one takes the token."""
        name = request.path.removeprefix("/") or "index.html"
        suffix = Path(name).suffix
        file = STATIC.joinpath(name)
        if request.method not in ("GET", "HEAD") or "/" in name or suffix not in _TYPES or not file.is_file():
            return self._answer({"message": f"there is no {request.path}"}, status=404)
        response = web.Response(
            body=file.read_bytes(), content_type=_TYPES[suffix], charset="utf-8", headers=self._headers()
        )
        session = self._access.admit(request.query.get(TOKEN_PARAMETER, ""))
        if session is not None:
            response.set_cookie(self._cookie, session, path="/api", httponly=True, samesite="Strict")
        return response

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send what is so, and events once each, as they come: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
        response = web.StreamResponse(headers={**self._headers(), "Content-Type": "text/event-stream"})
        await response.prepare(request)
        turn = seen = 0
        self._onlookers.enter()
        try:
            while True:
                turn, state = await self._onlookers.next_state(turn)
                events = self._history.after(seen)
                seen = events[-1]["number"] if events else seen
                if events:
                    await response.write(_event("history", events))
                await response.write(_event("state", state))
        except (ConnectionResetError, asyncio.CancelledError):
            return response
        finally:
            self._onlookers.leave()

    async def _choices(self, _: web.BaseRequest) -> web.Response:
        """Answer with what can be broken and what can be run."""
        targets = (await self._gateway.call("GET", "fault-catalogue"))["targets"]
        actions = [
            {"id": action.id, "group": action.group, "title": action.title} for action in self._runner.actions.values()
        ]
        return self._answer({"targets": targets, "actions": actions})

    async def _read_dashboards(self, _: web.BaseRequest) -> web.Response:
        async with self._reading:  # its clients are for one thread
            try:
                found = await asyncio.to_thread(self._dashboards.read, speed=self._data_plane.clock.speed)
            except (ClientError, BotoCoreError) as error:
                raise Refused(502, f"the dashboards cannot be read: {error}") from error
        return self._answer({"dashboards": found})

    async def _report(self, _: web.BaseRequest) -> web.Response:
        """Answer with the latest run's report, which runs nothing and belongs to no origin."""
        file = self._runner.report_file()
        if file is None:
            return self._answer({"message": "there is no report yet"}, status=404)
        policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        headers = {**self._headers(), "Content-Security-Policy": policy}
        return web.Response(body=file.read_bytes(), content_type="text/html", charset="utf-8", headers=headers)

    async def _break(self, request: web.BaseRequest) -> web.Response:
        return self._answer(await self._gateway.call("POST", "faults", await _json(request)), status=201)

    async def _heal(self, request: web.BaseRequest) -> web.Response:
        id_ = (await _json(request)).get("id")
        return self._answer(await self._gateway.call("DELETE", f"faults/{id_}" if id_ else "faults"))

    async def _set_clock(self, request: web.BaseRequest) -> web.Response:
        speed = (await _json(request))["speed"]
        if is_measured(self._state_dir):
            raise Refused(409, "A drill measures by this clock: it can be changed when the drill has ended.")
        if isinstance(speed, int | float) and (why := self._timekeeper.refusal(speed)):
            raise Refused(409, f"The clock stays as it is: {why}.")
        return self._answer(await self._gateway.call("POST", "clock", {"speed": speed}))

    async def _run(self, request: web.BaseRequest) -> web.Response:
        try:
            await self._runner.start((await _json(request))["id"])
        except LookupError as error:
            raise Refused(404, f"there is no {error} to run") from error
        except RuntimeError as error:
            raise Refused(409, f"{error}.") from error
        return self._answer(self._runner.document(), status=201)

    async def _stop(self, _: web.BaseRequest) -> web.Response:
        self._runner.stop()
        return self._answer(self._runner.document())

    async def _look_at(self, request: web.BaseRequest) -> web.Response:
        document = await _json(request)
        if "name" in document:
            self._onlookers.name = str(document["name"])
        if "visitors_on" in document:
            self._onlookers.has_visitors = bool(document["visitors_on"])
        return self._answer({})

    async def _set_frame(self, request: web.BaseRequest) -> web.Response:
        document = await _json(request)
        frames, index, place = self._onlookers.frames, int(document["frame"]), int(document["place"])
        if not 0 <= index < len(frames) or not 0 <= place < len(PLACES):
            raise Refused(404, f"there is no frame {index} or no place {place}")
        frames[index].name, frames[index].place = str(document["name"]), place
        return self._answer({})


def _event(name: str, document: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(document, separators=(',', ':'))}\n\n".encode()


async def _json(request: web.BaseRequest) -> dict[str, Any]:
    """Return the document that the page sends.

    Raises:
        ValueError: it is none; a form of another page could send other types without asking first.
    """
    if request.content_type != "application/json":
        raise ValueError("the body is not application/json")
    document = json.loads(await request.content.read(_LARGEST_BODY_BYTES))
    if not isinstance(document, dict):
        raise ValueError("the body is no object")
    return document
