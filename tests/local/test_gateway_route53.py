"""What Route 53's control plane accepts and refuses.

Sources: `API` = https://docs.aws.amazon.com/Route53/latest/APIReference/
"""

from typing import Any

import pytest

from tests.local.test_gateway_cloudfront import alias_config
from tests.worlds.gateway_world import GatewayWorld, refused

CHECK: dict[str, Any] = {
    "Type": "HTTPS",
    "FullyQualifiedDomainName": "www.example.test",
    "ResourcePath": "/health/region.json",
    "RequestInterval": 10,
    "FailureThreshold": 3,
    "Regions": ["us-east-1", "eu-west-1", "us-west-2"],
}


def values(*texts: str) -> list[dict[str, str]]:
    return [{"Value": text} for text in texts]


def alias(target: str, zone_id: str = "Z2FDTNDATAQYW2", *, evaluate: bool = False) -> dict[str, Any]:
    return {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": evaluate}


def near(location: dict[str, Any], policy: str = "GeoProximityLocation") -> dict[str, Any]:
    return {"SetIdentifier": "a", "TTL": 60, "ResourceRecords": values("192.0.2.1"), policy: location}


def distribution_for(world: GatewayWorld, zone_id: str, *names: str) -> str:
    certificate = world.certificate(zone_id, *names)
    return str(world.distribution(**alias_config(certificate, *names))["Distribution"]["DomainName"])


def health_check(world: GatewayWorld, **changes: Any) -> Any:
    reference = changes.pop("reference", world.unique("check"))
    config = {key: value for key, value in (CHECK | changes).items() if value is not None}
    return world.client("route53").create_health_check(CallerReference=reference, HealthCheckConfig=config)[
        "HealthCheck"
    ]


def test_record_create_rejects_an_existing_one(gateway_world: GatewayWorld) -> None:
    # API/API_Change.html: CREATE of a record that exists fails
    zone_id, domain = gateway_world.hosted_zone()
    record = {"Name": f"a.{domain}", "Type": "A", "TTL": 60, "ResourceRecords": values("192.0.2.1")}
    gateway_world.change(zone_id, "CREATE", **record)
    message = refused("InvalidChangeBatch", gateway_world.change, 400, zone_id=zone_id, action="CREATE", **record)
    assert "but it already exists" in message


def test_change_batch_is_all_or_nothing(gateway_world: GatewayWorld) -> None:
    # API/API_ChangeResourceRecordSets.html: change batches are transactional
    zone_id, domain = gateway_world.hosted_zone()
    route53 = gateway_world.client("route53")
    good = {"Name": f"good.{domain}", "Type": "A", "TTL": 60, "ResourceRecords": values("192.0.2.1")}
    changes = [
        {"Action": "CREATE", "ResourceRecordSet": good},
        {"Action": "DELETE", "ResourceRecordSet": good | {"Name": f"x.{domain}"}},
    ]
    refused(
        "InvalidChangeBatch",
        route53.change_resource_record_sets,
        HostedZoneId=zone_id,
        ChangeBatch={"Changes": changes},
    )
    names = {record["Name"] for record in route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]}
    assert names == {f"{domain}."}


