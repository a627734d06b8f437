"""DynamoDB's global tables, eventual consistency.

Sources: `DDB` = https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ ,
`DDBAPI` = https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/
"""

from functools import partial
from typing import Any

import pytest

from tests.worlds.gateway_world import GatewayWorld, refused, wait_until

HERE, THERE = "eu-central-1", "eu-west-1"


def table(world: GatewayWorld, **changes: Any) -> str:
    """Return a table in HERE without replicas."""
    name = world.unique("table")
    world.client("dynamodb", HERE).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        **{
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            **changes,
        },
    )
    return name


def update(world: GatewayWorld, name: str, *updates: dict[str, Any], **more: Any) -> Any:
    return world.client("dynamodb", HERE).update_table(TableName=name, ReplicaUpdates=list(updates), **more)


@pytest.fixture
def pair(gateway_world: GatewayWorld) -> str:
    name = table(gateway_world)
    update(gateway_world, name, {"Create": {"RegionName": THERE}})
    return name


def put(world: GatewayWorld, name: str, region: str, text: str, **more: Any) -> None:
    item = {"id": {"S": "1"}, "text": {"S": text}}
    world.client("dynamodb", region).put_item(TableName=name, Item=item, **more)


def text(world: GatewayWorld, name: str, region: str) -> str | None:
    found = world.client("dynamodb", region).get_item(TableName=name, Key={"id": {"S": "1"}}).get("Item")
    value: str | None = None if found is None else found["text"]["S"]
    return value


def test_each_region_lists_the_others_as_replicas(gateway_world: GatewayWorld, pair: str) -> None:
    # DDBAPI/API_ReplicaDescription.html
    for region, other in ((HERE, THERE), (THERE, HERE)):
        found = gateway_world.client("dynamodb", region).describe_table(TableName=pair)["Table"]
        assert found["Replicas"] == [{"RegionName": other, "ReplicaStatus": "ACTIVE"}]
        assert found["GlobalTableVersion"] == "2019.11.21"
        assert f":{region}:" in found["TableArn"]


@pytest.mark.parametrize(("written", "read"), [(HERE, THERE), (THERE, HERE)])
def test_item_written_in_a_region_is_copied_to_the_other(
    gateway_world: GatewayWorld, pair: str, written: str, read: str
) -> None:
    # DDB/V2globaltables_HowItWorks.html
    put(gateway_world, pair, written, "hello")
    wait_until(lambda: text(gateway_world, pair, read) == "hello")


def test_deletion_is_copied(gateway_world: GatewayWorld, pair: str) -> None:
    put(gateway_world, pair, HERE, "hello")
    wait_until(lambda: text(gateway_world, pair, THERE) == "hello")
    gateway_world.client("dynamodb", THERE).delete_item(TableName=pair, Key={"id": {"S": "1"}})
    wait_until(lambda: text(gateway_world, pair, HERE) is None)


def test_update_is_copied(gateway_world: GatewayWorld, pair: str) -> None:
    gateway_world.client("dynamodb", HERE).update_item(
        TableName=pair,
        Key={"id": {"S": "1"}},
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={":t": {"S": "updated"}},
    )
    wait_until(lambda: text(gateway_world, pair, THERE) == "updated")


def test_later_of_two_writes_stays_in_both_regions(gateway_world: GatewayWorld, pair: str) -> None:
    # DDB/V2globaltables_HowItWorks.html: last writer wins; conditions are judged by the region's own replica
    for number in range(20):
        put(gateway_world, pair, HERE, f"{number} here")
        put(gateway_world, pair, THERE, f"{number} there")
    wait_until(lambda: text(gateway_world, pair, HERE) == "19 there")
    assert text(gateway_world, pair, THERE) == "19 there"


def test_items_that_are_there_are_copied_to_a_new_replica(gateway_world: GatewayWorld) -> None:
    name = table(gateway_world)
    put(gateway_world, name, HERE, "old")
    update(gateway_world, name, {"Create": {"RegionName": THERE}})
    wait_until(lambda: text(gateway_world, name, THERE) == "old")


def test_deleted_replica_leaves_a_plain_table(gateway_world: GatewayWorld, pair: str) -> None:
    update(gateway_world, pair, {"Delete": {"RegionName": THERE}})
    assert "Replicas" not in gateway_world.client("dynamodb", HERE).describe_table(TableName=pair)["Table"]
    assert pair not in gateway_world.client("dynamodb", THERE).list_tables()["TableNames"]
    gateway_world.client("dynamodb", HERE).delete_table(TableName=pair)


def test_replica_needs_the_stream_of_both_images(gateway_world: GatewayWorld) -> None:
    # DDB/V2globaltables_reqs_bestpractices.html
    name = table(gateway_world, StreamSpecification={"StreamEnabled": False})
    refused("ValidationException", partial(update, gateway_world, name, {"Create": {"RegionName": THERE}}))


def test_one_call_changes_one_replica(gateway_world: GatewayWorld) -> None:
    # DDBAPI/API_UpdateTable.html, ReplicaUpdates
    name = table(gateway_world)
    both = [{"Create": {"RegionName": region}} for region in (THERE, "us-east-1")]
    refused("ValidationException", partial(update, gateway_world, name, *both))


def test_region_with_a_table_of_the_name_takes_no_replica(gateway_world: GatewayWorld, pair: str) -> None:
    refused("ValidationException", partial(update, gateway_world, pair, {"Create": {"RegionName": HERE}}))


def test_replica_that_is_not_there_cannot_be_deleted(gateway_world: GatewayWorld, pair: str) -> None:
    unknown = {"Delete": {"RegionName": "us-east-1"}}
    refused("ReplicaNotFoundException", partial(update, gateway_world, pair, unknown))


@pytest.mark.parametrize("operation", ["delete_table", "batch_write_item", "transact_write_items", "update_table"])
def test_what_would_have_to_reach_every_replica_is_refused(
    gateway_world: GatewayWorld, pair: str, operation: str
) -> None:
    item = {"Item": {"id": {"S": "1"}}}
    cases: dict[str, dict[str, Any]] = {
        "delete_table": {"TableName": pair},
        "batch_write_item": {"RequestItems": {pair: [{"PutRequest": item}]}},
        "transact_write_items": {"TransactItems": [{"Put": {"TableName": pair, **item}}]},
        "update_table": {"TableName": pair, "BillingMode": "PROVISIONED"},
    }
    refused("NotImplemented", getattr(gateway_world.client("dynamodb", HERE), operation), **cases[operation])


def test_strong_consistency_between_regions_is_refused(gateway_world: GatewayWorld) -> None:
    name = table(gateway_world)
    create = {"Create": {"RegionName": THERE}}
    refused("NotImplemented", partial(update, gateway_world, name, create), MultiRegionConsistency="STRONG")
