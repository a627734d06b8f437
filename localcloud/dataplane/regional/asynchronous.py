"""Asynchronous invocations: what SNS and EventBridge start, run on the functions' own handlers, tried again after errors."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.configuration import LambdaFunction
from localcloud.dataplane.regional.lambda_hosts import FunctionFailed, LambdaHosts

logger = logging.getLogger(__name__)

# "Lambda ... retries twice, with a one-minute wait before the first retry, and two minutes before the second":
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRY_PAUSES_SECONDS = (60.0, 120.0)


class AsynchronousInvocations:
    """Runs claimed invocations, each as a task of its own."""

    def __init__(
        self, *, hosts: LambdaHosts, functions: Callable[[], Mapping[str, LambdaFunction]], clock: AwsClock
    ) -> None:
        """Run nothing yet.

        Args:
            hosts: where functions run.
            functions: function ARN -> what is deployed now.
            clock: AWS time, for the pauses.
        """
        self._hosts = hosts
        self._functions = functions
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()

    def start(self, function_arn: str, event: Mapping[str, Any]) -> None:
        """Begin one invocation."""
        task = asyncio.create_task(self._run(function_arn, event))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what runs."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, function_arn: str, event: Mapping[str, Any]) -> None:
        request_id = secrets.token_hex(16)
        for pause in (0.0, *RETRY_PAUSES_SECONDS):
            await self._clock.sleep(pause)
            function = self._functions().get(function_arn)
            if function is None:
                logger.error("asynchronous invocation: there is no function %s (yet)", function_arn)
                continue
            self._hosts.ensure(function)
            try:
                await self._hosts.invoke(function_arn, event, request_id)
            except FunctionFailed as error:
                logger.error("asynchronous invocation: %s", error)
            else:
                return
