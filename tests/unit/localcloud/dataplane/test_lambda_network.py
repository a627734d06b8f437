"""What a function sees of the network: localcloud's names lead to its edge, everything else is the machine's."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.rcode
import pytest

from localcloud.dataplane.regional.lambda_runtime import adapt_network, asked
from tests.worlds.loopback_site import HOSTNAME, NameServer, make_authority
from tests.worlds.loopback_site import nameserver as running_nameserver
from tests.worlds.loopback_site import web_server as running_web_server

HTTPS_PORT = 443


@pytest.fixture(autouse=True)
def network_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A function's process is adapted for good; this one is not."""
    for module, name in (
        (socket, "getaddrinfo"),
        (socket, "create_connection"),
        (ssl, "create_default_context"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
    yield


def with_names(look: Callable[[int], Any], *, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> Any:
    """Returns what `look` does with the port of a name server that knows the hostname."""

    async def run() -> Any:
        async with running_nameserver() as names:
            fill(names)
            names.rcode = rcode
            return await asyncio.to_thread(look, names.port)

    return asyncio.run(run())


def fill(names: NameServer) -> None:
    names.records[HOSTNAME, "A"] = (60, ["127.0.10.1", "127.0.10.2"])


def test_name_of_the_site_has_its_addresses() -> None:
    addresses = with_names(lambda port: asked(HOSTNAME, port))
    assert sorted(addresses or ()) == ["127.0.10.1", "127.0.10.2"]  # a server turns them


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_address_is_no_name(host: str) -> None:
    assert with_names(lambda port: asked(host, port)) is None


def test_name_of_nobodys_zone_is_the_machines() -> None:
    assert with_names(lambda port: asked("elsewhere.test", port), rcode=dns.rcode.REFUSED) is None


@pytest.mark.parametrize(
    ("rcode", "code"),
    [
        (dns.rcode.NXDOMAIN, socket.EAI_NONAME),
        (dns.rcode.NOERROR, socket.EAI_NONAME),
        (dns.rcode.SERVFAIL, socket.EAI_AGAIN),
    ],
)
def test_name_without_address_is_none(rcode: dns.rcode.Rcode, code: int) -> None:
    def look(port: int) -> int | None:
        with pytest.raises(socket.gaierror) as raised:
            asked("gone.example.test", port)
        return raised.value.errno

    assert with_names(look, rcode=rcode) == code


def test_server_that_is_silent_is_an_error_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.dataplane.regional.lambda_runtime.DNS_REAL_SECONDS", 0.05)

    async def run() -> int | None:
        async with running_nameserver() as names:
            names.is_silent = True
            with pytest.raises(socket.gaierror) as raised:
                await asyncio.to_thread(asked, HOSTNAME, names.port)
            return raised.value.errno

    assert asyncio.run(run()) == socket.EAI_AGAIN


def test_site_is_reached_by_its_name_and_port_and_its_authority_is_believed(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)

    def visit() -> bytes:
        address = socket.getaddrinfo(HOSTNAME, HTTPS_PORT, socket.AF_INET, socket.SOCK_STREAM)[0][4]
        raw = socket.create_connection((str(address[0]), int(address[1])), timeout=20)
        assert raw.gettimeout() == 10  # at twice AWS's speed
        with ssl.create_default_context().wrap_socket(raw, server_hostname=HOSTNAME) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.recv(12)

    async def run() -> bytes:
        async with running_nameserver() as names, running_web_server(authority) as web:
            names.records[HOSTNAME, "A"] = (60, ["127.0.0.1"])
            adapt_network(names.port, web.port, str(authority.ca_file), 2.0)
            return await asyncio.to_thread(visit)

    assert asyncio.run(run()) == b"HTTP/1.1 200"


def test_other_ports_and_machines_are_left_alone(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        adapt_network(1, 2, str(authority.ca_file), 2.0)
        assert socket.getaddrinfo("127.0.0.1", port)[0][4] == ("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            assert connection.gettimeout() == 20
