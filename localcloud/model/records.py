"""Hosted zones and resource record sets as the model sees them, and how they are read from AWS's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from localcloud.model.errors import UnsupportedResource

# Source of all limits here: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
MAXIMUM_WEIGHT = 255


class RoutingPolicy(Enum):
    """A routing policy of Route 53, by the word its documentation uses."""

    SIMPLE = "simple"
    FAILOVER = "failover"
    WEIGHTED = "weighted"
    LATENCY = "latency"
    GEOLOCATION = "geolocation"
    GEOPROXIMITY = "geoproximity"
    MULTIVALUE = "multivalue"


class FailoverRole(Enum):
    """The `Failover` field of a record."""

    PRIMARY = "PRIMARY"
    SECONDARY = "SECONDARY"


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasTarget:
    """Where an alias record points; `dns_name` is lower case with its final dot."""

    hosted_zone_id: str
    dns_name: str
    evaluate_target_health: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoLocation:
    """An area of a geolocation record; country `*` is the default record."""

    continent: str | None = None
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoProximityLocation:
    """A place of a geoproximity record: a region or coordinates in degrees, and its bias -99..99."""

    region: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    bias: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRecordSet:
    """One record of a hosted zone; `name` is lower case with its final dot, wildcards as `*.`.

    Attributes:
        ttl_seconds: None for an alias record, whose TTL is its target's.
        values: Presentation form, one a value; empty for an alias record.
    """

    name: str
    type: str
    ttl_seconds: int | None = None
    values: tuple[str, ...] = ()
    alias_target: AliasTarget | None = None
    set_identifier: str | None = None
    policy: RoutingPolicy = RoutingPolicy.SIMPLE
    failover: FailoverRole | None = None
    weight: int = 0
    region: str | None = None
    geo_location: GeoLocation | None = None
    geo_proximity: GeoProximityLocation | None = None
    health_check_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedZone:
    """A public hosted zone with all its records; `name` is lower case with its final dot."""

    id: str
    name: str
    records: tuple[ResourceRecordSet, ...]


def normalized_name(name: str) -> str:
    r"""Return a DNS name in lower case, with its final dot, `\052` read as `*` as Route 53 writes it.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    return name.lower().replace("\\052", "*").rstrip(".") + "."


def hosted_zone_from_api(zone: Mapping[str, Any], record_sets: Sequence[Mapping[str, Any]]) -> HostedZone:
    """Build a hosted zone from one item of ListHostedZones and all of its ListResourceRecordSets.

    Raises:
        UnsupportedResource: for a record that `record_set_from_api` refuses.
    """
    return HostedZone(
        id=str(zone["Id"]).rsplit("/", 1)[-1],
        name=normalized_name(zone["Name"]),
        records=tuple(record_set_from_api(record) for record in record_sets),
    )


def record_set_from_api(record: Mapping[str, Any]) -> ResourceRecordSet:
    """Build a record from the dict that boto3's list_resource_record_sets gives.

    Raises:
        UnsupportedResource: for IP-based routing, a traffic policy instance or a local zone group.
    """
    _refuse_unmodelled(record)
    alias = record.get("AliasTarget")
    failover = record.get("Failover")
    return ResourceRecordSet(
        name=normalized_name(record["Name"]),
        type=str(record["Type"]).upper(),
        ttl_seconds=None if alias else int(record["TTL"]),
        values=tuple(value["Value"] for value in record.get("ResourceRecords") or ()),
        alias_target=_alias_target(alias) if alias else None,
        set_identifier=record.get("SetIdentifier"),
        policy=_policy(record),
        failover=FailoverRole(failover) if failover else None,
        weight=int(record.get("Weight") or 0),
        region=record.get("Region"),
        geo_location=_geo_location(record.get("GeoLocation")),
        geo_proximity=_geo_proximity(record.get("GeoProximityLocation")),
        health_check_id=record.get("HealthCheckId"),
    )


def _refuse_unmodelled(record: Mapping[str, Any]) -> None:
    for key, meaning in (
        ("CidrRoutingConfig", "IP-based routing"),
        ("TrafficPolicyInstanceId", "a traffic policy instance"),
    ):
        if record.get(key):
            raise UnsupportedResource(
                f"record {record.get('Name')} {record.get('Type')}", reason=f"{meaning} is not modelled"
            )
    if (record.get("GeoProximityLocation") or {}).get("LocalZoneGroup"):
        raise UnsupportedResource(
            f"record {record.get('Name')} {record.get('Type')}",
            reason="LocalZoneGroup is not modelled",
            remedy="use AWSRegion or Coordinates",
        )


def _policy(record: Mapping[str, Any]) -> RoutingPolicy:
    for key, policy in (
        ("Failover", RoutingPolicy.FAILOVER),
        ("Weight", RoutingPolicy.WEIGHTED),
        ("Region", RoutingPolicy.LATENCY),
        ("GeoLocation", RoutingPolicy.GEOLOCATION),
        ("GeoProximityLocation", RoutingPolicy.GEOPROXIMITY),
    ):
        if record.get(key) is not None:
            return policy
    return RoutingPolicy.MULTIVALUE if record.get("MultiValueAnswer") else RoutingPolicy.SIMPLE


def _alias_target(alias: Mapping[str, Any]) -> AliasTarget:
    evaluate = alias.get("EvaluateTargetHealth", False)
    return AliasTarget(
        hosted_zone_id=str(alias["HostedZoneId"]),
        dns_name=normalized_name(alias["DNSName"]),
        evaluate_target_health=evaluate if isinstance(evaluate, bool) else str(evaluate).lower() == "true",
    )


def _geo_location(location: Mapping[str, Any] | None) -> GeoLocation | None:
    if not location:
        return None
    return GeoLocation(
        continent=location.get("ContinentCode"),
        country=location.get("CountryCode"),
        subdivision=location.get("SubdivisionCode"),
    )


def _geo_proximity(location: Mapping[str, Any] | None) -> GeoProximityLocation | None:
    if not location:
        return None
    coordinates = location.get("Coordinates") or {}
    return GeoProximityLocation(
        region=location.get("AWSRegion"),
        latitude=float(coordinates["Latitude"]) if coordinates else None,
        longitude=float(coordinates["Longitude"]) if coordinates else None,
        bias=int(location.get("Bias") or 0),
    )
