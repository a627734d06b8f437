"""Where the name of a custom origin leads: this machine, the zones of the run, what is mapped, or nowhere."""

from pathlib import Path

import pytest
import typer

from localcloud.__main__ import _origin
from localcloud.dataplane.edge import origin_places
from localcloud.dataplane.edge.origin_places import OriginPlaces, Place
from localcloud.dataplane.probe import Ports
from localcloud.model.errors import UnsupportedResource

ZONE = {"edge.test.": "127.0.10.1", "far.test.": "203.0.113.10", "mine.test.": "127.0.0.7"}


def places(**mapped: tuple[str, int]) -> OriginPlaces:
    return OriginPlaces(
        {name.replace("_", "."): where for name, where in mapped.items()},
        ZONE.get,
        lambda: Ports(https=8443, http=8080),
    )


@pytest.mark.parametrize(
    ("name", "port", "expected"),
    [
        ("localhost", 9000, Place(address="127.0.0.1", port=9000)),
        ("app.localhost", 443, Place(address="127.0.0.1", port=443)),
        ("127.0.0.9", 80, Place(address="127.0.0.9", port=80)),
        ("mine.test", 443, Place(address="127.0.0.7", port=443)),
        ("edge.test", 443, Place(address="127.0.10.1", port=8443)),
        ("far.test", 80, Place(address="127.0.30.10", port=8080)),
        ("far.test", 8888, Place(address="127.0.30.10", port=8888)),
        ("192.0.2.1", 80, None),
        ("example.com", 443, None),
        ("localhost.example.com", 443, None),
    ],
)
def test_place_of_a_name(name: str, port: int, expected: Place | None) -> None:
    assert places().place_of(name, port) == expected


def test_mapped_name_counts_before_the_zones() -> None:
    assert places(mine_test=("127.0.0.1", 9000)).place_of("mine.test", 443) == Place(address="127.0.0.1", port=9000)


def test_mapped_port_leaves_the_others_alone() -> None:
    some = OriginPlaces({"a.test:443": ("127.0.0.1", 9443)}, ZONE.get, lambda: Ports(https=1, http=2))
    assert some.place_of("a.test", 443) == Place(address="127.0.0.1", port=9443)
    assert some.place_of("a.test", 80) is None


def test_name_that_the_zones_cannot_answer_leads_nowhere() -> None:
    def unsupported(name: str) -> str:
        raise UnsupportedResource(name, reason="an alias of another service")

    assert OriginPlaces({}, unsupported, lambda: Ports(https=1, http=2)).place_of("a.test", 80) is None


def test_hosts_file_counts_for_loopback_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# 127.0.0.1 comment.test\n127.0.0.8 App.test b.test # c.test\n192.0.2.1 far.test2\n")
    monkeypatch.setattr(origin_places, "HOSTS_FILE", hosts)
    found = {
        name: places().place_of(name, 80) for name in ("app.test", "b.test", "c.test", "comment.test", "far.test2")
    }
    assert [name for name, place in found.items() if place] == ["app.test", "b.test"]


@pytest.mark.parametrize(
    "given",
    ["a.test", "a.test=", "=127.0.0.1:80", "a.test=127.0.0.1", "a.test=127.0.0.1:0", "a.test=127.0.0.1:70000"],
)
def test_origin_option_rejects_what_is_no_pair(given: str) -> None:
    with pytest.raises(typer.BadParameter, match="allowed is NAME=ADDRESS:PORT"):
        _origin(given)


@pytest.mark.parametrize(
    "given",
    ["a.test:x=127.0.0.1:80", "a.test=192.0.2.1:80", "a.test=[::1]:80", "a.test=localhost:80"],
)
def test_origin_option_rejects(given: str) -> None:
    with pytest.raises(typer.BadParameter):
        _origin(given)


def test_origin_option_takes_a_port_of_the_origin() -> None:
    assert _origin("A.test:443=127.0.0.1:9443") == ("a.test:443", "127.0.0.1:9443")
