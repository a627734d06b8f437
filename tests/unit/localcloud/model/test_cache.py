"""Caching: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html and HTTPStatusCodes.html"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.model.cache import (
    ALWAYS_CACHED_ERRORS,
    ERRORS_CACHED_WITH_MAX_AGE,
    CacheEntry,
    CachePolicy,
    Inclusion,
    KeyPart,
    Settlement,
    Verdict,
    cache_key,
    error_lifetime_seconds,
    freshness_seconds,
    may_revalidate_later,
    settle,
)

DATE = "Mon, 23 Nov 2026 06:00:00 GMT"
LATER = "Mon, 23 Nov 2026 06:01:30 GMT"


def policy(minimum: float = 0, default: float = 86_400, maximum: float = 31_536_000) -> CachePolicy:
    return CachePolicy(min_ttl_seconds=minimum, default_ttl_seconds=default, max_ttl_seconds=maximum)


@pytest.mark.parametrize(
    ("ttls", "headers", "expected"),
    [
        ((0, 60, 300), {}, 60),
        ((0, 60, 300), {"cache-control": "max-age=20"}, 20),
        ((0, 60, 300), {"cache-control": "max-age=20, s-maxage=30"}, 30),
        ((0, 60, 300), {"cache-control": "max-age=9999"}, 300),
        ((0, 60, 300), {"cache-control": "MAX-AGE=20"}, 20),
        ((0, 60, 300), {"expires": LATER, "date": DATE}, 90),
        ((0, 60, 300), {"expires": LATER, "date": DATE, "cache-control": "max-age=5"}, 5),
        ((0, 60, 300), {"expires": "0", "date": DATE}, 0),
        ((0, 60, 300), {"expires": LATER}, 0),
        ((0, 60, 300), {"expires": DATE, "date": LATER}, 0),
        ((0, 60, 300), {"cache-control": "max-age=soon"}, 60),
        ((0, 60, 300), {"cache-control": 'max-age="20"'}, 20),
        ((0, 60, 300), {"cache-control": "no-store"}, 0),
        ((0, 60, 300), {"cache-control": "private, max-age=50"}, 0),
        ((0, 60, 300), {"cache-control": "no-cache"}, 0),
        ((10, 60, 300), {"cache-control": "no-store"}, 10),
        ((10, 60, 300), {"cache-control": "max-age=1"}, 10),
        ((10, 60, 300), {"cache-control": "max-age=50"}, 50),
        ((0, 0, 0), {"cache-control": "max-age=50"}, 0),
    ],
)
def test_freshness_follows_the_origins_headers_between_minimum_and_maximum(
    ttls: tuple[float, float, float], headers: dict[str, str], expected: float
) -> None:
    assert freshness_seconds(policy(*ttls), headers) == expected


def test_defaults_are_a_day_a_year_and_ten_seconds() -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html"""
    rules = CachePolicy()
    assert (rules.min_ttl_seconds, rules.default_ttl_seconds, rules.max_ttl_seconds) == (0, 86_400, 31_536_000)
    assert freshness_seconds(rules, {"cache-control": "max-age=99999999"}) == 31_536_000


