"""How CloudFront asks web servers: protocols, ports, what it forwards and adds, methods, timeouts, certificates, failover."""

import socket
import threading
import time
from typing import Any

import pytest
import trustme

from tests.conformance.cloud import ALL_METHODS, DISABLED, OPTIMIZED, Cloud, items, methods, unique
from tests.conformance.origin_server import OriginServer, Reply, origin_server
from tests.conformance.test_edge import cache_policy
from tests.documented import documented, stated

ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
UNCACHED = {"CachePolicyId": DISABLED}
WRITES = {"CachePolicyId": DISABLED, "AllowedMethods": methods(ALL_METHODS)}


def group_of(
    cloud: Cloud, origins: list[dict[str, Any]], codes: list[int], behavior: dict[str, Any] | None = None
) -> str:
    """Makes a distribution whose default behavior goes to a group of two origins; returns its domain."""
    members = items([{"OriginId": each["Id"]} for each in origins])
    group = {"Id": "g", "FailoverCriteria": {"StatusCodes": items(codes)}, "Members": members}
    behavior = {"TargetOriginId": "g", **UNCACHED, **(behavior or {})}
    return cloud.domain_of(origins, behavior, OriginGroups=items([group]))


def request_policy(cloud: Cloud, **changes: Any) -> str:
    config = {
        "Name": unique("forward"),
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
        **changes,
    }
    made = cloud.aws("cloudfront").create_origin_request_policy(OriginRequestPolicyConfig=config)
    return str(made["OriginRequestPolicy"]["Id"])


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@documented("CFAPI/API_CustomOriginConfig", "A custom origin is asked at its port, and its answer goes to the viewer.")
def test_custom_origin_answers(cloud: Cloud, origin: OriginServer) -> None:
    origin.reply = lambda asked: Reply(body=asked.target.encode(), headers={"Content-Type": "text/x", "X-Own": "1"})
    answer = cloud.get(cloud.domain_of([origin.config()]), "/a%20b?c")
    assert (answer.status, answer.body, answer.headers["x-own"]) == (200, b"/a%20b", "1")


@documented("CF/DownloadDistValuesOrigin", "The origin path stands before the path of the request.")
def test_origin_path_comes_first(cloud: Cloud, origin: OriginServer) -> None:
    cloud.get(cloud.domain_of([origin.config(OriginPath="/base")]), "/i")
    assert origin.last.target == "/base/i"


@pytest.mark.parametrize(
    ("policy", "by_https", "over_tls"),
    [
        stated(
            "CF/RequestAndResponseBehaviorCustomOrigin",
            "HTTP Only asks by HTTP whatever the viewer used.",
            "http-only",
            True,
            False,
        ),
        stated(
            "CF/RequestAndResponseBehaviorCustomOrigin",
            "HTTPS Only asks by HTTPS whatever the viewer used.",
            "https-only",
            False,
            True,
        ),
        stated(
            "CF/RequestAndResponseBehaviorCustomOrigin",
            "Match Viewer asks by HTTPS for a viewer on HTTPS.",
            "match-viewer",
            True,
            True,
        ),
        stated(
            "CF/RequestAndResponseBehaviorCustomOrigin",
            "Match Viewer asks by HTTP for a viewer on HTTP.",
            "match-viewer",
            False,
            False,
        ),
    ],
)
def test_origin_protocol_policy(
    cloud: Cloud, authority: trustme.CA, policy: str, by_https: bool, over_tls: bool
) -> None:
    with (
        origin_server(lambda _: Reply(body=b"plain")) as plain,
        origin_server(lambda _: Reply(body=b"secure"), certificate=authority.issue_cert("localhost")) as secure,
    ):
        config = plain.config(OriginProtocolPolicy=policy, HTTPSPort=secure.port)
        answer = cloud.get(cloud.domain_of([config]), "/i", tls=by_https)
    assert answer.body == (b"secure" if over_tls else b"plain")


