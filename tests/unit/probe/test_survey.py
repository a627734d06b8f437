"""A survey of a site on loopback: each thing that may be wrong is found by its own check, and by no exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import dns.rcode
import pytest

from scripts.clock import AwsClock
from scripts.probe.network import Network
from scripts.probe.resolver import Nameserver
from scripts.probe.survey import Finding, Survey, SurveyedSite
from tests.worlds.loopback_site import HOSTNAME, RELEASE, Authority, NameServer, WebServer, http_answer, make_authority
from tests.worlds.loopback_site import nameserver as running_nameserver
from tests.worlds.loopback_site import web_server as running_web_server

REGION, ENDPOINT = "eu-central-1", "d-1.execute-api.eu-central-1.amazonaws.com"
ZONE = "example.test"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"), hostname=f"*.{ZONE}")


def survey(
    authority: Authority,
    break_it: Callable[[NameServer, WebServer], None] = lambda _names, _web: None,
    *,
    led_here_since: float | None = None,
    other_resolver: Callable[[NameServer], None] | None = None,
    exits: Mapping[str, str] | None = None,
) -> list[Finding]:
    async def run() -> list[Finding]:
        async with running_nameserver() as names, running_nameserver() as other, running_web_server(authority) as web:
            for server in (names, other):
                fill(server)
            web.answers["/health/path.json"] = web.answers[f"/health/{REGION}.json"] = marker(REGION)
            web.answers["/health/region.json"] = marker(REGION)
            break_it(names, web)
            if other_resolver is not None:
                other_resolver(other)

            async def note_entry(_at: float, _type: str, _entry: str) -> float | None:
                return led_here_since

            local = Nameserver(address="127.0.0.1", port=names.port)
            network = Network(
                resolvers=(local,), authoritative=local, https_port=web.port, ca_certificate=authority.ca_file, speed=20
            )
            resolvers = {"own": local}
            if other_resolver is not None:
                resolvers["other"] = Nameserver(address="127.0.0.1", port=other.port)
            return await Survey(
                site=SurveyedSite(
                    hostname=HOSTNAME,
                    regional_hostnames={REGION: f"eu.{ZONE}"},
                    endpoints={REGION: ENDPOINT},
                    exits=exits or {},
                ),
                network=network,
                resolvers=resolvers,
                clock=AwsClock(speed=1),
                note_entry=note_entry,
            ).look()

    return asyncio.run(run())


def marker(region: str) -> bytes:
    return http_answer(200, b'{"region": "%s"}' % region.encode(), headers={"X-Amz-Cf-Id": "x"})


def fill(names: NameServer) -> None:
    for name in (HOSTNAME, f"eu.{ZONE}", ENDPOINT):
        names.records[name, "A"] = (60, ["127.0.0.1"])
        names.records[name, "AAAA"] = (60, ["::ffff:127.0.0.1"])
    names.records[ZONE, "SOA"] = (60, ["ns. mail. 1 2 3 4 60"])
    names.records[ZONE, "NS"] = (60, ["ns-1.example.", "ns-2.example."])


def wrong(findings: list[Finding]) -> set[str]:
    return {each.kind for each in findings if not each.is_ok}


def test_whole_site_is_found_whole(authority: Authority) -> None:
    findings = survey(authority)
    assert [str(each) for each in findings if not each.is_ok and each.kind != "authoritative"] == []
    assert {each.kind for each in findings} == {
        "page-view",
        "regional-hostname",
        "regional-endpoint",
        "authoritative",
        "propagation",
        "certificate",
        "health-object",
    }
    assert {each.subject for each in findings if each.kind == "authoritative"} == {
        f"ns-{number}.example {record_type}" for number in (1, 2) for record_type in ("A", "AAAA")
    }


def test_server_that_does_not_answer_from_its_own_zone_is_not_authoritative(authority: Authority) -> None:
    """The fake never sets the bit AA, as a resolver would not."""
    assert {each.detail for each in survey(authority) if each.kind == "authoritative"} == {"not the zone's own answer"}


def test_findings_say_what_was_found(authority: Authority) -> None:
    findings = {each.subject: each for each in survey(authority)}
    assert findings[f"eu.{ZONE}/health/path.json"].detail == f"names {REGION}"
    assert findings[f"{HOSTNAME} A by own"].detail.startswith(f"release {RELEASE}, served by {REGION} in ")


def test_failed_page_view_says_how(authority: Authority) -> None:
    def break_it(_names: NameServer, web: WebServer) -> None:
        web.answers["/"] = http_answer(503, b"")

    (finding,) = (each for each in survey(authority, break_it) if each.subject == f"{HOSTNAME} A by own")
    assert (finding.is_ok, finding.detail, finding.value) == (False, "bad_status: /: status 503", None)


def test_endpoint_that_another_region_answers_for_is_found(authority: Authority) -> None:
    def break_it(_names: NameServer, web: WebServer) -> None:
        web.answers["/health/region.json"] = marker("us-east-1")

    (finding,) = (each for each in survey(authority, break_it) if each.subject == f"{REGION} A")
    assert (finding.is_ok, finding.detail) == (False, "served by us-east-1")


def test_name_that_no_server_gives_an_address_for_has_no_propagation(authority: Authority) -> None:
    def break_it(names: NameServer, _web: WebServer) -> None:
        del names.records[HOSTNAME, "A"]

    findings = survey(authority, break_it)
    assert {each.subject for each in findings if each.kind == "propagation"} == {"own AAAA"}
    assert [each.is_ok for each in findings if each.subject == "ns-1.example A"] == [False]


def test_certificates_remaining_time_is_in_seconds(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    values = []
    for now in (1_900_000_000.0, 1_900_001_000.0):
        monkeypatch.setattr("scripts.probe.survey.unix_now", lambda now=now: now)
        values.append(next(each.value for each in survey(authority) if each.kind == "certificate"))
    assert values[0] is not None and values[1] is not None
    assert values[0] - values[1] == pytest.approx(1000, abs=1e-3)


def _no_endpoint(names: NameServer, _web: WebServer) -> None:
    del names.records[ENDPOINT, "A"]


def _no_ipv6(names: NameServer, _web: WebServer) -> None:
    del names.records[f"eu.{ZONE}", "AAAA"]


def _foreign_marker(_names: NameServer, web: WebServer) -> None:
    web.answers[f"/health/{REGION}.json"] = marker("us-east-1")


def _no_marker(_names: NameServer, web: WebServer) -> None:
    web.answers["/health/path.json"] = http_answer(403, b"<Error/>")


@pytest.mark.parametrize(
    ("break_it", "kinds"),
    [
        (_no_endpoint, {"regional-endpoint", "certificate"}),
        (_no_ipv6, {"regional-hostname"}),
        (_foreign_marker, {"health-object"}),
        (_no_marker, {"health-object"}),
    ],
)
def test_what_is_wrong_is_found_by_its_own_check(
    authority: Authority, break_it: Callable[[NameServer, WebServer], None], kinds: set[str]
) -> None:
    assert wrong(survey(authority, break_it)) - {"authoritative"} == kinds


def test_dead_nameserver_is_findings_and_no_exception(authority: Authority) -> None:
    def break_it(names: NameServer, _web: WebServer) -> None:
        names.rcode = dns.rcode.SERVFAIL

    findings = survey(authority, break_it)
    assert wrong(findings) >= {"page-view", "authoritative", "certificate"}
    assert any("SERVFAIL" in each.detail for each in findings if each.kind == "authoritative")


def _leads_elsewhere(other: NameServer) -> None:
    other.records[HOSTNAME, "A"] = (60, ["127.0.0.9"])


@pytest.mark.parametrize(("since_seconds_ago", "is_ok"), [(1.0, True), (20.0, False)])
def test_resolver_that_keeps_the_old_answer_is_late_after_ttl_and_grace(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, since_seconds_ago: float, is_ok: bool
) -> None:
    """The network's clock runs 20 times faster: 20 s are 400 AWS seconds."""
    now = 1_900_000_000.0
    monkeypatch.setattr("scripts.probe.survey.unix_now", lambda: now)
    findings = survey(authority, led_here_since=now - since_seconds_ago, other_resolver=_leads_elsewhere)
    lags = {each.subject: each for each in findings if each.kind == "propagation"}
    assert lags["own A"].is_ok
    assert lags["own A"].value == 0
    assert lags["other AAAA"].is_ok
    assert (lags["other A"].is_ok, lags["other A"].value) == (is_ok, since_seconds_ago * 20)
    assert "still leads to nobody" in lags["other A"].detail


