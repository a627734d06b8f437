"""The Lambda runtime: a process that loads a handler in several workers and serves invocations on a Unix socket.

Started by its path, in the function's environment; it imports nothing of localcloud. Each worker is one execution
environment: one invocation at a time. There is always one that waits, up to the wanted number of them; with --on-demand another
one starts when an invocation waits. A worker that was not needed for a while ends. One that times out or crashes is replaced.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

Wire format of one invocation, both ways: four bytes of length, then JSON.
"""

import argparse
import contextlib
import ctypes
import gc
import importlib.util
import json
import os
import select
import signal
import socket
import ssl
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
TIMED_OUT_EXIT_CODE = 124
UNNEEDED_EXIT_CODE = 123
UNNEEDED_AFTER_REAL_SECONDS = 20.0
HTTPS_PORT = 443
DNS_REAL_SECONDS = 3.0
BUSY, IDLE = b"b", b"i"
SERVICE_MODELS = Path(__file__).parents[2] / "service_models.py"
_NOTE_BYTES = 5


class FasterTime:
    """Stands in for the module `time` inside botocore, so that its backoff follows localcloud's clock."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def sleep(self, seconds: float) -> None:
        """Sleep for a duration given in AWS seconds."""
        time.sleep(seconds / self._speed)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever `time` has
        return getattr(time, name)


def adapt_botocore(speed: float) -> None:
    """Make SDK calls carry the header that lets S3 faults act on them, and scale timeouts to localcloud's clock."""
    try:
        import boto3  # noqa: F401  once for all workers, which share it
        import botocore.endpoint
        import botocore.httpsession
    except ImportError:
        return
    load_models_without_documentation()
    http_session: Any = botocore.httpsession.URLLib3Session
    original_init, original_send = http_session.__init__, http_session.send

    def init(self: Any, *args: Any, timeout: Any = None, **kwargs: Any) -> None:  # noqa: ANN401  SDK internals
        parts = timeout if isinstance(timeout, (list, tuple)) else (timeout or 60, timeout or 60)
        original_init(self, *args, timeout=tuple(part / speed for part in parts), **kwargs)

    def send(self: Any, request: Any) -> Any:  # noqa: ANN401  SDK internals
        request.headers["x-localcloud-origin"] = "lambda"
        return original_send(self, request)

    http_session.__init__ = init
    http_session.send = send
    endpoint: Any = botocore.endpoint
    endpoint.time = FasterTime(speed)


def load_models_without_documentation() -> None:
    """Let each worker's SDK hold its models as localcloud's own processes do, in half the memory."""
    where = importlib.util.spec_from_file_location("service_models", SERVICE_MODELS)
    assert where and where.loader  # noqa: S101  a file of Python has both
    service_models = importlib.util.module_from_spec(where)
    where.loader.exec_module(service_models)
    with contextlib.suppress(AttributeError):  # another botocore, which the function brings, loads in another way
        service_models.load_without_documentation()


