"""Runs Lambda functions: fetches their code, keeps their runtime process warm, invokes them."""

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from localcloud.dataplane.configuration import LambdaFunction
from localcloud.dataplane.metrics import Metrics
from localcloud.model.errors import UnsupportedResource

logger = logging.getLogger(__name__)

WORKERS = 4
# Synchronous payloads, both ways: https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html
MAXIMUM_PAYLOAD_BYTES = 6 * 1024 * 1024
START_LIMIT_REAL_SECONDS = 20.0
UNUSED_REAL_SECONDS = 15.0
"""After which a function that is not kept warm ends. AWS names no time for idle environments; each takes 50 MB here, and one that
runs every minute is not to begin anew at the usual speeds. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
_NO_ANSWER = (
    OSError,
    UnsupportedResource,
    aiohttp.ClientError,
    asyncio.IncompleteReadError,
    zipfile.BadZipFile,
)
_RUNTIME = Path(__file__).with_name("lambda_runtime.py")


class FunctionFailed(Exception):  # noqa: N818  what happened
    """An invocation brought no result: error, timeout, crash or a payload above 6 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What functions see of the network: the name server, the port of edge and endpoints, the authority's certificate."""

    dns_port: int
    https_port: int
    authority: Path


class Throttled(FunctionFailed):
    """Lambda refused the invocation, so that the function did not run.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """


@dataclass(slots=True, kw_only=True)
class _Host:
    function: LambdaFunction
    folder: tempfile.TemporaryDirectory[str]
    socket_path: Path
    process: asyncio.subprocess.Process