@pytest.mark.parametrize(
    "record",
    [
        # API/API_ResourceRecordSet.html
        {"SetIdentifier": "a", "Weight": 1, "Region": "us-east-1", "TTL": 60, "ResourceRecords": values("192.0.2.1")},
        {"Weight": 1, "TTL": 60, "ResourceRecords": values("192.0.2.1")},
        {"SetIdentifier": "a", "MultiValueAnswer": True, "AliasTarget": alias("d0.cloudfront.net")},
        {"ResourceRecords": values("192.0.2.1")},
        {"AliasTarget": alias("d0000000000000.cloudfront.net")},
        # API/API_GeoProximityLocation.html, API/API_Coordinates.html
        near({"AWSRegion": "us-east-1", "Coordinates": {"Latitude": "1", "Longitude": "1"}}),
        near({"Bias": 1}),
        near({"Coordinates": {"Latitude": "91", "Longitude": "1"}}),
        # API/API_GeoLocation.html; DG/resource-record-sets-values-geo.html, Note
        near({"CountryCode": "DE", "SubdivisionCode": "BY"}, "GeoLocation"),
        near({"CountryCode": "CX"}, "GeoLocation"),
    ],
    ids=[
        "two policies",
        "no set identifier",
        "multivalue alias",
        "no TTL",
        "unknown distribution",
        "two places",
        "no place",
        "latitude 91",
        "state of Germany",
        "country without records",
    ],
)
def test_record_rejects(gateway_world: GatewayWorld, record: dict[str, Any]) -> None:
    zone_id, domain = gateway_world.hosted_zone()
    arguments = {"zone_id": zone_id, "action": "CREATE", "Name": f"a.{domain}", "Type": "A", **record}
    refused("InvalidChangeBatch", gateway_world.change, 400, **arguments)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"Failover": "PRIMARY"}, {"Failover": "PRIMARY"}),
        ({"Weight": 1}, {"Region": "us-east-1"}),
        ({"Weight": 1}, None),
        ({"Region": "us-east-1"}, {"Region": "us-east-1"}),
    ],
    ids=["two primaries", "mixed policies", "simple beside weighted", "same region twice"],
)
def test_records_of_one_name_reject(
    gateway_world: GatewayWorld, first: dict[str, Any], second: dict[str, Any] | None
) -> None:
    # API/API_ResourceRecordSet.html: SetIdentifier, Failover, Region
    zone_id, domain = gateway_world.hosted_zone()
    base = {"Name": f"a.{domain}", "Type": "A", "TTL": 60, "ResourceRecords": values("192.0.2.1")}
    gateway_world.change(zone_id, "CREATE", **base, **first, SetIdentifier="first")
    other = base if second is None else base | second | {"SetIdentifier": "second"}
    refused("InvalidChangeBatch", gateway_world.change, 400, zone_id=zone_id, action="CREATE", **other)


def test_weighted_records_of_one_name_have_one_ttl(gateway_world: GatewayWorld) -> None:
    # API/API_ResourceRecordSet.html, TTL; the words are AWS's: https://github.com/aws/aws-sdk-go-v2/issues/518
    zone_id, domain = gateway_world.hosted_zone()
    record = {"Name": f"a.{domain}", "Type": "A", "Weight": 1, "ResourceRecords": values("192.0.2.1")}
    gateway_world.change(zone_id, "CREATE", **record, SetIdentifier="one", TTL=60)
    gateway_world.change(zone_id, "CREATE", **record, SetIdentifier="two", TTL=60)
    other: dict[str, Any] = {"zone_id": zone_id, "action": "CREATE", **record, "SetIdentifier": "three", "TTL": 30}
    message = refused("InvalidChangeBatch", gateway_world.change, 400, **other)
    assert "weighted sets must contain the same TTL" in message


def test_weighted_records_of_one_name_are_a_hundred_at_most(gateway_world: GatewayWorld) -> None:
    # API/API_ResourceRecordSet.html, Weight
    zone_id, domain = gateway_world.hosted_zone()
    record = {"Name": f"a.{domain}", "Type": "A", "TTL": 60, "Weight": 1, "ResourceRecords": values("192.0.2.1")}

    def create(identifiers: range) -> None:
        sets = [record | {"SetIdentifier": str(identifier)} for identifier in identifiers]
        changes = [{"Action": "CREATE", "ResourceRecordSet": one} for one in sets]
        gateway_world.client("route53").change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Changes": changes}
        )

    create(range(100))
    refused("InvalidChangeBatch", create, 400, identifiers=range(100, 101))


