"""CloudFront functions: the event, what they may change, helpers, key value stores, and what fails."""

import json
from typing import Any

import pytest

from tests.conformance.cloud import DISABLED, Cloud, items, unique
from tests.documented import documented, stated

STORE_HANDLER = """
async function handler(event) {
  return { statusCode: 200, body: String(await BODY) };
}
"""


def store(cloud: Cloud, **values: str) -> str:
    """Makes a key value store; returns its ARN."""
    arn = str(cloud.aws("cloudfront").create_key_value_store(Name=unique("kvs"))["KeyValueStore"]["ARN"])
    keys = cloud.aws("cloudfront-keyvaluestore")
    for key, value in values.items():
        etag = keys.describe_key_value_store(KvsARN=arn)["ETag"]
        keys.put_key(KvsARN=arn, Key=key, Value=value, IfMatch=etag)
    return arn


def function(cloud: Cloud, code: str, store_arn: str | None = None, runtime: str = "cloudfront-js-2.0") -> str:
    """Publishes a function; returns its ARN."""
    cloudfront, name = cloud.aws("cloudfront"), unique("f")
    stores = items([{"KeyValueStoreARN": store_arn}]) if store_arn else items([])
    config = {"Comment": "", "Runtime": runtime, "KeyValueStoreAssociations": stores}
    made = cloudfront.create_function(Name=name, FunctionConfig=config, FunctionCode=code.encode())
    cloudfront.publish_function(Name=name, IfMatch=made["ETag"])
    return str(made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])


def served(
    cloud: Cloud,
    code: str,
    *,
    event: str = "viewer-request",
    store_arn: str | None = None,
    runtime: str = "cloudfront-js-2.0",
    **objects: str,
) -> str:
    """Makes a distribution with the function; returns its domain."""
    arn = function(cloud, code, store_arn, runtime)
    behavior = {
        "CachePolicyId": DISABLED,
        "FunctionAssociations": items([{"EventType": event, "FunctionARN": arn}]),
    }
    bucket = cloud.readable_bucket(**{"i": "object", "other": "other", **objects})
    return str(cloud.distribution([cloud.origin(bucket)], behavior)["DomainName"])


def answering(expression: str) -> str:
    """Returns a function that answers with an expression as JSON."""
    return f"function handler(event) {{ return {{ statusCode: 200, body: JSON.stringify({expression}) }}; }}"


@pytest.mark.parametrize(
    ("expression", "path", "headers", "expected"),
    [
        stated("CF/functions-event-structure", "The event has the method.", "event.request.method", "/i", {}, "GET"),
        stated(
            "CF/functions-event-structure",
            "The event has the path without the query string.",
            "event.request.uri",
            "/i?a=1",
            {},
            "/i",
        ),
        stated(
            "CF/functions-event-structure",
            "A query string is an object of name and value.",
            "event.request.querystring",
            "/i?a=1",
            {},
            {"a": {"value": "1"}},
        ),
        stated(
            "CF/functions-event-structure",
            "A query string with several values has multiValue.",
            "event.request.querystring.a.multiValue.length",
            "/i?a=1&a=2",
            {},
            2,
        ),
        stated(
            "CF/functions-event-structure",
            "Headers have lower-case names.",
            "event.request.headers['x-a'].value",
            "/i",
            {"X-A": "Value"},
            "Value",
        ),
        stated(
            "CF/functions-event-structure",
            "Cookies are an object of their own.",
            "event.request.cookies",
            "/i",
            {"Cookie": "a=1; b=2"},
            {"a": {"value": "1"}, "b": {"value": "2"}},
        ),
        stated(
            "CF/functions-event-structure",
            "The Cookie header is not among the headers.",
            "event.request.headers.cookie === undefined",
            "/i",
            {"Cookie": "a=1"},
            True,
        ),
        stated(
            "CF/functions-event-structure",
            "The context names the event type.",
            "event.context.eventType",
            "/i",
            {},
            "viewer-request",
        ),
        stated("CF/functions-event-structure", "The event's version is 1.0.", "event.version", "/i", {}, "1.0"),
        stated(
            "CF/general-helper-methods",
            "rawQueryString() gives the query string as it came.",
            "event.request.rawQueryString()",
            "/i?b=2&a=%31",
            {},
            "b=2&a=%31",
        ),
    ],
)
def test_event(cloud: Cloud, expression: str, path: str, headers: dict[str, str], expected: Any) -> None:
    answer = cloud.get(served(cloud, answering(expression)), path, headers=headers)
    assert (answer.status, json.loads(answer.body)) == (200, expected)


@documented("CF/functions-event-structure", "A function that changes the uri changes the object.")
def test_function_rewrites_the_uri(cloud: Cloud) -> None:
    domain = served(cloud, "function handler(event) { event.request.uri = '/other'; return event.request; }")
    assert cloud.get(domain, "/i").body == b"other"