@pytest.mark.parametrize(
    ("names", "status"),
    [
        stated(
            "CF/using-https-cloudfront-to-custom-origin",
            "A certificate of a trusted authority that holds the origin's domain name is taken.",
            ("localhost",),
            200,
        ),
        stated(
            "CF/http-502-bad-gateway",
            "A certificate of another name than the origin's is answered with 502.",
            ("a.test",),
            502,
        ),
    ],
)
def test_certificate_name(cloud: Cloud, authority: trustme.CA, names: tuple[str, ...], status: int) -> None:
    with origin_server(certificate=authority.issue_cert(*names)) as secure:
        config = secure.config(OriginProtocolPolicy="https-only", ConnectionAttempts=1)
        assert cloud.get(cloud.domain_of([config]), "/i").status == status
        assert len(secure.asked) == (status == 200)


@documented(
    "CF/RequestAndResponseBehaviorCustomOrigin",
    "A self-signed certificate of the origin is answered with 502, and nothing is sent.",
)
def test_self_signed_certificate_is_502(cloud: Cloud) -> None:
    with origin_server(certificate=trustme.CA().issue_cert("localhost")) as secure:
        config = secure.config(OriginProtocolPolicy="https-only")
        answer = cloud.get(cloud.domain_of([config]), "/i")
    assert (answer.status, answer.headers["x-cache"]) == (502, "Error from cloudfront")
    assert secure.asked == []


@documented(
    "CF/using-https-cloudfront-to-custom-origin",
    "Where the Host header is forwarded, a certificate of its name is taken too.",
)
def test_certificate_of_the_forwarded_host_is_taken(cloud: Cloud, authority: trustme.CA) -> None:
    with origin_server(certificate=authority.issue_cert("*.cloudfront.net")) as secure:
        config = secure.config(OriginProtocolPolicy="https-only")
        domain = cloud.domain_of([config], {**UNCACHED, "OriginRequestPolicyId": ALL_VIEWER})
        assert cloud.get(domain, "/i").status == 200
    assert secure.last.headers["host"] == domain


@documented("CF/RequestAndResponseBehaviorCustomOrigin", "Host is the origin's domain name unless it is forwarded.")
def test_host_is_the_origins_name(cloud: Cloud, origin: OriginServer) -> None:
    cloud.get(cloud.domain_of([origin.config()]), "/i")
    assert origin.last.headers["host"] == "localhost"


@documented("CF/RequestAndResponseBehaviorCustomOrigin", "User-Agent is Amazon CloudFront unless it is forwarded.")
def test_user_agent_is_cloudfront(cloud: Cloud, origin: OriginServer) -> None:
    domain = cloud.domain_of([origin.config()])
    cloud.get(domain, "/i", headers={"User-Agent": "browser"})
    assert origin.last.headers["user-agent"] == "Amazon CloudFront"
    policy = request_policy(cloud, HeadersConfig={"HeaderBehavior": "whitelist", "Headers": items(["User-Agent"])})
    domain = cloud.domain_of([origin.config()], {**UNCACHED, "OriginRequestPolicyId": policy})
    cloud.get(domain, "/i", headers={"User-Agent": "browser"})
    assert origin.last.headers["user-agent"] == "browser"


@documented(
    "CF/RequestAndResponseBehaviorCustomOrigin",
    "X-Forwarded-For holds the viewer's address, after what the viewer sent there.",
)
def test_x_forwarded_for_is_appended(cloud: Cloud, origin: OriginServer) -> None:
    domain = cloud.domain_of([origin.config()])
    cloud.get(domain, "/i")
    address = origin.last.headers["x-forwarded-for"]
    cloud.get(domain, "/i", headers={"X-Forwarded-For": "192.0.2.4"})
    chain = [each.strip() for each in origin.last.headers["x-forwarded-for"].split(",")]
    assert chain == ["192.0.2.4", address]


@documented(
    "CF/RequestAndResponseBehaviorCustomOrigin",
    "The origin gets Via and X-Amz-Cf-Id, and none of the viewer's hop-by-hop headers.",
)
def test_hop_by_hop_headers_are_removed(cloud: Cloud, origin: OriginServer) -> None:
    domain = cloud.domain_of([origin.config()], {**UNCACHED, "OriginRequestPolicyId": ALL_VIEWER})
    cloud.get(domain, "/i", headers={"Proxy-Connection": "x", "X-Real-IP": "x", "X-Edge-Thing": "x", "X-Mine": "kept"})
    sent = origin.last.headers
    assert sent["via"].endswith("(CloudFront)")
    assert sent["x-amz-cf-id"]
    assert sent["x-mine"] == "kept"
    assert not {"proxy-connection", "x-real-ip", "x-edge-thing"} & sent.keys()


