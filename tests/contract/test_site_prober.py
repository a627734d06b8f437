"""The function that looks from other regions and `failover health-check` find the same on one site, whatever is wrong with it."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scripts.clock import AwsClock
from scripts.probe.network import Network
from scripts.probe.resolver import Nameserver
from scripts.probe.survey import Survey, SurveyedSite
from tests.worlds.loopback_site import HOSTNAME, Authority, NameServer, WebServer, http_answer, make_authority
from tests.worlds.loopback_site import nameserver as running_nameserver
from tests.worlds.loopback_site import web_server as running_web_server
from tests.worlds.shipped_function import load

REGION, ENDPOINT, ZONE = "eu-central-1", "d-1.execute-api.eu-central-1.amazonaws.com", "example.test"
OWN_NAME = f"{REGION}.{HOSTNAME}"
NAMES = (HOSTNAME, OWN_NAME, ENDPOINT)
SHARED = ("page-view", "regional-hostname", "regional-endpoint", "certificate", "health-object")

BreakIt = Callable[[NameServer, WebServer], None]
Verdicts = dict[tuple[str, str], bool]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Authority]:
    """The authority of the site's certificate, and one whose certificate is of another name."""
    names = {"right": (HOSTNAME, OWN_NAME), "wrong name": ("other.test",)}
    return {key: make_authority(tmp_path_factory.mktemp("ca"), hostnames=found) for key, found in names.items()}


def without(*names: str) -> BreakIt:
    def break_it(server: NameServer, _web: WebServer) -> None:
        for key in [key for key in server.records if key[0] in names]:
            del server.records[key]

    return break_it


def answering(path: str, status: int, body: bytes, **headers: str) -> BreakIt:
    def break_it(_names: NameServer, web: WebServer) -> None:
        web.answers[path] = http_answer(status, body, headers=headers)

    return break_it


def ending(path: str) -> BreakIt:
    def break_it(_names: NameServer, web: WebServer) -> None:
        web.answers[path] = b""

    return break_it


CASES: dict[str, BreakIt] = {
    "nothing is wrong": lambda _names, _web: None,
    "public name is gone": without(HOSTNAME),
    "name of the region is gone": without(OWN_NAME),
    "endpoint is gone": without(ENDPOINT),
    "page is an error": answering("/", 503, b"no"),
    "page says that the connection ends": answering("/", 200, b"<html></html>", Connection="close"),
    "page breaks off": ending("/"),
    "marker is absent": answering("/health/region.json", 404, b"no"),
    "marker is no marker": answering("/health/region.json", 200, b"<html>"),
    "marker names nothing": answering("/health/region.json", 200, b'{"region": ""}'),
    "another region answers": answering("/health/region.json", 200, b'{"region": "us-east-1"}'),
    "health object of another region": answering(f"/health/{REGION}.json", 200, b'{"region": "us-east-1"}'),
    "health object is absent": answering(f"/health/{REGION}.json", 403, b""),
    "path object breaks off": ending("/health/path.json"),
}


@pytest.mark.parametrize("case", CASES)
def test_both_find_the_same(monkeypatch: pytest.MonkeyPatch, authorities: dict[str, Authority], case: str) -> None:
    command, function = found_by_both(monkeypatch, authorities["right"], authorities["right"].ca_file, CASES[case])
    assert function == command
    assert all(function.values()) is (case in ("nothing is wrong", "page says that the connection ends"))


def test_both_refuse_a_certificate_of_another_name(
    monkeypatch: pytest.MonkeyPatch, authorities: dict[str, Authority]
) -> None:
    wrong = authorities["wrong name"]
    command, function = found_by_both(monkeypatch, wrong, wrong.ca_file, CASES["nothing is wrong"])
    assert function == command
    assert not any(function.values())


def test_both_refuse_an_authority_that_nobody_knows(
    monkeypatch: pytest.MonkeyPatch, authorities: dict[str, Authority]
) -> None:
    known = authorities["wrong name"].ca_file
    command, function = found_by_both(monkeypatch, authorities["right"], known, CASES["nothing is wrong"])
    assert function == command
    assert not any(function.values())


def found_by_both(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, believed: Path, break_it: BreakIt
) -> tuple[Verdicts, Verdicts]:
    """Returns (kind, subject) -> whether it is as it must be, of command and function; what only one looks at is left out."""
    module = load(monkeypatch, "site_prober/handler.py", environment={})
    monkeypatch.setenv("SSL_CERT_FILE", str(believed))

    async def run() -> tuple[Verdicts, Verdicts]:
        async with running_nameserver() as names, running_web_server(authority) as web:
            for name in NAMES:
                names.records[name, "A"] = (60, ["127.0.0.1"])
            for path in ("/health/path.json", f"/health/{REGION}.json"):
                web.answers[path] = http_answer(200, b'{"region": "%s"}' % REGION.encode())
            break_it(names, web)
            lead(monkeypatch, module, names, web.port)
            return await by_command(names, web, believed), await asyncio.to_thread(by_function, module)

    return asyncio.run(run())


async def by_command(names: NameServer, web: WebServer, believed: Path) -> Verdicts:
    async def note_entry(_at: float, _type: str, _entry: str) -> None:
        return None

    local = Nameserver(address="127.0.0.1", port=names.port)
    network = Network(resolvers=(local,), authoritative=local, https_port=web.port, ca_certificate=believed)
    survey = Survey(
        site=SurveyedSite(hostname=HOSTNAME, regional_hostnames={REGION: OWN_NAME}, endpoints={REGION: ENDPOINT}),
        network=network,
        resolvers={"own": local},
        clock=AwsClock(),
        note_entry=note_entry,
    )
    return {
        (each.kind, each.subject.removesuffix(" by own")): each.is_ok
        for each in await survey.look()
        if each.kind in SHARED and " AAAA" not in each.subject
    }


def by_function(module: ModuleType) -> Verdicts:
    found = module.look(HOSTNAME, [REGION], {REGION: ENDPOINT}, has_path_object=True)
    return {(each.kind, each.subject): each.is_ok for each in found}


def lead(monkeypatch: pytest.MonkeyPatch, module: ModuleType, names: NameServer, port: int) -> None:
    """Lets the function find the names where the nameserver has them, and HTTPS at another port."""
    system = socket.getaddrinfo

    def getaddrinfo(host: str, asked: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "127.0.0.1":
            return system(host, asked, *args, **kwargs)
        if (host, "A") not in names.records:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (names.records[host, "A"][1][0], asked))]

    monkeypatch.setattr(module, "HTTPS_PORT", port)
    monkeypatch.setattr(module.socket, "getaddrinfo", getaddrinfo)
