"""Runs the router function's own JavaScript in V8, with CloudFront's `cf` module recorded."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from py_mini_racer import MiniRacer

from constructs_lib.edge.router_source import render

_HARNESS = """
const calls = [];
const reads = [];
const crypto = localcloudCrypto;
const cf = {
  kvs: () => ({
    get: async (key) => { reads.push(key); if (!(key in STORE)) throw new Error('not found'); return STORE[key]; },
  }),
  updateRequestOrigin: (value) => calls.push(['updateRequestOrigin', value]),
  createRequestOriginGroup: (value) => calls.push(['createRequestOriginGroup', value]),
};
"""


_CRYPTO = Path(__file__).parents[2] / "localcloud" / "dataplane" / "edge" / "crypto.js"
_ENGINE = MiniRacer()
_ENGINE.eval(_CRYPTO.read_text(encoding="utf-8"))


class RouterFunction:
    """The function of one region's distribution, with a KeyValueStore of the test's choice.

    Attributes:
        calls: the origin calls of the last run, as [name, argument].
        reads: keys of the store that the last run asked for.
    """

    def __init__(self, *, own: str, other: str | None, policy: dict[str, Any] | None = None) -> None:
        source = render(own=own, other=other, policy=policy)
        self._source = "\n".join(line for line in source.splitlines() if not line.startswith("import "))
        self.calls: list[list[Any]] = []
        self.reads: list[str] = []

    def run(
        self,
        uri: str,
        *,
        routing: Mapping[str, Any] | str | None,
        others: Mapping[str, str] = MappingProxyType({}),
        viewer_address: str = "192.0.2.1",
        headers: Mapping[str, str] = MappingProxyType({}),
        random: float | None = None,
        query: str = "",
    ) -> dict[str, Any]:
        """Returns what the function returns: the request, or a response.

        Args:
            uri: the path asked for.
            routing: value of the store's key `routing`; None when it is missing.
            others: further keys of the store.
            viewer_address: where the viewer is.
            headers: of the request, names in lower case.
            random: what Math.random() gives; None for real chance.
            query: the query string without its question mark.
        """
        value = routing if isinstance(routing, str) else json.dumps(routing)
        store = {**others, **({} if routing is None else {"routing": value})}
        sent = {name: {"value": text} for name, text in headers.items()}
        request = {"method": "GET", "uri": uri, "headers": sent}
        event = {"version": "1.0", "context": {}, "viewer": {"ip": viewer_address}, "request": request}
        chance = "" if random is None else f"Math.random = () => {random};"
        promise = _ENGINE.eval(
            f"(() => {{ const STORE = {json.dumps(store)};{chance}{_HARNESS}{self._source};"
            f"const EVENT = {json.dumps(event)}; EVENT.request.rawQueryString = () => {json.dumps(query)} || undefined;"
            "return handler(EVENT).then((r) => JSON.stringify([r, calls, reads])); })()"
        )
        answer, self.calls, self.reads = json.loads(promise.get(timeout=60))
        result: dict[str, Any] = answer
        return result
