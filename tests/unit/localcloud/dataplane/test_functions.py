"""CloudFront functions in V8: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from localcloud.dataplane.configuration import Distribution, EdgeFunction, OriginGroup
from localcloud.dataplane.edge.function_results import generated_response, rewritten_request
from localcloud.dataplane.edge.functions import FunctionError, FunctionOutcome, FunctionRuntime, request_event
from localcloud.dataplane.edge.messages import EdgeRequest
from localcloud.dataplane.edge.origin_plans import changed_plan, plan_of
from localcloud.model.errors import UnsupportedResource
from localcloud.model.origins import Origin

ORIGINS = {
    id_: Origin(id=id_, domain_name=f"{id_}.s3.eu-central-1.amazonaws.com", access_control_id="oac")
    for id_ in ("one", "two")
}
DISTRIBUTION = Distribution(
    id="E1",
    arn="arn:aws:cloudfront::123456789012:distribution/E1",
    domain_name="d1.cloudfront.net",
    origins=ORIGINS,
    origin_groups={"group": OriginGroup(member_ids=("one", "two"), status_codes=frozenset({503}))},
)
REQUEST = EdgeRequest(
    method="GET",
    path="/a",
    query="x=1&y=2&y=3&flag",
    headers={"host": "www.example.test", "cookie": "c=1; d=2", "accept": "*/*"},
    viewer_address="192.0.2.1",
    request_id="id",
)


STORE = "arn:aws:cloudfront::123456789012:key-value-store/11111111-2222-3333-4444-555555555555"


def function(code: str, *, runtime: str = "cloudfront-js-2.0", store_arn: str | None = None) -> EdgeFunction:
    return EdgeFunction(name="f", arn="arn:f", runtime=runtime, code=code, etag="1", key_value_store_arn=store_arn)


def run(body: str, *, store: Mapping[str, str] | None = None, event_type: str = "viewer-request") -> FunctionOutcome:
    """Run `body` inside an async handler that has `event`, `request` and `cf`."""
    code = (
        "import cf from 'cloudfront';\n"
        f"async function handler(event) {{ const request = event.request; {body}; return request; }}"
    )

    return run_module(code, store=store, event_type=event_type)


def run_module(
    code: str, *, store: Mapping[str, str] | None = None, event_type: str = "viewer-request"
) -> FunctionOutcome:
    """Run a whole function."""

    async def once() -> FunctionOutcome:
        event = request_event(REQUEST, DISTRIBUTION, event_type)
        runtime = FunctionRuntime(function(code, store_arn=None if store is None else STORE))
        try:
            return await runtime.run(event, store=store, now_milliseconds=1_000)
        finally:
            runtime.close()  # V8 may still be ending a run that took too long, and would call back into a closed loop

    return asyncio.run(once())


def header(outcome: FunctionOutcome, name: str) -> Any:
    return json.loads(outcome.result["headers"][name]["value"])


def test_function_event_has_aws_structure() -> None:
    """functions-event-structure.html"""
    event = request_event(REQUEST, DISTRIBUTION, "viewer-request")
    assert event["version"] == "1.0"
    assert event["context"] == {
        "distributionDomainName": "d1.cloudfront.net",
        "distributionId": "E1",
        "eventType": "viewer-request",
        "requestId": "id",
    }
    assert event["request"]["querystring"]["y"] == {"value": "3", "multiValue": [{"value": "2"}, {"value": "3"}]}
    assert event["request"]["cookies"] == {"c": {"value": "1"}, "d": {"value": "2"}}
    assert "cookie" not in event["request"]["headers"]


def test_function_unchanged_request_is_the_viewers_request() -> None:
    assert rewritten_request(REQUEST, run("").result) == REQUEST


def test_function_rewrites_uri_query_and_headers_but_not_host() -> None:
    outcome = run("request.uri = '/b'; delete request.querystring.y; request.headers.host = {value: 'evil.test'}")
    changed = rewritten_request(REQUEST, outcome.result)
    assert (changed.path, changed.query, changed.headers["host"]) == ("/b", "x=1&flag", "www.example.test")


def test_function_rejects_a_uri_without_slash() -> None:
    with pytest.raises(FunctionError, match="must begin with a slash"):
        rewritten_request(REQUEST, run("request.uri = 'b'").result)


def test_function_generated_response_may_be_base64() -> None:
    outcome = run("return {statusCode: 200, body: {encoding: 'base64', data: 'aGk='}}")
    response = generated_response(outcome.result)
    assert response is not None
    assert response.body == b"hi"


def test_function_store_get_reads_and_converts() -> None:
    """functions-custom-methods.html"""
    body = """
      const kvs = cf.kvs();
      const seen = [await kvs.get('a'), await kvs.get('j', {format: 'json'}), await kvs.exists('z'), await kvs.count()];
      request.headers.seen = {value: JSON.stringify(seen)}
    """
    assert header(run(body, store={"a": "1", "j": '{"k": 2}'}), "seen") == ["1", {"k": 2}, False, 2]


def test_function_store_get_throws_on_a_missing_key() -> None:
    body = "try { await cf.kvs().get('z') } catch (error) { request.headers.seen = {value: '\"thrown\"'} }"
    assert header(run(body, store={}), "seen") == "thrown"


def test_function_without_a_store_cannot_open_one() -> None:
    with pytest.raises(FunctionError, match="no key value store"):
        run("await cf.kvs().get('a')")


def test_function_time_stands_still() -> None:
    """functions-javascript-runtime-20.html"""
    body = "const a = Date.now(); for (let i = 0; i < 1e5; i++); request.headers.seen = {value: '' + [a, +new Date()]}"
    assert run(body).result["headers"]["seen"]["value"] == "1000,1000"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("throw new Error('on purpose')", "on purpose"),
        ("while (true);", "does not end"),
        ("await new Promise(() => {})", "never settles"),
        ("return 1", "returned no object"),
        ("nothing.here", "ReferenceError"),
    ],
)
def test_function_failure_is_reported(body: str, message: str) -> None:
    with pytest.raises(FunctionError, match=message):
        run(body)


def test_function_that_does_not_compile_is_reported() -> None:
    with pytest.raises(FunctionError, match="does not compile"):
        FunctionRuntime(function("function handler( {"))


@pytest.mark.parametrize(
    ("code", "runtime"),
    [
        ("function handler(e) { return e.request }", "cloudfront-js-0.9"),
        ("import a from 'fs';", "cloudfront-js-2.0"),
    ],
)
def test_function_rejects_what_is_not_modelled(code: str, runtime: str) -> None:
    with pytest.raises(UnsupportedResource, match="not modelled"):
        FunctionRuntime(function(code, runtime=runtime))


def test_function_synchronous_handler_runs() -> None:
    async def once() -> FunctionOutcome:
        runtime = FunctionRuntime(function("function handler(event) { return event.request }"))
        return await runtime.run(request_event(REQUEST, DISTRIBUTION, "viewer-request"), store=None, now_milliseconds=0)

    assert asyncio.run(once()).result["uri"] == "/a"


def test_function_origin_update_changes_the_primary_only() -> None:
    """helper-functions-origin-modification.html: unset fields keep their value."""
    outcome = run("cf.updateRequestOrigin({timeouts: {readTimeout: 4}, connectionAttempts: 2})")
    primary, secondary = changed_plan(plan_of(DISTRIBUTION, "group"), outcome.origin_calls, DISTRIBUTION).members
    assert (primary.read_timeout_seconds, primary.connection_attempts, primary.connection_timeout_seconds) == (4, 2, 10)
    assert secondary == ORIGINS["two"]


def test_function_origin_update_makes_a_custom_origin_of_the_bucket() -> None:
    """Same page: customOriginConfig is for what is no bucket; the port counts for the protocol that is named."""
    outcome = run(
        "cf.updateRequestOrigin({domainName: 'App.Example.net', hostHeader: 'app.example.org', originPath: '/v2',"
        " customHeaders: {'x-from': 'edge'}, originAccessControlConfig: {enabled: false},"
        " customOriginConfig: {port: 8443, protocol: 'https', sslProtocols: ['TLSv1.2']}})"
    )
    (origin,) = changed_plan(plan_of(DISTRIBUTION, "one"), outcome.origin_calls, DISTRIBUTION).members
    assert (origin.domain_name, origin.host_header, origin.origin_path) == ("app.example.net", "app.example.org", "/v2")
    assert (origin.is_s3, origin.access_control_id, dict(origin.custom_headers)) == (False, "", {"x-from": "edge"})
    assert (origin.is_asked_over_tls(viewer_is_secure=False), origin.https_port) == (True, 8443)


def test_function_origin_selection_uses_that_origins_own_settings() -> None:
    outcome = run("cf.selectRequestOriginById('two')")
    assert changed_plan(plan_of(DISTRIBUTION, "group"), outcome.origin_calls, DISTRIBUTION).members == (ORIGINS["two"],)


def test_function_origin_group_has_the_order_and_codes_of_the_call() -> None:
    outcome = run(
        "cf.createRequestOriginGroup({originIds: [{originId: 'two'}, {originId: 'one'}],"
        " failoverCriteria: {statusCodes: [500]}})"
    )
    plan = changed_plan(plan_of(DISTRIBUTION, "one"), outcome.origin_calls, DISTRIBUTION)
    assert ([member.id for member in plan.members], plan.failover_status_codes) == (["two", "one"], frozenset({500}))


BOTH_IDS = "originIds: [{originId: 'two'}, {originId: 'one'}]"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("cf.selectRequestOriginById('gone')", "does not exist"),
        ("cf.createRequestOriginGroup({originIds: [{originId: 'one'}]})", "exactly two"),
        # high_availability_origin_failover.html: the codes of a group
        (f"cf.createRequestOriginGroup({{{BOTH_IDS}, failoverCriteria: {{statusCodes: [418]}}}})", "418"),
        (f"cf.createRequestOriginGroup({{{BOTH_IDS}}})", "statusCodes"),
        # helper-functions-origin-modification.html: attempts 1-3, connectionTimeout 1-10, readTimeout 1-120
        ("cf.updateRequestOrigin({connectionAttempts: 4})", "between 1 and 3"),
        ("cf.updateRequestOrigin({timeouts: {connectionTimeout: 11}})", "between 1 and 10"),
        ("cf.updateRequestOrigin({timeouts: {readTimeout: 121}})", "between 1 and 120"),
        ("cf.updateRequestOrigin({timeouts: {readTimeout: 0}})", "between 1 and 120"),
    ],
)
def test_function_origin_calls_reject_unknown_and_incomplete(call: str, message: str) -> None:
    with pytest.raises(FunctionError, match=message):
        changed_plan(plan_of(DISTRIBUTION, "one"), run(call).origin_calls, DISTRIBUTION)


def test_function_origin_helpers_work_in_viewer_request_only() -> None:
    with pytest.raises(FunctionError, match="viewer-request functions only"):
        run("cf.updateRequestOrigin({})", event_type="viewer-response")


@pytest.mark.parametrize("text", ["", "abc", "x" * 55, "x" * 56, "x" * 64, "ü€😀" * 40])
def test_crypto_hashes_as_the_standard_says(text: str) -> None:
    """functions-javascript-runtime-20.html, Crypto: createHash, hash.update, hash.digest"""
    code = (
        "import crypto from 'crypto';\n"
        "function handler(event) { const request = event.request; request.uri = '/' + crypto.createHash('sha256')"
        f".update({json.dumps(text)}).digest('hex'); return request; }}"
    )
    assert run_module(code).result["uri"] == f"/{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize(
    "call",
    [
        "createHash('md5')",
        "createHash('sha256').digest('base64')",
        "createHmac('sha256', 'k')",
        "createHash('sha256').update(1)",
    ],
)
def test_crypto_rejects_what_is_not_modelled(call: str) -> None:
    code = f"import crypto from 'crypto';\nfunction handler(event) {{ crypto.{call}; return event.request; }}"
    with pytest.raises(FunctionError, match="not modelled"):
        run_module(code)


@pytest.mark.parametrize(("query", "seen"), [("x=1&y=2&y=3&flag", "x=1&y=2&y=3&flag"), ("", "undefined")])
def test_function_reads_the_query_string_as_it_was_sent(query: str, seen: str) -> None:
    """general-helper-methods.html"""
    code = "function handler(e) { e.request.uri = '/' + e.request.rawQueryString(); return e.request; }"
    event = request_event(replace(REQUEST, query=query), DISTRIBUTION, "viewer-request")

    async def once() -> FunctionOutcome:
        return await FunctionRuntime(function(code)).run(event, store=None, now_milliseconds=0)

    assert asyncio.run(once()).result["uri"] == f"/{seen}"


def test_function_opens_its_store_at_module_level() -> None:
    """functions-tutorial-kvs.html: `const kvsHandle = cf.kvs();` stands above the handler."""
    code = (
        "import cf from 'cloudfront';\nconst kvsHandle = cf.kvs();\n"
        "async function handler(event) { event.request.uri = '/' + await kvsHandle.get('a'); return event.request; }"
    )
    assert run_module(code, store={"a": "1"}).result["uri"] == "/1"
    with pytest.raises(FunctionError, match="no key value store is associated"):
        run_module(code)


def test_function_opens_no_store_but_its_own() -> None:
    """functions-tutorial-kvs.html: the id in `cf.kvs(id)` is that of the associated store."""
    own, other = STORE.rpartition("/")[2], "99999999-2222-3333-4444-555555555555"
    code = (
        "import cf from 'cloudfront';\nconst kvs = cf.kvs('{}');\nfunction handler(event) {{ return event.request; }}"
    )
    run_module(code.format(own), store={})
    with pytest.raises(FunctionError, match="no key value store 9999"):
        run_module(code.format(other), store={})