def test_certificate_near_its_end_is_told(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.probe.network.CERTIFICATE_DAYS", 1e9)
    monkeypatch.setattr("scripts.probe.network.CERTIFICATE_SHARE", 1.1)
    assert "certificate" in wrong(survey(authority))


def test_certificate_of_another_name_is_told(tmp_path: Path) -> None:
    assert wrong(survey(make_authority(tmp_path, hostname="www.other.test"))) >= {"certificate", "page-view"}


EXIT = f"{HOSTNAME} at exit, outside AWS"


def test_last_exit_is_asked_at_its_address(authority: Authority) -> None:
    def serve(_names: NameServer, web: WebServer) -> None:
        web.answers["/health/region.json"] = marker("exit")

    findings = {each.subject: each for each in survey(authority, serve, exits={"exit": "127.0.0.1"})}
    found, certificate = findings["exit, outside AWS, at 127.0.0.1"], findings[EXIT]
    assert (found.kind, found.is_ok, found.detail) == ("last-exit", True, "serves as exit")
    assert (certificate.kind, certificate.is_ok) == ("certificate", True)


def test_last_exit_that_serves_something_else_is_named(authority: Authority) -> None:
    findings = {each.subject: each for each in survey(authority, exits={"exit": "127.0.0.1"})}
    found = findings["exit, outside AWS, at 127.0.0.1"]
    assert not found.is_ok
    assert found.detail.startswith("its region marker does not name exit: 200 ")


def test_last_exit_with_a_certificate_that_no_visitor_takes_is_named(tmp_path: Path) -> None:
    of_another_name = make_authority(tmp_path, hostname="other.example")
    findings = {each.subject: each for each in survey(of_another_name, exits={"exit": "127.0.0.1"})}
    for subject in ("exit, outside AWS, at 127.0.0.1", EXIT):
        assert not findings[subject].is_ok
        assert "its certificate is not accepted: " in findings[subject].detail


def test_last_exit_that_does_not_answer_is_named(authority: Authority) -> None:
    findings = {each.subject: each for each in survey(authority, exits={"exit": "127.0.0.9"})}
    assert not findings[EXIT].is_ok
    assert findings[EXIT].detail == "refuses connections"
