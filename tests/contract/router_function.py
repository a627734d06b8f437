"""Runs the router function's own JavaScript in V8, with CloudFront's `cf` module recorded."""

import json
from typing import Any

from py_mini_racer import MiniRacer

from constructs_lib.router_source import render

_HARNESS = """
const calls = [];
const cf = {
  kvs: () => ({ get: async (key) => { if (!(key in STORE)) throw new Error('not found'); return STORE[key]; } }),
  updateRequestOrigin: (value) => calls.push(['updateRequestOrigin', value]),
  createRequestOriginGroup: (value) => calls.push(['createRequestOriginGroup', value]),
};
"""


_ENGINE = MiniRacer()


class RouterFunction:
    """The function of one region's distribution, with a KeyValueStore of the test's choice.

    Attributes:
        calls: the origin calls of the last run, as [name, argument].
    """

    def __init__(self, *, own: str, other: str) -> None:
        self._source = render(own=own, other=other).replace("import cf from 'cloudfront';", "")
        self.calls: list[list[Any]] = []

    def run(self, uri: str, *, routing: dict[str, Any] | str | None) -> dict[str, Any]:
        """Returns what the function returns: the request, or a response."""
        value = routing if isinstance(routing, str) else json.dumps(routing)
        store = {} if routing is None else {"routing": value}
        event = {"version": "1.0", "context": {}, "viewer": {}, "request": {"method": "GET", "uri": uri, "headers": {}}}
        promise = _ENGINE.eval(
            f"(() => {{ const STORE = {json.dumps(store)};{_HARNESS}{self._source};"
            f"return handler({json.dumps(event)}).then((r) => JSON.stringify([r, calls])); }})()"
        )
        answer, self.calls = json.loads(promise.get(timeout=5))
        result: dict[str, Any] = answer
        return result