@documented(
    "CF/controlling-origin-requests",
    "Without an origin request policy no header, cookie or query string is sent.",
)
def test_nothing_is_forwarded_by_default(cloud: Cloud, origin: OriginServer) -> None:
    headers = {"X-Mine": "1", "Accept-Language": "de", "Cookie": "a=1", "Authorization": "Basic x", "Referer": "x"}
    cloud.get(cloud.domain_of([origin.config()]), "/i?q=1", headers=headers)
    assert origin.last.target == "/i"
    assert not {name.lower() for name in headers} & origin.last.headers.keys()


@documented("CF/controlling-origin-requests", "AllViewer sends every header, cookie and query string of the viewer.")
def test_all_viewer_forwards_everything(cloud: Cloud, origin: OriginServer) -> None:
    domain = cloud.domain_of([origin.config()], {**UNCACHED, "OriginRequestPolicyId": ALL_VIEWER})
    headers = {"X-Mine": "1", "Accept-Language": "de", "Cookie": "a=1; b=2", "Authorization": "Basic x"}
    cloud.get(domain, "/i?q=1&r=%20", headers=headers)
    assert origin.last.target == "/i?q=1&r=%20"
    assert {name: origin.last.headers[name.lower()] for name in headers} == headers
    assert origin.last.headers["host"] == domain


@documented(
    "CF/controlling-origin-requests", "What an origin request policy adds is forwarded and is not in the cache key."
)
def test_request_policy_is_not_in_the_key(cloud: Cloud, origin: OriginServer) -> None:
    policy = request_policy(
        cloud, QueryStringsConfig={"QueryStringBehavior": "whitelist", "QueryStrings": items(["q"])}
    )
    domain = cloud.domain_of([origin.config()], {"CachePolicyId": OPTIMIZED, "OriginRequestPolicyId": policy})
    cloud.get(domain, "/i?q=1&r=2")
    assert origin.last.target == "/i?q=1"
    assert cloud.get(domain, "/i?q=2").headers["x-cache"] == "Hit from cloudfront"


@documented("CF/controlling-the-cache-key", "What is in the cache key is forwarded by itself.")
def test_key_is_forwarded(cloud: Cloud, origin: OriginServer) -> None:
    policy = cache_policy(
        cloud,
        HeadersConfig={"HeaderBehavior": "whitelist", "Headers": items(["X-Mine"])},
        CookiesConfig={"CookieBehavior": "whitelist", "Cookies": items(["a"])},
        QueryStringsConfig={"QueryStringBehavior": "whitelist", "QueryStrings": items(["q"])},
    )
    domain = cloud.domain_of([origin.config()], {"CachePolicyId": policy})
    cloud.get(domain, "/i?q=1&r=2", headers={"X-Mine": "1", "X-Other": "1", "Cookie": "a=1; b=2"})
    assert origin.last.target == "/i?q=1"
    assert (origin.last.headers["x-mine"], origin.last.headers["cookie"]) == ("1", "a=1")
    assert "x-other" not in origin.last.headers


@documented(
    "CF/add-origin-custom-headers",
    "An origin's custom header is added to each request and replaces the viewer's.",
)
def test_custom_header_replaces_the_viewers(cloud: Cloud, origin: OriginServer) -> None:
    own = items([{"HeaderName": "X-Secret", "HeaderValue": "own"}])
    domain = cloud.domain_of([origin.config(CustomHeaders=own)], {**UNCACHED, "OriginRequestPolicyId": ALL_VIEWER})
    cloud.get(domain, "/i", headers={"X-Secret": "viewer's"})
    assert origin.last.headers["x-secret"] == "own"


@documented("CF/RequestAndResponseBehaviorCustomOrigin", "Set-Cookie is removed where no cookies are forwarded.")
def test_set_cookie_is_removed(cloud: Cloud, origin: OriginServer) -> None:
    origin.reply = lambda _: Reply(headers={"Set-Cookie": "a=1"})
    assert "set-cookie" not in cloud.get(cloud.domain_of([origin.config()]), "/i").headers


