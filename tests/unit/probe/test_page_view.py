"""Page views against a real nameserver and HTTPS server on loopback, and the open-loop schedule in virtual time."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.clock import AwsClock
from scripts.probe.page_view import BrowserProbe, Page, verifying_tls
from scripts.probe.resolver import CachingResolver, Nameserver
from scripts.probe.samples import ErrorKind, Family, Sample
from scripts.probe.schedule import OpenLoopProber, Ticket
from tests.worlds.loopback_site import (
    HOSTNAME,
    RELEASE,
    Authority,
    NameServer,
    WebServer,
    http_answer,
    make_authority,
    nameserver,
    web_server,
)
from tests.worlds.virtual_time import run_virtually

PATIENT, HASTY = 2.0, 20.0
"""Speeds: 10 AWS seconds of waiting are 5 s, never reached, or 0.5 s."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def a_ticket(family: Family = Family.IPV4) -> Ticket:
    return Ticket(sequence=0, client=0, family=family, scheduled_at_seconds=0.0)


@dataclasses.dataclass
class Site:
    """What a test may put in some state before the page view."""

    names: NameServer
    web: WebServer


Scenario = Callable[[Site], None]


def view(
    authority: Authority,
    prepare: Scenario,
    *,
    family: Family = Family.IPV4,
    ca_file: Path | None = None,
    port: int = 0,
    speed: float = PATIENT,
) -> Sample:
    """Make one page view of a site that `prepare` has put in some state."""

    async def run() -> Sample:
        async with nameserver() as names, web_server(authority) as web:
            names.records[(HOSTNAME, "A")] = (60, ["127.0.0.1"])
            names.records[(HOSTNAME, "AAAA")] = (60, ["::ffff:127.0.0.1"])
            prepare(Site(names=names, web=web))
            clock = AwsClock(speed=speed)
            probe = BrowserProbe(
                page=Page(hostname=HOSTNAME, release_id=RELEASE, https_port=port or web.port),
                resolvers=[
                    CachingResolver(nameservers=[Nameserver(address="127.0.0.1", port=names.port)], clock=clock)
                ],
                clock=clock,
                tls=verifying_tls(ca_file or authority.ca_file),
            )
            return await probe.view(a_ticket(family))

    return asyncio.run(run())


def healthy(site: Site) -> None:
    """Change nothing."""


@pytest.mark.parametrize("family", Family)
def test_good_page_view_tells_release_region_and_cache_over_either_family(authority: Authority, family: Family) -> None:
    sample = view(authority, healthy, family=family)
    assert sample.is_good, sample
    assert (sample.release, sample.region, sample.cache) == (RELEASE, "eu-central-1", "Hit from cloudfront")
    assert (sample.requests, sample.failed_requests, sample.wrong_content_requests) == (2, 0, 0)


def test_good_page_view_times_every_phase(authority: Authority) -> None:
    sample = view(authority, healthy)
    phases = sample.phases
    steps = [phases.dns_seconds, phases.connect_seconds, phases.tls_seconds, phases.page_seconds, phases.marker_seconds]
    assert all(step is not None and step > 0 for step in steps)
    assert phases.first_byte_seconds is not None and phases.page_seconds is not None
    assert phases.first_byte_seconds <= phases.page_seconds
    assert sum(step for step in steps if step is not None) <= sample.total_seconds


def test_total_counts_from_the_schedule_not_from_the_start() -> None:
    sample = Sample(
        sequence=0,
        client=0,
        family=Family.IPV4,
        scheduled_at_seconds=1.0,
        started_at_seconds=4.0,
        finished_at_seconds=4.5,
    )
    assert sample.total_seconds == 3.5


def answers(path: str, raw: bytes | None) -> Scenario:
    def prepare(site: Site) -> None:
        site.web.answers[path] = raw

    return prepare


def silent_dns(site: Site) -> None:
    site.names.is_silent = True


def no_address(site: Site) -> None:
    site.names.records.clear()


def old_release(site: Site) -> None:
    site.web.release = "r0"


PAGE = b'<meta name="release" content="r1">'

