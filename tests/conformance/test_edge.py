"""What CloudFront's edge does with a request: methods, protocols, error pages, cache keys, TTLs, stale copies, failover."""

import json
from typing import Any

import pytest

from tests.conformance.cloud import ALL_METHODS, DISABLED, OPTIMIZED, READS, Cloud, items, methods, unique
from tests.documented import documented, stated


def put(cloud: Cloud, bucket: str, key: str, body: str, **more: Any) -> None:
    cloud.aws("s3").put_object(Bucket=bucket, Key=key, Body=body, **more)


def cache_policy(cloud: Cloud, **changes: Any) -> str:
    """Makes a cache policy with minimum TTL 0 that keeps nothing in the key unless told otherwise; returns its id."""
    in_key = {
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    ttls = {"MinTTL": 0, "DefaultTTL": 86_400, "MaxTTL": 31_536_000}
    config = {
        "Name": unique("policy"),
        **{name: changes.pop(name, default) for name, default in ttls.items()},
        "ParametersInCacheKeyAndForwardedToOrigin": in_key | changes,
    }
    return str(cloud.aws("cloudfront").create_cache_policy(CachePolicyConfig=config)["CachePolicy"]["Id"])


def error_page(code: int, path: str, answered: str, ttl: int = 0) -> dict[str, Any]:
    response = {"ErrorCode": code, "ResponsePagePath": path, "ResponseCode": answered, "ErrorCachingMinTTL": ttl}
    return {"CustomErrorResponses": items([response])}


def error_ttl(code: int, seconds: int) -> dict[str, Any]:
    return {"CustomErrorResponses": items([{"ErrorCode": code, "ErrorCachingMinTTL": seconds}])}


@documented("CF/DefaultRootObject", "The root of a distribution answers with the default root object.")
def test_root_is_the_default_root_object(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="root"))], DefaultRootObject="i")
    assert cloud.get(made["DomainName"], "/").body == b"root"


@documented("CF/DefaultRootObject", "The default root object is of the root alone, not of folders.")
def test_folder_has_no_default_root_object(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(**{"i": "root", "a/i": "folder"})
    made = cloud.distribution([cloud.origin(bucket)], DefaultRootObject="i")
    assert cloud.get(made["DomainName"], "/a/").status == 404


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        stated("CF/DownloadDistValuesCacheBehavior", "allow-all answers over HTTP.", "allow-all", 200),
        stated(
            "CF/DownloadDistValuesCacheBehavior", "redirect-to-https answers 301 over HTTP.", "redirect-to-https", 301
        ),
        stated("CF/DownloadDistValuesCacheBehavior", "https-only answers 403 over HTTP.", "https-only", 403),
    ],
)
def test_viewer_protocol_policy(cloud: Cloud, policy: str, status: int) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="x"))], {"ViewerProtocolPolicy": policy})
    assert cloud.get(made["DomainName"], "/i", tls=False).status == status
    assert cloud.get(made["DomainName"], "/i").status == 200


@documented("CF/DownloadDistValuesCacheBehavior", "A method that the behavior does not allow is answered with 403.")
def test_method_that_is_not_allowed_is_403(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="x"))])
    assert {method: cloud.get(made["DomainName"], "/i", method).status for method in ALL_METHODS[2:]} == dict.fromkeys(
        ALL_METHODS[2:], 403
    )


