"""Execution environments: what they share, and when there is another one.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from localcloud.dataplane.regional import lambda_runtime

_HANDLER = """
import gc, os, sys, time

was_there = "boto3" in sys.modules
frozen = gc.get_freeze_count()

def handler(event, context):
    from botocore.loaders import Loader
    while "until" in event and not os.path.exists(event["until"]):
        open(event["begun"], "w").close()
        time.sleep(0.02)
    model = Loader().load_service_model("sts", "service-2")
    return {"was_there": was_there, "frozen": frozen, "documentation": model["documentation"], "pid": os.getpid()}
"""
_PATIENCE_SECONDS = 60


class Runtime:
    """A runtime process with the handler above.

    Attributes:
        folder: of its code.
        process: the one that the environments are copied from.
    """

    def __init__(self, folder: Path, process: psutil.Process) -> None:
        self.folder, self.process = folder, process

    def invoke(self, **event: str) -> dict[str, Any]:
        """Returns what the handler says."""
        with socket.socket(socket.AF_UNIX) as connection:
            _wait(lambda: connection.connect_ex(str(self.folder / "runtime.sock")) == 0)
            lambda_runtime.send(connection, {"event": event, "request_id": "1"})
            found: dict[str, Any] = lambda_runtime.receive(connection)["result"]
            return found

    def environments(self) -> int:
        """Returns how many there are."""
        return len(self.process.children())


@contextmanager
def running(folder: Path, *flags: str) -> Iterator[Runtime]:
    """Yields a runtime of at most three environments."""
    (folder / "shared.py").write_text(_HANDLER)
    arguments: dict[str, object] = {
        "socket": folder / "runtime.sock", "code": folder, "handler": "shared.handler",
        "timeout": 2 * _PATIENCE_SECONDS, "speed": 1, "workers": 3, "parent": os.getpid(),
    }  # fmt: skip
    command = [*(part for name, value in arguments.items() for part in (f"--{name}", str(value))), *flags]
    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "shared",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "LOCALCLOUD_FUNCTION_ARN": "arn:aws:lambda:us-east-1:123456789012:function:shared",
    }
    runtime = [sys.executable, "-I", lambda_runtime.__file__, *command]
    with subprocess.Popen(runtime, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            yield Runtime(folder, psutil.Process(process.pid))
        finally:
            process.kill()


def _wait(is_so: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_environment_begins_with_the_shared_sdk(tmp_path: Path) -> None:
    with running(tmp_path) as runtime:
        answer = runtime.invoke()
    assert answer["was_there"] and answer["documentation"] == ""
    assert answer["frozen"] > 10_000


@pytest.mark.parametrize(("flags", "beside_a_busy_one"), [((), 1), (("--on-demand",), 0)], ids=["warm", "on demand"])
def test_another_environment_waits_beside_a_busy_one_unless_it_is_on_demand(
    tmp_path: Path, flags: tuple[str, ...], beside_a_busy_one: int
) -> None:
    """In both ways the next invocation has one of its own."""
    end, first, second = (tmp_path / name for name in ("end", "first", "second"))
    with running(tmp_path, *flags) as runtime, ThreadPoolExecutor(2) as pool:
        one = pool.submit(runtime.invoke, until=str(end), begun=str(first))
        _wait(first.exists)
        _wait(lambda: runtime.environments() >= 1 + beside_a_busy_one)
        assert runtime.environments() == 1 + beside_a_busy_one
        two = pool.submit(runtime.invoke, until=str(end), begun=str(second))
        _wait(second.exists)
        end.touch()
        assert one.result()["pid"] != two.result()["pid"]


def test_question_whether_somebody_is_there_makes_no_second_environment(tmp_path: Path) -> None:
    with running(tmp_path) as runtime:
        for _ in range(50):
            with socket.socket(socket.AF_UNIX) as connection:
                _wait(lambda: connection.connect_ex(str(tmp_path / "runtime.sock")) == 0)
                connection.sendall((2).to_bytes(4, "big") + b"{}")
                assert connection.recv(1) == b""  # it was read
            assert runtime.environments() == 1
