"""`python -m localcloud.gateway`: the control plane as a process of its own.

When it listens it writes one JSON line, `{"port": <bound port>}`, to stdout and stays silent there.
Exit codes: 0 stopped by a signal, 3 the port is taken, or the saved state cannot be read.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import resource
import signal
import sys
import threading
from pathlib import Path

from localcloud.gateway.access import Access
from localcloud.gateway.server import Gateway, PortTaken
from localcloud.parent_watch import die_with_parent
from localcloud.run_secret import SECRET_VARIABLE
from localcloud.service_models import load_without_documentation

ENVIRONMENT_FAILURE = 3


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.gateway", description="localcloud's control plane")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=4566, help="port, 0 for any free one (default: 4566)")
    parser.add_argument("--speed", type=float, default=1.0, help="AWS seconds per real second (default: 1)")
    parser.add_argument(
        "--replication-delay",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="AWS seconds between a write to S3 and its replica (default: 2)",
    )
    parser.add_argument("--ready-file", type=Path, help="also write the ready line to this file, atomically")
    parser.add_argument("--parent-pid", type=int, help="end when this process ends")
    parser.add_argument("--call-log", type=Path, help="write every AWS API call to this file, one JSON object a line")
    parser.add_argument("--state-file", type=Path, help="begin with the state that was saved to this file")
    parser.add_argument("--strict", action="store_true", help="every AWS call needs the secret of the run")
    parser.add_argument("--verbose", action="store_true", help="log every request to stderr")
    return parser.parse_args(arguments)


def announce(port: int, ready_file: Path | None) -> None:
    """Tell the parent process that the port is bound."""
    line = json.dumps({"port": port})
    print(line, flush=True)
    if ready_file is not None:
        partial = ready_file.with_name(f"{ready_file.name}.{os.getpid()}")
        partial.write_text(line + "\n", encoding="utf-8")
        partial.replace(ready_file)


def configure_log(*, is_verbose: bool) -> None:
    """Log to stderr: warnings, or with `is_verbose` every request."""
    log_format = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format=log_format)
    logging.getLogger("localcloud").setLevel(logging.INFO if is_verbose else logging.WARNING)
    logging.getLogger("waitress").setLevel(logging.ERROR)


def raise_file_limit() -> None:
    """Let this process have as many files as it may: each large object of S3 is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    options = parse_arguments(arguments)
    configure_log(is_verbose=options.verbose)
    raise_file_limit()
    load_without_documentation()
    if options.parent_pid:
        die_with_parent(options.parent_pid)
    try:
        gateway = Gateway(
            host=options.host,
            port=options.port,
            speed=options.speed,
            replication_delay_seconds=options.replication_delay,
            call_log=options.call_log,
            access=Access(os.environ.pop(SECRET_VARIABLE, None), is_strict=options.strict),
            state_file=options.state_file,
        )
    except (PortTaken, ValueError, OSError) as error:
        print(f"localcloud gateway: {error}", file=sys.stderr)
        return ENVIRONMENT_FAILURE
    _stop_on_signals(gateway)
    announce(gateway.port, options.ready_file)
    gateway.serve_forever()
    gateway.application.close()
    return 0


def _stop_on_signals(gateway: Gateway) -> None:
    """Stop serving at SIGINT and SIGTERM, however many come.

    Another thread asks for the stop: it takes a lock of the server's loop, which the interrupted thread may hold. A put is what a
    handler may do at any point: https://docs.python.org/3/library/queue.html#queue.SimpleQueue.put
    """
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()

    def stop() -> None:
        signals.get()
        gateway.request_stop()

    threading.Thread(target=stop, name="stop", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: signals.put(number))


if __name__ == "__main__":
    sys.exit(main())
