"""Entries asked over real sockets: what answered, and in words why not."""

import asyncio
import hashlib
import json
import ssl
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trustme

from scripts.local.endpoints import DnsEndpoint, Endpoints
from scripts.probe.http1 import MalformedResponseError, Response
from scripts.probe.resolver import CachingResolver, Nameserver, ResolutionError
from scripts.probe.samples import Family
from scripts.status.entries import Answer, Connect, Entry, EntryProbe, compared, network_entry_probe

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
    found = asked(Requests(page()))
    assert (found.served_by, found.is_from_cache) == ("endpoint", False)


def test_entry_that_was_not_asked_answers_from_no_cache() -> None:
    assert Answer(entry=ENDPOINT).is_from_cache is False


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


def test_status_of_a_page_that_is_no_error_to_a_visitor_has_a_digest() -> None:
    known = hashlib.md5(b"<h1>", usedforsecurity=False).hexdigest()
    digests = {status: asked(Requests(page(status))).digest for status in (200, 301, 403, 404, 405, 503)}
    assert digests == {200: known, 301: None, 403: None, 404: known, 405: None, 503: None}


@pytest.mark.parametrize(("status", "problem"), [(301, None), (399, None), (400, "status 400")])
def test_page_is_a_problem_from_400(status: int, problem: str | None) -> None:
    assert asked(Requests(page(status))).problem == problem


def built(endpoints: Endpoints | None) -> tuple[int, Nameserver, float, float]:
    """Return port, nameserver, speed of the resolver's clock, and the deadline in real seconds, of a probe over the network."""
    probe = network_entry_probe(endpoints)
    resolver: Any = probe._resolver
    request: Any = probe._request

    async def seconds() -> float:
        now = asyncio.get_running_loop().time()
        return (probe._deadline().when() or 0) - now

    (nameserver,) = resolver._nameservers
    return request._port, nameserver, resolver._clock.speed, asyncio.run(seconds())


@pytest.mark.parametrize(("speed", "seconds"), [(0.5, 20), (1, 10), (2, 5), (10, 5)])
def test_probe_of_a_localcloud_waits_by_its_clock_but_never_less_than_a_machine_needs(
    speed: float, seconds: float, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    endpoints = Endpoints(
        schema=1,
        pid=1,
        speed=speed,
        gateway_url="http://127.0.0.1:1",
        control_url="http://127.0.0.1:1/c",
        dns=DnsEndpoint(address="127.0.0.1", port=10053),
        https_port=8443,
        ca_certificate=tmp_path / "ca.pem",
    )
    port, nameserver, resolvers_speed, waits = built(endpoints)
    assert (port, nameserver, resolvers_speed) == (8443, Nameserver(address="127.0.0.1", port=10053), 1.0)
    assert waits == pytest.approx(seconds, abs=0.5)


def test_probe_of_aws_asks_this_machines_resolver_and_waits_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    found = SimpleNamespace(nameservers=["192.0.2.53"])
    monkeypatch.setattr("dns.resolver.get_default_resolver", lambda: found)
    port, nameserver, speed, waits = built(None)
    assert (port, nameserver, speed) == (443, Nameserver(address="192.0.2.53", port=53), 1.0)
    assert waits == pytest.approx(10, abs=0.5)


class SilentAtFirst:
    """Lets so many requests time out before it answers; each one holds the machine up, if it does."""

    def __init__(self, silent: int, *, is_busy: bool) -> None:
        self._left = silent
        self._is_busy = is_busy
        self.asked = 0

    async def __call__(self, entry: Entry, address: str, path: str) -> Response:
        self.asked += 1
        self._left -= 1
        if self._left >= 0:
            if self._is_busy:
                time.sleep(
                    0.7
                )  # other work of this program: nothing in its event loop goes on; twice is above the limit of 1 s
            raise TimeoutError
        return await Requests(page())(entry, address, path)


@pytest.mark.parametrize(
    ("silent", "is_busy", "asked_times", "is_good"),
    [(2, True, 4, True), (2, False, 2, False), (6, True, 6, False), (0, True, 2, True)],
    ids=["busy at first", "silent", "busy all the time", "answers"],
)
def test_silence_while_this_machine_was_busy_is_asked_again_and_any_other_silence_is_believed(
    silent: int, is_busy: bool, asked_times: int, is_good: bool
) -> None:
    request = SilentAtFirst(silent, is_busy=is_busy)
    found = asked(request, seconds=60)
    assert (request.asked, found.is_good, found.is_silent) == (asked_times, is_good, not is_good)