@documented("CF/functions-event-structure", "A function that returns a response answers without the origin.")
def test_function_answers_itself(cloud: Cloud) -> None:
    code = """function handler(event) {
      return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: '/there' } } };
    }"""
    answer = cloud.get(served(cloud, code), "/i")
    assert (answer.status, answer.headers["location"]) == (302, "/there")
    assert answer.headers["x-cache"] == "FunctionGeneratedResponse from cloudfront"


@documented("CF/functions-event-structure", "A viewer-response function adds headers.")
def test_response_function_adds_headers(cloud: Cloud) -> None:
    code = "function handler(event) { event.response.headers['x-added'] = { value: '1' }; return event.response; }"
    answer = cloud.get(served(cloud, code, event="viewer-response"), "/i")
    assert (answer.body, answer.headers["x-added"]) == (b"object", "1")


@documented(
    "CF/edge-function-restrictions-all", "A viewer-response function does not run for a status of 400 or above."
)
def test_response_function_does_not_run_for_errors(cloud: Cloud) -> None:
    code = "function handler(event) { event.response.headers['x-added'] = { value: '1' }; return event.response; }"
    answer = cloud.get(served(cloud, code, event="viewer-response"), "/nothing")
    assert answer.status == 404
    assert "x-added" not in answer.headers


@pytest.mark.parametrize(
    "code",
    [
        stated(
            "CF/http-503-service-unavailable",
            "A function that throws is answered with 503.",
            "function handler(event) { throw new Error('x'); }",
        ),
        stated(
            "CF/http-503-service-unavailable",
            "A function that returns nothing is answered with 503.",
            "function handler(event) { }",
        ),
        stated(
            "CF/http-503-service-unavailable",
            "A function that does not end is answered with 503.",
            "function handler(event) { while (true) { } }",
        ),
        stated(
            "CF/functions-javascript-runtime-20",
            "Classes are not in runtime 2.0.",
            "class A { }\nfunction handler(event) { return event.request; }",
        ),
        stated(
            "CF/functions-javascript-runtime-20",
            "Destructuring is not in runtime 2.0.",
            "function handler(event) { const { request } = event; return request; }",
        ),
        stated(
            "CF/functions-javascript-runtime-20",
            "eval is not in runtime 2.0.",
            "function handler(event) { eval('1'); return event.request; }",
        ),
        stated(
            "CF/cloudfront-function-restrictions",
            "Timers are not in CloudFront functions.",
            "function handler(event) { setTimeout(function () { }, 1); return event.request; }",
        ),
    ],
)
def test_function_fails(cloud: Cloud, code: str) -> None:
    assert cloud.get(served(cloud, code), "/i").status == 503


@pytest.mark.parametrize(
    ("code", "status"),
    [
        stated(
            "CF/functions-javascript-runtime-10",
            "Runtime 1.0 has var, arrow functions and template literals.",
            "var to = (name) => `/${name}`;\n"
            "function handler(event) { var request = event.request; request.uri = to('other'); return request; }",
            200,
        ),
        stated(
            "CF/functions-javascript-runtime-10",
            "const and let are not in runtime 1.0.",
            "function handler(event) { const request = event.request; return request; }",
            503,
        ),
        stated(
            "CF/functions-javascript-runtime-20",
            "async and await are new in runtime 2.0.",
            "async function handler(event) { return event.request; }",
            503,
        ),
    ],
)
def test_function_of_runtime_1(cloud: Cloud, code: str, status: int) -> None:
    answer = cloud.get(served(cloud, code, runtime="cloudfront-js-1.0"), "/i")
    assert (answer.status, answer.body if status == 200 else b"") == (status, b"other" if status == 200 else b"")


@documented(
    "CF/functions-tutorial-kvs", "cf.kvs() at the top of the module gives the associated store, as in AWS's example."
)
def test_store_is_opened_at_module_level(cloud: Cloud) -> None:
    code = "import cf from 'cloudfront';\nconst kvsHandle = cf.kvs();\n" + STORE_HANDLER.replace(
        "BODY", "kvsHandle.get('a')"
    )
    domain = served(cloud, code, store_arn=store(cloud, a="1"))
    cloud.until(lambda: cloud.get(domain, "/i").body == b"1", seconds=5)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        stated("CF/functions-custom-methods", "get gives a key's value.", "cf.kvs().get('a')", b"1"),
        stated(
            "CF/functions-custom-methods",
            "get with format json gives the parsed value.",
            "cf.kvs().get('j', { format: 'json' }).then(function (v) { return v.k; })",
            b"2",
        ),
        stated(
            "CF/functions-custom-methods",
            "exists tells whether there is a key.",
            "cf.kvs().exists('nothing')",
            b"false",
        ),
        stated("CF/functions-custom-methods", "count gives the number of keys.", "cf.kvs().count()", b"2"),
        stated(
            "CF/functions-custom-methods",
            "meta gives the number of keys too.",
            "cf.kvs().meta().then(function (m) { return m.keyCount; })",
            b"2",
        ),
    ],
)
def test_store_method(cloud: Cloud, expression: str, expected: bytes) -> None:
    code = "import cf from 'cloudfront';\n" + STORE_HANDLER.replace("BODY", expression)
    domain = served(cloud, code, store_arn=store(cloud, a="1", j='{"k": 2}'))
    cloud.until(lambda: cloud.get(domain, "/i").body == expected, seconds=5)


