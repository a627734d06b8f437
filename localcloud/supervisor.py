"""Runs localcloud in the foreground: gateway and data plane as children, started together and stopped together."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.child_process import ChildProcess, start_child
from localcloud.model.addresses import CLOUDFRONT_EDGE, loopback_of
from localcloud.parent_watch import die_with_parent
from localcloud.run_secret import SECRET_VARIABLE, new_secret
from localcloud.state_directory import CA_CERTIFICATE_FILE, CALL_LOG_FILE, AlreadyRunning, StateDirectory

SUCCESS = 0
ENVIRONMENT_FAILURE = 3
SCHEMA = 1
LOOPBACK = "127.0.0.1"
GIVES_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""For the gateway: glibc would keep more for itself after each large block that was freed. The data plane would lose a third of
its speed. https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html"""
START_LIMIT_REAL_SECONDS = 240.0
"""Two to five on an idle machine; one that does much else is waited for, since a child that cannot start ends."""


class PortTaken(Exception):  # noqa: N818  what happened
    """A port is in use; the message names the port and the option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What `localcloud serve` was asked for; port 0 = any free one.

    Attributes:
        parent_pid: The process whose end ends localcloud.
        speed: AWS seconds in a real second.
        has_call_log: Whether the gateway writes every AWS API call to `calls.jsonl` in the state folder.
        is_strict: Whether every AWS call needs the secret of the run, not only those by which code can be run.
        has_scaled_ttls: Whether TTLs in DNS answers are divided by the speed.
        console_port: Where the console is served; None: nowhere.
        shows_console: Whether the address that opens the console is printed.
        state_file: The saved state of the gateway to begin with; default: an account that holds nothing.
        web_servers: Address of a server outside AWS -> the folder that it serves.
        origins: `NAME` or `NAME:PORT` of a custom origin -> `ADDRESS:PORT` of its stand-in, on loopback.
        origin_authority: Certificates of authorities that custom origins may have besides the run's own.
    """

    state_dir: Path
    parent_pid: int
    speed: float = 1.0
    gateway_port: int = 4566
    dns_port: int = 10053
    https_port: int = 8443
    http_port: int = 8080
    has_call_log: bool = False
    is_strict: bool = False
    has_scaled_ttls: bool = False
    console_port: int | None = None
    shows_console: bool = False
    state_file: Path | None = None
    web_servers: Mapping[str, Path] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    origin_authority: Path | None = None


def serve(options: ServeOptions) -> int:
    """Serve until SIGINT, SIGTERM or the parent's death; return the exit code."""
    die_with_parent(options.parent_pid)
    try:
        check_ports(options)
        state = StateDirectory(options.state_dir)
    except (AlreadyRunning, PortTaken) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(
            f"{error.filename or options.state_dir}: {error.strerror}; choose another --state-dir, or mend what is there"
        )
    try:
        return asyncio.run(_serve(options, state))
    finally:
        state.close()


def _fail(message: str) -> int:
    print(f"localcloud: {message}", file=sys.stderr)
    return ENVIRONMENT_FAILURE


def check_ports(options: ServeOptions) -> None:
    """Refuse a taken port before anything starts.

    Raises:
        PortTaken: naming the port and the option that changes it.
    """
    wanted = (
        ("--gateway-port", LOOPBACK, options.gateway_port, socket.SOCK_STREAM),
        ("--dns-port", LOOPBACK, options.dns_port, socket.SOCK_STREAM),
        ("--dns-port", LOOPBACK, options.dns_port, socket.SOCK_DGRAM),
        ("--https-port", CLOUDFRONT_EDGE, options.https_port, socket.SOCK_STREAM),
        ("--http-port", CLOUDFRONT_EDGE, options.http_port, socket.SOCK_STREAM),
        ("--console-port", LOOPBACK, options.console_port or 0, socket.SOCK_STREAM),
    )
    for option, address, port, kind in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                raise PortTaken(
                    f"port {port} on {address} cannot be used ({error.strerror}); "
                    f"stop what uses it or choose another {option} (0 = any free one)"
                ) from error


async def _serve(options: ServeOptions, state: StateDirectory) -> int:
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    children: list[ChildProcess] = []
    running = asyncio.create_task(_run(options, state, children))
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        if running.done() and running.exception():
            return _fail(_reason(running.exception()))
        return SUCCESS
    finally:
        state.remove_endpoints()
        running.cancel()
        stopping.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
        await asyncio.gather(*(child.stop() for child in children))


def _reason(error: BaseException | None) -> str:
    if isinstance(error, TimeoutError):
        return (
            f"gateway and data plane were not ready after {START_LIMIT_REAL_SECONDS:g} s: this machine does too much else; "
            "try again when it does less"
        )
    return str(error) or type(error).__name__


