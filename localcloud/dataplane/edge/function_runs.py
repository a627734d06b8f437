"""Keeps one V8 context a published function and runs functions with their key value store."""

import logging
from collections.abc import Mapping
from typing import Any

from localcloud.dataplane.clock import utc_now
from localcloud.dataplane.configuration import Configuration
from localcloud.dataplane.edge.functions import FunctionError, FunctionOutcome, FunctionRuntime
from localcloud.model.errors import UnsupportedResource

logger = logging.getLogger(__name__)

_EMPTY_STORE: Mapping[str, str] = {}


class FunctionRuns:
    """Runs functions by their ARN; compiles each version once."""

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._runtimes: dict[str, tuple[str, FunctionRuntime]] = {}

    async def run(self, arn: str, event: Mapping[str, Any], configuration: Configuration) -> FunctionOutcome:
        """Run the LIVE stage of a function.

        Raises:
            FunctionError: when it fails, is missing or is not modelled.
        """
        function = configuration.cloudfront.functions.get(arn)
        if function is None:
            raise FunctionError(f"function {arn} has no LIVE stage")
        known = self._runtimes.get(arn)
        if known is None or known[0] != function.etag + function.code:
            try:
                known = (function.etag + function.code, FunctionRuntime(function))
            except UnsupportedResource as error:
                raise FunctionError(str(error)) from error
            self._runtimes[arn] = known
        store_arn = function.key_value_store_arn
        store = configuration.key_value_stores.get(store_arn, _EMPTY_STORE) if store_arn else None
        return await known[1].run(event, store=store, now_milliseconds=int(utc_now().timestamp() * 1000))
