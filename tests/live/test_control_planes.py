"""What AWS's APIs say: checks, alarms, parity, and round trips through replication and the KeyValueStore."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from scripts.aws.clients import aws_client
from scripts.drill.levers.injector import Route53Health
from scripts.drill.levers.replication_stalled import delete_versions
from scripts.release.parity import check_parity, find_manifest
from tests.live.conftest import LiveSite

pytestmark = pytest.mark.live

REPLICATION_SECONDS = 900
"""S3 Replication Time Control's own limit; without it S3 promises nothing and is usually done within seconds."""
KEY = "failover-live"


def test_every_health_check_is_healthy(live: LiveSite) -> None:
    health = Route53Health()

    async def states() -> dict[str, bool | None]:
        return {name: await health.is_healthy(id_) for name, id_ in live.deployment.health_check_ids.items()}

    assert asyncio.run(states()) == dict.fromkeys(live.deployment.health_check_ids, True)


def test_both_regions_hold_all_of_the_active_release(live: LiveSite) -> None:
    routing = live.routing().read().routing
    assert routing.release_id is not None, "nothing is published yet"
    buckets = [live.bucket(region) for region in live.deployment.buckets]
    parity = check_parity(buckets, find_manifest(buckets, routing.release_id), routing)
    assert {region: found.is_whole for region, found in parity.regions.items()} == dict.fromkeys(
        live.deployment.buckets, True
    )


def test_every_alarm_is_there_and_tells_a_topic_of_ours(live: LiveSite) -> None:
    monitoring = live.document["monitoring"]
    topics = set(monitoring["alarm_topic_arns"].values())
    found: dict[str, list[str]] = {}
    for region in monitoring["alarm_topic_arns"]:
        pages = aws_client("cloudwatch", region=region).get_paginator("describe_alarms")
        for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
            for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])):
                found[alarm["AlarmName"]] = alarm["AlarmActions"] if alarm["ActionsEnabled"] else []
    wanted = set(monitoring["alarm_names"])
    assert wanted <= found.keys()
    assert {name for name in wanted if not topics & set(found[name])} == set()


def test_somebody_hears_the_alerts(live: LiveSite) -> None:
    email = live.site_file.get("alerts", {}).get("email")
    if not email:
        pytest.skip("alerts.email is not in the site file: nobody asked to be told")
    heard = {}
    for arn in live.document["monitoring"]["alert_topic_arns"].values():
        pages = aws_client("sns", region=arn.split(":")[3]).get_paginator("list_subscriptions_by_topic")
        subscriptions = [each for page in pages.paginate(TopicArn=arn) for each in page["Subscriptions"]]
        heard[arn] = [each["SubscriptionArn"] for each in subscriptions if each["Endpoint"] == email]
    assert all(heard.values()), f"{email} is not subscribed: {heard}"
    unconfirmed = [arn for arn, found in heard.items() if "PendingConfirmation" in found]
    assert unconfirmed == [], "the mail that asks for confirmation was not answered"


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_object_arrives_in_the_other_region_by_replication(live: LiveSite, role: str) -> None:
    primary, secondary = live.deployment.primary, live.deployment.secondary
    source, target = (primary, secondary) if role == "primary" else (secondary, primary)
    key = f"releases/.{KEY}/{uuid.uuid4().hex}"
    written, replica = live.bucket(source), live.bucket(target)
    written.client.put_object(Bucket=written.name, Key=key, Body=b"written by the live suite")
    try:
        assert asyncio.run(arrives(live, replica.region, replica.name, key)) == "REPLICA"
    finally:
        for bucket in (written, replica):
            delete_versions(bucket.region, bucket.name, key)


async def arrives(live: LiveSite, region: str, bucket: str, key: str) -> str:
    """Return the replica's status once it is there, "absent" when it does not come in time."""
    clock, client = live.network.clock(), aws_client("s3", region=region)
    deadline = clock.now_seconds() + REPLICATION_SECONDS
    while clock.now_seconds() < deadline:
        listed = client.list_objects_v2(Bucket=bucket, Prefix=key)
        if listed.get("KeyCount"):
            return str(client.head_object(Bucket=bucket, Key=key).get("ReplicationStatus", "none"))
        await clock.sleep(1)
    return "absent"


def test_key_value_store_takes_a_key_and_gives_it_back(live: LiveSite) -> None:
    store, key, value = live.routing(), f"{KEY}-{uuid.uuid4().hex}", uuid.uuid4().hex
    client, arn = aws_client("cloudfront-keyvaluestore", region="us-east-1"), live.deployment.key_value_store_arn
    etag = store.put_entries({key: value}, expected_etag=store.read().etag)
    try:
        assert client.get_key(KvsARN=arn, Key=key)["Value"] == value
    finally:
        store.delete_keys([key], expected_etag=etag)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_key(KvsARN=arn, Key=key)


RIGHTS = {
    ("content", "s3:PutObject", "releases/x"): True,
    ("content", "s3:PutBucketPolicy", ""): False,
    ("content", "s3:DeleteBucket", ""): False,
    ("plan", "s3:PutObject", "releases/x"): False,
    ("deploy", "s3:PutBucketPolicy", ""): True,
    ("drill", "s3:PutBucketPolicy", ""): False,
}


@pytest.mark.parametrize(("right", "is_allowed"), RIGHTS.items(), ids=[" ".join(right) for right in RIGHTS])
def test_role_can_what_it_must_and_is_refused_what_it_must_not(
    live: LiveSite, right: tuple[str, str, str], is_allowed: bool
) -> None:
    """By IAM's own simulator: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"""
    role, action, key = right
    arns = live.document.get("access", {}).get("role_arns", {})
    if role not in arns:
        pytest.skip("the site file has no [github], so there are no roles to ask about")
    bucket = f"arn:aws:s3:::{live.deployment.buckets[live.deployment.primary]}"
    answer = aws_client("iam", region="us-east-1").simulate_principal_policy(
        PolicySourceArn=arns[role], ActionNames=[action], ResourceArns=[f"{bucket}/{key}" if key else bucket]
    )
    decision = answer["EvaluationResults"][0]["EvalDecision"]
    assert (decision == "allowed") is is_allowed, decision
