"""The regional endpoint's handler: statuses, headers, limits and failures."""

import base64
from types import ModuleType

import pytest

from tests.worlds.regional_handler import Objects, access_denied, load_handler, request, unreachable


@pytest.fixture
def objects() -> Objects:
    found = Objects()
    found.publish("r1", {"index.html": b"<h1>home</h1>", "404.html": b"<h1>nothing</h1>"})
    return found


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, objects: Objects) -> ModuleType:
    return load_handler(monkeypatch, objects)


def test_page_has_its_body_and_headers(handler: ModuleType) -> None:
    answer = handler.handler(request("/"), None)
    assert answer["statusCode"] == 200
    assert base64.b64decode(answer["body"]) == b"<h1>home</h1>"
    assert answer["isBase64Encoded"] is True
    assert answer["headers"]["content-type"] == "text/html"
    assert answer["headers"]["x-amz-meta-release"] == "r1"
    assert answer["headers"]["x-content-type-options"] == "nosniff"


def test_head_has_no_body(handler: ModuleType) -> None:
    assert handler.handler(request("/", method="HEAD"), None)["body"] == ""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_405(handler: ModuleType, method: str) -> None:
    answer = handler.handler(request("/", method=method), None)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, HEAD")


def test_known_etag_is_304(handler: ModuleType) -> None:
    etag = handler.handler(request("/"), None)["headers"]["etag"]
    answer = handler.handler(request("/", headers={"if-none-match": etag}), None)
    assert answer["statusCode"] == 304
    assert "body" not in answer


def test_absent_page_is_the_404_page(handler: ModuleType) -> None:
    answer = handler.handler(request("/no/such"), None)
    assert answer["statusCode"] == 404
    assert base64.b64decode(answer["body"]) == b"<h1>nothing</h1>"


def test_absent_page_without_a_404_page_is_text(handler: ModuleType, objects: Objects) -> None:
    del objects.content["releases/r1/404.html"]
    assert handler.handler(request("/no/such"), None)["body"] == "Not found.\n"


def test_nothing_published_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = load_handler(monkeypatch, Objects()).handler(request("/"), None)
    assert answer["statusCode"] == 503
    assert "sync-content" in answer["body"]


def test_pages_are_read_once_and_markers_each_time(handler: ModuleType, objects: Objects) -> None:
    objects.content["health/region.json"] = (b"{}", "application/json")
    for _ in range(3):
        handler.handler(request("/"), None)
        handler.handler(request("/health/region.json"), None)
    assert objects.reads.count("releases/r1/index.html") == 1
    assert objects.reads.count("control/active.json") == 1
    assert objects.reads.count("health/region.json") == 3


def test_pointer_is_read_again_after_its_ttl(handler: ModuleType, objects: Objects) -> None:
    handler.handler(request("/"), None)
    objects.publish("r2", {"index.html": b"new"})
    handler._pointer["read_at"] -= handler.POINTER_TTL_SECONDS
    assert base64.b64decode(handler.handler(request("/"), None)["body"]) == b"new"


def test_broken_access_is_502(handler: ModuleType, objects: Objects) -> None:
    objects.fail_with = access_denied()
    assert handler.handler(request("/"), None)["statusCode"] == 502


def test_unreachable_bucket_is_503(handler: ModuleType, objects: Objects) -> None:
    objects.fail_with = unreachable()
    assert handler.handler(request("/"), None)["statusCode"] == 503


def test_file_above_lambdas_limit_is_refused_and_not_cut(handler: ModuleType, objects: Objects) -> None:
    objects.publish("r1", {"big.bin": b"x" * (handler.LARGEST_BODY_BYTES + 1)})
    assert handler.handler(request("/big.bin"), None)["statusCode"] == 503


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-" + "9" * 5000, 206, b"<h1>home</h1>"),
        ("bytes=-" + "9" * 5000, 206, b"<h1>home</h1>"),
        ("bytes=" + "0" * 5000 + "1-2", 206, b"h1"),
        ("bytes=" + "9" * 5000 + "-", 416, None),
        ("bytes=٠-٣", 200, b"<h1>home</h1>"),
    ],
)
def test_range_with_any_number_of_digits_is_answered(
    handler: ModuleType, wanted: str, status: int, body: bytes | None
) -> None:
    answer = handler.handler(request("/", headers={"range": wanted}), None)
    assert answer["statusCode"] == status
    assert body is None or base64.b64decode(answer["body"]) == body
