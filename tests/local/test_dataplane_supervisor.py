"""`python -m localcloud`: start, refuse, announce, stop."""

import http.client
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts.local.process import ANY_PORT
from tests.worlds.dataplane_world import World, start_localcloud, stop_localcloud

STOP_LIMIT_SECONDS = 60.0  # some tenths of a second, on a machine that has nothing else to do


def localcloud(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localcloud", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[World]:
    world = start_localcloud(tmp_path / "state directory", arguments=("--call-log",))
    yield world
    stop_localcloud(world)


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for the tests that leave it as it is."""
    world = start_localcloud(tmp_path_factory.mktemp("state") / "state directory", arguments=("--call-log",))
    yield world
    stop_localcloud(world)


def descendants(pid: int) -> set[int]:
    """Return the process ids below a process (Linux)."""
    children = {int(item) for task in Path(f"/proc/{pid}/task").glob("*/children") for item in task.read_text().split()}
    return children | {below for child in children for below in descendants(child)}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + STOP_LIMIT_SECONDS
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still alive: {[pid for pid in pids if is_alive(pid)]}"
        time.sleep(0.05)


def test_supervisor_announces_its_endpoints(looked_at: World) -> None:
    endpoints = looked_at.endpoints
    assert endpoints["schema"] == 1
    assert endpoints["pid"] == looked_at.process.pid
    assert endpoints["environment"]["AWS_ENDPOINT_URL"] == endpoints["gateway_url"]
    folder = Path(endpoints["ca_certificate"]).parent
    for name in ("calls.jsonl", "endpoints.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    looked_at.client("route53").create_hosted_zone(Name="zone.test", CallerReference="1")  # which the data plane reads
    log = folder / "calls.jsonl"
    looked_at.eventually(lambda: '"operation": "GetHostedZone"' in log.read_text(encoding="utf-8"))
    calls = log.read_text(encoding="utf-8")
    assert '"caller": "localcloud"' in calls
    assert endpoints["environment"]["AWS_ACCESS_KEY_ID"] not in calls


def control(running: World, path: str, headers: dict[str, str] | None = None) -> int:
    """Returns the status of a control call."""
    host, port = running.endpoints["gateway_url"].removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    status, allowed = answer.status, answer.getheader("Access-Control-Allow-Origin")
    connection.close()
    assert allowed is None
    return status


def test_supervisor_keeps_the_secret_of_the_run(looked_at: World) -> None:
    environment = looked_at.endpoints["environment"]
    secret = environment["AWS_ACCESS_KEY_ID"]
    assert control(looked_at, "/_localcloud/faults") == 403
    assert control(looked_at, "/_localcloud/LOCALCLOUDother/faults") == 404
    assert control(looked_at, f"/_localcloud/{secret}/faults") == 200
    assert control(looked_at, "/_localcloud/faults", {"X-Localcloud-Secret": secret}) == 200
    assert looked_at.control("GET", "/faults")["faults"] == []

    def functions(key: str, token: str | None = None) -> Any:
        session: Any = boto3.Session(aws_access_key_id=key, aws_secret_access_key="x", aws_session_token=token)
        client = session.client("lambda", region_name="us-east-1", endpoint_url=looked_at.endpoints["gateway_url"])
        return client.list_functions()["Functions"]

    with pytest.raises(ClientError, match="knows the secret of this run"):
        functions("somebody")
    assert functions(secret) == functions("somebody", secret) == []
    others = [Path(f"/proc/{pid}/cmdline").read_text() for pid in descendants(looked_at.process.pid)]
    assert not [line for line in others if secret in line]


def test_supervisor_that_is_strict_wants_the_secret_for_every_call(tmp_path: Path) -> None:
    world = start_localcloud(tmp_path, arguments=("--strict",))
    try:
        session: Any = boto3.Session(aws_access_key_id="somebody", aws_secret_access_key="x")
        stranger = session.client("s3", region_name="us-east-1", endpoint_url=world.endpoints["gateway_url"])
        with pytest.raises(ClientError, match="knows the secret of this run"):
            stranger.list_buckets()
        world.client("route53").create_hosted_zone(Name="strict.test", CallerReference="1")
        world.eventually(lambda: len(world.addresses("strict.test", "NS")) == 4)  # the data plane knows the secret
    finally:
        stop_localcloud(world)


def test_supervisor_refuses_pages_of_a_browser(looked_at: World) -> None:
    assert control(looked_at, "/", {"Host": "evil.test"}) == 403
    assert control(looked_at, "/", {"Origin": "https://evil.test"}) == 403
    assert control(looked_at, "/", {"Sec-Fetch-Site": "cross-site"}) == 403
    assert control(looked_at, "/") == 200


def test_supervisor_refuses_a_second_instance_and_prints_the_environment_of_the_first(looked_at: World) -> None:
    state_dir = str(looked_at.log.parent)
    second = localcloud("serve", "--state-dir", state_dir, *ANY_PORT)
    assert second.returncode == 3
    assert f"process {looked_at.process.pid}" in second.stderr
    environment = localcloud("env", "--state-dir", state_dir)
    assert f"export AWS_ENDPOINT_URL={looked_at.endpoints['gateway_url']}" in environment.stdout
    assert f"export FAILOVER_LOCALCLOUD={shlex.quote(str(looked_at.log.parent.absolute()))}\n" in environment.stdout


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_supervisor_stops_everything_on_a_signal(running: World, signal_number: signal.Signals) -> None:
    pids = descendants(running.process.pid)
    assert len(pids) >= 2
    started = time.monotonic()
    running.process.send_signal(signal_number)
    assert running.process.wait(timeout=STOP_LIMIT_SECONDS) == 0
    wait_until_gone(pids)
    assert time.monotonic() - started < STOP_LIMIT_SECONDS
    assert not (running.log.parent / "endpoints.json").exists()
    assert not list(running.log.parent.glob("*key*"))  # the authority's key lies in no file


def test_supervisor_killed_takes_its_children_along(running: World) -> None:
    pids = descendants(running.process.pid)
    running.process.kill()
    running.process.wait()
    wait_until_gone(pids)


def test_supervisor_ends_when_a_child_dies_and_shows_its_log(running: World) -> None:
    pids = descendants(running.process.pid)
    data_plane = next(pid for pid in pids if b"localcloud.dataplane" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(data_plane, signal.SIGKILL)
    assert running.process.wait(timeout=STOP_LIMIT_SECONDS) == 3
    wait_until_gone(pids)
    assert "the data plane ended with exit code -9" in running.log.read_text()


def test_supervisor_says_so_when_its_children_are_not_ready_in_time(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from localcloud import supervisor as s; s.START_LIMIT_REAL_SECONDS = 0.05; "
        "options = s.ServeOptions(state_dir=Path(sys.argv[1]), parent_pid=os.getppid(), gateway_port=0, dns_port=0, "
        "https_port=0, http_port=0); sys.exit(s.serve(options))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3
    assert "localcloud: gateway and data plane were not ready after 0.05 s: this machine does too much" in done.stderr


def test_supervisor_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    serve = [sys.executable, "-m", "localcloud", "serve", "--state-dir", str(tmp_path), *ANY_PORT]
    with subprocess.Popen([sys.executable, "-c", program, *serve], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        supervisor = int(parent.stdout.readline())
        deadline = time.monotonic() + 30
        while not (tmp_path / "endpoints.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        pids = descendants(supervisor) | {supervisor}
        parent.kill()
    wait_until_gone(pids)
    assert not (tmp_path / "endpoints.json").exists()


def test_supervisor_whose_parent_died_before_it_ran_does_not_start(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    result = localcloud("serve", "--state-dir", str(tmp_path), "--parent-pid", str(gone.pid))
    assert result.returncode == 1
    assert "is gone" in result.stderr


@pytest.mark.parametrize(
    ("option", "address", "kind"),
    [
        ("--gateway-port", "127.0.0.1", socket.SOCK_STREAM),
        ("--dns-port", "127.0.0.1", socket.SOCK_DGRAM),
        ("--https-port", "127.0.10.1", socket.SOCK_STREAM),
        ("--http-port", "127.0.10.1", socket.SOCK_STREAM),
    ],
)
def test_supervisor_rejects_a_taken_port(tmp_path: Path, option: str, address: str, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((address, 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = str(taken.getsockname()[1])
        ports = dict.fromkeys(("--gateway-port", "--dns-port", "--https-port", "--http-port"), "0") | {option: port}
        arguments = [part for pair in ports.items() for part in pair]
        result = localcloud("serve", "--state-dir", str(tmp_path), *arguments)
    assert result.returncode == 3
    assert port in result.stderr
    assert option in result.stderr


def test_env_without_a_running_localcloud_says_what_to_do(tmp_path: Path) -> None:
    result = localcloud("env", "--state-dir", str(tmp_path))
    assert result.returncode == 3
    assert "python -m localcloud serve" in result.stderr


@pytest.mark.parametrize("content", [None, "{"])
def test_env_of_something_else_than_a_state_folder_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "endpoints.json" if content is None else tmp_path
    (tmp_path / "endpoints.json").write_text(content or "")
    done = localcloud("env", "--state-dir", str(folder))
    assert (done.returncode, "name its folder with --state-dir" in done.stderr) == (3, True)


def test_supervisor_names_a_state_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = localcloud("serve", "--state-dir", str(tmp_path / "file"), *ANY_PORT)
    assert (done.returncode, done.stderr.startswith(f"localcloud: {tmp_path / 'file'}: File exists; ")) == (3, True)


def test_help_names_every_port() -> None:
    result = localcloud("serve", "--help")
    assert result.returncode == 0
    for option in ("--speed", "--gateway-port", "--dns-port", "--https-port", "--http-port", "--state-dir"):
        assert option in result.stdout
