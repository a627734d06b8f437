"""Any bytes in path, query and headers: neither the regional endpoint nor the router makes a 5xx of them."""

import json
from collections.abc import Iterator
from types import ModuleType
from urllib.parse import quote_from_bytes, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.worlds.regional_handler import Objects, load_handler, request
from tests.worlds.router_function import RouterFunction

PARTS = (
    b"/",
    b"//",
    b"..",
    b"%",
    b"%zz",
    b"%ff",
    b"%00",
    b"%ED%A0%80",
    b"%25",
    b"\xff",
    b"\xc3\xbc",
    b"index.html",
    b"about/",
)
MORE = (
    b"blog/x",
    b"old",
    b"health/region.json",
    b"errors/404.html",
    b"x" * 1100,
    b"@" * 3000,
    b"?",
    b"#",
    b"__proto__",
)
BYTES = st.lists(st.sampled_from(PARTS + MORE) | st.binary(max_size=8), max_size=5).map(b"".join)
# HTTP header values are bytes too; API Gateway and CloudFront hand them on as text.
TEXT = st.text(max_size=30) | st.sampled_from(
    ["bytes=0-" + "9" * 5000, "bytes=-0", "*", 'W/"1"', "br;q=0, gzip", ";,;=", "\x00"]
)
NAMES = ("range", "if-none-match", "if-range", "accept-encoding", "host", "cookie", "x-forwarded-for")
HEADERS = st.dictionaries(st.sampled_from(NAMES), TEXT, max_size=4)
POINTER = {
    "style": "add",
    "br": "html js",
    "gzip": "html",
    "redirects": {"old/index.html": "301 /new/?a=b#c", "old": "302 https://example.com/"},
    "wildcards": "/blog/ 301 /news/*",
}


@pytest.fixture(scope="module")
def handler() -> Iterator[ModuleType]:
    objects = Objects()
    objects.publish("r1", {"index.html": b"<h1>home</h1>", "about/index.html": b"about", "index.html.br": b"br"})
    body, type_ = objects.content["control/active.json"]
    objects.content["control/active.json"] = (json.dumps({**json.loads(body), **POINTER}).encode(), type_)
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield load_handler(monkeypatch, objects)


@settings(max_examples=400)
@example(path=b"x" * 1100, query=b"", headers={}, method="GET")
@example(path=b"old", query=b"\xff\r\nset-cookie: a=b", headers={}, method="GET")
@example(path=b"", query=b"", headers={"range": "bytes=0-" + "9" * 5000}, method="GET")
@given(path=BYTES, query=BYTES, headers=HEADERS, method=st.sampled_from(["GET", "HEAD", "POST"]))
def test_regional_endpoint_answers_any_request(
    handler: ModuleType, path: bytes, query: bytes, headers: dict[str, str], method: str
) -> None:
    text = unquote((b"/" + path).decode("utf-8", "replace"))
    event = request(text, method=method, headers=headers, query=query.decode("utf-8", "replace"))
    answer = handler.handler(event, None)
    assert 200 <= answer["statusCode"] < 500
    json.dumps(answer, ensure_ascii=False).encode()  # as Lambda's runtime sends it
    # https://datatracker.ietf.org/doc/html/rfc9110#section-5.5: visible ASCII, space and tab
    assert all(" " <= character <= "~" for value in answer["headers"].values() for character in str(value))


@pytest.mark.parametrize("path", ["/\ud800", "/a\udfff/b", "/" + "ü" * 481, "/" + "x" * 961])
def test_path_that_no_file_can_have_is_a_404(handler: ModuleType, path: str) -> None:
    assert handler.handler(request(path), None)["statusCode"] == 404


def test_request_without_headers_and_query_is_answered(handler: ModuleType) -> None:
    event = {"rawPath": "/", "headers": None, "rawQueryString": None, "requestContext": {"http": {"method": "GET"}}}
    assert handler.handler(event, None)["statusCode"] == 200


ROUTER = RouterFunction(own="eu-central-1", other="us-east-1")
RELEASE = {"id": "r1", "base": "0123456789abcdef", "style": "add", "br": "html js", "gzip": "html"}
ROUTING: dict[str, object] = {
    "active": RELEASE,
    "previous": None,
    "canary": {**RELEASE, "percent": 50},
    "drained_regions": [],
}


@settings(max_examples=150)
@example(path=b"@" * 3000, headers={}, query="")
@example(path=b"%ED%A0%80", headers={}, query="")
@given(path=BYTES, headers=HEADERS, query=st.text(st.characters(max_codepoint=127), max_size=20))
def test_router_answers_any_request(path: bytes, headers: dict[str, str], query: str) -> None:
    uri = "/" + quote_from_bytes(path, safe="/%@:?#[]!$&'()*+,;=~")
    result = ROUTER.run(uri, routing=ROUTING, headers=headers, query=query)
    assert result.get("statusCode", 200) < 500
    if "statusCode" not in result:
        assert result["uri"].startswith(("/releases/", "/health/", "/errors/"))
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html: a URL has 8,192 bytes
        assert len(result["uri"]) < 8192