@documented(
    "CF/RequestAndResponseBehaviorCustomOrigin",
    "Set-Cookie goes to the viewer where cookies are forwarded, each as a header of its own.",
)
def test_set_cookies_are_kept_apart(cloud: Cloud, origin: OriginServer) -> None:
    origin.reply = lambda _: Reply(
        headers=[("Set-Cookie", "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT"), ("Set-Cookie", "b=2")]
    )
    domain = cloud.domain_of([origin.config()], {**UNCACHED, "OriginRequestPolicyId": ALL_VIEWER})
    assert cloud.get(domain, "/i").cookies == ["a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT", "b=2"]


@pytest.mark.parametrize(
    "method",
    [
        stated("CF/RequestAndResponseBehaviorCustomOrigin", "POST goes to the origin with its body.", "POST"),
        stated("CF/RequestAndResponseBehaviorCustomOrigin", "PUT goes to the origin with its body.", "PUT"),
        stated("CF/RequestAndResponseBehaviorCustomOrigin", "PATCH goes to the origin with its body.", "PATCH"),
        stated("CF/RequestAndResponseBehaviorCustomOrigin", "DELETE goes to the origin with its body.", "DELETE"),
    ],
)
def test_body_is_forwarded(cloud: Cloud, origin: OriginServer, method: str) -> None:
    origin.reply = lambda asked: Reply(status=201, body=asked.body[::-1])
    domain = cloud.domain_of([origin.config()], WRITES)
    headers = {"Content-Type": "application/json"}
    answer = cloud.get(domain, "/i", method, headers=headers, body=b"12345")
    assert (answer.status, answer.body) == (201, b"54321")
    assert (origin.last.method, origin.last.headers["content-type"]) == (method, "application/json")


@documented("CF/RequestAndResponseBehaviorCustomOrigin", "OPTIONS goes to the origin.")
def test_options_is_forwarded(cloud: Cloud, origin: OriginServer) -> None:
    origin.reply = lambda asked: Reply(body=b"", headers={"Allow": f"{asked.method}, GET"})
    domain = cloud.domain_of([origin.config()], {**UNCACHED, "AllowedMethods": methods(("GET", "HEAD", "OPTIONS"))})
    assert cloud.get(domain, "/i", "OPTIONS").headers["allow"] == "OPTIONS, GET"


@documented("CF/RequestAndResponseBehaviorCustomOrigin", "Answers to methods that write are not cached.")
def test_writes_are_not_cached(cloud: Cloud, origin: OriginServer) -> None:
    domain = cloud.domain_of([origin.config()], {**WRITES, "CachePolicyId": OPTIMIZED})
    for _ in range(2):
        cloud.get(domain, "/i", "POST", body=b"x")
    assert len(origin.asked) == 2


@documented("CF/http-3xx-status-codes", "A redirect of the origin goes to the viewer; CloudFront does not follow it.")
def test_redirect_goes_to_the_viewer(cloud: Cloud, origin: OriginServer) -> None:
    origin.reply = lambda _: Reply(status=302, headers={"Location": "/elsewhere"})
    answer = cloud.get(cloud.domain_of([origin.config()]), "/i")
    assert (answer.status, answer.headers["location"], len(origin.asked)) == (302, "/elsewhere", 1)


@documented("CF/RequestAndResponseBehaviorCustomOrigin", "An expired copy is confirmed by its ETag.")
def test_revalidation_sends_the_etag(cloud: Cloud, origin: OriginServer) -> None:
    tags = {"ETag": '"v1"', "Cache-Control": "max-age=5"}
    origin.reply = lambda asked: Reply(status=304 if "if-none-match" in asked.headers else 200, headers=tags, body=b"")
    domain = cloud.domain_of([origin.config()], {"CachePolicyId": cache_policy(cloud)})
    cloud.get(domain, "/i")
    cloud.sleep(7)
    assert cloud.get(domain, "/i").headers["x-cache"] == "RefreshHit from cloudfront"
    assert origin.last.headers["if-none-match"] == '"v1"'


@documented("CF/http-502-bad-gateway", "An origin that refuses the connection is answered with 502.")
def test_refused_connection_is_502(cloud: Cloud, origin: OriginServer) -> None:
    assert cloud.get(cloud.domain_of([origin.config(HTTPPort=closed_port())]), "/i").status == 502


def silent_domain(cloud: Cloud, origin: OriginServer, attempts: int) -> str:
    def wait(_: object) -> Reply:
        time.sleep(3)
        return Reply()

    origin.reply = wait
    return cloud.domain_of([origin.config(OriginReadTimeout=5, ConnectionAttempts=attempts)], WRITES)


