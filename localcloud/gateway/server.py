"""Serves the gateway over HTTP on loopback."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.task import WSGITask
from waitress.utilities import build_http_date

from localcloud.gateway.access import Access
from localcloud.gateway.application import Application

LOG = logging.getLogger(__name__)

THREADS = 64
"""Hanging reads (injected faults) hold a thread each: 10 probes a second times 4 s, and as many again."""

MAXIMUM_BODY_BYTES = 5 * 1024**3
"""S3's limit for one PutObject: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""


class PortTaken(Exception):  # noqa: N818 - what happened, not an error class hierarchy
    """The port to listen on belongs to somebody else."""


class _Task(WSGITask):  # type: ignore[misc]  # waitress has no types
    """Writes headers as the application spells them, and keeps the connection after answers without a body.

    waitress would send `x-amz-meta-Release` for S3's `x-amz-meta-release`, and close after 204 and 304. The
    application states Content-Length wherever there is a body.
    """

    close_on_finish: bool

    def build_response_header(self) -> bytes:
        headers = [*self.response_headers, ("Date", build_http_date(self.start_time))]
        wants_close = self.request.headers.get("CONNECTION", "").lower() == "close" or self.version == "1.0"
        if wants_close or self.close_on_finish:
            self.close_on_finish = True
            headers.append(("Connection", "close"))
        lines = [f"HTTP/{self.version} {self.status}", *(f"{name}: {value}" for name, value in headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """Answers a request that expects `100 Continue` and has no body, such as an AWS SDK's PutObject of an empty object.

    waitress would wait for more of it forever. There is nothing to go on with:
    https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    """

    task_class = _Task
    request: Any

    def send_continue(self) -> None:
        if self.request.completed:
            self.request.expect_continue = False
        else:
            super().send_continue()


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        PortTaken: another process listens there.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(f"port {port} on {host} is in use; choose another one or stop its owner") from error
    return listener


class Gateway:
    """The control plane's HTTP server. A context manager: listening on entry, everything stopped on exit.

    Attributes:
        url: where it listens, e.g. `http://127.0.0.1:4566`.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        replication_delay_seconds: float = 2.0,
        call_log: Path | None = None,
        access: Access | None = None,
        state_file: Path | None = None,
    ) -> None:
        """Bind the port, then build the services.

        Args:
            host: loopback address.
            port: 0 takes any free one.
            speed: AWS seconds per real second.
            replication_delay_seconds: AWS seconds between a write to S3 and its replica.
            call_log: the file for the log of calls; default: none is kept.
            access: who may call; default: everybody on this machine.
            state_file: the saved state to begin with; default: none.

        Raises:
            PortTaken: another process listens there.
            ValueError: the file holds no state of this version.
            OSError: it cannot be read.
        """
        listener = listening_socket(host, port)
        self.host, self.port = listener.getsockname()[:2]
        self.application = Application(
            speed=speed,
            replication_delay_seconds=replication_delay_seconds,
            call_log=call_log,
            access=access,
            state_file=state_file,
        )
        self._server = create_server(
            self.application,
            sockets=[listener],
            threads=THREADS,
            connection_limit=2000,
            channel_timeout=600,
            max_request_body_size=MAXIMUM_BODY_BYTES,
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
            asyncore_use_poll=True,
            server_name=host,
            ident=None,
        )
        self._server.channel_class = _Channel
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return f"http://{self.host}:{self.port}"

    def serve_forever(self) -> None:
        """Serve in this thread until `close` or KeyboardInterrupt."""
        self._server.run()

    def __enter__(self) -> Gateway:
        self._thread = threading.Thread(target=self._server.run, name="gateway", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and free the port."""
        self.application.close()
        self.request_stop()
        if self._thread is not None:
            self._thread.join()
        self._server.task_dispatcher.shutdown()

    def request_stop(self) -> None:
        """Ask the server's loop to end, from another thread than the loop's."""
        with suppress(OSError):  # the loop was awake, and has closed what would have woken it
            self._server.trigger.pull_trigger(self._close_sockets)

    def _close_sockets(self) -> None:
        """Close every socket, which ends the server's loop; runs in that loop."""
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.close()
