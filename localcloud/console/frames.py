"""The site in a frame: a proxy on an address of its own, which asks the site as a viewer of a chosen place does.

A browser that does not ask localcloud's DNS could not open the site. Each frame has another loopback address than the console,
so that what the site's pages run is of another site for the browser: it sees neither the console nor its cookie.
"""

import html
import logging
import re
from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from localcloud.console.answers import PLACE_NAMES, ask
from localcloud.console.visitors import PATIENCE_SECONDS, failure_in_words, trusting, viewer_session
from localcloud.dataplane.service import DataPlane
from localcloud.model.addresses import loopback_of

logger = logging.getLogger(__name__)

ADDRESSES = ("127.0.40.1", "127.0.40.2")
_UNSENT = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection", "host"})
_UNSHOWN = _UNSENT | {"content-length", "x-frame-options", "strict-transport-security", "alt-svc"}
"""The site forbids frames and plain HTTP for good reasons; here both are the point."""

_FRAME_ANCESTORS = re.compile(r"\s*frame-ancestors[^;]*;?", re.IGNORECASE)
LARGEST_BODY_BYTES = 6 * 1024 * 1024


class SiteFrame:
    """One frame: a name of the site, a place, and the address at which a browser finds it."""

    def __init__(self, data_plane: DataPlane, *, address: str, ca_certificate: Path, place: int) -> None:
        """Listen nowhere yet.

        Args:
            data_plane: Whose site is shown.
            address: Loopback address of this frame alone.
            ca_certificate: That the proxy trusts.
            place: Where the viewer is.
        """
        self._data_plane = data_plane
        self._address = address
        self._ca_certificate = ca_certificate
        self._runner: web.ServerRunner | None = None
        self.name = ""
        self.place = place
        self.origin = ""
        self._asked_by = "'none'"

    async def start(self, *, asked_by: str) -> None:
        """Listen on any free port; only pages of `asked_by` (an origin) may frame what is shown."""
        self._asked_by = asked_by
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None))
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._address, 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.origin = f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if f"http://{request.headers.get('Host', '')}" != self.origin:
            return self._page(421, "This address shows the site to the console's frame alone.")
        answer = ask(self._data_plane, self.name, self.place)
        if not answer.address:
            return self._page(502, f"{self.name}: DNS says {answer.status} to {PLACE_NAMES[self.place]}.")
        try:
            return await self._ask_site(request, answer.address)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return self._page(502, f"{self.name} at {answer.entry.replace(':', ' ')}: {failure_in_words(error)}.")

    async def _ask_site(self, request: web.BaseRequest, address: str) -> web.Response:
        body = await request.content.read(LARGEST_BODY_BYTES) if request.can_read_body else None
        headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in _UNSENT)
        headers["Host"] = self.name
        for name in ("Origin", "Referer"):
            if headers.get(name, "").startswith(self.origin):
                headers[name] = headers[name].replace(self.origin, f"https://{self.name}", 1)
        url = URL(
            f"https://{loopback_of(address)}:{self._data_plane.ports['https_port']}{request.raw_path}", encoded=True
        )
        async with (
            viewer_session(self.place) as session,
            self._data_plane.clock.timeout(PATIENCE_SECONDS),
            session.request(
                request.method,
                url,
                headers=headers,
                data=body,
                ssl=trusting(self._ca_certificate),
                server_hostname=self.name,
                allow_redirects=False,
            ) as response,
        ):
            return self._shown(request, response.status, response.headers, await response.read())

    def _shown(
        self, request: web.BaseRequest, status: int, headers: "aiohttp.typedefs.LooseHeaders", body: bytes
    ) -> web.Response:
        shown: CIMultiDict[str] = CIMultiDict()
        for name, value in CIMultiDict(headers).items():
            if name.lower() not in _UNSHOWN:
                shown.add(name, value)
        policy = _FRAME_ANCESTORS.sub("", shown.pop("Content-Security-Policy", "")).strip().rstrip(";")
        ancestors = f"frame-ancestors {self._asked_by}"
        shown["Content-Security-Policy"] = f"{policy}; {ancestors}" if policy else ancestors
        if "Location" in shown:
            shown["Location"] = re.sub(rf"^https?://{re.escape(self.name)}(:\d+)?(?=/|$)", "", shown["Location"]) or "/"
        is_bodiless = request.method == "HEAD" or status in (204, 304)
        return web.Response(status=status, headers=shown, body=None if is_bodiless else body)

    def _page(self, status: int, text: str) -> web.Response:
        policy = f"default-src 'none'; style-src 'none'; frame-ancestors {self._asked_by}"
        body = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
            f"<title>No page</title><h1>No page</h1><p>{html.escape(text)}</p></html>"
        )
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
        return web.Response(status=status, headers=headers, text=body, content_type="text/html")


async def start_frames(data_plane: DataPlane, *, ca_certificate: Path, asked_by: str) -> list[SiteFrame]:
    """Start the frames; one whose address this machine does not have is left out, with a line in the log."""
    frames = []
    for index, address in enumerate(ADDRESSES):
        frame = SiteFrame(data_plane, address=address, ca_certificate=ca_certificate, place=2 * index)
        try:
            await frame.start(asked_by=asked_by)
        except OSError as error:
            logger.warning("no frame for the site at %s: %s", address, error)
            await frame.close()
        else:
            frames.append(frame)
    return frames
