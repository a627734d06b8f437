"""Results of functions that are given again, and those that must not be."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.edge.router_source import render
from localcloud.dataplane.configuration import CloudFrontState, Configuration, Distribution, EdgeFunction
from localcloud.dataplane.edge.function_purity import constants_of_pure
from localcloud.dataplane.edge.function_runs import KEPT_RESULTS, FunctionRuns
from localcloud.dataplane.edge.functions import FunctionError, FunctionRuntime
from localcloud.dataplane.edge.messages import EdgeRequest

ARN, STORE = "arn:function", "arn:aws:cloudfront::123456789012:key-value-store/s"
DISTRIBUTION = Distribution(id="E1", arn="arn:d", domain_name="d1.cloudfront.net")
REQUEST = EdgeRequest(
    method="GET", path="/a", query="q=1", headers={"host": "a.test"}, viewer_address="127.0.0.1", request_id="1"
)
PLAIN = "function handler(event) { event.request.uri = '/x' + event.request.uri; return event.request; }"


class Runs:
    """A function, and how often it really ran."""

    def __init__(self, code: str, monkeypatch: pytest.MonkeyPatch, *, store: Mapping[str, str] | None = None) -> None:
        self.count = 0
        self._runs = FunctionRuns()
        function = EdgeFunction(
            name="f", arn=ARN, runtime="cloudfront-js-2.0", code=code, etag="1", key_value_store_arn=STORE
        )
        self.configuration = Configuration(
            cloudfront=CloudFrontState(functions={ARN: function}), key_value_stores={STORE: store or {}}
        )
        original = FunctionRuntime.run

        async def counted(runtime: FunctionRuntime, *arguments: Any, **named: Any) -> Any:
            self.count += 1
            return await original(runtime, *arguments, **named)

        monkeypatch.setattr(FunctionRuntime, "run", counted)

    async def one(self, request: EdgeRequest, configuration: Configuration) -> Any:
        return (await self._runs.run_request(ARN, request, DISTRIBUTION, configuration)).result

    def ask(self, *requests: EdgeRequest, configurations: Sequence[Configuration] = ()) -> list[Any]:
        """Returns the results of requests, each with its configuration."""

        async def run() -> list[Any]:
            chosen = configurations or [self.configuration] * len(requests)
            return [await self.one(*each) for each in zip(requests, chosen, strict=True)]

        return asyncio.run(run())


def test_same_request_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(PLAIN, monkeypatch)
    others = [replace(REQUEST, request_id="2"), replace(REQUEST, viewer_address="127.18.2.1")]
    results = runs.ask(REQUEST, REQUEST, *others)
    assert [each["uri"] for each in results] == ["/x/a"] * 4
    assert runs.count == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, path="/b"),
        replace(REQUEST, query="q=2"),
        replace(REQUEST, method="HEAD"),
        replace(REQUEST, headers={"host": "b.test"}),
        replace(REQUEST, headers={"host": "a.test", "x": "y"}),
    ],
)
def test_whatever_a_function_can_see_of_a_request_counts(monkeypatch: pytest.MonkeyPatch, other: EdgeRequest) -> None:
    runs = Runs(PLAIN, monkeypatch)
    runs.ask(REQUEST, other, REQUEST, other)
    assert runs.count == 2


@pytest.mark.parametrize(
    "read", ["event.viewer.ip", "Object.values(event.viewer)[0]", "JSON.parse(JSON.stringify(event)).viewer.ip"]
)
def test_address_counts_where_it_is_read(monkeypatch: pytest.MonkeyPatch, read: str) -> None:
    code = f"function handler(event) {{ event.request.uri = '/' + {read}; return event.request; }}"
    if "stringify" in read:  # which reads the request's id too
        code = code.replace("return", "event.context.requestId = ''; return")
    runs = Runs(code, monkeypatch)
    other = replace(REQUEST, viewer_address="127.18.2.1")
    results = runs.ask(REQUEST, other, REQUEST, other)
    assert [each["uri"] for each in results] == ["/127.0.0.1", "/127.18.2.1"] * 2
    assert runs.count == (4 if "stringify" in read else 2)


def counting(top: str, step: str) -> str:
    """Returns a function whose uri tells what it keeps."""
    return f"{top} function handler(event) {{ event.request.uri = '/' + ({step}); return event.request; }}"


@pytest.mark.parametrize(
    "code",
    [
        counting("let n = 0;", "n += 1"),
        counting("const seen = {n: 0};", "seen.n += 1"),
        counting("const seen = [];", "seen.push(1)"),
        counting("const seen = new Array();", "seen.push(1)"),
        counting("const next = (() => { let n = 0; return () => ++n; })();", "next()"),
        counting("", "handler.n = (handler.n || 0) + 1"),
        counting("const of = {f: () => 1};", "of.f.n = (of.f.n || 0) + 1"),
        counting("const every = /a/g;", "every.test('aa'), every.lastIndex"),
        counting("", "event.context.requestId"),
        counting("", "Date.now()"),
        counting("", "new Date().getTime()"),
        counting("", "Math.random()"),
        counting("", "console.log('every time')"),
    ],
)
def test_what_may_differ_from_run_to_run_is_run_each_time(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    runs = Runs(code, monkeypatch)
    runs.ask(REQUEST, REQUEST, REQUEST)
    assert runs.count == 3


def test_error_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs("function handler(event) { throw new Error('no'); }", monkeypatch)

    async def run() -> None:
        for _ in range(2):
            with pytest.raises(FunctionError):
                await runs.one(REQUEST, runs.configuration)

    asyncio.run(run())
    assert runs.count == 2


def test_new_contents_of_the_store_and_new_code_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """import cf from 'cloudfront';
    async function handler(event) { event.request.uri = '/' + await cf.kvs().get('to'); return event.request; }"""
    runs = Runs(code, monkeypatch, store={"to": "one"})
    moved = replace(runs.configuration, key_value_stores={STORE: {"to": "two"}})
    function = replace(runs.configuration.cloudfront.functions[ARN], code=PLAIN, etag="2")
    changed = replace(moved, cloudfront=CloudFrontState(functions={ARN: function}))
    results = runs.ask(REQUEST, REQUEST, REQUEST, configurations=[runs.configuration, moved, changed])
    assert [each["uri"] for each in results] == ["/one", "/two", "/x/a"]


def test_results_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(PLAIN, monkeypatch)
    many = [replace(REQUEST, path=f"/{number}") for number in range(KEPT_RESULTS + 1)]
    runs.ask(*many, many[-1], many[0])
    assert runs.count == KEPT_RESULTS + 2


@pytest.mark.parametrize("policy", [None, {"kind": "weighted", "hostname": "a.test", "otherShare": 0.5}])
def test_router_function_is_pure(policy: dict[str, Any] | None) -> None:
    assert constants_of_pure(render(own="eu-central-1", other="us-east-1", policy=policy)) is not None


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("function handler(event) { return event.request; }", ("handler",)),
        ("'use strict'; const A = 1, B = {c: [1, 'x', /y/i]}; const f = (x) => x;", ("A", "B", "f")),
        ("import cf from 'cloudfront'; const kvs = cf.kvs(); const id = -1;", ("kvs", "id")),
        ("var A = 1;", None),
        ("const A = make();", None),
        ("const [A] = [1];", None),
        ("const A = /x/y;", None),
        ("const A = {b: new Date()};", None),
        ("handler.x = 1;", None),
        ("function handler(event) { globalThis.n = 1; }", None),
        ("function handler(event) { Array.prototype.n = 1; }", None),
        ("function handler(event) {", None),
    ],
)
def test_top_level_tells_whether_a_function_is_pure(code: str, names: tuple[str, ...] | None) -> None:
    assert constants_of_pure(code) == names