async def _run(options: ServeOptions, state: StateDirectory, children: list[ChildProcess]) -> None:
    """Start both children, announce them, and return never: a child that ends is an error."""
    certificate, secret = state.path / CA_CERTIFICATE_FILE, new_secret()
    environment = {SECRET_VARIABLE: secret}
    async with asyncio.timeout(START_LIMIT_REAL_SECONDS):
        gateway = await start_child(
            "gateway", "localcloud.gateway", _gateway_arguments(options), environment | GIVES_BACK
        )
        children.append(gateway)
        # Both are imported at the same time; the data plane hears of the gateway's port when there is one.
        data_plane = await start_child(
            "data plane", "localcloud.dataplane", _data_plane_arguments(options, state.path), environment, is_told=True
        )
        children.append(data_plane)
        gateway_url = f"http://{LOOPBACK}:{(await gateway.ready())['port']}"
        data_plane.tell(gateway_url)
        ports = await data_plane.ready()
    endpoints = endpoints_document(options.speed, gateway_url, ports, certificate, secret)
    endpoints["web_servers"] = {address: loopback_of(address) for address in options.web_servers}
    state.write_endpoints(endpoints)
    print(
        f"ready: gateway {gateway_url}, DNS {LOOPBACK}:{ports['dns_port']}, "
        f"HTTPS {CLOUDFRONT_EDGE}:{ports['https_port']}, speed {options.speed:g}, state {state.path}",
        file=sys.stderr,
        flush=True,
    )
    if options.shows_console:
        print(f"console: {ports['console_address']}", flush=True)
    await asyncio.gather(*(child.failure() for child in children))


def _gateway_arguments(options: ServeOptions) -> list[str]:
    log = ["--call-log", str(options.state_dir / CALL_LOG_FILE)] if options.has_call_log else []
    strict = ["--strict"] if options.is_strict else []
    saved = ["--state-file", str(options.state_file)] if options.state_file else []
    return ["--port", str(options.gateway_port), "--speed", str(options.speed), *log, *strict, *saved]


def _data_plane_arguments(options: ServeOptions, state_dir: Path) -> list[str]:
    arguments = {
        "--state-dir": state_dir,
        "--dns-port": options.dns_port,
        "--https-port": options.https_port,
        "--http-port": options.http_port,
        "--speed": options.speed,
    }
    scaled = ["--scale-ttls"] if options.has_scaled_ttls else []
    console = [] if options.console_port is None else ["--console-port", str(options.console_port)]
    servers = [
        part for address, folder in options.web_servers.items() for part in ("--web-server", f"{address}={folder}")
    ]
    origins = [part for name, where in options.origins.items() for part in ("--origin", f"{name}={where}")]
    trusted = ["--origin-ca", str(options.origin_authority)] if options.origin_authority else []
    return [
        *(str(part) for pair in arguments.items() for part in pair),
        *scaled,
        *console,
        *servers,
        *origins,
        *trusted,
    ]


def endpoints_document(
    speed: float, gateway_url: str, ports: Mapping[str, Any], certificate: Path, secret: str
) -> dict[str, Any]:
    """Return what `endpoints.json` says; `environment` lets unchanged production code talk to localcloud.

    `environment` and `control_url` hold the secret of the run.
    """
    console = {"console_url": f"http://{LOOPBACK}:{ports['console_port']}"} if "console_port" in ports else {}
    return {
        **console,
        "schema": SCHEMA,
        "pid": os.getpid(),
        "speed": speed,
        "gateway_url": gateway_url,
        "dns": {"address": LOOPBACK, "port": ports["dns_port"]},
        "https_port": ports["https_port"],
        "http_port": ports["http_port"],
        "ca_certificate": str(certificate),
        "control_url": f"{gateway_url}/_localcloud/{secret}",
        "environment": client_environment(gateway_url, secret),
    }


def client_environment(gateway_url: str, secret: str) -> dict[str, str]:
    """Return the variables with which terraform and boto3 reach localcloud instead of AWS.

    The secret of the run is both access key id and session token: who takes another key id for a name still has the token.
    The SDKs put the account id in front of the host for KeyValueStore calls; only a proxy finds such a host.
    """
    return {
        "AWS_ENDPOINT_URL": gateway_url,
        "AWS_ACCESS_KEY_ID": secret,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "3",
        "AWS_S3_USE_PATH_STYLE": "true",
        "HTTP_PROXY": gateway_url,
        "http_proxy": gateway_url,
        "NO_PROXY": "",
        "no_proxy": "",
    }
