"""Entries asked over real sockets: what answered, and in words why not."""

import asyncio
import hashlib
import json
import ssl
from typing import cast

import pytest

from scripts.probe.http1 import MalformedResponseError, Response
from scripts.probe.resolver import CachingResolver, ResolutionError
from scripts.probe.samples import Family
from scripts.status.entries import Answer, Connect, Entry, EntryProbe, compared

ENDPOINT = Entry(name="endpoint", hostname="www.example.test", leads_to="d-1.example.test")
MARKER = json.dumps({"region": "eu-central-1"}).encode()


class Resolver:
    """Knows one name."""

    async def addresses(self, hostname: str, family: Family) -> tuple[str, ...]:
        if hostname != "d-1.example.test":
            raise ResolutionError(f"{hostname} {family.record_type}: NXDOMAIN")
        return ("192.0.2.1", "192.0.2.2")


class Requests:
    """Answers with a page and a marker, or raises instead."""

    def __init__(self, page: Response | Exception, marker: Response | Exception | None = None) -> None:
        self._page = page
        self._marker = marker or Response(status=200, headers={}, body=MARKER)

    async def __call__(self, entry: Entry, address: str, path: str) -> Response:
        assert (entry, address) == (ENDPOINT, "192.0.2.1")
        found = self._page if path == "/" else self._marker
        if isinstance(found, Exception):
            raise found
        return found


class Silence:
    """Never answers."""

    async def __call__(self, entry: Entry, address: str, path: str) -> Response:
        await asyncio.Event().wait()
        raise AssertionError(f"{entry} {address} {path}")


def asked(request: Connect, entry: Entry = ENDPOINT, seconds: float = 5) -> Answer:
    probe = EntryProbe(cast("CachingResolver", Resolver()), request, lambda: asyncio.timeout(seconds))
    (answer,) = probe.ask([entry])
    return answer


def page(status: int = 200, body: bytes = b"<h1>") -> Response:
    return Response(status=status, headers={}, body=body)


def test_entry_that_serves_says_from_where_and_by_whom() -> None:
    headers = {"via": "1.1 x.cloudfront.net (CloudFront)", "x-cache": "Hit from cloudfront"}
    found = asked(Requests(Response(status=200, headers=headers, body=b"<h1>")))
    assert (found.is_good, found.region, found.served_by, found.is_from_cache) == (
        True,
        "eu-central-1",
        "cloudfront",
        True,
    )
    assert found.addresses == ("192.0.2.1", "192.0.2.2")
    assert found.digest == hashlib.md5(b"<h1>", usedforsecurity=False).hexdigest()


def test_answer_without_cloudfronts_header_is_an_endpoints() -> None:
    assert asked(Requests(page())).served_by == "endpoint"


def distrusted(why: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = why
    return error


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (Requests(page(503)), "status 503"),
        (Requests(ConnectionRefusedError(111, "Connect call failed")), "refuses connections"),
        (Requests(ConnectionResetError(104, "reset")), "ends the connection without an answer"),
        (Requests(distrusted("expired")), "its certificate is not accepted: expired"),
        (Requests(MalformedResponseError("not a status line")), "not a status line"),
        (Requests(EOFError()), "ends the connection without an answer"),
        (Requests(OSError()), "OSError"),
    ],
)
def test_page_that_does_not_come_is_a_problem_in_words(request_: Connect, problem: str) -> None:
    found = asked(request_)
    assert (found.is_good, found.problem) == (False, problem)


def test_silence_is_no_answer_in_time() -> None:
    found = asked(Silence(), seconds=0.05)
    assert (found.problem, found.marker_problem) == ("no answer in time", "no answer in time")


@pytest.mark.parametrize(
    ("marker", "problem"),
    [
        (page(502), "status 502"),
        (page(200, b"{}"), "an answer that is no region marker"),
        (page(200, b"\xff"), "an answer that is no region marker"),
        (ConnectionResetError("reset"), "ends the connection without an answer"),
    ],
)
def test_marker_that_does_not_come_is_a_problem_of_its_own(marker: Response | Exception, problem: str) -> None:
    found = asked(Requests(page(), marker))
    assert (found.problem, found.marker_problem, found.region, found.is_good) == (None, problem, None, False)


def test_name_that_dns_does_not_have_is_a_problem() -> None:
    found = asked(Requests(page()), Entry(name="gone", hostname="gone.example.test"))
    assert (found.problem, found.addresses) == ("gone.example.test A: NXDOMAIN", ())


@pytest.mark.parametrize(
    ("status", "digests", "problem"),
    [
        (200, {"right"}, None),
        (200, {"other"}, "/ is not what was published"),
        (404, {"right"}, None),  # a site without a home page: its 404 page is what was published
        (404, {"other"}, "/ is not what was published"),
        (404, set(), "status 404"),
    ],
)
def test_content_is_judged_by_what_was_published(status: int, digests: set[str], problem: str | None) -> None:
    answer = Answer(entry=ENDPOINT, digest="right", problem=f"status {status}" if status == 404 else None)
    assert compared(answer, frozenset(digests)).problem == problem


def test_answer_that_is_no_page_stays_as_it_is() -> None:
    answer = Answer(entry=ENDPOINT, problem="status 503")
    assert compared(answer, frozenset({"right"})) == answer
