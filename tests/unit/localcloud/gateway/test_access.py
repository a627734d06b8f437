"""Who may talk to the gateway: no page in a browser, and only who knows the secret of the run where code could be run."""

from typing import Any

import pytest

from localcloud.gateway.access import CODE_SERVICES, Access
from localcloud.gateway.wire import Request, Response

SECRET = "LOCALCLOUD0123456789ABCDEF"


def request(
    target: str = "/",
    *,
    host: str = "127.0.0.1:4566",
    key: str = "t",
    query: dict[str, str] | None = None,
    **headers: str,
) -> Request:
    scope = f"Credential={key}/20260101/us-east-1/lambda/aws4_request"
    environ: dict[str, Any] = {
        "HTTP_HOST": host,
        "REQUEST_URI": target,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    return Request(method="POST", raw_path="/", query=query or {}, raw_query="", environ=environ)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:4566", "127.0.0.1", "localhost:80", "123456789012.127.0.0.1:80", "[::1]:4566", "b.localhost"]
)
def test_this_machine_is_served(host: str) -> None:
    assert Access().refusal_of_foreigners(request(host=host)) is None


@pytest.mark.parametrize(
    "host",
    ["", "evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "10.0.0.1", "1270.0.0.1", "127.0.0.1@evil.test"],
)
def test_foreign_host_is_refused(host: str) -> None:
    refused = Access().refusal_of_foreigners(request(host=host))
    assert refused is not None
    assert refused.status == 403


def test_host_of_a_proxys_target_counts() -> None:
    assert Access().refusal_of_foreigners(request("http://evil.test/latest/meta-data")) is not None
    assert Access().refusal_of_foreigners(request("http://123456789012.127.0.0.1:4566/x", host="evil.test")) is None


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://127.0.0.1:8000", "http://localhost:4566"])
def test_foreign_origin_is_refused(origin: str) -> None:
    assert Access().refusal_of_foreigners(request(origin=origin)) is not None


def test_own_origin_is_served() -> None:
    assert Access().refusal_of_foreigners(request(origin="http://127.0.0.1:4566")) is None


@pytest.mark.parametrize(
    ("site", "is_refused"), [("cross-site", True), ("same-site", True), ("same-origin", False), ("none", False)]
)
def test_request_of_another_sites_page_is_refused(site: str, is_refused: bool) -> None:
    assert (Access().refusal_of_foreigners(request(sec_fetch_site=site)) is not None) is is_refused


@pytest.mark.parametrize("service", sorted(CODE_SERVICES))
def test_what_runs_code_wants_the_secret(service: str) -> None:
    access = Access(SECRET)
    refused = access.refusal(request(), service)
    assert refused is not None
    assert refused.status == 403
    assert SECRET.encode() not in refused.body
    assert access.refusal(request(key=SECRET), service) is None
    assert access.refusal(request(x_amz_security_token=SECRET), service) is None
    assert access.refusal(request(key="", query={"X-Amz-Security-Token": SECRET}), service) is None
    assert access.refusal(request(x_amz_security_token=SECRET[:-1]), service) is not None


def test_other_services_want_it_when_strict() -> None:
    assert Access(SECRET).refusal(request(), "s3") is None
    assert Access(SECRET, is_strict=True).refusal(request(), "s3") is not None
    assert Access(SECRET, is_strict=True).refusal(request(key=SECRET), "s3") is None


def test_session_of_who_knows_the_secret_is_known() -> None:
    access = Access(SECRET)
    answer = Response(body=b"<SessionToken>issued-1</SessionToken>")
    access.note_issued(request(), "sts", answer)
    assert access.refusal(request(x_amz_security_token="issued-1"), "lambda") is not None
    access.note_issued(request(key=SECRET), "sts", answer)
    assert access.refusal(request(x_amz_security_token="issued-1"), "lambda") is None


def test_log_does_not_hold_the_secret() -> None:
    access = Access(SECRET)
    assert access.caller_of(request(key=SECRET)) == "localcloud"
    assert access.caller_of(request(key="deploy")) == "deploy"


def test_without_a_secret_nobody_is_asked() -> None:
    assert Access().refusal(request(), "lambda") is None
