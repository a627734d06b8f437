"""Routing policies: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html"""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_facts.places import distance_km
from localcloud.model.errors import UnsupportedResource
from localcloud.model.geography import FRANKFURT, ViewerLocation, biased_distance_km
from localcloud.model.record_selection import select_records
from localcloud.model.records import (
    FailoverRole,
    GeoLocation,
    GeoProximityLocation,
    ResourceRecordSet,
    RoutingPolicy,
)

VIRGINIA = ViewerLocation(continent="NA", country="US", subdivision="VA", latitude=38.95, longitude=-77.45)
TOKYO = ViewerLocation(continent="AS", country="JP", latitude=35.68, longitude=139.69)


def record(identifier: str, policy: RoutingPolicy, **fields: object) -> ResourceRecordSet:
    return ResourceRecordSet(
        name="www.example.test.",
        type="A",
        ttl_seconds=60,
        values=(f"192.0.2.{len(identifier)}",),
        set_identifier=identifier,
        policy=policy,
        **fields,  # type: ignore[arg-type]  # keyword fields of the record
    )


def failover() -> list[ResourceRecordSet]:
    return [
        record("secondary", RoutingPolicy.FAILOVER, failover=FailoverRole.SECONDARY),
        record("primary", RoutingPolicy.FAILOVER, failover=FailoverRole.PRIMARY),
    ]


def weighted(**weights: int) -> list[ResourceRecordSet]:
    return [record(name, RoutingPolicy.WEIGHTED, weight=weight) for name, weight in weights.items()]


def latency(*regions: str) -> list[ResourceRecordSet]:
    return [record(region, RoutingPolicy.LATENCY, region=region) for region in regions]


def geolocation(**areas: GeoLocation) -> list[ResourceRecordSet]:
    return [record(name, RoutingPolicy.GEOLOCATION, geo_location=area) for name, area in areas.items()]


def chosen(
    records: list[ResourceRecordSet],
    *,
    sick: str = "",
    viewer: ViewerLocation = FRANKFURT,
    draw: float = 0.0,
) -> list[str]:
    unhealthy = set(sick.split())
    found = select_records(
        records, viewer=viewer, is_healthy=lambda item: item.set_identifier not in unhealthy, draw=draw
    )
    return [item.set_identifier or "" for item in found]


@pytest.mark.parametrize(
    ("sick", "expected"),
    [("", "primary"), ("primary", "secondary"), ("secondary", "primary"), ("primary secondary", "primary")],
)
def test_failover_answers_primary_while_it_is_healthy_or_none_is(sick: str, expected: str) -> None:
    assert chosen(failover(), sick=sick) == [expected]


def test_failover_secondary_alone_answers() -> None:
    assert chosen(failover()[:1]) == ["secondary"]


