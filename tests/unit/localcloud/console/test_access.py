"""Who may use the console."""

import pytest
from aiohttp.test_utils import make_mocked_request

from localcloud.console.access import ConsoleAccess, foreign, policy_headers

HOST = "127.0.0.1:4580"


def test_token_opens_one_session_once() -> None:
    access = ConsoleAccess("secret")
    token = access.mint()
    session = access.admit(token)
    assert session is not None
    assert access.is_session(session)
    assert access.admit(token) is None
    assert access.admit("") is None
    assert not access.is_session("")


def test_old_tokens_are_forgotten() -> None:
    access = ConsoleAccess("secret")
    first, *_ = [access.mint() for _ in range(17)]
    assert access.admit(first) is None


@pytest.mark.parametrize(
    ("method", "path", "headers", "is_foreign"),
    [
        ("GET", "/", {"Host": HOST}, False),
        ("GET", "/api/stream", {"Host": HOST, "Sec-Fetch-Site": "same-origin"}, False),
        ("POST", "/api/faults", {"Host": HOST, "Origin": f"http://{HOST}"}, False),
        ("GET", "/?token=x", {"Host": HOST, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, False),
        ("GET", "/", {"Host": "evil.test:4580"}, True),
        ("GET", "/", {"Host": "127.0.0.1:9"}, True),
        ("GET", "/", {}, True),
        ("POST", "/api/faults", {"Host": HOST, "Origin": "http://127.0.40.1:4580"}, True),
        ("POST", "/api/faults", {"Host": HOST, "Origin": "null"}, True),
        ("GET", "/api/stream", {"Host": HOST, "Sec-Fetch-Site": "same-site"}, True),
        ("GET", "/api/report", {"Host": HOST, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True),
        ("POST", "/", {"Host": HOST, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True),
    ],
)
def test_foreign_requests_are_told(method: str, path: str, headers: dict[str, str], is_foreign: bool) -> None:
    assert (foreign(make_mocked_request(method, path, headers=headers), HOST) is not None) is is_foreign


def test_policy_allows_no_script_but_the_pages_own_and_frames_of_the_site_alone() -> None:
    policy = policy_headers(("http://127.0.40.1:1", "http://127.0.40.2:2"))["Content-Security-Policy"]
    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    assert directives["script-src"] == directives["style-src"] == ["'self'"]
    assert directives["default-src"] == directives["frame-ancestors"] == ["'none'"]
    assert directives["frame-src"] == ["http://127.0.40.1:1", "http://127.0.40.2:2"]
    assert "unsafe" not in policy
