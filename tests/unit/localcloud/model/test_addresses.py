"""The loopback addresses that stand for other people's servers."""

import pytest

from localcloud.model.addresses import loopback_of


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("203.0.113.10", "127.0.30.10"),
        ("2001:db8::a", "127.0.30.10"),
        ("127.0.10.1", "127.0.10.1"),
        ("::ffff:127.0.20.1", "::ffff:127.0.20.1"),
    ],
)
def test_external_address_leads_to_loopback_by_its_last_number(address: str, loopback: str) -> None:
    assert loopback_of(address) == loopback