@documented(
    "CF/http-504-gateway-timeout", "An origin that does not answer within the read timeout is answered with 504."
)
def test_silent_origin_is_504(cloud: Cloud, origin: OriginServer) -> None:
    assert cloud.get(silent_domain(cloud, origin, attempts=1), "/i").status == 504


@documented(
    "CF/RequestAndResponseBehaviorCustomOrigin",
    "After a read timeout GET is tried again up to the connection attempts.",
)
def test_get_is_tried_again(cloud: Cloud, origin: OriginServer) -> None:
    cloud.get(silent_domain(cloud, origin, attempts=2), "/i")
    assert len(origin.asked) == 2


@documented("CF/RequestAndResponseBehaviorCustomOrigin", "After a read timeout POST is not tried again.")
def test_post_is_not_tried_again(cloud: Cloud, origin: OriginServer) -> None:
    assert cloud.get(silent_domain(cloud, origin, attempts=2), "/i", "POST", body=b"x").status == 504
    assert len(origin.asked) == 1


@documented("CF/high_availability_origin_failover", "A group may go from a custom origin to a bucket.")
def test_group_goes_from_custom_origin_to_bucket(cloud: Cloud, origin: OriginServer) -> None:
    origin.reply = lambda _: Reply(status=503)
    domain = group_of(cloud, [origin.config("a"), cloud.origin(cloud.readable_bucket(i="bucket"), "b")], [503])
    assert cloud.get(domain, "/i").body == b"bucket"


@documented("CF/high_availability_origin_failover", "A group may go from a bucket to a custom origin.")
def test_group_goes_from_bucket_to_custom_origin(cloud: Cloud, origin: OriginServer) -> None:
    domain = group_of(cloud, [cloud.origin(cloud.readable_bucket(), "a"), origin.config("b")], [404])
    assert cloud.get(domain, "/i").body == b"origin"


@documented(
    "CF/high_availability_origin_failover", "A refused connection to the primary sends the request to the secondary."
)
def test_group_fails_over_on_a_refused_connection(cloud: Cloud, origin: OriginServer) -> None:
    first = origin.config("a", HTTPPort=closed_port(), ConnectionAttempts=1)
    assert cloud.get(group_of(cloud, [first, origin.config("b")], [500]), "/i").body == b"origin"


@documented("CF/high_availability_origin_failover", "OPTIONS fails over as GET does.")
def test_group_fails_over_for_options(cloud: Cloud, origin: OriginServer) -> None:
    first = origin.config("a", HTTPPort=closed_port(), ConnectionAttempts=1)
    behavior = {"AllowedMethods": methods(("GET", "HEAD", "OPTIONS"))}
    domain = group_of(cloud, [first, origin.config("b")], [500], behavior)
    assert cloud.get(domain, "/i", "OPTIONS").status == 200


@documented(
    "CF/header-caching",
    "Legacy settings forward own headers, and remove Accept, Authorization and Referer of GET.",
)
def test_legacy_settings_forward_own_headers(cloud: Cloud, origin: OriginServer) -> None:
    legacy = {
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}},
        "MinTTL": 0,
        "CachePolicyId": None,
    }
    domain = str(cloud.distribution([origin.config()], legacy)["DomainName"])
    cloud.get(
        domain, "/i?q=1", headers={"X-Mine": "1", "Authorization": "Basic x", "Referer": "x", "Accept": "text/html"}
    )
    assert (origin.last.target, origin.last.headers["x-mine"]) == ("/i?q=1", "1")
    assert not {"authorization", "referer", "accept"} & origin.last.headers.keys()


@documented(
    "CF/RequestAndResponseBehaviorCustomOrigin",
    "Requests for one object that come together are one request to the origin.",
)
def test_requests_are_collapsed(cloud: Cloud, origin: OriginServer) -> None:
    def slow(_: object) -> Reply:
        time.sleep(0.3)
        return Reply(headers={"Cache-Control": "max-age=100"})

    origin.reply = slow
    domain = cloud.domain_of([origin.config()], {"CachePolicyId": OPTIMIZED})
    viewers = [threading.Thread(target=cloud.get, args=(domain, "/i")) for _ in range(5)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert len(origin.asked) == 1