FAILURES: list[tuple[str, Scenario, ErrorKind, tuple[int, int, int]]] = [
    ("dns silent", silent_dns, ErrorKind.DNS_ERROR, (1, 1, 0)),
    ("no address", no_address, ErrorKind.DNS_ERROR, (1, 1, 0)),
    ("page 503", answers("/", http_answer(503, b"no")), ErrorKind.BAD_STATUS, (2, 1, 0)),
    ("page redirects", answers("/", http_answer(301, b"")), ErrorKind.BAD_STATUS, (2, 1, 0)),
    ("marker 404", answers("/health/region.json", http_answer(404, b"")), ErrorKind.BAD_STATUS, (2, 1, 0)),
    ("page silent", answers("/", None), ErrorKind.TIMEOUT, (1, 1, 0)),
    ("marker silent", answers("/health/region.json", None), ErrorKind.TIMEOUT, (2, 1, 0)),
    ("page cut", answers("/", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), ErrorKind.TIMEOUT, (1, 1, 0)),
    ("closed", answers("/", b""), ErrorKind.CONNECTION_LOST, (1, 1, 0)),
    ("not http", answers("/", b"SSH-2.0-x\r\n"), ErrorKind.MALFORMED_RESPONSE, (1, 1, 0)),
    (
        "bad length",
        answers("/", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        ErrorKind.MALFORMED_RESPONSE,
        (1, 1, 0),
    ),
    ("old release", old_release, ErrorKind.WRONG_CONTENT, (2, 0, 1)),
    ("no release", answers("/", http_answer(200, b"<html>")), ErrorKind.WRONG_CONTENT, (2, 0, 1)),
    (
        "marker not json",
        answers("/health/region.json", http_answer(200, b"<html>")),
        ErrorKind.WRONG_CONTENT,
        (2, 0, 1),
    ),
    ("marker empty", answers("/health/region.json", http_answer(200, b"{}")), ErrorKind.WRONG_CONTENT, (2, 0, 1)),
    (
        "region is a number",
        answers("/health/region.json", http_answer(200, b'{"region": 1}')),
        ErrorKind.WRONG_CONTENT,
        (2, 0, 1),
    ),
    (
        "region is empty",
        answers("/health/region.json", http_answer(200, b'{"region": ""}')),
        ErrorKind.WRONG_CONTENT,
        (2, 0, 1),
    ),
]


@pytest.mark.parametrize(("prepare", "kind", "counts"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES])
def test_unhealthy_site_is_data(
    authority: Authority, prepare: Scenario, kind: ErrorKind, counts: tuple[int, int, int]
) -> None:
    waits = kind is ErrorKind.TIMEOUT or prepare is silent_dns
    sample = view(authority, prepare, speed=HASTY if waits else PATIENT)
    assert not sample.is_good
    assert sample.error is kind, sample
    assert (sample.requests, sample.failed_requests, sample.wrong_content_requests) == counts


@pytest.mark.parametrize(
    ("has_ipv6", "given", "reached"),
    [(True, "::ffff:127.0.0.1", "::ffff:127.0.0.1"), (False, "::ffff:127.0.0.1", "127.0.0.1"), (False, "::1", "::1")],
)
def test_machine_without_ipv6_reaches_a_mapped_address_by_ipv4(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, has_ipv6: bool, given: str, reached: str
) -> None:
    asked: list[tuple[str, int]] = []

    async def refused(address: str, port: int) -> socket.socket:
        asked.append((address, port))
        raise ConnectionRefusedError

    def prepare(site: Site) -> None:
        site.names.records[HOSTNAME, "AAAA"] = (60, [given])

    monkeypatch.setattr("socket.has_dualstack_ipv6", lambda: has_ipv6)
    monkeypatch.setattr("scripts.probe.page_view.connect_tcp", refused)
    sample = view(authority, prepare, family=Family.IPV6, port=Page(hostname=HOSTNAME).https_port)
    assert (asked, sample.address) == ([(reached, 443)], given)


def test_refused_connection_is_data(authority: Authority) -> None:
    with socket.socket() as reserved:  # bound but not listening: connecting is refused
        reserved.bind(("127.0.0.1", 0))
        sample = view(authority, healthy, port=reserved.getsockname()[1])
    assert sample.error is ErrorKind.CONNECT_REFUSED
    assert sample.address == "127.0.0.1"


def test_connection_that_never_completes_is_a_connect_timeout(authority: Authority) -> None:
    with socket.socket() as full, socket.socket() as filler:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())  # takes the only place of the backlog; the kernel drops further SYNs
        sample = view(authority, healthy, port=full.getsockname()[1], speed=HASTY)
    assert sample.error is ErrorKind.CONNECT_TIMEOUT


