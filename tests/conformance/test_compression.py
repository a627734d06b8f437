"""What CloudFront compresses by itself, and by what coding."""

import gzip
from typing import Any

import pytest

from tests.conformance.cloud import DISABLED, OPTIMIZED, Cloud
from tests.conformance.origin_server import OriginServer, Reply
from tests.documented import documented, stated

TEXT = b"All work and no play. " * 100


def compressing(cloud: Cloud, origin: OriginServer, behavior: dict[str, Any] | None = None, **reply: Any) -> str:
    origin.reply = lambda _: Reply(**{"body": TEXT, "headers": {"Content-Type": "text/html", "ETag": '"e"'}, **reply})
    return cloud.domain_of([origin.config()], {"CachePolicyId": OPTIMIZED, "Compress": True, **(behavior or {})})


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        stated("CF/ServingCompressedFiles", "A viewer that takes both codings gets Brotli.", "gzip, br", "br"),
        stated("CF/ServingCompressedFiles", "A viewer that takes gzip alone gets gzip.", "gzip, deflate", "gzip"),
        stated(
            "CF/ServingCompressedFiles", "A viewer that takes neither coding gets the object as it is.", "deflate", None
        ),
    ],
)
def test_compression_follows_accept_encoding(
    cloud: Cloud, origin: OriginServer, accepted: str, coding: str | None
) -> None:
    answer = cloud.get(compressing(cloud, origin), "/i", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == coding
    assert (len(answer.body) < len(TEXT)) == (coding is not None)
    if coding == "gzip":
        assert gzip.decompress(answer.body) == TEXT


@documented("CF/ServingCompressedFiles", "The compressed object is cached for viewers of the same codings.")
def test_compressed_object_is_cached(cloud: Cloud, origin: OriginServer) -> None:
    domain = compressing(cloud, origin)
    first, second = (cloud.get(domain, "/i", headers={"Accept-Encoding": "gzip"}) for _ in range(2))
    assert second.headers["x-cache"] == "Hit from cloudfront"
    assert (second.body, second.headers["content-encoding"]) == (first.body, "gzip")


@documented("CF/ServingCompressedFiles", "A strong ETag turns weak when the object is compressed.")
def test_etag_turns_weak(cloud: Cloud, origin: OriginServer) -> None:
    answer = cloud.get(compressing(cloud, origin), "/i", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["etag"] == 'W/"e"'


@documented("CF/ServingCompressedFiles", "An invalid ETag is removed when the object is compressed.")
def test_invalid_etag_is_removed(cloud: Cloud, origin: OriginServer) -> None:
    domain = compressing(cloud, origin, headers={"Content-Type": "text/html", "ETag": "no-quotes"})
    assert "etag" not in cloud.get(domain, "/i", headers={"Accept-Encoding": "gzip"}).headers


@pytest.mark.parametrize(
    ("reply", "behavior"),
    [
        stated("CF/ServingCompressedFiles", "Objects below 1,000 bytes are not compressed.", {"body": b"x" * 999}, {}),
        stated(
            "CF/ServingCompressedFiles",
            "Objects above 10,000,000 bytes are not compressed.",
            {"body": b"x" * 10_000_001},
            {},
        ),
        stated(
            "CF/ServingCompressedFiles",
            "Types outside the list are not compressed.",
            {"headers": {"Content-Type": "image/png"}},
            {},
        ),
        stated(
            "CF/ServingCompressedFiles",
            "An answer without Content-Length is not compressed.",
            {"has_length": False},
            {},
        ),
        stated(
            "CF/ServingCompressedFiles",
            "What the origin has encoded is not compressed again.",
            {"headers": {"Content-Type": "text/html", "Content-Encoding": "identity"}},
            {},
        ),
        stated("CF/ServingCompressedFiles", "A behavior without Compress compresses nothing.", {}, {"Compress": False}),
        stated(
            "CF/using-managed-cache-policies",
            "CachingDisabled compresses nothing, since it enables neither coding.",
            {},
            {"CachePolicyId": DISABLED},
        ),
    ],
)
def test_what_is_not_compressed(
    cloud: Cloud, origin: OriginServer, reply: dict[str, Any], behavior: dict[str, Any]
) -> None:
    answer = cloud.get(compressing(cloud, origin, behavior, **reply), "/i", headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers.get("content-encoding") in (None, "identity")
    assert len(answer.body) == len(reply.get("body", TEXT))


@documented("CF/ServingCompressedFiles", "Objects of exactly 1,000 bytes are compressed.")
def test_least_size_is_compressed(cloud: Cloud, origin: OriginServer) -> None:
    answer = cloud.get(compressing(cloud, origin, body=b"x" * 1000), "/i", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


@documented("CF/ServingCompressedFiles", "Objects of buckets are compressed too.")
def test_bucket_object_is_compressed(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    cloud.aws("s3").put_object(Bucket=bucket, Key="i", Body=TEXT, ContentType="text/css")
    domain = cloud.domain_of([cloud.origin(bucket)], {"CachePolicyId": OPTIMIZED, "Compress": True})
    answer = cloud.get(domain, "/i", headers={"Accept-Encoding": "br"})
    assert (answer.headers["content-encoding"], answer.headers["etag"][:3]) == ("br", 'W/"')


@documented(
    "CF/ServingCompressedFiles", "A compressed copy that has expired is confirmed by the bucket, and stays compressed."
)
def test_compressed_copy_is_confirmed(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    cloud.aws("s3").put_object(Bucket=bucket, Key="i", Body=TEXT, ContentType="text/css", CacheControl="max-age=5")
    domain = cloud.domain_of([cloud.origin(bucket)], {"CachePolicyId": OPTIMIZED, "Compress": True})
    accepted = {"Accept-Encoding": "gzip"}
    cloud.get(domain, "/i", headers=accepted)
    cloud.sleep(7)
    answer = cloud.get(domain, "/i", headers=accepted)
    assert answer.headers["x-cache"] == "RefreshHit from cloudfront"
    assert (gzip.decompress(answer.body), answer.headers["etag"][:2]) == (TEXT, "W/")


@documented("CF/ServingCompressedFiles", "Legacy cache settings compress by gzip and never by Brotli.")
def test_legacy_settings_compress_by_gzip(cloud: Cloud, origin: OriginServer) -> None:
    legacy = {
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        "MinTTL": 0,
        "CachePolicyId": None,
    }
    origin.reply = lambda _: Reply(body=TEXT, headers={"Content-Type": "text/html"})
    domain = str(cloud.distribution([origin.config()], {"Compress": True, **legacy})["DomainName"])
    assert cloud.get(domain, "/i", headers={"Accept-Encoding": "gzip, br"}).headers["content-encoding"] == "gzip"