class LambdaHosts:
    """One runtime process a function, started before the first request needs it."""

    def __init__(
        self,
        *,
        gateway_url: str,
        secret: str,
        speed: float,
        metrics: Metrics,
        outside: Callable[[], Outside | None] = lambda: None,
    ) -> None:
        """Start nothing yet.

        Args:
            gateway_url: What the function's SDK talks to.
            secret: Of the run, which is the session token of every function.
            speed: For its timeout and its SDK's timeouts.
            metrics: Where invocations and errors are counted.
            outside: The network that functions see, asked when one starts. Default: the machine's.
        """
        self._metrics = metrics
        self._outside = outside
        self._gateway_url = gateway_url
        self._secret = secret
        self._speed = speed
        self._hosts: dict[str, asyncio.Task[_Host]] = {}
        self._functions: dict[str, LambdaFunction] = {}
        self._on_demand: dict[str, int] = {}
        """Functions that are not kept warm, and how often each was used, its ends counted too."""
        self._leaving: set[asyncio.Task[_Host]] = set()

    def follow(self, functions: Mapping[str, LambdaFunction], *, deployed: Mapping[str, LambdaFunction]) -> None:
        """Start, replace and stop runtime processes so that they match these functions (by ARN).

        Args:
            functions: to be kept warm.
            deployed: all that exist; one that was started on demand lives as long as it stays as it is.
        """
        for arn in functions:
            self._on_demand.pop(arn, None)
        started = {arn: known for arn, known in self._functions.items() if arn in self._on_demand}
        functions = {**{arn: known for arn, known in started.items() if deployed.get(arn) == known}, **functions}
        for arn in [arn for arn, known in self._functions.items() if functions.get(arn) != known]:
            self._functions.pop(arn)
            self._retire(self._hosts.pop(arn))
        for function in functions.values():
            self._start_once(function)

    def set_speed(self, speed: float) -> None:
        """Let functions live by another clock: each gets a new process; what runs in the old one may end there."""
        self._speed = speed
        for arn, function in self._functions.items():
            old, self._hosts[arn] = self._hosts[arn], asyncio.create_task(self._start(function))
            self._hosts[arn].add_done_callback(_log_failed_start)
            self._leaving.add(old)
            asyncio.get_running_loop().call_later(function.timeout_seconds, self._leave, old)

    def _leave(self, task: "asyncio.Task[_Host]") -> None:
        if task in self._leaving:
            self._leaving.discard(task)
            self._retire(task)

    def ensure(self, function: LambdaFunction) -> None:
        """Start a function that is not kept warm, at its first event."""
        if function.arn not in self._functions:
            self._on_demand[function.arn] = 0
            self._start_once(function)

    def _start_once(self, function: LambdaFunction) -> None:
        if function.arn not in self._functions:
            self._functions[function.arn] = function
            self._hosts[function.arn] = asyncio.create_task(self._start(function))
            self._hosts[function.arn].add_done_callback(_log_failed_start)

    async def close(self) -> None:
        """Stop all runtime processes."""
        tasks, self._hosts = [*self._hosts.values(), *self._leaving], {}
        self._leaving.clear()
        self._functions.clear()
        for task in tasks:
            self._retire(task)
        hosts = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(host.process.wait() for host in hosts if isinstance(host, _Host)))

    @staticmethod
    def _retire(task: "asyncio.Task[_Host]") -> None:
        if task.done() and not task.cancelled() and not task.exception():
            _stop(task.result())
        else:
            task.cancel()

    async def invoke(self, arn: str, event: Mapping[str, Any], request_id: str) -> Any:  # noqa: ANN401  handler's JSON
        """Invoke a function and return what its handler returned.

        Raises:
            FunctionFailed: when there is no usable result.
        """
        is_error = True
        if arn in self._on_demand:
            self._on_demand[arn] += 1
        try:
            result = await self._invoke(arn, event, request_id)
            is_error = False
            return result
        except Throttled:
            self._metrics.function_throttled(arn)
            raise
        finally:
            if not isinstance(sys.exception(), Throttled):
                self._metrics.function_ran(arn, is_error=is_error)
            if arn in self._on_demand:
                self._on_demand[arn] += 1
                used = self._on_demand[arn]
                asyncio.get_running_loop().call_later(UNUSED_REAL_SECONDS, self._end_unused, arn, used)

    def _end_unused(self, arn: str, used: int) -> None:
        """End a function on demand unless it was used again, or runs (then it has begun more often than ended)."""
        if self._on_demand.get(arn) == used and used % 2 == 0 and arn in self._hosts:
            del self._on_demand[arn], self._functions[arn]
            self._retire(self._hosts.pop(arn))

    async def _invoke(self, arn: str, event: Mapping[str, Any], request_id: str) -> Any:  # noqa: ANN401  handler's JSON
        if arn not in self._hosts:
            raise FunctionFailed(f"function {arn} does not exist")
        if self._functions[arn].reserved_concurrency == 0:
            raise Throttled(f"function {arn} has a reserved concurrency of 0: every invocation is throttled")
        try:
            host = await asyncio.shield(self._hosts[arn])
            answer = await _converse(host.socket_path, {"event": event, "request_id": request_id})
        except _NO_ANSWER as error:
            raise FunctionFailed(f"function {arn}: no answer ({type(error).__name__}: {error})") from error
        if "error" in answer:
            raise FunctionFailed(f"function {arn}: {answer['error']}")
        return answer["result"]

    async def _start(self, function: LambdaFunction) -> _Host:
        if not function.runtime.startswith("python"):
            raise UnsupportedResource(
                f"function {function.name}", reason=f"runtime {function.runtime!r} is not modelled"
            )
        folder = tempfile.TemporaryDirectory(prefix="localcloud-lambda-")
        try:
            code = Path(folder.name) / "task"
            code.mkdir()
            _unpack(await _download(function.code_url), code)
            socket_path = Path(folder.name) / "runtime.sock"
            process = await self._spawn(function, code, socket_path)
            host = _Host(function=function, folder=folder, socket_path=socket_path, process=process)
        except BaseException:
            folder.cleanup()
            raise
        try:
            await _wait_for(socket_path, process)
        except BaseException:
            _stop(host)
            raise
        logger.info("function %s runs in process %s", function.name, process.pid)
        return host

    async def _spawn(self, function: LambdaFunction, code: Path, socket_path: Path) -> asyncio.subprocess.Process:
        arguments: dict[str, object] = {
            "--socket": socket_path,
            "--code": code,
            "--handler": function.handler,
            "--timeout": function.timeout_seconds,
            "--speed": self._speed,
            "--workers": runs_at_once(function),
            "--parent": os.getpid(),
        }
        if outside := self._outside():
            arguments |= {
                "--dns-port": outside.dns_port,
                "--https-port": outside.https_port,
                "--authority": outside.authority.resolve(),
            }
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_RUNTIME),
            *(str(part) for pair in arguments.items() for part in pair),
            *(["--on-demand"] if function.arn in self._on_demand else []),
            env=self._environment(function, code),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

    def _environment(self, function: LambdaFunction, code: Path) -> dict[str, str]:
        """Return the reserved variables and the function's own; nothing of localcloud's environment leaks in.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        return {
            **function.environment,
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(code),
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(code),
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_megabytes),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_ACCESS_KEY_ID": function.name,  # as whom the gateway's log of calls knows it
            "AWS_SECRET_ACCESS_KEY": "localcloud",
            "AWS_SESSION_TOKEN": self._secret,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self._gateway_url,
            "LOCALCLOUD_FUNCTION_ARN": function.arn,
        }


def runs_at_once(function: LambdaFunction) -> int:
    """Return how many environments a function has; further runs wait, as events do on AWS, where API Gateway would be refused.

    One that is throttled altogether keeps one, for the day when it is no more.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    if function.reserved_concurrency is None:
        return WORKERS
    return max(1, min(WORKERS, function.reserved_concurrency))


def _log_failed_start(task: "asyncio.Task[_Host]") -> None:
    if not task.cancelled() and task.exception():
        logger.error("a Lambda function does not start: %s", task.exception())


def _stop(host: _Host) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(host.process.pid, signal.SIGKILL)
    host.folder.cleanup()


async def _download(url: str) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        return await response.read()


def _unpack(package: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(folder)


async def _wait_for(socket_path: Path, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_LIMIT_REAL_SECONDS):
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_unix_connection(socket_path)
                writer.write((2).to_bytes(4, "big") + b"{}")
                writer.close()
                return
            await asyncio.sleep(0.02)
    raise FunctionFailed("the runtime process ended at once")


async def _converse(socket_path: Path, message: Mapping[str, Any]) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(socket_path)
    try:
        data = json.dumps(message).encode()
        writer.write(len(data).to_bytes(4, "big") + data)
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length > MAXIMUM_PAYLOAD_BYTES:
            raise FunctionFailed(f"its response of {length} bytes is above Lambda's 6 MB")
        answer: dict[str, Any] = json.loads(await reader.readexactly(length))
        return answer
    finally:
        writer.close()
