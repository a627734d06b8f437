"""Keeps one V8 context a published function, runs functions with their key value store, and remembers results that must repeat.

A run of a pure function (function_purity.py) with the same request and store gives the same result. So it is not run again for
a request that is the same in all that a run can see. The viewer's address counts where a run has read it; a run that asked for
the request's id, the time or for chance is never remembered.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeAlias

from localcloud.dataplane.clock import utc_now
from localcloud.dataplane.configuration import Configuration, Distribution, EdgeFunction
from localcloud.dataplane.edge.functions import FunctionError, FunctionOutcome, FunctionRuntime, request_event
from localcloud.dataplane.edge.messages import EdgeRequest
from localcloud.model.errors import UnsupportedResource

logger = logging.getLogger(__name__)

KEPT_RESULTS = 1024
"""Of each function; the headers of a request and its result take some kilobytes."""

_EMPTY_STORE: Mapping[str, str] = {}
_NEVER_REMEMBERED = frozenset({"id", "time", "chance"})
_Seen: TypeAlias = tuple[Any, ...]


class FunctionRuns:
    """Runs functions by their ARN; compiles each version once."""

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._functions: dict[str, _RunFunction] = {}

    async def run(self, arn: str, event: Mapping[str, Any], configuration: Configuration) -> FunctionOutcome:
        """Run the LIVE stage of a function.

        Raises:
            FunctionError: when it fails, is missing or is not modelled.
        """
        return await self._function(arn, configuration).run(event, _store_of(arn, configuration))

    async def run_request(
        self, arn: str, request: EdgeRequest, distribution: Distribution, configuration: Configuration
    ) -> FunctionOutcome:
        """Return what a viewer-request function makes of a request, run now or for the same request before.

        Raises:
            FunctionError: when it fails, is missing or is not modelled.
        """
        function, store = self._function(arn, configuration), _store_of(arn, configuration)
        seen: _Seen = (distribution.id, request.method, request.path, request.query, *request.headers.items())
        known = function.remembered(seen, request.viewer_address, store)
        if known is not None:
            return known
        outcome = await function.run(request_event(request, distribution, "viewer-request"), store)
        if outcome.is_repeatable and not outcome.reads & _NEVER_REMEMBERED:
            function.remember(seen, request.viewer_address, store, outcome)
        return outcome

    def _function(self, arn: str, configuration: Configuration) -> "_RunFunction":
        function = configuration.cloudfront.functions.get(arn)
        if function is None:
            raise FunctionError(f"function {arn} has no LIVE stage")
        known = self._functions.get(arn)
        if known is None or (known.function is not function and not known.is_of(function)):
            try:
                known = self._functions[arn] = _RunFunction(function)
            except UnsupportedResource as error:
                raise FunctionError(str(error)) from error
        return known


def _store_of(arn: str, configuration: Configuration) -> Mapping[str, str] | None:
    store_arn = configuration.cloudfront.functions[arn].key_value_store_arn
    return configuration.key_value_stores.get(store_arn, _EMPTY_STORE) if store_arn else None


class _RunFunction:
    """One version of a function: its runtime and the results that it gives again."""

    def __init__(self, function: EdgeFunction) -> None:
        self.function = function
        self._runtime = FunctionRuntime(function)
        self._results: OrderedDict[tuple[_Seen, str], FunctionOutcome] = OrderedDict()
        self._store: Mapping[str, str] | None = None

    def is_of(self, function: EdgeFunction) -> bool:
        """Return whether this is the version that a function has; the control plane is read anew now and then."""
        is_same = function.etag == self.function.etag and function.code == self.function.code
        if is_same:
            self.function = function
        return is_same

    async def run(self, event: Mapping[str, Any], store: Mapping[str, str] | None) -> FunctionOutcome:
        return await self._runtime.run(event, store=store, now_milliseconds=int(utc_now().timestamp() * 1000))

    def remembered(self, seen: _Seen, address: str, store: Mapping[str, str] | None) -> FunctionOutcome | None:
        """Return the result of the same request and store; a run that has not read the address is one for all addresses."""
        if store is not self._store:
            self._results.clear()
            self._store = store
        return self._results.get((seen, "")) or self._results.get((seen, address))

    def remember(self, seen: _Seen, address: str, store: Mapping[str, str] | None, outcome: FunctionOutcome) -> None:
        if store is not self._store:
            return  # the store has changed during the run
        self._results[seen, address if "address" in outcome.reads else ""] = outcome
        if len(self._results) > KEPT_RESULTS:
            self._results.popitem(last=False)
