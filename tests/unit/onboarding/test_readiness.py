"""What `failover doctor` says of an account on moto, of DNS on loopback and of this machine."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.aws import clients
from scripts.onboarding import readiness
from scripts.onboarding.readiness import Look, Site, State
from scripts.probe.network import Network
from scripts.probe.resolver import Nameserver, ResolutionError

SITE = Site(domain="example.com", hostname="www.example.com", regions=("eu-central-1", "us-east-1"))
NETWORK = Network(resolvers=(Nameserver(address="127.0.0.1", port=9),))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    clients.session.cache_clear()
    with mock_aws():
        yield
    clients.session.cache_clear()


def answers(monkeypatch: pytest.MonkeyPatch, records: dict[tuple[str, str], tuple[str, ...]]) -> None:
    def ask(_network: Network, name: str, record_type: str) -> tuple[str, ...]:
        return records.get((name, record_type), ())

    monkeypatch.setattr(readiness, "_ask", ask)


def of(looks: Iterator[Look], subject: str) -> Look:
    return next(each for each in looks if each.subject == subject)


@pytest.mark.usefixtures("aws")
def test_account_and_its_regions_are_ready() -> None:
    looks = {look.subject: look for look in readiness.account(SITE.regions)}
    assert looks["credentials"].detail == "account 123456789012"
    assert looks["region eu-central-1"].state is State.READY
    assert looks["Lambda executions in us-east-1"].state is State.UNKNOWN, "moto does not say: never taken for ready"


@pytest.mark.parametrize(
    ("count", "state"), [(10, State.PROBLEM), (49, State.PROBLEM), (50, State.READY), (1000, State.READY)]
)
def test_new_accounts_ten_executions_are_too_few_for_a_failover(count: int, state: State) -> None:
    assert readiness._enough("Lambda executions", count).state is state


@pytest.mark.usefixtures("aws")
def test_region_that_is_not_opted_in_names_the_command() -> None:
    look = of(readiness.account(("mars-north-1",)), "region mars-north-1")
    assert (look.state, "enable-region --region-name mars-north-1" in look.remedy) == (State.PROBLEM, True)


def test_without_credentials_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    clients.session.cache_clear()
    (look,) = readiness.account(("eu-central-1",))
    clients.session.cache_clear()
    assert (look.subject, look.state) == ("credentials", State.PROBLEM)


@pytest.mark.usefixtures("aws")
def test_delegation_is_ready_when_the_world_sees_the_zones_own_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = boto3.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    servers = tuple(f"{name}." for name in zone["DelegationSet"]["NameServers"])
    answers(monkeypatch, {("example.com", "NS"): servers})
    assert of(readiness.domain(SITE, NETWORK), "delegation of example.com").state is State.READY


@pytest.mark.parametrize(
    ("seen", "said"), [((), "the world sees none"), (("ns1.elsewhere.net.",), "ns1.elsewhere.net")]
)
@pytest.mark.usefixtures("aws")
def test_delegation_elsewhere_names_the_servers_to_enter(
    monkeypatch: pytest.MonkeyPatch, seen: tuple[str, ...], said: str
) -> None:
    zone = boto3.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    answers(monkeypatch, {("example.com", "NS"): seen})
    look = of(readiness.domain(SITE, NETWORK), "delegation of example.com")
    assert (look.state, said in look.detail) == (State.PROBLEM, True)
    assert all(name in look.remedy for name in zone["DelegationSet"]["NameServers"])


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ({}, State.READY),
        ({("example.com", "CAA"): ('0 issue "amazon.com"',)}, State.READY),
        ({("example.com", "CAA"): ('0 issue "letsencrypt.org"',)}, State.PROBLEM),
        ({("example.com", "CAA"): ('0 iodef "mailto:x@example.com"',)}, State.READY),
        (
            {("www.example.com", "CAA"): ('0 issue "amazontrust.com"',), ("example.com", "CAA"): ('0 issue "x"',)},
            State.READY,
        ),
    ],
)
def test_caa_of_the_nearest_name_decides(
    monkeypatch: pytest.MonkeyPatch, records: dict[tuple[str, str], tuple[str, ...]], state: State
) -> None:
    answers(monkeypatch, records)
    assert readiness._authorities(SITE, NETWORK).state is state


@pytest.mark.usefixtures("aws")
def test_silent_dns_is_unknown_and_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_arguments: object) -> tuple[str, ...]:
        raise ResolutionError("no answer")

    monkeypatch.setattr(readiness, "_ask", silent)
    assert [look.state for look in readiness.domain(SITE, NETWORK)] == [State.UNKNOWN, State.UNKNOWN]


@pytest.mark.parametrize(
    ("certificate", "state"),
    [
        ({"Status": "PENDING_VALIDATION"}, State.PROBLEM),
        ({"Status": "ISSUED"}, State.READY),
        ({"Status": "ISSUED", "NotAfter": dt.datetime.now(dt.UTC) + dt.timedelta(days=44)}, State.PROBLEM),
        ({"Status": "ISSUED", "NotAfter": dt.datetime.now(dt.UTC) + dt.timedelta(days=47)}, State.READY),
    ],
)
def test_certificate_that_is_not_issued_or_soon_ends_is_a_problem(certificate: dict[str, Any], state: State) -> None:
    assert readiness._certificate("certificate in us-east-1", certificate).state is state


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    look = readiness._writable("home folder", tmp_path / "absent")
    assert (look.state, str(tmp_path / "absent") in look.detail) == (State.PROBLEM, True)
