"""A listening socket that can really refuse and really drop, and that knows the SNI before TLS starts.

Connection-level faults: `refuse` of a whole listener closes its socket (ECONNREFUSED); `unreachable` lets the
accept queue fill so that the kernel drops further SYNs. A fault of one distribution is known only from the SNI:
`refuse` resets the connection before TLS, `unreachable` never answers the handshake.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from localcloud.dataplane.client_hello import IncompleteClientHello, NotTls, server_name
from localcloud.dataplane.faults import Fault, FaultBoard, FaultKind

logger = logging.getLogger(__name__)

BACKLOG = 512
CLIENT_HELLO_LIMIT_BYTES = 65_536
HANDSHAKE_LIMIT_REAL_SECONDS = 10.0
RETRY_ACCEPT_REAL_SECONDS = 0.1
_PASSING_ERRORS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EPROTO, errno.EPERM}
)
"""What accept(2) says of the moment and of one connection, not of the socket."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsChoice:
    """How to serve one connection: its TLS context (None = plain HTTP) and what faults may hit it."""

    context: ssl.SSLContext | None
    fault_targets: tuple[str, ...]


class Listener:
    """Accepts connections on one loopback address and hands them to a protocol factory."""

    def __init__(
        self,
        *,
        address: tuple[str, int],
        choose: Callable[[str | None], TlsChoice],
        protocol_factory: Callable[[str | None], asyncio.Protocol],
        faults: FaultBoard,
        whole_targets: tuple[str, ...],
        is_tls: bool,
    ) -> None:
        """Bind at once; `start` begins to accept.

        Args:
            address: Loopback address and port; port 0 = any.
            choose: SNI (None without) -> how to serve the connection.
            protocol_factory: SNI -> the protocol of one connection.
            faults: The faults in force.
            whole_targets: Fault targets that hit every connection of this listener.
            is_tls: False for a plain HTTP port.
        """
        self._choose = choose
        self._protocol_factory = protocol_factory
        self._faults = faults
        self._whole_targets = whole_targets
        self._is_tls = is_tls
        self._socket: socket.socket | None = _bound_socket(address)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._fillers: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to accept connections and to follow the faults."""
        self._accepting = asyncio.create_task(self._accept_forever())
        self._keep(self._follow_faults())

    async def close(self) -> None:
        """Stop accepting and close the socket; connections that are being served live on."""
        tasks = [*self._tasks, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._close_sockets()

    def close_socket(self) -> None:
        """Give the port back; for a listener that was never started."""
        self._close_sockets()

    def _close_sockets(self) -> None:
        for sock in [*self._fillers, *([self._socket] if self._socket else [])]:
            sock.close()
        self._fillers, self._socket = [], None

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow_faults(self) -> None:
        while True:
            fault = self._faults.find(*self._whole_targets)
            kind = fault.kind if fault else None
            if kind in (FaultKind.REFUSE, FaultKind.UNREACHABLE):
                await self._stop_accepting(drop=kind is FaultKind.UNREACHABLE)
                await self._wait_while(kind)
                await self._resume_accepting()
            else:
                await self._faults.wait_for_change()

    async def _wait_while(self, kind: FaultKind) -> None:
        while (fault := self._faults.find(*self._whole_targets)) and fault.kind is kind:
            await self._faults.wait_for_change()

    async def _stop_accepting(self, *, drop: bool) -> None:
        if self._accepting:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
        if not drop:
            self._close_sockets()
            return
        assert self._socket  # noqa: S101  open while accepting
        self._socket.listen(0)
        self._fillers = [_connect_without_waiting(self.address) for _ in range(2)]

    async def _resume_accepting(self) -> None:
        if self._socket is None:
            self._socket = _bound_socket(self.address)
        self._socket.listen(BACKLOG)
        for filler in self._fillers:
            filler.close()
        self._fillers = []
        self._accepting = asyncio.create_task(self._accept_forever())

    async def _accept_forever(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._socket  # noqa: S101  open while accepting
        while True:
            try:
                connection, _ = await loop.sock_accept(self._socket)
            except OSError as error:
                if error.errno not in _PASSING_ERRORS:
                    raise
                logger.warning("no connection can be accepted now: %s", error)
                await asyncio.sleep(RETRY_ACCEPT_REAL_SECONDS)
            else:
                self._keep(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT_REAL_SECONDS):
                name = await _peek_server_name(connection) if self._is_tls else None
            choice = self._choose(name)
            fault = self._faults.find(*choice.fault_targets)
            if fault and fault.kind in (FaultKind.REFUSE, FaultKind.UNREACHABLE):
                await self._hold_back(connection, fault)
                return
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._protocol_factory(name),
                connection,
                ssl=choice.context,
                ssl_handshake_timeout=HANDSHAKE_LIMIT_REAL_SECONDS if choice.context else None,
            )
        except (OSError, TimeoutError, NotTls) as error:
            # A client that goes away or distrusts the certificate is its own business.
            logger.debug("connection ended before HTTP: %s", error)
            connection.close()
        except Exception:
            logger.exception("a connection failed before HTTP")
            connection.close()
        except BaseException:
            connection.close()
            raise

    async def _hold_back(self, connection: socket.socket, fault: Fault) -> None:
        if fault.kind is FaultKind.UNREACHABLE:
            await self._faults.wait_until_lifted(fault)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        connection.close()


def _bound_socket(address: tuple[str, int]) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _connect_without_waiting(address: tuple[str, int]) -> socket.socket:
    filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    filler.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        filler.connect(address)
    return filler


def reset(transport: asyncio.WriteTransport) -> None:
    """End a connection with a TCP reset, whatever was on its way."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


async def _peek_server_name(connection: socket.socket) -> str | None:
    """Read the SNI without taking the bytes from the socket.

    SO_RCVLOWAT keeps the socket from being readable until more than the bytes already seen have come.
    """
    seen = b""
    while True:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(seen) + 1)
        await _wait_readable(connection)
        data = connection.recv(CLIENT_HELLO_LIMIT_BYTES, socket.MSG_PEEK)
        if len(data) <= len(seen):
            raise ConnectionResetError("closed before a whole ClientHello")
        seen = data
        try:
            name = server_name(seen)
        except IncompleteClientHello:
            continue
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        return name


async def _wait_readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, _settle, readable)
    try:
        await readable
    finally:
        loop.remove_reader(connection)


def _settle(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
