"""The routing policies behind one CloudFront name: which region's bucket the router function asks first."""

import math
from pathlib import Path
from typing import Any

import pytest

from aws_facts.places import REGION_COORDINATES
from constructs_lib.edge.router_policy import edge_policy
from constructs_lib.edge.router_source import render
from constructs_lib.site_file.aws_regions import REGIONS
from constructs_lib.site_file.loader import load_site_file
from tests.worlds.router_function import RouterFunction

OWN, OTHER = "eu-central-1", "us-east-1"
HOSTNAME = "www.example.com"
ROUTING = {"release_id": "r1"}
CONFIG = Path(__file__).parents[2] / "config"


def policy_of(tmp_path: Path, example: str, *changes: tuple[str, str]) -> dict[str, Any]:
    text = (CONFIG / f"{example}.example.toml").read_text(encoding="utf-8")
    for found, replacement in changes:
        assert found in text
        text = text.replace(found, replacement)
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    policy = edge_policy(load_site_file(path), own=OWN)
    assert policy is not None
    return policy


def first_region(
    policy: dict[str, Any], headers: dict[str, str], *, random: float = 0.5, drained: tuple[str, ...] = ()
) -> str:
    """Returns the region whose bucket is asked first."""
    function = RouterFunction(own=OWN, other=OTHER, policy=policy)
    routing = {**ROUTING, "drained_regions": list(drained)}
    function.run("/", routing=routing, headers={"host": HOSTNAME, **headers}, random=random)
    ((name, argument),) = function.calls
    return str(argument["originIds"][0]["originId"].removeprefix("s3-")) if name == "createRequestOriginGroup" else OWN


@pytest.mark.parametrize(("random", "region"), [(0.0, OTHER), (0.19, OTHER), (0.2, OWN), (0.99, OWN)])
def test_weights_share_requests_between_the_regions(tmp_path: Path, random: float, region: str) -> None:
    assert first_region(policy_of(tmp_path, "weighted"), {}, random=random) == region


def test_weight_zero_is_never_asked_first(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, "weighted", ("weight = 20", "weight = 0"))
    assert first_region(policy, {}, random=0.0) == OWN


# Viewer's place -> the nearest of Frankfurt and Northern Virginia.
PLACES = [
    ("51.5", "-0.13", OWN),
    ("38.9", "-77.0", OTHER),
    ("37.8", "-122.4", OTHER),
    ("-23.5", "-46.6", OTHER),
    ("-33.9", "18.4", OWN),
    ("35.7", "139.7", OWN),
]


@pytest.mark.parametrize(("latitude", "longitude", "region"), PLACES)
def test_latency_asks_the_nearest_region_first(tmp_path: Path, latitude: str, longitude: str, region: str) -> None:
    headers = {"cloudfront-viewer-latitude": latitude, "cloudfront-viewer-longitude": longitude}
    assert first_region(policy_of(tmp_path, "latency"), headers) == region


@pytest.mark.parametrize(
    ("latitude", "longitude", "region"),
    [("30.0", "31.2", OWN), ("59.3", "18.1", OWN), ("-22.6", "17.1", OTHER), ("-26.2", "28.0", OTHER)],
)
def test_latency_tells_north_from_south(latitude: str, longitude: str, region: str) -> None:
    """Frankfurt and Cape Town lie nearly on one meridian."""
    places = {"ownPlace": unit_vector(50.1, 8.7), "otherPlace": unit_vector(-33.9, 18.4)}
    headers = {"cloudfront-viewer-latitude": latitude, "cloudfront-viewer-longitude": longitude}
    assert first_region({"hostname": HOSTNAME, "kind": "latency", **places}, headers) == region


def unit_vector(latitude: float, longitude: float) -> list[float]:
    north, east = math.radians(latitude), math.radians(longitude)
    return [math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)]


def test_latency_without_a_place_asks_the_own_region_first(tmp_path: Path) -> None:
    assert first_region(policy_of(tmp_path, "latency"), {}) == OWN


def test_every_region_has_a_place() -> None:
    assert set(REGION_COORDINATES) == set(REGIONS)


AREAS = [
    ("US", "VA", OTHER),
    ("US", "CA", OWN),
    ("BR", "SP", OTHER),
    ("JP", "13", OTHER),
    ("FR", "IDF", OWN),
    ("IN", "MH", OWN),
    ("ZZ", "", OWN),
    ("", "", OWN),
]


@pytest.mark.parametrize(("country", "state", "region"), AREAS)
def test_geolocation_lets_the_smallest_area_win(tmp_path: Path, country: str, state: str, region: str) -> None:
    policy = policy_of(
        tmp_path, "geolocation", ("is_default_location = true", 'is_default_location = true\nsubdivisions = ["US-CA"]')
    )
    headers = {"cloudfront-viewer-country": country, "cloudfront-viewer-country-region": state}
    assert first_region(policy, {name: value for name, value in headers.items() if value}) == region


def test_geolocation_without_a_place_asks_the_default_first_even_if_it_is_the_other(tmp_path: Path) -> None:
    policy = policy_of(
        tmp_path,
        "geolocation",
        ("is_default_location = true", 'continents = ["EU"]'),
        ('continents = ["NA", "SA"]\ncountries = ["JP"]', "is_default_location = true"),
    )
    assert first_region(policy, {}) == OTHER
    assert first_region(policy, {"cloudfront-viewer-country": "FR"}) == OWN


def test_geolocation_of_default_alone_sends_viewers_without_a_place_there() -> None:
    """An empty list of countries holds no viewer, not even one without a country."""
    policy = {"hostname": HOSTNAME, "kind": "geolocation", "isOtherDefault": False, "elsewhere": "", "states": {}}
    assert first_region(policy, {}) == OWN


@pytest.mark.parametrize(("drained", "region"), [((OTHER,), OWN), ((OWN, OTHER), OTHER), ((OWN,), OTHER)])
def test_drained_region_is_asked_last_whatever_the_policy_prefers(
    tmp_path: Path, drained: tuple[str, ...], region: str
) -> None:
    assert first_region(policy_of(tmp_path, "weighted"), {}, random=0.0, drained=drained) == region


@pytest.mark.parametrize("host", [f"{OWN}.{HOSTNAME}", "d111111abcdef8.cloudfront.net"])
def test_policy_is_for_the_public_name_only(tmp_path: Path, host: str) -> None:
    assert first_region(policy_of(tmp_path, "weighted"), {"host": host}, random=0.0) == OWN


def test_policy_is_for_the_public_name_at_any_port(tmp_path: Path) -> None:
    assert first_region(policy_of(tmp_path, "weighted"), {"host": f"{HOSTNAME}:8443"}, random=0.0) == OTHER


def test_policy_leaves_the_function_room_for_the_release() -> None:
    """The whole world but the default's continent is the longest list of countries."""
    policy = edge_policy(load_site_file(CONFIG / "geolocation.example.toml"), own=OWN)
    added = len(render(own=OWN, other=OTHER, policy=policy)) - len(render(own=OWN, other=OTHER))
    assert added < 1024