def test_lists_of_cached_errors_are_those_of_the_documentation() -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html"""
    assert sorted(ALWAYS_CACHED_ERRORS) == [404, 414, 500, 501, 502, 503, 504]
    assert sorted(ERRORS_CACHED_WITH_MAX_AGE) == [400, 403, 405, 412, 415]


@pytest.mark.parametrize(
    ("status", "headers", "minimum", "expected"),
    [
        (404, {}, 10, 10),
        (404, {"cache-control": "max-age=60"}, 10, 60),
        (404, {"cache-control": "max-age=5"}, 10, 10),
        (503, {}, 0, 0),
        (503, {}, 10, 10),
        (504, {"cache-control": "s-maxage=30, max-age=5"}, 10, 30),
        (404, {"cache-control": "max-age=0"}, 0, 0),
        (403, {"cache-control": "max-age=0"}, 10, 10),
        (403, {}, 10, 0),
        (403, {"cache-control": "max-age=20"}, 10, 20),
        (405, {"cache-control": "no-store"}, 10, 0),
        (418, {"cache-control": "max-age=20"}, 10, 0),
    ],
)
def test_error_lifetime_is_the_larger_of_minimum_and_max_age(
    status: int, headers: dict[str, str], minimum: float, expected: float
) -> None:
    assert error_lifetime_seconds(status, headers, error_caching_min_ttl_seconds=minimum) == expected


def entry(*, status: int = 200, stored_at: float = 0, fresh_until: float = 60, **headers: str) -> CacheEntry:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CacheEntry(status_code=status, headers=named, body=b"x", stored_at=stored_at, fresh_until=fresh_until)


def settled(
    status: int, known: CacheEntry | None = None, *, now: float = 100, minimum: float = 10, **headers: str
) -> Settlement:
    return settle(
        policy(0, 60, 300),
        known,
        status_code=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        error_caching_min_ttl_seconds=minimum,
        now=now,
    )


def test_settle_stores_a_good_answer() -> None:
    assert settled(200) == Settlement(verdict=Verdict.STORE, lifetime_seconds=60)


def test_settle_passes_an_answer_that_must_not_be_stored() -> None:
    assert settled(200, cache_control="no-store").verdict is Verdict.PASS


def test_settle_refreshes_a_confirmed_copy() -> None:
    assert settled(304, entry(etag='"1"', cache_control="max-age=20")) == Settlement(
        verdict=Verdict.REFRESH, lifetime_seconds=20
    )


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_settle_serves_the_expired_copy_for_5xx_and_silence_until_the_error_ttl(status: int) -> None:
    assert settled(status, entry()) == Settlement(verdict=Verdict.SERVE_STALE, lifetime_seconds=10)


@pytest.mark.parametrize(("status", "verdict"), [(404, Verdict.STORE), (403, Verdict.PASS), (400, Verdict.PASS)])
def test_settle_gives_a_4xx_to_the_viewer_instead_of_the_copy(status: int, verdict: Verdict) -> None:
    assert settled(status, entry()).verdict is verdict


@pytest.mark.parametrize(
    ("minimum", "verdict"), [(0.5, Verdict.STORE), (0, Verdict.PASS)], ids=["half a second", "not at all"]
)
def test_settle_keeps_what_may_be_kept_at_all(minimum: float, verdict: Verdict) -> None:
    assert settled(503, minimum=minimum) == Settlement(verdict=verdict, lifetime_seconds=minimum)


def test_settle_without_a_copy_passes_a_304_as_any_answer() -> None:
    assert settled(304).verdict is Verdict.STORE


def test_settle_refreshes_by_what_the_confirmation_says_and_the_copy_said() -> None:
    assert settled(304, entry(cache_control="max-age=20"), cache_control="max-age=7").lifetime_seconds == 7


def test_settle_without_a_copy_caches_the_error() -> None:
    assert settled(503) == Settlement(verdict=Verdict.STORE, lifetime_seconds=10)


def test_settle_error_copy_covers_nothing() -> None:
    assert settled(503, entry(status=404)).verdict is Verdict.STORE


@pytest.mark.parametrize(
    ("directive", "now", "verdict"),
    [
        ("stale-if-error=50", 100, Verdict.SERVE_STALE),
        ("stale-if-error=30", 100, Verdict.STORE),
        ("stale-if-error=30", 89.9, Verdict.SERVE_STALE),
        ("stale-if-error=30", 90, Verdict.STORE),
        ("stale-if-error=0", 61, Verdict.STORE),
    ],
)
def test_settle_stale_if_error_bounds_the_expired_copy(directive: str, now: float, verdict: Verdict) -> None:
    assert settled(503, entry(cache_control=f"max-age=60, {directive}"), now=now).verdict is verdict


@pytest.mark.parametrize(
    ("directive", "now", "may"),
    [
        ("", 60, False),
        ("stale-while-revalidate=30", 59.9, False),
        ("stale-while-revalidate=30", 60, True),
        ("stale-while-revalidate=30", 89.9, True),
        ("stale-while-revalidate=30", 90, False),
        ("stale-while-revalidate=9999", 359.9, True),
        ("stale-while-revalidate=9999", 360, False),
    ],
)
def test_expired_copy_is_served_while_the_origin_is_asked_within_its_directive_and_the_maximum(
    directive: str, now: float, may: bool
) -> None:
    known = entry(cache_control=directive)
    assert may_revalidate_later(policy(0, 60, 300), known, now) is may
    error = CacheEntry(status_code=404, headers=known.headers, body=b"", stored_at=0, fresh_until=60)
    assert not may_revalidate_later(policy(0, 60, 300), error, now)


@pytest.mark.parametrize(("status", "is_error"), [(200, False), (304, False), (399, False), (400, True), (503, True)])
def test_entry_is_an_error_from_400(status: int, is_error: bool) -> None:
    assert entry(status=status).is_error is is_error


def test_entry_that_was_never_covered_for_is_not_fresh_by_a_pause() -> None:
    assert not CacheEntry(status_code=200, headers={}, body=b"", stored_at=-9, fresh_until=-1).is_fresh(0)


def test_entry_is_fresh_until_its_time_and_during_a_retry_pause() -> None:
    assert entry().is_fresh(59.9)
    assert not entry().is_fresh(60)
    paused = CacheEntry(status_code=200, headers={}, body=b"", stored_at=0, fresh_until=60, retry_at=110)
    assert paused.is_fresh(109)
    assert not paused.is_fresh(110)


def test_entry_is_revalidated_by_etag_else_by_date() -> None:
    both = entry(etag='"1"', last_modified=DATE)
    assert both.conditional_headers() == {"if-none-match": '"1"'}
    assert entry(last_modified=DATE).conditional_headers() == {"if-modified-since": DATE}
    assert entry(status=404, etag='"1"').conditional_headers() == {}


def key(
    rules: CachePolicy | None = None, *, path: str = "/a", query: str = "", method: str = "GET", **headers: str
) -> tuple[str, ...]:
    return cache_key(
        rules or policy(),
        distribution_domain="d1.cloudfront.net",
        method=method,
        path=path,
        query=query,
        headers=headers,
    )


def test_key_is_distribution_and_path_unless_the_policy_says_more() -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-the-cache-key.html"""
    assert key(query="x=1", cookie="a=1", accept="text/html") == key() == key(method="HEAD")
    assert key(path="/b") != key()
    assert key(method="OPTIONS") != key()
    assert key() == ("d1.cloudfront.net", "GET", "/a")


