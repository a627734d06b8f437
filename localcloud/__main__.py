"""`python -m localcloud`: the command line of the emulator."""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

# Read before the slow imports: a parent that dies during them must not go unnoticed.
STARTED_BY = os.getppid()

from localcloud.state_directory import read_endpoints  # noqa: E402
from localcloud.supervisor import ENVIRONMENT_FAILURE, ServeOptions  # noqa: E402
from localcloud.supervisor import serve as serve_in_foreground  # noqa: E402

DEFAULT_STATE_DIR = Path("build/localcloud")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="AWS on loopback for rehearsing failover: control plane, DNS, CDN edge, regional endpoints, health checkers.",
)
StateDir = Annotated[Path, typer.Option(help="Folder for endpoints.json, the throwaway CA and the lock.")]


CONSOLE_PORT = 4580


@app.command("up", help="Serve, and show it: prints the address of the console, a page on loopback.")
@app.command()
def serve(
    context: typer.Context,
    speed: Annotated[
        float,
        typer.Option(min=0.1, max=100, help="AWS seconds in a real second: 10 makes a 30 s interval last 3 s."),
    ] = 1.0,
    gateway_port: Annotated[int, typer.Option(min=0, max=65535, help="AWS APIs and control API; 0 = any.")] = 4566,
    dns_port: Annotated[int, typer.Option(min=0, max=65535, help="DNS, UDP and TCP on 127.0.0.1; 0 = any.")] = 10053,
    https_port: Annotated[
        int, typer.Option(min=0, max=65535, help="HTTPS on 127.0.10.1 (edge) and 127.0.20.N (regions); 0 = any.")
    ] = 8443,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="Plain HTTP on 127.0.10.1; 0 = any.")] = 8080,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    call_log: Annotated[
        bool, typer.Option("--call-log", help="Write every AWS API call to calls.jsonl in the state folder.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Every AWS call needs the secret of the run, not only those that run code.")
    ] = False,
    scale_ttls: Annotated[
        bool,
        typer.Option(
            "--scale-ttls", help="Divide TTLs in DNS answers by the speed, for resolvers that keep real time."
        ),
    ] = False,
    console_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help=f"Also serve the console there; 0 = any. Default of up: {CONSOLE_PORT}."),
    ] = None,
    parent_pid: Annotated[
        int | None, typer.Option(help="End when this process ends. Default: whoever started localcloud.")
    ] = None,
) -> None:
    """Run localcloud in the foreground until Ctrl-C, SIGTERM or the end of the process that started it.

    When everything answers it writes STATE_DIR/endpoints.json and prints one line that begins with "ready". Then:

        eval "$(python -m localcloud env)" && aws s3 ls

        dig @127.0.0.1 -p 10053 www.example.test

        curl --cacert build/localcloud/ca.pem --connect-to ::127.0.10.1:8443 https://www.example.test/

    Everything listens on loopback only. Exit code 3: a port or the state folder is taken, or a part of it failed.
    """
    is_up = context.info_name == "up"
    options = ServeOptions(
        state_dir=state_dir,
        parent_pid=parent_pid or STARTED_BY,
        speed=speed,
        gateway_port=gateway_port,
        dns_port=dns_port,
        https_port=https_port,
        http_port=http_port,
        has_call_log=call_log,
        is_strict=strict,
        has_scaled_ttls=scale_ttls,
        console_port=CONSOLE_PORT if is_up and console_port is None else console_port,
        shows_console=is_up,
    )
    raise typer.Exit(serve_in_foreground(options))


@app.command()
def console(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Print an address that opens the console of the running localcloud in one browser."""
    import http.client

    endpoints = _running(state_dir)
    if "console_url" not in endpoints:
        print(f"localcloud: the one of {state_dir} runs without a console; start it with `up`", file=sys.stderr)
        raise typer.Exit(ENVIRONMENT_FAILURE)
    secret = endpoints["environment"]["AWS_ACCESS_KEY_ID"]
    connection = http.client.HTTPConnection(endpoints["console_url"].removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", "/tokens", headers={"X-Localcloud-Secret": secret})
        print(json.load(connection.getresponse())["address"])
    except (OSError, http.client.HTTPException) as error:
        print(f"localcloud: the console does not answer: {error}", file=sys.stderr)
        raise typer.Exit(ENVIRONMENT_FAILURE) from None
    finally:
        connection.close()


@app.command()
def env(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Print shell exports that point terraform, boto3 and the AWS CLI to the running localcloud."""
    for name, value in _running(state_dir)["environment"].items():
        print(f"export {name}={shlex.quote(value)}")


def _running(state_dir: Path) -> dict[str, Any]:
    """Return the endpoints of the localcloud of a state folder, or end with a message when none runs."""
    try:
        return read_endpoints(state_dir)
    except (OSError, ValueError):
        print(
            f"localcloud: nothing runs with the state folder {state_dir}; start `python -m localcloud serve` "
            "or name its folder with --state-dir",
            file=sys.stderr,
        )
        raise typer.Exit(ENVIRONMENT_FAILURE) from None


@app.command(context_settings={"ignore_unknown_options": True})
def conformance(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="For pytest: paths, or -k with words. Default: every marked test.")
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of lines.")] = False,
) -> None:
    """Run the test of every documented behaviour of AWS, and print behaviour, source and whether it passes.

    Exit code: 0 all pass, 1 some fail, 3 nothing could be run.
    """
    from localcloud.conformance import conformance as run_conformance

    raise typer.Exit(run_conformance(arguments or (), is_json=is_json))


if __name__ == "__main__":
    app(prog_name="python -m localcloud")
