"""Runs CloudFront functions: their own JavaScript, in V8, with the event structure and helpers AWS documents.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
V8 knows more of the language than AWS's runtime does: function_syntax.py refuses what that is known to lack.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from py_mini_racer import JSEvalException, MiniRacer

from localcloud.dataplane.configuration import Distribution, EdgeFunction
from localcloud.dataplane.edge.function_purity import constants_of_pure
from localcloud.dataplane.edge.function_syntax import RUNTIMES, unsupported_syntax
from localcloud.dataplane.edge.messages import EdgeRequest, EdgeResponse
from localcloud.model.errors import UnsupportedResource

logger = logging.getLogger(__name__)

# AWS publishes no figure for the compute cap; this one only keeps an endless loop from stopping the edge.
RUN_LIMIT_REAL_SECONDS = 1.0
MODULES = ("cloudfront", "crypto")
_IMPORT = re.compile(r"""^\s*import\s+(\w+)\s+from\s+['"](\w+)['"]\s*;?""", re.MULTILINE)


class FunctionError(Exception):
    """A function threw, ran too long or returned something that is neither request nor response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionOutcome:
    """What a run left.

    Attributes:
        result: The request or response object that the handler returned.
        origin_calls: Calls of the origin helpers in order: kind `update`, `select` or `group`.
        reads: What the run looked at beside the request: `address`, `id`, `time`, `chance`.
        is_repeatable: Whether another run would find all that the function keeps as this one found it.
    """

    result: Mapping[str, Any]
    origin_calls: tuple[Mapping[str, Any], ...]
    reads: frozenset[str] = frozenset()
    is_repeatable: bool = False


class FunctionRuntime:
    """One function's V8 context; globals live on between runs, which AWS neither promises nor forbids."""

    def __init__(self, function: EdgeFunction) -> None:
        """Compile the function.

        Raises:
            UnsupportedResource: for another runtime or an import of another module than MODULES.
            FunctionError: when the code does not compile, here or on AWS's runtime.
        """
        if function.runtime not in RUNTIMES:
            raise UnsupportedResource(
                f"function {function.name}",
                reason=f"runtime {function.runtime} is not modelled",
                remedy=f"use {RUNTIMES[-1]}",
            )
        self._name = function.name
        self._store: Mapping[str, str] | None = None
        self._lock = asyncio.Lock()
        self._context = MiniRacer()
        refused = unsupported_syntax(function.code, function.runtime)
        if refused is not None:
            raise FunctionError(f"function {function.name} does not compile on {function.runtime}: {refused}")
        try:
            for surroundings in ("crypto.js", "runtime.js"):
                self._context.eval(files(__package__).joinpath(surroundings).read_text())
            if function.key_value_store_arn:
                self._context.eval(
                    f"__localcloud.associate({json.dumps(function.key_value_store_arn.rpartition('/')[2])}); 0"
                )
            self._context.eval(_as_script(function, constants_of_pure(function.code)))
        except JSEvalException as error:
            raise FunctionError(f"function {function.name} does not compile: {error}") from error

    async def run(
        self, event: Mapping[str, Any], *, store: Mapping[str, str] | None, now_milliseconds: int
    ) -> FunctionOutcome:
        """Run the handler once; runs of one function follow each other.

        Args:
            event: See `request_event` and `response_event`.
            store: Contents of the associated key value store; None without one.
            now_milliseconds: The Unix time that the run sees.

        Raises:
            FunctionError: when the handler throws, does not end or returns no object.
        """
        try:
            async with self._lock:
                text = await self._evaluate(event, store, now_milliseconds)
        except TimeoutError as error:
            raise FunctionError(f"function {self._name} does not end") from error
        except JSEvalException as error:
            raise FunctionError(f"function {self._name}: {error}") from error
        if not isinstance(text, str):
            raise FunctionError(f"function {self._name}: its promise never settles")
        return self._outcome(json.loads(text))

    def close(self) -> None:
        """End V8 with what it is doing. A runtime that is dropped ends by itself, some time later."""
        self._context.close()

    async def _evaluate(
        self, event: Mapping[str, Any], store: Mapping[str, str] | None, now_milliseconds: int
    ) -> object:
        """Start the handler and read its answer: V8 runs all promise jobs between the two evaluations.

        V8 stops an endless loop, unless it comes after an await: then the function fails from then on.
        """
        async with asyncio.timeout(RUN_LIMIT_REAL_SECONDS):
            if store is not self._store:
                await self._context.eval_cancelable(f"__localcloud.setStore({_literal(store)}); 0")
                self._store = store
            await self._context.eval_cancelable(f"__localcloud.start({_literal(event)}, {now_milliseconds}); 0")
            return await self._context.eval_cancelable("__localcloud.answer()")

    def _outcome(self, answer: Mapping[str, Any]) -> FunctionOutcome:
        for line in answer["logs"]:
            logger.info("function %s: %s", self._name, line)
        if "error" in answer or not isinstance(answer.get("result"), dict):
            raise FunctionError(f"function {self._name}: {answer.get('error', 'it returned no object')}")
        return FunctionOutcome(
            result=answer["result"],
            origin_calls=tuple(answer["origin"]),
            reads=frozenset(answer["reads"]),
            is_repeatable=answer["isUnchanged"] and not answer["logs"],
        )


