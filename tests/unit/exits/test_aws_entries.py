"""Whether any entry of AWS still answers, asked of a site on loopback."""

import asyncio
from collections.abc import Callable

import dns.rcode
import pytest

from scripts.clock import AwsClock
from scripts.errors import DrillAbortedError
from scripts.exits import aws_entries
from scripts.exits.aws_entries import insist_that_none_answers
from scripts.probe.network import Network
from scripts.probe.resolver import Nameserver
from tests.worlds.loopback_site import HOSTNAME, Authority, NameServer, make_authority
from tests.worlds.loopback_site import nameserver as running_nameserver
from tests.worlds.loopback_site import web_server as running_web_server

Later = Callable[[NameServer], None]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def insist(authority: Authority, *, first: Later = lambda _names: None, soon: Later = lambda _names: None) -> None:
    """Asks an entry that answers; `first` changes that before, `soon` a moment after it was asked."""

    async def run() -> None:
        async with running_nameserver() as names, running_web_server(authority) as web:
            names.records[HOSTNAME, "A"] = (60, ["127.0.0.1"])
            first(names)
            asyncio.get_running_loop().call_later(0.2, soon, names)
            local = Nameserver(address="127.0.0.1", port=names.port)
            network = Network(resolvers=(local,), https_port=web.port, ca_certificate=authority.ca_file)
            await insist_that_none_answers((HOSTNAME,), network, AwsClock())

    asyncio.run(run())


def vanish(names: NameServer) -> None:
    names.records.clear()
    names.rcode = dns.rcode.NXDOMAIN


def test_entry_whose_name_is_gone_does_not_answer(authority: Authority) -> None:
    insist(authority, first=vanish)


def test_fault_that_is_in_force_a_moment_later_is_waited_for(authority: Authority) -> None:
    insist(authority, soon=vanish)


def test_entry_that_goes_on_answering_is_named(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_entries, "_SETTLING_SECONDS", 0.6)
    with pytest.raises(DrillAbortedError, match=rf"{HOSTNAME} still answered with the fault in force"):
        insist(authority)
