"""Deployed, Completed, INSYNC: what the control plane says of a change is what the data plane has done."""

from typing import Any

from tests.conformance.cloud import OPTIMIZED, Cloud, record, refused, unique
from tests.documented import documented

AGAIN = 10
"""The lag that these tests are about comes and goes."""


def body(cloud: Cloud, domain: str, path: str = "/page") -> bytes:
    return cloud.get(domain, path).body


@documented("CFAPI/API_Distribution", "A distribution is Deployed when every edge location serves it.")
def test_distribution_that_is_deployed_is_served(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(page="here")
    for _ in range(AGAIN):
        made = cloud.distribution([cloud.origin(bucket)])
        assert body(cloud, made["DomainName"]) == b"here"


@documented(
    "CFAPI/API_CreateDistribution", "CreateDistribution answers before the distribution is deployed: InProgress."
)
def test_distribution_begins_in_progress(cloud: Cloud) -> None:
    config = cloud.config([cloud.origin(cloud.bucket())])
    made = cloud.aws("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]
    assert made["Status"] == "InProgress"
    cloud.until_deployed(made["Id"])


def update(cloud: Cloud, distribution_id: str, **changes: Any) -> Any:
    cloudfront = cloud.aws("cloudfront")
    found = cloudfront.get_distribution_config(Id=distribution_id)
    config = {**found["DistributionConfig"], **changes}
    return cloudfront.update_distribution(Id=distribution_id, IfMatch=found["ETag"], DistributionConfig=config)


@documented("CFAPI/API_UpdateDistribution", "An updated distribution is InProgress until the change is at every edge.")
def test_update_that_is_deployed_is_served(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(a="first", b="second"))])
    for root in ("a", "b") * (AGAIN // 2):
        assert update(cloud, made["Id"], DefaultRootObject=root)["Distribution"]["Status"] == "InProgress"
        cloud.until_deployed(made["Id"])
        assert body(cloud, made["DomainName"], "/") == {"a": b"first", "b": b"second"}[root]


@documented("CF/HowToDeleteDistribution", "A disabled distribution answers no viewer once it is deployed.")
def test_disabled_distribution_that_is_deployed_serves_nobody(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket(page="here"))])
    assert cloud.get(made["DomainName"], "/page").status == 200
    update(cloud, made["Id"], Enabled=False)
    cloud.until_deployed(made["Id"])
    assert cloud.get(made["DomainName"], "/page").status == 403


def invalidate(cloud: Cloud, distribution_id: str, *paths: str) -> str:
    batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": unique("batch")}
    cloudfront = cloud.aws("cloudfront")
    made = cloudfront.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch)["Invalidation"]

    def status() -> str:
        found = cloudfront.get_invalidation(DistributionId=distribution_id, Id=made["Id"])["Invalidation"]
        return str(found["Status"])

    cloud.until(lambda: status() == "Completed")
    return str(made["Status"])


@documented("CFAPI/API_Invalidation", "An invalidation is Completed when the edges have dropped the objects.")
def test_invalidation_that_is_completed_is_done(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(page="0")
    made = cloud.distribution([cloud.origin(bucket)], {"CachePolicyId": OPTIMIZED})
    for number in range(AGAIN):
        assert body(cloud, made["DomainName"]) == str(number).encode()
        cloud.aws("s3").put_object(Bucket=bucket, Key="page", Body=str(number + 1))
        assert body(cloud, made["DomainName"]) == str(number).encode()
        invalidate(cloud, made["Id"], "/page")
        assert body(cloud, made["DomainName"]) == str(number + 1).encode()


@documented("CFAPI/API_CreateInvalidation", "CreateInvalidation answers InProgress.")
def test_invalidation_begins_in_progress(cloud: Cloud) -> None:
    made = cloud.distribution([cloud.origin(cloud.readable_bucket())])
    assert invalidate(cloud, made["Id"], "/*") == "InProgress"


@documented("CF/Invalidation", "A path that ends in * invalidates every path that begins so, and no other.")
def test_invalidation_with_a_wildcard_is_a_prefix(cloud: Cloud) -> None:
    bucket = cloud.readable_bucket(**{"a/1": "old", "a/2": "old", "b": "old"})
    made = cloud.distribution([cloud.origin(bucket)])
    for key in ("a/1", "a/2", "b"):
        assert body(cloud, made["DomainName"], f"/{key}") == b"old"
        cloud.aws("s3").put_object(Bucket=bucket, Key=key, Body="new")
    invalidate(cloud, made["Id"], "/a/*")
    assert [body(cloud, made["DomainName"], f"/{key}") for key in ("a/1", "a/2", "b")] == [b"new", b"new", b"old"]


@documented("R53API/API_ChangeInfo", "A change of records is INSYNC when the name servers answer with it.")
def test_records_that_are_in_sync_are_answered(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    for number in range(AGAIN):
        cloud.change(zone_id, record(f"www.{name}", "A", f"192.0.2.{number}"))
        assert cloud.values(f"www.{name}") == [f"192.0.2.{number}"]


@documented("R53API/API_ChangeResourceRecordSets", "A change is PENDING when ChangeResourceRecordSets answers.")
def test_records_begin_pending(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record(f"a.{name}", "A", "192.0.2.1")}]}
    answer = cloud.aws("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)
    assert answer["ChangeInfo"]["Status"] == "PENDING"


@documented("R53API/API_GetChange", "A change that was never made has no status: NoSuchChange.")
def test_change_that_was_never_made_is_not_found(cloud: Cloud) -> None:
    refused("NoSuchChange", cloud.aws("route53").get_change, Id="C00000000000000000000")
