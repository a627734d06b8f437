"""`python -m localcloud.dataplane`: one process for DNS, edge, regional endpoints and health checkers.

The supervisor starts it. When everything is bound and the control plane has been read once, it prints one line of
JSON with its ports on stdout; its log goes to stderr.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.dataplane.service import DataPlane, PortTaken
from localcloud.dataplane.timekeeping import Timekeeper, TooFast, insist_on_time
from localcloud.run_secret import ACTIONS_VARIABLE, SECRET_VARIABLE

if TYPE_CHECKING:
    from localcloud.console.server import Console

ENVIRONMENT_FAILURE = 3


def main() -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.dataplane", description=__doc__)
    parser.add_argument("--gateway-url", help="where the control plane answers; default: the first line of stdin")
    parser.add_argument(
        "--state-dir", required=True, type=Path, help="gets the certificate of the throwaway CA (ca.pem)"
    )
    parser.add_argument("--dns-port", type=int, default=0, help="UDP and TCP on 127.0.0.1; 0 = any")
    parser.add_argument("--https-port", type=int, default=0, help="edge and regional endpoints; 0 = any")
    parser.add_argument("--http-port", type=int, default=0, help="edge, plain HTTP; 0 = any")
    parser.add_argument("--speed", type=float, default=1.0, help="AWS seconds in a real second")
    parser.add_argument("--scale-ttls", action="store_true", help="divide TTLs in DNS answers by the speed")
    parser.add_argument("--console-port", type=int, help="also serve the console there; 0 = any")
    parser.add_argument("--web-server", action="append", default=[], help="ADDRESS=FOLDER of a server outside AWS")
    parser.add_argument("--origin", action="append", default=[], help="NAME[:PORT]=ADDRESS:PORT of a custom origin")
    parser.add_argument("--origin-ca", type=Path, help="authorities that custom origins may have besides the run's own")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="data plane: %(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    if options.gateway_url is None:  # the gateway starts while this program is being imported
        options.gateway_url = sys.stdin.readline().strip()
    try:
        asyncio.run(_serve(options))
    except (PortTaken, TooFast) as error:
        print(f"localcloud data plane: {error}", file=sys.stderr)
        return ENVIRONMENT_FAILURE
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    gateway_url = options.gateway_url.rstrip("/")
    secret, actions = os.environ.pop(SECRET_VARIABLE, "localcloud"), os.environ.pop(ACTIONS_VARIABLE, None)
    data_plane = DataPlane(
        gateway_url=gateway_url,
        secret=secret,
        state_dir=options.state_dir,
        dns_port=options.dns_port,
        https_port=options.https_port,
        http_port=options.http_port,
        speed=options.speed,
        has_scaled_ttls=options.scale_ttls,
        web_servers={
            address: Path(folder) for address, _, folder in (each.partition("=") for each in options.web_server)
        },
        origins=dict(_origin(each) for each in options.origin),
        origin_authority=options.origin_ca,
    )
    async with contextlib.AsyncExitStack() as on_exit:
        on_exit.push_async_callback(data_plane.close)
        await data_plane.start()
        await insist_on_time(options.speed)
        announced: dict[str, Any] = dict(data_plane.ports)
        timekeeper = Timekeeper(data_plane.clock, data_plane.slow_down)
        timekeeper.start()
        on_exit.push_async_callback(timekeeper.close)
        if options.console_port is not None:
            console = await _open_console(data_plane, options, gateway_url, secret, actions, timekeeper)
            on_exit.push_async_callback(console.close)
            announced |= {"console_port": console.port, "console_address": console.address()}
        print(json.dumps(announced), flush=True)
        await _until_stopped(stopped, data_plane)


def _origin(given: str) -> tuple[str, tuple[str, int]]:
    name, _, where = given.partition("=")
    address, _, port = where.rpartition(":")
    return name, (address, int(port))


async def _open_console(
    data_plane: DataPlane,
    options: argparse.Namespace,
    gateway_url: str,
    secret: str,
    actions: str | None,
    timekeeper: Timekeeper,
) -> "Console":
    """Open the console, whose modules nobody else needs.

    Raises:
        PortTaken: another program listens there.
    """
    from localcloud.console.actions import actions_from
    from localcloud.console.server import Console

    console = Console(
        data_plane,
        gateway_url=gateway_url,
        secret=secret,
        state_dir=options.state_dir,
        actions=actions_from(actions),
        timekeeper=timekeeper,
    )
    try:
        await console.start(options.console_port)
    except OSError as error:
        await console.close()
        raise PortTaken(
            f"cannot open the console (--console-port {options.console_port}): {error}; choose another port, 0 = any"
        ) from error
    return console


async def _until_stopped(stopped: asyncio.Event, data_plane: DataPlane) -> None:
    """Wait for a signal; a part that ends by itself ends the process, and the supervisor says so."""
    waiting: set[asyncio.Task[Any]] = {asyncio.create_task(stopped.wait()), asyncio.create_task(data_plane.failure())}
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    for task in done:
        task.result()


if __name__ == "__main__":
    sys.exit(main())