def writable(cloud: Cloud, **objects: str) -> tuple[str, str]:
    """Makes a distribution through which objects can be written; returns its domain name and the bucket."""
    bucket = cloud.bucket(**objects)
    cloud.open_bucket(bucket, ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"), lists=True)
    behavior = {"CachePolicyId": DISABLED, "AllowedMethods": methods(ALL_METHODS)}
    return str(cloud.distribution([cloud.origin(bucket)], behavior)["DomainName"]), bucket


@documented("CF/RequestAndResponseBehaviorS3Origin", "PUT through CloudFront stores the viewer's body.")
def test_put_stores_the_body(cloud: Cloud) -> None:
    domain, bucket = writable(cloud, i="old")
    for key, body in (("i", b"new content"), ("big", b"x" * 3_000_000), ("empty", b"")):
        answer = cloud.get(domain, f"/{key}", "PUT", body=body, headers={"Content-Type": "text/plain"})
        assert answer.status == 200
        stored = cloud.aws("s3").get_object(Bucket=bucket, Key=key)
        assert (stored["Body"].read(), stored["ContentType"]) == (body, "text/plain")


@documented("CF/private-content-restricting-access-to-s3", "PUT needs s3:PutObject in the bucket policy.")
def test_put_needs_the_right(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(i="old")
    behavior = {"CachePolicyId": DISABLED, "AllowedMethods": methods(ALL_METHODS)}
    made = cloud.distribution([cloud.origin(bucket)], behavior)
    assert cloud.get(made["DomainName"], "/i", "PUT", body=b"new").status == 403
    assert cloud.aws("s3").get_object(Bucket=bucket, Key="i")["Body"].read() == b"old"


@documented("CF/RequestAndResponseBehaviorS3Origin", "DELETE through CloudFront deletes the object.")
def test_delete_deletes(cloud: Cloud) -> None:
    domain, _ = writable(cloud, i="old")
    assert cloud.get(domain, "/i", "DELETE").status == 204
    assert cloud.get(domain, "/i").status == 404


@documented(
    "CF/private-content-restricting-access-to-s3",
    "DELETE needs s3:DeleteObject in the bucket policy, not s3:PutObject.",
)
def test_delete_needs_the_right(cloud: Cloud) -> None:
    bucket = cloud.bucket(i="old")
    cloud.open_bucket(bucket, ("s3:GetObject", "s3:PutObject"))
    behavior = {"CachePolicyId": DISABLED, "AllowedMethods": methods(ALL_METHODS)}
    made = cloud.distribution([cloud.origin(bucket)], behavior)
    assert cloud.get(made["DomainName"], "/i", "DELETE").status == 403
    assert cloud.get(made["DomainName"], "/i").status == 200


@pytest.mark.parametrize(
    "method",
    [
        stated("S3API/API_Operations_Amazon_Simple_Storage_Service", "S3 answers POST of an object with 405.", "POST"),
        stated("S3API/ErrorResponses", "S3 answers PATCH with 405 MethodNotAllowed.", "PATCH"),
    ],
)
def test_method_that_s3_has_not_is_405(cloud: Cloud, method: str) -> None:
    domain, bucket = writable(cloud, i="old")
    assert cloud.get(domain, "/i", method, body=b"x").status == 405
    assert cloud.aws("s3").get_object(Bucket=bucket, Key="i")["Body"].read() == b"old"


@documented("CF/RequestAndResponseBehaviorS3Origin", "A GET request with a body is answered with 403.")
def test_get_with_a_body_is_403(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="x"))])
    assert cloud.get(made["DomainName"], "/i", body=b"x").status == 403


@documented("CF/cloudfront-limits", "A URL above 8,192 bytes is answered with 413.")
def test_long_url_is_413(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="x"))])
    assert cloud.get(made["DomainName"], "/" + "a" * 8192).status == 413


@documented("S3API/API_HeadObject", "HEAD is answered with the length and no body.")
def test_head_has_the_length(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="12345"))])
    answer = cloud.get(made["DomainName"], "/i", "HEAD")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "5", b"")


@documented("CF/private-content-restricting-access-to-s3", "A bucket that does not let the distribution in is 403.")
def test_bucket_that_is_closed_is_403(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.bucket(i="x"))])
    assert cloud.get(made["DomainName"], "/i").status == 403


@documented("CF/private-content-restricting-access-to-s3", "Without origin access control a private bucket is 403.")
def test_origin_without_access_control_is_403(cloud: Cloud) -> None:
    origin = cloud.origin(cloud.readable_bucket(i="x"), OriginAccessControlId="")
    assert cloud.get(cloud.distribution([origin])["DomainName"], "/i").status == 403


@documented(
    "CF/private-content-restricting-access-to-s3",
    "A bucket policy with another distribution's AWS:SourceArn does not let this one in.",
)
def test_bucket_of_another_distribution_is_403(cloud: Cloud) -> None:
    bucket = cloud.bucket(i="x")
    own, other = (cloud.distribution([cloud.origin(bucket)], {"CachePolicyId": DISABLED}) for _ in range(2))
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": own["ARN"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.aws("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    cloud.until(lambda: cloud.get(own["DomainName"], "/i").status == 200)
    assert cloud.get(other["DomainName"], "/i").status == 403


