"""The regional endpoint's handler: statuses, headers, limits and failures."""

import base64
import json
import math
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


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-modified-since": "Tue, 24 Nov 2026 08:49:37 GMT"}, 304),
        ({"if-modified-since": "Wed, 25 Nov 2026 00:00:00 GMT"}, 304),
        ({"if-modified-since": "Tue, 24 Nov 2026 08:49:36 GMT"}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-modified-since": "Wed, 25 Nov 2026 00:00:00 GMT", "if-none-match": '"another"'}, 200),
        ({"if-modified-since": "Tue, 24 Nov 2026 08:49:36 GMT", "if-none-match": "*"}, 304),
    ],
)
def test_date_of_the_viewers_copy_counts_where_its_etag_does_not(
    handler: ModuleType, headers: dict[str, str], status: int
) -> None:
    answer = handler.handler(request("/", headers=headers), None)
    assert answer["statusCode"] == status
    assert answer["headers"]["last-modified"] == "Tue, 24 Nov 2026 08:49:37 GMT"


def test_absent_page_is_the_404_page(handler: ModuleType) -> None:
    answer = handler.handler(request("/no/such"), None)
    assert answer["statusCode"] == 404
    assert base64.b64decode(answer["body"]) == b"<h1>nothing</h1>"


def test_absent_page_without_a_404_page_is_text(handler: ModuleType, objects: Objects) -> None:
    del objects.content["releases/r1/404.html"]
    answer = handler.handler(request("/no/such"), None)
    assert (answer["statusCode"], answer["body"]) == (404, "Not found.\n")


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


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: an answer has 6 MB
LAMBDA_BYTES = 6 * 1024 * 1024
SIZE = 10_000_000


@pytest.fixture
def film(objects: Objects) -> bytes:
    content = bytes(range(256)) * (SIZE // 256 + 1)
    objects.publish("r1", {"film.mp4": content[:SIZE]})
    return content[:SIZE]


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-", 0, None),
        ("bytes=0-9999999", 0, None),
        ("bytes=9999990-", 9_999_990, SIZE - 1),
        ("bytes=5000000-5000009", 5_000_000, 5_000_009),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        ("bytes=-9999999999", 0, None),
    ],
)
def test_part_of_a_large_file_fits_and_nothing_else_is_read(
    handler: ModuleType, objects: Objects, film: bytes, wanted: str, first: int, last: int | None
) -> None:
    handler.handler(request("/film.mp4", method="HEAD"), None)
    before = objects.bytes_read
    answer = handler.handler(request("/film.mp4", headers={"range": wanted}), None)
    body = base64.b64decode(answer["body"])
    end = first + handler.LARGEST_BODY_BYTES - 1 if last is None else last
    assert (answer["statusCode"], answer["headers"]["content-range"]) == (206, f"bytes {first}-{end}/{SIZE}")
    assert body == film[first : end + 1]
    assert len(json.dumps(answer)) < LAMBDA_BYTES
    assert objects.bytes_read - before == len(body)


def test_large_file_is_put_together_from_its_parts(handler: ModuleType, film: bytes) -> None:
    """As a browser plays it: it asks for the rest of what it was not given."""
    parts: list[bytes] = []
    while (at := sum(map(len, parts))) < SIZE:
        answer = handler.handler(request("/film.mp4", headers={"range": f"bytes={at}-"}), None)
        parts.append(base64.b64decode(answer["body"]))
    assert b"".join(parts) == film


def test_range_behind_a_large_file_is_416(handler: ModuleType, film: bytes) -> None:
    answer = handler.handler(request("/film.mp4", headers={"range": f"bytes={len(film)}-"}), None)
    assert (answer["statusCode"], answer["headers"]["content-range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize("name", ["film.mp4", "index.html"])
def test_head_tells_the_length(handler: ModuleType, objects: Objects, film: bytes, name: str) -> None:
    objects.content["releases/r1/index.html"] = (b"<h1>home</h1>", "text/html")
    answer = handler.handler(request(f"/{name}", method="HEAD"), None)
    length = {"film.mp4": len(film), "index.html": len(b"<h1>home</h1>")}[name]
    assert (answer["statusCode"], answer["headers"]["content-length"]) == (200, str(length))
    assert answer["headers"]["accept-ranges"] == "bytes"


def test_large_file_as_a_whole_is_refused_and_not_read(handler: ModuleType, objects: Objects, film: bytes) -> None:
    assert len(film) > handler.LARGEST_BODY_BYTES
    handler.handler(request("/"), None)
    before = objects.bytes_read
    for _ in range(2):
        assert handler.handler(request("/film.mp4"), None)["statusCode"] == 503
    assert objects.bytes_read == before
    assert objects.reads.count("releases/r1/film.mp4") == 1


def test_largest_answer_fits_into_what_lambda_gives(handler: ModuleType, objects: Objects) -> None:
    objects.publish("r1", {"big.bin": b"x" * handler.LARGEST_BODY_BYTES})
    answer = handler.handler(request("/big.bin"), None)
    assert answer["statusCode"] == 200
    assert len(json.dumps(answer)) < LAMBDA_BYTES


@pytest.mark.parametrize(("name", "status"), [("etag", 206), ("last-modified", 206), ("other", 200)])
def test_range_is_given_of_the_copy_that_the_viewer_has(handler: ModuleType, name: str, status: int) -> None:
    headers = handler.handler(request("/"), None)["headers"]
    wanted = {"range": "bytes=0-1", "if-range": headers.get(name, "another")}
    assert handler.handler(request("/", headers=wanted), None)["statusCode"] == status


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


def test_largest_body_fits_into_lambdas_answer(handler: ModuleType) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html: 6 MB, and base64 makes 4 bytes of 3
    assert 4 * math.ceil(handler.LARGEST_BODY_BYTES / 3) + 10_000 <= 6 * 1024 * 1024
    assert handler.LARGEST_BODY_BYTES >= 4_000_000


def test_copies_in_memory_end_at_their_limit(
    handler: ModuleType, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.publish("r1", {"a.txt": b"x" * 60, "b.txt": b"x" * 60})
    monkeypatch.setattr(handler, "CACHE_BYTES", 100)
    for path in ("/a.txt", "/b.txt", "/a.txt", "/b.txt"):
        assert handler.handler(request(path), None)["statusCode"] == 200
    assert (objects.reads.count("releases/r1/a.txt"), objects.reads.count("releases/r1/b.txt")) == (1, 2)