def adapt_network(dns_port: int, https_port: int, authority: str, speed: float) -> None:
    """Let the function reach the site as a visitor does: the names that localcloud knows lead to its edge and endpoints.

    As a function outside a VPC it has IPv4 alone (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html). Other
    names, ports and certificates are the machine's. Connecting and the TLS handshake follow localcloud's clock.

    Args:
        dns_port: where localcloud answers on 127.0.0.1.
        https_port: what stands for 443 at the addresses of its answers.
        authority: file with its authority's certificate.
        speed: AWS seconds in a real second.
    """
    look_up, connect, new_context = socket.getaddrinfo, socket.create_connection, ssl.create_default_context

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as socket's own
        addresses = asked(host, dns_port) if port == HTTPS_PORT and isinstance(host, str) else None
        if addresses is None:
            return look_up(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (each, https_port)) for each in addresses]

    def create_connection(address: Any, timeout: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        is_ours = address[1] == https_port and isinstance(timeout, (int, float))
        return connect(address, timeout / speed if is_ours else timeout, *args, **kwargs)

    def create_default_context(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as ssl's own
        context = new_context(*args, **kwargs)
        context.load_verify_locations(authority)
        return context

    network: Any = socket
    network.getaddrinfo, network.create_connection = getaddrinfo, create_connection
    tls: Any = ssl
    tls.create_default_context = create_default_context


def asked(host: str, dns_port: int) -> list[str] | None:
    """Return the IPv4 addresses of a name; None for one that is numeric or in no zone that localcloud serves.

    Raises:
        socket.gaierror: the name has none, or cannot be resolved.
    """
    import dns.exception  # most functions ask nobody
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype

    with contextlib.suppress(OSError):
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        return None
    try:
        answer = dns.query.udp(dns.message.make_query(host, "A"), "127.0.0.1", timeout=DNS_REAL_SECONDS, port=dns_port)
    except (dns.exception.DNSException, OSError) as error:
        raise socket.gaierror(socket.EAI_AGAIN, f"{host}: {error or type(error).__name__}") from error
    if answer.rcode() == dns.rcode.REFUSED:
        return None
    found = [str(record) for records in answer.answer if records.rdtype == dns.rdatatype.A for record in records]
    if not found:
        code = socket.EAI_AGAIN if answer.rcode() == dns.rcode.SERVFAIL else socket.EAI_NONAME
        raise socket.gaierror(code, f"{host}: {dns.rcode.to_text(answer.rcode())}, no address")
    return found


class Context:
    """The context object: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html ."""

    def __init__(self, request_id: str, deadline: float, speed: float) -> None:
        self.aws_request_id = request_id
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = os.environ["LOCALCLOUD_FUNCTION_ARN"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = str(os.getpid())
        self._deadline = deadline
        self._speed = speed

    def get_remaining_time_in_millis(self) -> int:
        """Return the AWS milliseconds left before the timeout."""
        return max(0, int((self._deadline - time.monotonic()) * self._speed * 1000))


def die_with_parent(parent: int) -> None:
    """End when the parent ends (Linux); elsewhere the parent's own clean-up has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def receive(connection: socket.socket) -> Any:  # noqa: ANN401  JSON
    """Read one message."""
    with connection.makefile("rb") as stream:
        length = int.from_bytes(stream.read(4), "big")
        return json.loads(stream.read(length))


def send(connection: socket.socket, message: object) -> None:
    """Write one message."""
    data = json.dumps(message).encode()
    connection.sendall(len(data).to_bytes(4, "big") + data)


def load_handler(name: str) -> Callable[[Any, Context], Any]:
    """Import `module.function` (slashes allowed, as Lambda does)."""
    module, _, function = name.replace("/", ".").rpartition(".")
    handler: Callable[[Any, Context], Any] = getattr(importlib.import_module(module), function)
    return handler


def serve(listener: socket.socket, options: argparse.Namespace, notes: int, *, is_spare: bool) -> None:
    """Serve invocations in one worker until killed; an error of the import is the answer to each of them.

    Args:
        listener: Where invocations come.
        options: The command line.
        notes: A pipe to the process that started it, for its id and BUSY or IDLE.
        is_spare: Whether it ends when nothing came for a while.
    """
    pid = os.getpid().to_bytes(4, "big")
    failure: dict[str, str] | None = None
    handler: Callable[[Any, Context], Any] | None = None
    try:
        handler = load_handler(options.handler)
    except Exception as error:  # noqa: BLE001  whatever the function's code raises is its answer
        failure = described(error)
    tidy()
    while True:
        ready, _, _ = select.select([listener], [], [], UNNEEDED_AFTER_REAL_SECONDS if is_spare else None)
        if not ready:
            os._exit(UNNEEDED_EXIT_CODE)
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            continue  # another worker has taken it
        connection.setblocking(True)
        with connection:
            message = receive(connection)
            if not message:  # it asks whether somebody is there
                continue
            os.write(notes, pid + BUSY)
            send(connection, {"error": failure} if handler is None else invoke(handler, message, options))
        os.write(notes, pid + IDLE)


def invoke(handler: Callable[[Any, Context], Any], message: dict[str, Any], options: argparse.Namespace) -> object:
    """Run the handler once; the timer ends the worker when the timeout has passed."""
    real_seconds = options.timeout / options.speed
    context = Context(message["request_id"], time.monotonic() + real_seconds, options.speed)
    signal.setitimer(signal.ITIMER_REAL, real_seconds)
    try:
        result = handler(message["event"], context)
        json.dumps(result)
    except Exception as error:  # noqa: BLE001  whatever the function's code raises is its answer
        return {"error": described(error)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {"result": result}


def described(error: Exception) -> dict[str, str]:
    """Return Lambda's error object and print the traceback to the log."""
    traceback.print_exception(error)
    return {"errorMessage": str(error), "errorType": type(error).__name__}


def end_timed_out(_signal: int, _frame: object) -> None:
    """End this worker: Lambda ends the execution environment on a timeout, too."""
    print("Task timed out", file=sys.stderr, flush=True)
    os._exit(TIMED_OUT_EXIT_CODE)


def tidy() -> None:
    """Give back what importing left, which would stay for as long as the process."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


class Workers:
    """The workers of one function: as many as are busy and one that waits, at least one and at most the wanted number.

    On demand none waits beside busy ones: the next starts with the invocation that needs it.
    """

    def __init__(self, listener: socket.socket, options: argparse.Namespace) -> None:
        self._listener = listener
        self._options = options
        self._notes, self._notes_in = os.pipe()
        self._ended, ended_in = os.pipe()
        os.set_blocking(ended_in, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # it only has to arrive
        signal.set_wakeup_fd(ended_in)
        self._alive: set[int] = set()
        self._busy: set[int] = set()

    def keep(self) -> None:
        """Start workers as they are needed, for ever."""
        self._start(is_spare=False)
        while True:
            is_wanted = len(self._alive) < self._options.workers and self._busy >= self._alive
            waiting = [self._listener] if is_wanted and self._alive and self._options.on_demand else []
            watched: list[socket.socket | int] = [self._notes, self._ended, *waiting]
            ready, _, _ = select.select(watched, [], [])
            if self._ended in ready:
                os.read(self._ended, 1024)
                self._bury()
            if self._notes in ready:
                self._read_notes()
            is_wanted = len(self._alive) < self._options.workers and self._busy >= self._alive
            if is_wanted and (self._listener in ready or not self._alive or not self._options.on_demand):
                self._start(is_spare=bool(self._alive))

    def _read_notes(self) -> None:
        data = os.read(self._notes, _NOTE_BYTES * 256)  # whole ones: a write of so little is never torn, pipe(7)
        for begin in range(0, len(data), _NOTE_BYTES):
            pid, word = int.from_bytes(data[begin : begin + 4], "big"), data[begin + 4 : begin + _NOTE_BYTES]
            if word == BUSY and pid in self._alive:
                self._busy.add(pid)
            else:
                self._busy.discard(pid)

    def _bury(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._alive.discard(pid)
            self._busy.discard(pid)
            if os.waitstatus_to_exitcode(status) != UNNEEDED_EXIT_CODE:
                time.sleep(0.05)  # a handler that dies at once must not make this loop busy

    def _start(self, *, is_spare: bool) -> None:
        parent = os.getpid()
        child = os.fork()
        if child:
            self._alive.add(child)
            return
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            gc.enable()
            die_with_parent(parent)
            signal.signal(signal.SIGALRM, end_timed_out)
            serve(self._listener, self._options, self._notes_in, is_spare=is_spare)
        finally:
            os._exit(1)


def main() -> None:
    """Preload the SDK once, then keep the workers that are needed."""
    gc.disable()  # a look for garbage writes to every object, and what a worker writes to it no longer shares
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--code", required=True, type=Path)
    parser.add_argument("--handler", required=True)
    parser.add_argument("--timeout", required=True, type=float, help="AWS seconds")
    parser.add_argument("--speed", required=True, type=float)
    parser.add_argument("--workers", required=True, type=int)
    parser.add_argument("--on-demand", action="store_true", help="no worker waits beside those that are busy")
    parser.add_argument("--parent", required=True, type=int)
    parser.add_argument(
        "--dns-port", type=int, default=0, help="of localcloud; 0: the function sees the machine's network"
    )
    parser.add_argument("--https-port", type=int, default=0)
    parser.add_argument("--authority", default="")
    options = parser.parse_args()
    die_with_parent(options.parent)
    sys.stdout = sys.stderr
    sys.path.insert(0, str(options.code))
    os.chdir(options.code)
    adapt_botocore(options.speed)
    if options.dns_port:
        adapt_network(options.dns_port, options.https_port, options.authority, options.speed)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(options.socket)
    listener.listen(128)
    listener.setblocking(False)
    tidy()
    gc.freeze()  # https://docs.python.org/3/library/gc.html#gc.freeze
    Workers(listener, options).keep()


if __name__ == "__main__":
    main()
