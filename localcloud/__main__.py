"""`python -m localcloud`: the command line of the emulator."""

import json
import os
import shlex
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import typer

# Read before the slow imports: a parent that dies during them must not go unnoticed.
STARTED_BY = os.getppid()

from localcloud import snapshots as stored  # noqa: E402
from localcloud.state_directory import read_endpoints  # noqa: E402
from localcloud.supervisor import ENVIRONMENT_FAILURE, ServeOptions  # noqa: E402
from localcloud.supervisor import serve as serve_in_foreground  # noqa: E402

DEFAULT_STATE_DIR = Path("build/localcloud")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="AWS on loopback for rehearsing failover: control plane, DNS, CDN edge, regional endpoints, health checkers.",
)
DEFAULT_SNAPSHOTS = stored.DEFAULT_FOLDER
WRONG_USAGE = 2
IPV4, MAXIMUM_PORT = 4, 65_535
Snapshots = Annotated[Path, typer.Option("--snapshots", help="Folder of the snapshots.")]
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
    snapshot: Annotated[str | None, typer.Option(help="Begin with the state of this snapshot.")] = None,
    snapshots: Snapshots = DEFAULT_SNAPSHOTS,
    stacks: Annotated[
        Path | None, typer.Option(help="With --snapshot: put the Terraform states of these stacks back too.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --stacks: overwrite states that are there.")] = False,
    web_server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS=FOLDER",
            help="Serve FOLDER over HTTPS as the server outside AWS at ADDRESS, which the site's records name; repeatable.",
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:PORT]=ADDRESS:PORT",
            help="Where the stand-in of a custom origin listens, on loopback; for one port of the origin or all; repeatable.",
        ),
    ] = None,
    origin_ca: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Authorities (PEM) that custom origins may have besides the run's own."
        ),
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
    state_file = None if snapshot is None else _state_of(snapshot, snapshots, stacks, force=force)
    options = ServeOptions(
        state_file=state_file,
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
        web_servers=_web_servers(web_server or []),
        origins=dict(map(_origin, origin or [])),
        origin_authority=origin_ca.absolute() if origin_ca else None,
    )
    raise typer.Exit(serve_in_foreground(options))


def _state_of(name: str, folder: Path, stacks: Path | None, *, force: bool) -> Path:
    try:
        found = stored.find(name, snapshots=folder)
        if stacks is not None:
            written = stored.put_states_back(found, stacks, force=force)
            print(f"Terraform states put back: {', '.join(written) or 'none, they are in S3'}", file=sys.stderr)
    except (stored.WrongName, stored.NoSnapshot) as error:
        raise typer.Exit(_refused(error)) from None
    print(f"begins with the snapshot {name} of {found.saved_at}", file=sys.stderr)
    return found.state_file


def _refused(error: Exception) -> int:
    print(f"localcloud: {error}", file=sys.stderr)
    return WRONG_USAGE if isinstance(error, stored.WrongName) else ENVIRONMENT_FAILURE


@app.command()
def save(
    name: Annotated[str, typer.Argument(help="Of the snapshot: letters, digits, - and _.")],
    state_dir: StateDir = DEFAULT_STATE_DIR,
    snapshots: Snapshots = DEFAULT_SNAPSHOTS,
    stacks: Annotated[
        Path | None, typer.Option(help="Save the Terraform states of these stacks too, such as cdktf.out/stacks.")
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option(help="Keep this file beside it, once or more often, such as outputs.json.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the snapshot of this name.")] = False,
) -> None:
    """Save the whole state of the running localcloud: what was deployed and published, alarms, metrics, faults, its clock.

    Exit code: 2 the name cannot be one, 3 nothing runs there, the name is taken, or requests do not end.
    """
    try:
        _, notes = stored.save(
            name, state_dir=state_dir, snapshots=snapshots, stacks=stacks, files=tuple(file or ()), force=force
        )
    except (stored.WrongName, stored.NoSnapshot) as error:
        raise typer.Exit(_refused(error)) from None
    except OSError as error:
        raise typer.Exit(_refused(stored.NoSnapshot(f"{error.filename}: {error.strerror}"))) from None
    for note in notes:
        print(note, file=sys.stderr)
    print(f"saved {name}; begin with it: python -m localcloud restore {name}", file=sys.stderr)


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def restore(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Of the snapshot.")],
) -> None:
    """Run localcloud with the state of a snapshot, in the foreground. Further options are those of `serve`.

    With --stacks DIR the Terraform states that go with it are put back as well, if DIR holds the same stacks.
    Exit code: 2 no such snapshot, 3 it is of another version or damaged, or localcloud runs in this state folder already.
    """
    app([*("serve", "--snapshot", name), *context.args], prog_name="python -m localcloud")