@documented("S3API/API_GetObject", "An absent object is 404 for who may list the bucket.")
def test_absent_object_is_404_with_list_bucket(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket())])
    assert cloud.get(made["DomainName"], "/nothing").status == 404


@documented("S3API/API_GetObject", "An absent object is 403 for who may not list the bucket.")
def test_absent_object_is_403_without_list_bucket(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    cloud.open_bucket(bucket)
    assert cloud.get(cloud.distribution([cloud.origin(bucket)])["DomainName"], "/nothing").status == 403


@documented("CF/DownloadDistValuesOrigin", "OriginPath stands before the path of the request.")
def test_origin_path_is_prepended(cloud: Cloud) -> None:
    origin = cloud.origin(cloud.readable_bucket(**{"folder/i": "below"}), OriginPath="/folder")
    assert cloud.get(cloud.distribution([origin])["DomainName"], "/i").body == b"below"


# Error pages


@documented("CF/GeneratingCustomErrorResponses", "An error is answered with its page and the configured code.")
def test_error_has_its_page(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(**{"e.html": "page"})
    made = cloud.distribution([cloud.origin(bucket)], **error_page(404, "/e.html", "200"))
    answer = cloud.get(made["DomainName"], "/nothing")
    assert (answer.status, answer.body) == (200, b"page")


@documented(
    "CF/GeneratingCustomErrorResponses",
    "When the error page is missing, the viewer gets the status of the origin that should hold it.",
)
def test_absent_error_page_has_its_origins_status(cloud: Cloud) -> None:
    site, pages = cloud.bucket(), cloud.readable_bucket()
    behavior = {
        "PathPattern": "/errors/*",
        "TargetOriginId": "pages",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": DISABLED,
    }
    made = cloud.distribution(
        [cloud.origin(site), cloud.origin(pages, "pages")],
        {"CachePolicyId": DISABLED},
        CacheBehaviors=items([behavior]),
        **error_page(403, "/errors/403.html", "403"),
    )
    assert cloud.get(made["DomainName"], "/nothing").status == 404
    cloud.aws("s3").put_object(Bucket=pages, Key="errors/403.html", Body="page")
    cloud.until(lambda: cloud.get(made["DomainName"], "/nothing").status == 403)  # a 404 is cached for 10 s
    assert cloud.get(made["DomainName"], "/nothing").body == b"page"


@documented("CF/GeneratingCustomErrorResponses", "The error page is fetched through the behavior of its own path.")
def test_error_page_has_its_own_behavior(cloud: Cloud) -> None:
    site, pages = cloud.readable_bucket(**{"errors/e": "site's"}), cloud.readable_bucket(**{"errors/e": "pages'"})
    behavior = {
        "PathPattern": "/errors/*",
        "TargetOriginId": "pages",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": DISABLED,
    }
    made = cloud.distribution(
        [cloud.origin(site), cloud.origin(pages, "pages")],
        CacheBehaviors=items([behavior]),
        **error_page(404, "/errors/e", "404"),
    )
    assert cloud.get(made["DomainName"], "/nothing").body == b"pages'"


@documented("CF/HTTPStatusCodes", "An error is cached for ErrorCachingMinTTL.")
def test_error_is_cached_for_its_ttl(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    made = cloud.distribution([cloud.origin(bucket)], **error_ttl(404, 20))
    assert cloud.get(made["DomainName"], "/late").status == 404
    put(cloud, bucket, "late", "here")
    assert cloud.get(made["DomainName"], "/late").status == 404
    cloud.sleep(22)
    assert cloud.get(made["DomainName"], "/late").status == 200


@documented("CF/HTTPStatusCodes", "With ErrorCachingMinTTL 0 an error is not cached.")
def test_error_with_ttl_0_is_not_cached(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    made = cloud.distribution([cloud.origin(bucket)], **error_ttl(404, 0))
    assert cloud.get(made["DomainName"], "/late").status == 404
    put(cloud, bucket, "late", "here")
    assert cloud.get(made["DomainName"], "/late").status == 200


@documented("CF/HTTPStatusCodes", "A 403 without max-age of the origin is not cached.")
def test_403_is_not_cached(cloud: Cloud) -> None:
    bucket = cloud.bucket(i="x")
    made = cloud.distribution([cloud.origin(bucket)])
    assert cloud.get(made["DomainName"], "/i").status == 403
    cloud.open_bucket(bucket)
    cloud.until(lambda: cloud.get(made["DomainName"], "/i").status == 200, seconds=3)


# The cache


def twice(cloud: Cloud, domain: str, bucket: str, first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Returns whether the second request is answered from what the first one brought."""
    put(cloud, bucket, "key", "1", CacheControl="max-age=3600")
    first_path, second_path = (f"/key{each.pop('query', '')}" for each in (first, second))
    assert cloud.get(domain, first_path, **first).body == b"1"
    put(cloud, bucket, "key", "2")
    return cloud.get(domain, second_path, **second).body == b"1"


@pytest.mark.parametrize(
    ("in_key", "first", "second", "is_shared"),
    [
        stated(
            "CF/understanding-the-cache-key",
            "Query strings are not in the cache key unless the policy says so.",
            {},
            {"query": "?a=1"},
            {"query": "?a=2"},
            True,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "With query strings `all` each has its own entry.",
            {"QueryStringsConfig": {"QueryStringBehavior": "all"}},
            {"query": "?a=1"},
            {"query": "?a=2"},
            False,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "A listed query string is in the key.",
            {"QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": items(["a"])}},
            {"query": "?a=1&b=1"},
            {"query": "?a=2&b=1"},
            False,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "A query string that is not listed is not in the key.",
            {"QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": items(["a"])}},
            {"query": "?a=1&b=1"},
            {"query": "?a=1&b=2"},
            True,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "With `allExcept` the listed query strings are not in the key.",
            {"QueryStringsConfig": {"QueryStringBehavior": "allExcept", "QueryStrings": items(["b"])}},
            {"query": "?a=1&b=1"},
            {"query": "?a=1&b=2"},
            True,
        ),
        stated(
            "CF/understanding-the-cache-key",
            "Headers are not in the cache key unless the policy says so.",
            {},
            {"headers": {"X-A": "1"}},
            {"headers": {"X-A": "2"}},
            True,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "A listed header is in the key.",
            {"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": items(["X-A"])}},
            {"headers": {"X-A": "1"}},
            {"headers": {"X-A": "2"}},
            False,
        ),
        stated(
            "CF/understanding-the-cache-key",
            "Cookies are not in the cache key unless the policy says so.",
            {},
            {"headers": {"Cookie": "a=1"}},
            {"headers": {"Cookie": "a=2"}},
            True,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "A listed cookie is in the key.",
            {"CookiesConfig": {"CookieBehavior": "whitelist", "Cookies": items(["a"])}},
            {"headers": {"Cookie": "a=1"}},
            {"headers": {"Cookie": "a=2"}},
            False,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "A cookie that is not listed is not in the key.",
            {"CookiesConfig": {"CookieBehavior": "whitelist", "Cookies": items(["a"])}},
            {"headers": {"Cookie": "a=1; b=1"}},
            {"headers": {"Cookie": "a=1; b=2"}},
            True,
        ),
        stated(
            "CF/cache-key-understand-cache-policy",
            "With gzip enabled, viewers with and without it have entries of their own.",
            {"EnableAcceptEncodingGzip": True},
            {"headers": {"Accept-Encoding": "gzip"}},
            {"headers": {"Accept-Encoding": "identity"}},
            False,
        ),
        stated(
            "CF/RequestAndResponseBehaviorS3Origin",
            "HEAD and GET share a cache entry.",
            {},
            {"method": "GET"},
            {"method": "GET"},
            True,
        ),
    ],
)
def test_cache_key(
    cloud: Cloud, in_key: dict[str, Any], first: dict[str, Any], second: dict[str, Any], is_shared: bool
) -> None:
    bucket = cloud.readable_bucket()
    made = cloud.distribution([cloud.origin(bucket)], {"CachePolicyId": cache_policy(cloud, **in_key)})
    assert twice(cloud, made["DomainName"], bucket, dict(first), dict(second)) is is_shared


@documented("CF/understanding-the-cache-key", "Each distribution has cache entries of its own.")
def test_distributions_share_no_entries(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(i="1")
    first, second = (cloud.distribution([cloud.origin(bucket)])["DomainName"] for _ in range(2))
    assert cloud.get(first, "/i").body == b"1"
    put(cloud, bucket, "i", "2")
    assert (cloud.get(first, "/i").body, cloud.get(second, "/i").body) == (b"1", b"2")


@documented("CF/controlling-the-cache-key", "CachingDisabled asks the origin each time.")
def test_caching_disabled_asks_each_time(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(i="1")
    made = cloud.distribution([cloud.origin(bucket)], {"CachePolicyId": DISABLED})
    assert cloud.get(made["DomainName"], "/i").body == b"1"
    put(cloud, bucket, "i", "2")
    assert cloud.get(made["DomainName"], "/i").body == b"2"


def lives(cloud: Cloud, ttls: dict[str, int], aws_seconds: float, **headers: str) -> bool:
    """Returns whether a copy is still served after that many AWS seconds."""
    bucket = cloud.readable_bucket()
    put(cloud, bucket, "i", "1", **headers)
    made = cloud.distribution([cloud.origin(bucket)], {"CachePolicyId": cache_policy(cloud, **ttls)})
    assert cloud.get(made["DomainName"], "/i").body == b"1"
    put(cloud, bucket, "i", "2", **headers)
    cloud.sleep(aws_seconds)
    return cloud.get(made["DomainName"], "/i").body == b"1"


@pytest.mark.parametrize(
    ("ttls", "aws_seconds", "headers", "is_served"),
    [
        stated(
            "CF/Expiration",
            "Without headers of the origin a copy lives for the default TTL.",
            {"DefaultTTL": 10},
            12,
            {},
            False,
        ),
        stated("CF/Expiration", "A copy is served until the default TTL is over.", {"DefaultTTL": 1000}, 3, {}, True),
        stated(
            "CF/Expiration",
            "max-age goes before the default TTL.",
            {"DefaultTTL": 10},
            12,
            {"CacheControl": "max-age=1000"},
            True,
        ),
        stated(
            "CF/Expiration", "A copy is asked for again after max-age.", {}, 12, {"CacheControl": "max-age=10"}, False
        ),
        stated(
            "CF/Expiration",
            "s-maxage goes before max-age.",
            {},
            12,
            {"CacheControl": "max-age=1000, s-maxage=10"},
            False,
        ),
        stated(
            "CF/Expiration",
            "The maximum TTL bounds max-age.",
            {"MaxTTL": 10, "DefaultTTL": 10},
            12,
            {"CacheControl": "max-age=1000"},
            False,
        ),
        stated(
            "CF/Expiration",
            "The minimum TTL outlives max-age.",
            {"MinTTL": 1000, "DefaultTTL": 1000},
            12,
            {"CacheControl": "max-age=1"},
            True,
        ),
        stated(
            "CF/Expiration", "With minimum TTL 0, no-store is not cached.", {}, 0, {"CacheControl": "no-store"}, False
        ),
        stated(
            "CF/Expiration", "With minimum TTL 0, no-cache is not cached.", {}, 0, {"CacheControl": "no-cache"}, False
        ),
        stated(
            "CF/Expiration", "With minimum TTL 0, private is not cached.", {}, 0, {"CacheControl": "private"}, False
        ),
        stated(
            "CF/Expiration",
            "A minimum TTL above 0 caches no-store.",
            {"MinTTL": 1000, "DefaultTTL": 1000},
            3,
            {"CacheControl": "no-store"},
            True,
        ),
    ],
)
def test_copy_lives(
    cloud: Cloud, ttls: dict[str, int], aws_seconds: float, headers: dict[str, str], is_served: bool
) -> None:
    assert lives(cloud, ttls, aws_seconds, **headers) is is_served


@documented("CF/Expiration", "An expired copy that the origin confirms is served on: RefreshHit.")
def test_expired_copy_is_confirmed(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    put(cloud, bucket, "i", "1", CacheControl="max-age=5")
    made = cloud.distribution([cloud.origin(bucket)])
    cloud.get(made["DomainName"], "/i")
    cloud.sleep(7)
    answer = cloud.get(made["DomainName"], "/i")
    assert (answer.body, answer.headers["x-cache"]) == (b"1", "RefreshHit from cloudfront")


@documented(
    "CF/Expiration",
    "Within stale-while-revalidate the expired copy is served at once, and the origin is asked meanwhile.",
)
def test_stale_while_revalidate_serves_the_copy_and_asks(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    put(cloud, bucket, "i", "1", CacheControl="max-age=5, stale-while-revalidate=1000")
    made = cloud.distribution([cloud.origin(bucket)])
    assert cloud.get(made["DomainName"], "/i").body == b"1"
    put(cloud, bucket, "i", "2", CacheControl="max-age=1000")
    cloud.sleep(7)
    assert cloud.get(made["DomainName"], "/i").body == b"1"
    cloud.until(lambda: cloud.get(made["DomainName"], "/i").body == b"2", seconds=3)


@documented("CF/Expiration", "After stale-while-revalidate is over the viewer waits for the origin.")
def test_stale_while_revalidate_ends(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    put(cloud, bucket, "i", "1", CacheControl="max-age=2, stale-while-revalidate=3")
    made = cloud.distribution([cloud.origin(bucket)])
    assert cloud.get(made["DomainName"], "/i").body == b"1"
    put(cloud, bucket, "i", "2")
    cloud.sleep(8)
    assert cloud.get(made["DomainName"], "/i").body == b"2"


@documented("CF/Expiration", "The maximum TTL bounds stale-while-revalidate.")
def test_stale_while_revalidate_is_bounded_by_the_maximum_ttl(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket()
    put(cloud, bucket, "i", "1", CacheControl="max-age=2, stale-while-revalidate=1000")
    policy = cache_policy(cloud, MaxTTL=3, DefaultTTL=2)
    made = cloud.distribution([cloud.origin(bucket)], {"CachePolicyId": policy})
    assert cloud.get(made["DomainName"], "/i").body == b"1"
    put(cloud, bucket, "i", "2")
    cloud.sleep(8)
    assert cloud.get(made["DomainName"], "/i").body == b"2"


@documented("CF/DownloadDistValuesCacheBehavior", "OPTIONS is not cached unless CachedMethods has it.")
def test_options_is_cached_only_where_asked(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(i="x")
    for cached, expected in ((READS, "Miss"), ((*READS, "OPTIONS"), "Hit")):
        behavior = {"CachePolicyId": OPTIMIZED, "AllowedMethods": methods(("GET", "HEAD", "OPTIONS"), cached)}
        domain = cloud.distribution([cloud.origin(bucket)], behavior)["DomainName"]
        cloud.get(domain, "/i", "OPTIONS")
        assert cloud.get(domain, "/i", "OPTIONS").headers["x-cache"] == f"{expected} from cloudfront"


@documented("CF/viewing-cloudfront-metrics", "X-Cache says Miss, then Hit with the Age of the copy.")
def test_x_cache_says_where_an_answer_comes_from(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="x"))])
    first, second = (cloud.get(made["DomainName"], "/i") for _ in range(2))
    assert [each.headers["x-cache"] for each in (first, second)] == ["Miss from cloudfront", "Hit from cloudfront"]
    assert "age" in second.headers


@documented("CF/RangeGETs", "A range of a cached object is answered with 206.")
def test_range_is_206(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="0123456789"))])
    answer = cloud.get(made["DomainName"], "/i", headers={"Range": "bytes=2-4"})
    assert (answer.status, answer.body, answer.headers["content-range"]) == (206, b"234", "bytes 2-4/10")


@documented(
    "CF/RequestAndResponseBehaviorCustomOrigin",
    "A viewer's If-None-Match with the ETag of the copy is answered with 304.",
)
def test_if_none_match_is_304(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(i="x"))])
    etag = cloud.get(made["DomainName"], "/i").headers["etag"]
    assert cloud.get(made["DomainName"], "/i", headers={"If-None-Match": etag}).status == 304


# Origin groups


def grouped(cloud: Cloud, codes: list[int], behavior: dict[str, Any] | None = None, **second: str) -> tuple[str, str]:
    """Makes a distribution whose group goes from an empty bucket to one with objects; returns its domain and the first bucket."""
    first, other = cloud.readable_bucket(), cloud.readable_bucket(**second)
    group = {
        "Id": "g",
        "FailoverCriteria": {"StatusCodes": items(codes)},
        "Members": items([{"OriginId": "a"}, {"OriginId": "b"}]),
    }
    made = cloud.distribution(
        [cloud.origin(first, "a"), cloud.origin(other, "b")],
        {"TargetOriginId": "g", "CachePolicyId": DISABLED, **(behavior or {})},
        OriginGroups=items([group]),
    )
    return str(made["DomainName"]), first


@documented(
    "CF/high_availability_origin_failover", "A listed status of the primary sends the request to the secondary."
)
def test_group_fails_over_on_a_listed_status(cloud: Cloud) -> None:
    domain, _ = grouped(cloud, [404], i="second")
    assert cloud.get(domain, "/i").body == b"second"


@documented("CF/RequestAndResponseBehaviorOriginGroups", "A status that is not listed goes to the viewer.")
def test_group_does_not_fail_over_on_another_status(cloud: Cloud) -> None:
    domain, _ = grouped(cloud, [403, 500], i="second")
    assert cloud.get(domain, "/i").status == 404


@documented("CF/high_availability_origin_failover", "HEAD fails over as GET does.")
def test_group_fails_over_for_head(cloud: Cloud) -> None:
    domain, _ = grouped(cloud, [404], i="second")
    answer = cloud.get(domain, "/i", "HEAD")
    assert (answer.status, answer.headers["content-length"]) == (200, "6")


@documented("CF/RequestAndResponseBehaviorOriginGroups", "Each request begins at the primary again.")
def test_group_begins_at_the_primary(cloud: Cloud) -> None:
    domain, first = grouped(cloud, [404], i="second")
    assert cloud.get(domain, "/i").body == b"second"
    put(cloud, first, "i", "first")
    assert cloud.get(domain, "/i").body == b"first"


@documented("CF/high_availability_origin_failover", "When both members fail, the viewer gets the secondary's answer.")
def test_group_answers_with_the_secondarys_error(cloud: Cloud) -> None:
    domain, _ = grouped(cloud, [403, 404])
    assert cloud.get(domain, "/nothing").status == 404


@documented("CF/high_availability_origin_failover", "A cache hit asks neither member.")
def test_group_serves_what_is_cached(cloud: Cloud) -> None:
    domain, first = grouped(cloud, [404], {"CachePolicyId": OPTIMIZED}, i="second")
    assert cloud.get(domain, "/i").body == b"second"
    put(cloud, first, "i", "first")
    assert cloud.get(domain, "/i").body == b"second"


# Behaviors


def patterned(cloud: Cloud, *patterns: str) -> str:
    """Makes a distribution whose behaviors go to one bucket each, the default one to another; returns its domain."""
    keys = ("a.jpg", "images/a.jpg", "images/b/c.jpg", "A.JPG", "a1.txt", "a12.txt")
    buckets = [cloud.readable_bucket(**dict.fromkeys(keys, pattern)) for pattern in ("default", *patterns)]
    origins = [cloud.origin(bucket, f"o{number}") for number, bucket in enumerate(buckets)]
    behaviors = [
        {
            "PathPattern": pattern,
            "TargetOriginId": f"o{number}",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": DISABLED,
        }
        for number, pattern in enumerate(patterns, start=1)
    ]
    return str(cloud.distribution(origins, CacheBehaviors=items(behaviors))["DomainName"])


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        stated(
            "CF/DownloadDistValuesCacheBehavior",
            "Of several patterns the first that matches counts.",
            ("images/*", "*.jpg"),
            "/images/a.jpg",
            "images/*",
        ),
        stated(
            "CF/DownloadDistValuesCacheBehavior",
            "* stands for any characters, slashes too.",
            ("/images/*.jpg",),
            "/images/b/c.jpg",
            "/images/*.jpg",
        ),
        stated("CF/DownloadDistValuesCacheBehavior", "? stands for one character.", ("a?.txt",), "/a1.txt", "a?.txt"),
        stated(
            "CF/DownloadDistValuesCacheBehavior",
            "? does not stand for two characters.",
            ("a?.txt",),
            "/a12.txt",
            "default",
        ),
        stated("CF/DownloadDistValuesCacheBehavior", "The case of a path counts.", ("*.jpg",), "/A.JPG", "default"),
        stated(
            "CF/DownloadDistValuesCacheBehavior",
            "A path that no pattern matches has the default behavior.",
            ("images/*",),
            "/a.jpg",
            "default",
        ),
    ],
)
def test_path_pattern(cloud: Cloud, patterns: tuple[str, ...], path: str, expected: str) -> None:
    assert cloud.get(patterned(cloud, *patterns), path).body.decode() == expected


@documented("CF/CNAMEs", "A name that no distribution holds is answered with 403.")
def test_unknown_name_is_403(cloud: Cloud) -> None:
    assert cloud.get("d0000000000000.cloudfront.net", "/").status == 403
