"""Plain web servers outside AWS, for rehearsals: each serves a folder over HTTPS, with a certificate of whatever name is asked.

They know nothing of releases: a folder is what a web server with `try_files $uri $uri.html $uri/index.html =404` would serve.
What an AWS name leads to is in `edge` and `regional`.
"""

import asyncio
import logging
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from localcloud.dataplane.certificates import ServerContexts
from localcloud.dataplane.faults import FaultBoard, FaultKind
from localcloud.dataplane.listener import Listener, TlsChoice
from localcloud.model.addresses import loopback_of

logger = logging.getLogger(__name__)

_UNNAMED = ("server.invalid",)
_INDEX = "index.html"
_NOT_FOUND = "404.html"


class WebServers:
    """The servers, each at the loopback address that stands for its own."""

    def __init__(
        self, folders: Mapping[str, Path], *, https_port: int, contexts: ServerContexts, faults: FaultBoard
    ) -> None:
        """Bind at once.

        Args:
            folders: Address -> the folder that is served; it may be a link, and may be absent yet.
            https_port: As the edge's.
            contexts: Certificates by name.
            faults: Faults of the targets `server:<address>`.
        """
        places: dict[tuple[str, Path], list[str]] = {}
        for address, folder in folders.items():
            places.setdefault((loopback_of(address), folder), []).append(
                address
            )  # an IPv4 and an IPv6 address of one server
        self._servers = [
            _WebServer(where, [f"server:{address}" for address in addresses], folder, https_port, contexts, faults)
            for (where, folder), addresses in places.items()
        ]

    def start(self) -> None:
        """Begin to serve."""
        for server in self._servers:
            server.start()

    async def close(self) -> None:
        """Stop and drop all connections."""
        await asyncio.gather(*(server.close() for server in self._servers))


class _WebServer:
    def __init__(
        self,
        where: str,
        targets: Sequence[str],
        folder: Path,
        port: int,
        contexts: ServerContexts,
        faults: FaultBoard,
    ) -> None:
        self._folder = folder
        self._targets = tuple(targets)
        self._faults = faults
        self._contexts = contexts
        self._server: web.Server | None = None
        self._listener = Listener(
            address=(where, port),
            choose=self._choose,
            protocol_factory=lambda _name: self._protocol(),
            faults=faults,
            whole_targets=self._targets,
            is_tls=True,
        )

    def start(self) -> None:
        self._server = web.Server(self._handle, access_log=None)
        self._listener.start()

    async def close(self) -> None:
        await self._listener.close()
        if self._server:
            await self._server.shutdown(0.1)

    def _protocol(self) -> web.RequestHandler:
        assert self._server  # noqa: S101  started before any connection
        return self._server()

    def _choose(self, name: str | None) -> TlsChoice:
        fault = self._faults.of_certificate(*self._targets)
        context = self._contexts.context_for((name,) if name else _UNNAMED, fault)
        return TlsChoice(context=context, fault_targets=self._targets)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        fault = self._faults.hit(*self._targets)
        if fault is not None and fault.kind is FaultKind.STATUS:
            return web.Response(status=fault.value, text="A fault makes the server answer this.\n")
        if fault is not None and fault.kind is FaultKind.HANG:
            await self._faults.wait_until_lifted(fault)
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, text="Method Not Allowed\n")
        status, content, type_ = await asyncio.to_thread(served_file, self._folder, request.path)
        headers = {"server": "localcloud", "content-type": type_}
        return web.Response(status=status, body=content, headers=headers)


def served_file(folder: Path, path: str) -> tuple[int, bytes, str]:
    """Return status, content and type of what a plain server answers for a path; never what lies outside of the folder."""
    root = folder.resolve()
    name = unquote(path).strip("/")
    candidates = [name, f"{name}.html", f"{name}/{_INDEX}"] if name else [_INDEX]
    for candidate in candidates:
        found = (root / candidate).resolve()
        if found.is_file() and found.is_relative_to(root):
            return 200, found.read_bytes(), _type_of(found)
    page = root / _NOT_FOUND
    return (404, page.read_bytes(), _type_of(page)) if page.is_file() else (404, b"Not Found\n", "text/plain")


def _type_of(path: Path) -> str:
    found = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