def test_alias_name_may_be_any_depth_below_a_wildcard_alias(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html: a wildcard also serves a.b.example.com
    zone_id, domain = gateway_world.hosted_zone()
    target = distribution_for(gateway_world, zone_id, f"*.{domain}")
    gateway_world.change(zone_id, "CREATE", Name=f"a.b.{domain}", Type="A", AliasTarget=alias(target))


def test_alias_name_must_be_among_the_aliases_of_the_distribution(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html
    zone_id, domain = gateway_world.hosted_zone()
    target = distribution_for(gateway_world, zone_id, f"www.{domain}")
    gateway_world.change(zone_id, "CREATE", Name=f"www.{domain}", Type="A", AliasTarget=alias(target))
    other = {"Name": f"other.{domain}", "Type": "A", "AliasTarget": alias(target)}
    refused("InvalidChangeBatch", gateway_world.change, 400, zone_id=zone_id, action="CREATE", **other)


def test_cloudfront_alias_cannot_evaluate_target_health(gateway_world: GatewayWorld) -> None:
    # API/API_AliasTarget.html: "You can't set EvaluateTargetHealth to true when the alias target is a CloudFront distribution"
    zone_id, domain = gateway_world.hosted_zone()
    target = distribution_for(gateway_world, zone_id, f"www.{domain}")
    record = {"Name": f"www.{domain}", "Type": "A", "AliasTarget": alias(target, evaluate=True)}
    refused("InvalidChangeBatch", gateway_world.change, 400, zone_id=zone_id, action="CREATE", **record)


def test_failover_pair_cannot_be_two_cloudfront_aliases(gateway_world: GatewayWorld) -> None:
    # API/API_AliasTarget.html: no failover records when both would be CloudFront
    zone_id, domain = gateway_world.hosted_zone()
    target = distribution_for(gateway_world, zone_id, f"www.{domain}")
    record = {"Name": f"www.{domain}", "Type": "A", "AliasTarget": alias(target)}
    gateway_world.change(zone_id, "CREATE", **record, SetIdentifier="1", Failover="PRIMARY")
    second = record | {"SetIdentifier": "2", "Failover": "SECONDARY"}
    refused("InvalidChangeBatch", gateway_world.change, 400, zone_id=zone_id, action="CREATE", **second)


def test_geoproximity_is_kept(gateway_world: GatewayWorld) -> None:
    # API/API_GeoProximityLocation.html
    zone_id, domain = gateway_world.hosted_zone()
    location = {"AWSRegion": "eu-central-1", "Bias": 10}
    record = {"Name": f"a.{domain}", "Type": "A", "TTL": 60, "SetIdentifier": "eu", "GeoProximityLocation": location}
    gateway_world.change(zone_id, "CREATE", **record, ResourceRecords=values("192.0.2.1"))
    listed = gateway_world.client("route53").list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName=f"a.{domain}", StartRecordType="A"
    )
    assert listed["ResourceRecordSets"][0]["GeoProximityLocation"] == location


def test_zone_with_records_cannot_be_deleted(gateway_world: GatewayWorld) -> None:
    # API/API_DeleteHostedZone.html
    zone_id, domain = gateway_world.hosted_zone()
    record = {"Name": f"a.{domain}", "Type": "A", "TTL": 60, "ResourceRecords": values("192.0.2.1")}
    gateway_world.change(zone_id, "CREATE", **record)
    delete = gateway_world.client("route53").delete_hosted_zone
    refused("HostedZoneNotEmpty", delete, 400, Id=zone_id)
    gateway_world.change(zone_id, "DELETE", **record)
    delete(Id=zone_id)


def test_record_set_listing_pages_in_order(gateway_world: GatewayWorld) -> None:
    # API/API_ListResourceRecordSets.html: sorted with the labels reversed
    zone_id, domain = gateway_world.hosted_zone()
    for name in ("b", "a.b", "a"):
        gateway_world.change(
            zone_id, "CREATE", Name=f"{name}.{domain}", Type="A", TTL=60, ResourceRecords=values("192.0.2.1")
        )
    paginator = gateway_world.client("route53").get_paginator("list_resource_record_sets")
    pages = paginator.paginate(HostedZoneId=zone_id, PaginationConfig={"PageSize": 2})
    names = [record["Name"].removesuffix(f"{domain}.") for page in pages for record in page["ResourceRecordSets"]]
    assert names == ["", "", "a.", "b.", "a.b."]


def test_health_check_keeps_its_fields_and_gets_defaults(gateway_world: GatewayWorld) -> None:
    # API/API_HealthCheckConfig.html
    config = health_check(gateway_world, MeasureLatency=True)["HealthCheckConfig"]
    assert config["Regions"] == CHECK["Regions"]
    assert (config["Port"], config["EnableSNI"], config["MeasureLatency"], config["Inverted"]) == (
        443,
        True,
        True,
        False,
    )


def test_health_check_reference_returns_the_same_check(gateway_world: GatewayWorld) -> None:
    # API/API_CreateHealthCheck.html, CallerReference
    first = health_check(gateway_world, reference="same")
    assert health_check(gateway_world, reference="same")["Id"] == first["Id"]
    refused("HealthCheckAlreadyExists", health_check, 409, world=gateway_world, reference="same", FailureThreshold=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"RequestInterval": 15},
        {"FailureThreshold": 11},
        {"Regions": ["us-east-1", "eu-west-1"]},
        {"FullyQualifiedDomainName": None},
        {"IPAddress": "10.0.0.1"},
        {"IPAddress": "127.0.0.1"},
        {"IPAddress": "224.0.0.1"},
        {"Type": "CLOUDWATCH_METRIC"},
        {"Type": "CALCULATED", "HealthThreshold": 257},
        {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": ["00000000-0000-0000-0000-000000000000"]},
    ],
    ids=[
        "interval 15",
        "threshold 11",
        "two regions",
        "no endpoint",
        "private address",
        "loopback address",
        "multicast address",
        "alarm check without alarm",
        "threshold 257",
        "unknown child",
    ],
)
def test_health_check_rejects(gateway_world: GatewayWorld, changes: dict[str, Any]) -> None:
    # API/API_HealthCheckConfig.html
    config = {key: value for key, value in (CHECK | changes).items() if value is not None}
    arguments = {"CallerReference": gateway_world.unique("check"), "HealthCheckConfig": config}
    refused("InvalidInput", gateway_world.client("route53").create_health_check, 400, **arguments)