def test_certificate_of_an_unknown_authority_is_a_tls_error(authority: Authority, tmp_path: Path) -> None:
    sample = view(authority, healthy, ca_file=make_authority(tmp_path).ca_file)
    assert sample.error is ErrorKind.TLS_ERROR
    assert "CERTIFICATE_VERIFY_FAILED" in str(sample.error_detail)


def test_certificate_for_another_name_is_a_tls_error(tmp_path: Path) -> None:
    sample = view(make_authority(tmp_path, hostname="other.example.test"), healthy)
    assert sample.error is ErrorKind.TLS_ERROR


def test_silent_tls_handshake_times_out(authority: Authority) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        sample = view(authority, healthy, port=listening.getsockname()[1], speed=HASTY)
    assert sample.error is ErrorKind.TIMEOUT
    assert sample.phases.connect_seconds is not None
    assert sample.phases.tls_seconds is None


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n"
        + PAGE[:5]
        + b"\r\n%x\r\n" % (len(PAGE) - 5)
        + PAGE[5:]
        + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE,
    ],
    ids=["chunked", "closing"],
)
def test_page_is_read_however_it_is_framed(authority: Authority, raw: bytes) -> None:
    assert view(authority, answers("/", raw)).is_good


class SlowProbe:
    """Every view takes 5 s."""

    def __init__(self, clock: AwsClock) -> None:
        self._clock = clock

    async def view(self, ticket: Ticket) -> Sample:
        started_at_seconds = self._clock.now_seconds()
        await self._clock.sleep(5)
        return Sample(
            sequence=ticket.sequence,
            client=ticket.client,
            family=ticket.family,
            scheduled_at_seconds=ticket.scheduled_at_seconds,
            started_at_seconds=started_at_seconds,
            finished_at_seconds=self._clock.now_seconds(),
            region="eu-central-1",
            requests=2,
        )


def probe_for(seconds: float, *, max_in_flight: int = 512, clients: int = 3) -> list[Sample]:
    async def run() -> list[Sample]:
        clock = AwsClock(speed=10, monotonic=asyncio.get_running_loop().time)
        prober = OpenLoopProber(probe=SlowProbe(clock), clock=clock, max_in_flight=max_in_flight, clients=clients)
        samples: list[Sample] = []
        running = asyncio.create_task(prober.run(samples.append))
        await clock.sleep(seconds - 0.01)
        prober.stop()
        await running
        return sorted(samples, key=lambda sample: sample.sequence)

    return run_virtually(run())


def test_schedule_does_not_wait_for_slow_views() -> None:
    samples = probe_for(10)
    assert [s.sequence for s in samples] == list(range(len(samples)))
    assert [s.started_at_seconds for s in samples] == pytest.approx([s.sequence / 10 for s in samples])
    assert len(samples) >= 100


def test_visitors_and_families_take_turns() -> None:
    turns = [(s.client, s.family) for s in probe_for(1)[:7]]
    v4, v6 = Family.IPV4, Family.IPV6
    assert turns == [(0, v4), (0, v6), (1, v4), (1, v6), (2, v4), (2, v6), (0, v4)]


def test_views_above_the_limit_are_overload_and_no_requests() -> None:
    samples = probe_for(3, max_in_flight=20)
    overloaded = [s for s in samples if s.error is ErrorKind.OVERLOAD]
    assert [s.sequence for s in overloaded] == list(range(20, len(samples)))
    assert sum(s.requests for s in overloaded) == 0


def test_defect_of_the_probe_ends_the_prober() -> None:
    class Broken:
        async def view(self, ticket: Ticket) -> Sample:
            raise ZeroDivisionError(ticket)

    async def run() -> None:
        clock = AwsClock(monotonic=asyncio.get_running_loop().time)
        samples: list[Sample] = []
        await OpenLoopProber(probe=Broken(), clock=clock).run(samples.append)

    with pytest.raises(ZeroDivisionError):
        run_virtually(run())