@app.command("snapshots")
def list_snapshots(
    name: Annotated[str | None, typer.Argument(help="Look at this one alone.")] = None,
    snapshots: Snapshots = DEFAULT_SNAPSHOTS,
) -> None:
    """Print the name of every snapshot, when it was saved, its size, and whether this version can use it.

    Exit code for one that is named: 2 there is none, 3 it cannot be used.
    """
    if name is not None:
        try:
            print(stored.in_words(stored.find(name, snapshots=snapshots)))
        except (stored.WrongName, stored.NoSnapshot) as error:
            raise typer.Exit(_refused(error)) from None
        return
    for name in stored.names(snapshots):
        try:
            found = stored.find(name, snapshots=snapshots)
        except stored.NoSnapshot as error:
            print(f"{name}  cannot be used: {error}")
            continue
        print(stored.in_words(found))


def _web_servers(given: list[str]) -> dict[str, Path]:
    servers = {}
    for each in given:
        address, is_given, folder = each.partition("=")
        try:
            address = str(ip_address(address))
        except ValueError:
            is_given = ""
        if not is_given or not folder:
            raise typer.BadParameter(
                f"{each}: allowed is ADDRESS=FOLDER, such as 203.0.113.10=/srv/www/current", param_hint="--web-server"
            )
        servers[address] = Path(folder).absolute()
    return servers


def _origin(given: str) -> tuple[str, str]:
    """Return `NAME` or `NAME:PORT`, and where it leads; anything but loopback is refused."""
    name, is_given, where = given.partition("=")
    address, _, port = where.rpartition(":")
    hint = "--origin"
    try:
        is_loopback = ip_address(address).version == IPV4 and ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    bare, _, of_port = name.lower().partition(":")
    if not (is_given and bare and _is_port(port) and (not of_port or _is_port(of_port))):
        raise typer.BadParameter(
            f"{given}: allowed is NAME=ADDRESS:PORT or NAME:PORT=ADDRESS:PORT, such as app.example.com=127.0.0.1:9000",
            param_hint=hint,
        )
    if not is_loopback:
        raise typer.BadParameter(
            f"{given}: {address} is no loopback address, and localcloud connects to no other; use one of 127.0.0.0/8",
            param_hint=hint,
        )
    return name.lower(), where


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= MAXIMUM_PORT


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
    """Print shell exports that point terraform, boto3, the AWS CLI and `failover` to the running localcloud."""
    own = {"FAILOVER_LOCALCLOUD": str(state_dir.absolute())}  # failover's --localcloud, in whichever folder
    for name, value in {**_running(state_dir)["environment"], **own}.items():
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
    against: Annotated[
        str | None,
        typer.Option(
            metavar="moto|URL",
            help="Ask another emulator by the black-box tests: moto, which is started, or one that runs.",
        ),
    ] = None,
) -> None:
    """Run the test of every documented behaviour of AWS, and print behaviour, source and whether it passes.

    Exit code: 0 all pass, 1 some fail, 3 nothing could be run.
    """
    from localcloud.conformance import conformance as run_conformance

    raise typer.Exit(run_conformance(arguments or (), is_json=is_json, against=against))


if __name__ == "__main__":
    app(prog_name="python -m localcloud")