def test_calculated_check_cannot_have_a_calculated_child(gateway_world: GatewayWorld) -> None:
    # DeveloperGuide/health-checks-creating-values.html: a calculated check cannot monitor another one
    route53, child = gateway_world.client("route53"), health_check(gateway_world)
    config = {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [child["Id"]]}
    inner = route53.create_health_check(CallerReference=gateway_world.unique("inner"), HealthCheckConfig=config)
    arguments = {
        "CallerReference": gateway_world.unique("outer"),
        "HealthCheckConfig": config | {"ChildHealthChecks": [inner["HealthCheck"]["Id"]]},
    }
    refused("InvalidInput", route53.create_health_check, 400, **arguments)


def test_health_status_is_what_the_data_plane_pushed(gateway_world: GatewayWorld) -> None:
    # API/API_GetHealthCheckStatus.html, API_GetHealthCheckLastFailureReason.html
    route53, check = gateway_world.client("route53"), health_check(gateway_world)
    before = route53.get_health_check_status(HealthCheckId=check["Id"])["HealthCheckObservations"]
    assert before == []
    observation = {
        "region": "us-east-1",
        "ip_address": "127.0.30.1",
        "status": "Failure: HTTP Status Code 503",
        "checked_time": "2026-01-01T00:00:00Z",
    }
    report = {"observations": [observation], "is_healthy": False}
    assert gateway_world.control("POST", f"/health-checks/{check['Id']}", report)[0] == 200
    failures = route53.get_health_check_last_failure_reason(HealthCheckId=check["Id"])["HealthCheckObservations"]
    assert [item["StatusReport"]["Status"] for item in failures] == ["Failure: HTTP Status Code 503"]
    assert gateway_world.control("GET", "/health-checks")[1][check["Id"]]["is_healthy"] is False


def test_dns_answer_follows_health(gateway_world: GatewayWorld) -> None:
    # API/API_TestDNSAnswer.html and DeveloperGuide/health-checks-how-route-53-chooses-records.html
    route53, check = gateway_world.client("route53"), health_check(gateway_world)
    zone_id, domain = gateway_world.hosted_zone()
    base = {"Name": f"www.{domain}", "Type": "A", "TTL": 60}
    primary = {
        "SetIdentifier": "1",
        "Failover": "PRIMARY",
        "HealthCheckId": check["Id"],
        "ResourceRecords": values("192.0.2.1"),
    }
    gateway_world.change(zone_id, "CREATE", **base, **primary)
    secondary = {"SetIdentifier": "2", "Failover": "SECONDARY", "ResourceRecords": values("192.0.2.2")}
    gateway_world.change(zone_id, "CREATE", **base, **secondary)
    question = {"HostedZoneId": zone_id, "RecordName": f"www.{domain}", "RecordType": "A"}
    assert route53.test_dns_answer(**question)["RecordData"] == ["192.0.2.1"]
    gateway_world.control("POST", f"/health-checks/{check['Id']}", {"observations": [], "is_healthy": False})
    assert route53.test_dns_answer(**question)["RecordData"] == ["192.0.2.2"]