@documented("CFAPI/API_KeyValueStore", "A key value store without a comment has none.")
def test_store_without_a_comment_has_none(cloud: Cloud) -> None:
    made = cloud.aws("cloudfront").create_key_value_store(Name=unique("kvs"))["KeyValueStore"]
    assert made.get("Comment") is None


@documented("CF/functions-custom-methods", "get of a key that is not there throws.")
def test_store_get_throws_without_the_key(cloud: Cloud) -> None:
    code = "import cf from 'cloudfront';\n" + STORE_HANDLER.replace("BODY", "cf.kvs().get('nothing')")
    assert cloud.get(served(cloud, code, store_arn=store(cloud)), "/i").status == 503


@documented("CF/kvs-with-functions", "cf.kvs() fails in a function without a store.")
def test_store_needs_an_association(cloud: Cloud) -> None:
    code = "import cf from 'cloudfront';\n" + STORE_HANDLER.replace("BODY", "cf.kvs().count()")
    assert cloud.get(served(cloud, code), "/i").status == 503


@documented("CF/kvs-with-functions", "A written key reaches the functions within seconds.")
def test_store_write_reaches_the_function(cloud: Cloud) -> None:
    arn = store(cloud, a="1")
    code = "import cf from 'cloudfront';\n" + STORE_HANDLER.replace("BODY", "cf.kvs().get('a')")
    domain, keys = served(cloud, code, store_arn=arn), cloud.aws("cloudfront-keyvaluestore")
    cloud.until(lambda: cloud.get(domain, "/i").body == b"1")
    keys.put_key(KvsARN=arn, Key="a", Value="2", IfMatch=keys.describe_key_value_store(KvsARN=arn)["ETag"])
    cloud.until(lambda: cloud.get(domain, "/i").body == b"2", seconds=5)


def two_origins(cloud: Cloud, body: str) -> str:
    """Makes a distribution with origins a (absent objects) and b; the function's body chooses; returns its domain."""
    code = f"import cf from 'cloudfront';\nfunction handler(event) {{ {body}; return event.request; }}"
    arn = function(cloud, code)
    behavior = {
        "CachePolicyId": DISABLED,
        "FunctionAssociations": items([{"EventType": "viewer-request", "FunctionARN": arn}]),
    }
    first, second = cloud.readable_bucket(), cloud.readable_bucket(i="b's", **{"folder/i": "b's folder"})
    origins = [cloud.origin(first, "a"), cloud.origin(second, "b")]
    return str(cloud.distribution(origins, behavior)["DomainName"])


@documented(
    "CF/helper-functions-origin-modification",
    "selectRequestOriginById sends the request to another origin of the distribution.",
)
def test_function_selects_an_origin(cloud: Cloud) -> None:
    assert cloud.get(two_origins(cloud, "cf.selectRequestOriginById('b')"), "/i").body == b"b's"


@documented("CF/helper-functions-origin-modification", "selectRequestOriginById of an unknown origin fails.")
def test_function_fails_with_an_unknown_origin(cloud: Cloud) -> None:
    assert cloud.get(two_origins(cloud, "cf.selectRequestOriginById('c')"), "/i").status == 503


@documented(
    "CF/helper-functions-origin-modification",
    "createRequestOriginGroup makes a group whose first origin is the primary.",
)
def test_function_makes_a_group(cloud: Cloud) -> None:
    group = "{ originIds: [{ originId: 'a' }, { originId: 'b' }], failoverCriteria: { statusCodes: [404] } }"
    assert cloud.get(two_origins(cloud, f"cf.createRequestOriginGroup({group})"), "/i").body == b"b's"


@documented("CF/helper-functions-origin-modification", "createRequestOriginGroup takes two origins.")
def test_function_fails_with_a_group_of_one(cloud: Cloud) -> None:
    group = "{ originIds: [{ originId: 'a' }], failoverCriteria: { statusCodes: [404] } }"
    assert cloud.get(two_origins(cloud, f"cf.createRequestOriginGroup({group})"), "/i").status == 503


@documented("CF/helper-functions-origin-modification", "updateRequestOrigin changes the origin's path.")
def test_function_updates_the_origin_path(cloud: Cloud) -> None:
    body = "cf.selectRequestOriginById('b'); cf.updateRequestOrigin({ originPath: '/folder' })"
    assert cloud.get(two_origins(cloud, body), "/i").body == b"b's folder"


@documented("CF/helper-functions-origin-modification", "A read timeout above 120 seconds fails.")
def test_function_fails_with_a_long_timeout(cloud: Cloud) -> None:
    body = "cf.updateRequestOrigin({ timeouts: { readTimeout: 121 } })"
    assert cloud.get(two_origins(cloud, body), "/i").status == 503