@pytest.mark.parametrize(
    ("part", "one", "other", "same"),
    [
        (KeyPart(inclusion=Inclusion.WHITELIST, names=frozenset({"v"})), "v=1&x=1", "v=1&x=2", True),
        (KeyPart(inclusion=Inclusion.WHITELIST, names=frozenset({"v"})), "v=1", "v=2", False),
        (KeyPart(inclusion=Inclusion.ALL), "x=1", "x=2", False),
        (KeyPart(inclusion=Inclusion.ALL_EXCEPT, names=frozenset({"utm"})), "utm=1&x=1", "utm=2&x=1", True),
        (KeyPart(inclusion=Inclusion.ALL_EXCEPT, names=frozenset({"utm"})), "x=1", "x=2", False),
    ],
)
def test_key_takes_the_query_strings_of_the_policy(part: KeyPart, one: str, other: str, same: bool) -> None:
    rules = CachePolicy(query_strings=part)
    assert key(rules, query="v=") != key(rules) or "v" not in part.names
    assert (key(rules, query=one) == key(rules, query=other)) is same


def test_key_takes_headers_and_cookies_of_the_policy() -> None:
    listed = KeyPart(inclusion=Inclusion.WHITELIST, names=frozenset({"lang"}))
    assert key(CachePolicy(headers=listed), lang="de") != key(CachePolicy(headers=listed), lang="en")
    cookies = CachePolicy(cookies=listed)
    assert key(cookies, cookie="lang=de; id=1") == key(cookies, cookie="id=2; lang=de")
    assert key(cookies, cookie="lang=de") != key(cookies, cookie="lang=en")


BOTH = frozenset({"br", "gzip"})


@pytest.mark.parametrize(
    ("enabled", "one", "other", "same"),
    [
        (BOTH, "br, gzip", "gzip;q=0.5, deflate, BR", True),
        (BOTH, "br", "gzip", False),
        (BOTH, "deflate", "", True),
        (BOTH, "br", "", False),
        (BOTH, "br, gzip; Q=0", "br", True),
        (BOTH, "br;q=0.000, gzip;q=0.0", "", True),
        (BOTH, "gzip;q=0.001", "gzip", True),
        (frozenset({"gzip"}), "br, gzip", "gzip", True),
        (frozenset(), "br", "", True),
    ],
)
def test_key_takes_accept_encoding_normalized_to_what_the_policy_enables(
    enabled: frozenset[str], one: str, other: str, same: bool
) -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ParametersInCacheKeyAndForwardedToOrigin.html"""
    rules = CachePolicy(accept_encodings=enabled)
    assert (key(rules, **{"accept-encoding": one}) == key(rules, **{"accept-encoding": other})) is same


def test_key_names_the_codings_in_an_order_of_its_own() -> None:
    assert key(CachePolicy(accept_encodings=BOTH), **{"accept-encoding": "gzip, br"})[-1] == "accept-encoding=br,gzip"


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0, 1000), st.integers(0, 2000))
def test_freshness_stays_between_minimum_and_the_larger_of_minimum_and_maximum(
    minimum: float, default: float, maximum: float, age: int
) -> None:
    rules = policy(minimum, default, maximum)
    for headers in ({}, {"cache-control": f"max-age={age}"}, {"cache-control": "no-store"}):
        assert minimum <= freshness_seconds(rules, headers) <= max(minimum, maximum)
