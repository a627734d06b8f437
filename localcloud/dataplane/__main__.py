"""`python -m localcloud.dataplane`: one process for DNS, edge, regional endpoints and health checkers.

The supervisor starts it. When everything is bound and the control plane has been read once, it prints one line of
JSON with its ports on stdout; its log goes to stderr.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from localcloud.dataplane.service import DataPlane, PortTaken
from localcloud.run_secret import SECRET_VARIABLE

ENVIRONMENT_FAILURE = 3


def main() -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.dataplane", description=__doc__)
    parser.add_argument("--gateway-url", required=True, help="where the control plane answers")
    parser.add_argument("--state-dir", required=True, type=Path, help="holds the throwaway CA (ca.pem, ca-key.pem)")
    parser.add_argument("--dns-port", type=int, default=0, help="UDP and TCP on 127.0.0.1; 0 = any")
    parser.add_argument("--https-port", type=int, default=0, help="edge and regional endpoints; 0 = any")
    parser.add_argument("--http-port", type=int, default=0, help="edge, plain HTTP; 0 = any")
    parser.add_argument("--speed", type=float, default=1.0, help="AWS seconds in a real second")
    parser.add_argument("--scale-ttls", action="store_true", help="divide TTLs in DNS answers by the speed")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="data plane: %(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    try:
        asyncio.run(_serve(options))
    except PortTaken as error:
        print(f"localcloud data plane: {error}", file=sys.stderr)
        return ENVIRONMENT_FAILURE
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    data_plane = DataPlane(
        gateway_url=options.gateway_url.rstrip("/"),
        secret=os.environ.pop(SECRET_VARIABLE, "localcloud"),
        state_dir=options.state_dir,
        dns_port=options.dns_port,
        https_port=options.https_port,
        http_port=options.http_port,
        speed=options.speed,
        has_scaled_ttls=options.scale_ttls,
    )
    try:
        await data_plane.start()
        print(json.dumps(data_plane.ports), flush=True)
        await _until_stopped(stopped, data_plane)
    finally:
        await data_plane.close()


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