def _literal(value: object) -> str:
    """Return a JavaScript string literal that holds a value as JSON."""
    return json.dumps(json.dumps(value))


def _as_script(function: EdgeFunction, constants: tuple[str, ...] | None) -> str:
    """Turn the module into a script: imports become lookups; `handler` and a pure function's constants become reachable."""
    for _, module in _IMPORT.findall(function.code):
        if module not in MODULES:
            raise UnsupportedResource(f"function {function.name}", reason=f"import of {module!r} is not modelled")
    code = _IMPORT.sub(r"const \1 = __localcloud.modules.\2;", function.code)
    reach = "" if constants is None else f"globalThis.__constants = () => [{', '.join(constants)}];\n"
    return f"(() => {{ 'use strict';\n{code}\nglobalThis.__handler = handler;\n{reach}}})(); 0"


def request_event(request: EdgeRequest, distribution: Distribution, event_type: str) -> dict[str, Any]:
    """Return the event of a viewer-request function; `rawQueryString` is what the request's method of that name returns."""
    return {
        "version": "1.0",
        **({"rawQueryString": request.query} if request.query else {}),
        "context": {
            "distributionDomainName": distribution.domain_name,
            "distributionId": distribution.id,
            "eventType": event_type,
            "requestId": request.request_id,
        },
        "viewer": {"ip": request.viewer_address},
        "request": {
            "method": request.method,
            "uri": request.path,
            "querystring": _query_object(request.query),
            "headers": {name: {"value": value} for name, value in request.headers.items() if name != "cookie"},
            "cookies": _cookie_object(request.headers.get("cookie", "")),
        },
    }


def response_event(request: EdgeRequest, response: EdgeResponse, distribution: Distribution) -> dict[str, Any]:
    """Return the event of a viewer-response function, without the body, which it cannot read."""
    return {
        **request_event(request, distribution, "viewer-response"),
        "response": {
            "statusCode": response.status_code,
            "headers": {name: {"value": value} for name, value in response.headers.items() if name != "set-cookie"},
            "cookies": {},
        },
    }


def _query_object(query: str) -> dict[str, Any]:
    """Return name -> {value, multiValue?}, undecoded as CloudFront passes them."""
    found: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name not in found:
            found[name] = {"value": value}
        else:
            found[name].setdefault("multiValue", [{"value": found[name]["value"]}]).append({"value": value})
            found[name]["value"] = value
    return found


def _cookie_object(header: str) -> dict[str, Any]:
    pairs = (item.strip().partition("=") for item in header.split(";") if item.strip())
    return {name: {"value": value} for name, _, value in pairs}


def query_string(querystring: Mapping[str, Any]) -> str:
    """Return the raw query string of an event's `querystring` object."""
    pairs = [
        (name, item.get("value", ""))
        for name, entry in querystring.items()
        for item in entry.get("multiValue", [entry])
    ]
    return "&".join(f"{name}={value}" if value else name for name, value in pairs)


def flat_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return lower-case name -> value of an event's `headers` object; several values are joined by a comma."""
    return {
        name.lower(): ", ".join(str(item.get("value", "")) for item in entry.get("multiValue", [entry]))
        for name, entry in headers.items()
    }