@pytest.mark.parametrize(
    ("weights", "sick", "draw", "expected"),
    [
        ({"a": 1, "b": 3}, "", 0.0, "a"),
        ({"a": 1, "b": 3}, "", 0.24, "a"),
        ({"a": 1, "b": 3}, "", 0.26, "b"),
        ({"a": 1, "b": 3}, "b", 0.99, "a"),
        ({"a": 1, "b": 3}, "a b", 0.99, "b"),
        ({"a": 0, "b": 3}, "", 0.0, "b"),
        ({"a": 0, "b": 3}, "b", 0.0, "a"),
        ({"a": 0, "b": 3}, "a b", 0.0, "b"),
        ({"a": 0, "b": 0}, "", 0.4, "a"),
        ({"a": 0, "b": 0}, "", 0.6, "b"),
    ],
)
def test_weighted_shares_by_weight_of_the_healthy(
    weights: dict[str, int], sick: str, draw: float, expected: str
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html"""
    assert chosen(weighted(**weights), sick=sick, draw=draw) == [expected]


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 255), min_size=1))
def test_weighted_share_is_weight_over_sum(weights: dict[str, int]) -> None:
    draws = 1000
    shares = Counter(chosen(weighted(**weights), draw=number / draws)[0] for number in range(draws))
    total = sum(weights.values())
    for name, weight in weights.items():
        expected = weight / total if total else 1 / len(weights)
        assert abs(shares[name] / draws - expected) <= 2 / draws


@pytest.mark.parametrize(
    ("viewer", "sick", "expected"),
    [
        (FRANKFURT, "", "eu-central-1"),
        (VIRGINIA, "", "us-east-1"),
        (TOKYO, "", "ap-northeast-1"),
        (FRANKFURT, "eu-central-1", "us-east-1"),
        (FRANKFURT, "eu-central-1 us-east-1 ap-northeast-1", "eu-central-1"),
    ],
)
def test_latency_answers_the_nearest_healthy_region(viewer: ViewerLocation, sick: str, expected: str) -> None:
    records = latency("us-east-1", "eu-central-1", "ap-northeast-1")
    assert chosen(records, viewer=viewer, sick=sick) == [expected]


GEOGRAPHY = {
    "virginia": GeoLocation(country="US", subdivision="VA"),
    "usa": GeoLocation(country="US"),
    "europe": GeoLocation(continent="EU"),
    "default": GeoLocation(country="*"),
}


@pytest.mark.parametrize(
    ("viewer", "sick", "expected"),
    [
        (VIRGINIA, "", "virginia"),
        (VIRGINIA, "virginia", "usa"),
        (VIRGINIA, "virginia usa", "default"),
        (VIRGINIA, "virginia usa europe default", "virginia"),
        (FRANKFURT, "", "europe"),
        (FRANKFURT, "europe", "default"),
        (TOKYO, "", "default"),
    ],
)
def test_geolocation_answers_the_smallest_healthy_area(viewer: ViewerLocation, sick: str, expected: str) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-geo.html"""
    assert chosen(geolocation(**GEOGRAPHY), viewer=viewer, sick=sick) == [expected]


SOUTH = ViewerLocation(continent="AF", country="ZA", subdivision="", latitude=-33.9, longitude=18.4)
KIEL = ViewerLocation(continent="EU", country="DE", subdivision="VA", latitude=54.3, longitude=10.1)


def test_geolocation_subdivision_is_of_the_united_states_unless_a_country_is_named() -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_GeoLocation.html"""
    records = geolocation(area=GeoLocation(subdivision="VA"), default=GeoLocation(country="*"))
    assert chosen(records, viewer=VIRGINIA) == ["area"]
    assert chosen(records, viewer=KIEL) == ["default"]
    named = geolocation(area=GeoLocation(country="UA", subdivision="VA"), default=GeoLocation(country="*"))
    assert chosen(named, viewer=VIRGINIA) == ["default"]


def test_geolocation_prefers_country_to_continent_and_continent_to_default_in_any_order() -> None:
    areas = {"all": GeoLocation(country="*"), "land": GeoLocation(continent="EU"), "state": GeoLocation(country="DE")}
    for names in (("all", "land", "state"), ("state", "land", "all")):
        records = geolocation(**{name: areas[name] for name in names})
        assert chosen(records, viewer=FRANKFURT) == ["state"]
        assert chosen(records, viewer=FRANKFURT, sick="state") == ["land"]
        assert chosen(records, viewer=TOKYO) == ["all"]
    assert chosen(geolocation(nowhere=GeoLocation()), viewer=SOUTH) == []


def test_geolocation_without_match_and_default_answers_nothing() -> None:
    assert chosen(geolocation(europe=GeoLocation(continent="EU")), viewer=TOKYO) == []


def test_geolocation_sick_match_answers_although_another_area_is_healthy() -> None:
    records = geolocation(europe=GeoLocation(continent="EU"), usa=GeoLocation(country="US"))
    assert chosen(records, viewer=FRANKFURT, sick="europe") == ["europe"]


def geoproximity(**places: GeoProximityLocation) -> list[ResourceRecordSet]:
    return [record(name, RoutingPolicy.GEOPROXIMITY, geo_proximity=place) for name, place in places.items()]


@pytest.mark.parametrize(
    ("bias", "sick", "expected"),
    [(0, "", "near"), (99, "", "far"), (0, "near", "far"), (0, "near far", "near")],
)
def test_geoproximity_answers_the_smallest_biased_distance(bias: int, sick: str, expected: str) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-geoproximity.html"""
    records = geoproximity(
        near=GeoProximityLocation(latitude=48.86, longitude=2.35),
        far=GeoProximityLocation(region="us-east-1", bias=bias),
    )
    assert chosen(records, sick=sick) == [expected]


def test_geoproximity_takes_coordinates_only_where_both_are_given() -> None:
    half = GeoProximityLocation(latitude=48.86, region="us-east-1")
    near = GeoProximityLocation(region="eu-west-1")
    assert chosen(geoproximity(half=half, near=near)) == ["near"]
    assert chosen(geoproximity(half=half, near=near), viewer=VIRGINIA) == ["half"]


def test_geoproximity_rejects_a_record_without_a_location() -> None:
    with pytest.raises(UnsupportedResource, match="geoproximity without a location"):
        chosen([record("none", RoutingPolicy.GEOPROXIMITY)])


def test_no_records_answer_nothing() -> None:
    assert select_records([], viewer=FRANKFURT, is_healthy=lambda _record: True, draw=0.0) == ()


def test_multivalue_draws_anew_for_another_draw() -> None:
    records = [record(f"v{number}", RoutingPolicy.MULTIVALUE) for number in range(20)]
    assert len({tuple(chosen(records, draw=number / 10)) for number in range(10)}) > 1


@given(st.floats(1, 20_000), st.integers(-99, 99), st.integers(-99, 99))
def test_geoproximity_larger_bias_never_lengthens_the_distance(distance: float, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert biased_distance_km(distance, high) <= biased_distance_km(distance, low)


def test_geoproximity_distance_between_frankfurt_and_virginia() -> None:
    assert distance_km((50.11, 8.68), (38.95, -77.45)) == pytest.approx(6540, abs=60)


@given(st.integers(1, 20), st.integers(0, 20), st.floats(0, 1, exclude_max=True))
def test_multivalue_answers_up_to_eight_healthy_else_up_to_eight(count: int, sick: int, draw: float) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html"""
    names = [f"v{number}" for number in range(count)]
    unhealthy = names[:sick]
    answer = chosen([record(name, RoutingPolicy.MULTIVALUE) for name in names], sick=" ".join(unhealthy), draw=draw)
    candidates = names[sick:] or names
    assert len(answer) == len(set(answer)) == min(8, len(candidates))
    assert set(answer) <= set(candidates)


def test_simple_record_answers_whatever_its_health() -> None:
    assert chosen([record("only", RoutingPolicy.SIMPLE)], sick="only") == ["only"]


def test_record_selection_rejects_mixed_policies() -> None:
    with pytest.raises(UnsupportedResource, match="cannot mix routing policies"):
        chosen([*failover(), *weighted(a=1)])


POLICIES: list[Callable[[], list[ResourceRecordSet]]] = [
    failover,
    lambda: weighted(a=1, b=0, c=200),
    lambda: latency("eu-west-1", "us-west-2"),
    lambda: geolocation(**GEOGRAPHY),
    lambda: [record(name, RoutingPolicy.MULTIVALUE) for name in "abc"],
]


@given(st.sampled_from(POLICIES), st.data(), st.floats(0, 1, exclude_max=True))
def test_record_selection_all_sick_answers_as_all_healthy_by_policy(
    make: Callable[[], list[ResourceRecordSet]], data: st.DataObject, draw: float
) -> None:
    """None healthy = all healthy; and never is a sick record chosen while the same choice has a healthy one."""
    records = make()
    everyone = " ".join(item.set_identifier or "" for item in records)
    assert chosen(records, sick=everyone, draw=draw) == chosen(records, draw=draw)
    sick = data.draw(st.sets(st.sampled_from(everyone.split())))
    answer = chosen(records, sick=" ".join(sick), draw=draw)
    assert answer
    if sick != set(everyone.split()) and records[0].policy is not RoutingPolicy.GEOLOCATION:
        assert not set(answer) & sick
