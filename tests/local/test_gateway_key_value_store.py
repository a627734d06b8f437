"""CloudFront KeyValueStore's API.

Sources: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations_Amazon_CloudFront_KeyValueStore.html
and https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
"""

from typing import Any

import pytest

from tests.worlds.gateway_world import GatewayWorld, refused


def new_store(world: GatewayWorld) -> tuple[Any, str, str]:
    """Return a client, the ARN of a new store and its ETag."""
    arn = world.client("cloudfront").create_key_value_store(Name=world.unique("kvs"))["KeyValueStore"]["ARN"]
    client = world.client("cloudfront-keyvaluestore")
    return client, arn, client.describe_key_value_store(KvsARN=arn)["ETag"]


def test_every_write_needs_the_current_etag(gateway_world: GatewayWorld) -> None:
    # API_kvs_PutKey: If-Match; a race is a ConflictException
    client, arn, etag = new_store(gateway_world)
    new_etag = client.put_key(KvsARN=arn, Key="routing", Value="1", IfMatch=etag)["ETag"]
    refused("ConflictException", client.put_key, 409, KvsARN=arn, Key="routing", Value="2", IfMatch=etag)
    refused("ConflictException", client.delete_key, 409, KvsARN=arn, Key="routing", IfMatch=etag)
    refused("ConflictException", client.update_keys, 409, KvsARN=arn, IfMatch=etag, Deletes=[{"Key": "routing"}])
    assert client.get_key(KvsARN=arn, Key="routing")["Value"] == "1"
    assert new_etag != etag


def test_update_keys_is_atomic(gateway_world: GatewayWorld) -> None:
    # API_kvs_UpdateKeys: puts and deletes in a single all-or-nothing operation
    client, arn, etag = new_store(gateway_world)
    puts = [{"Key": "good", "Value": "1"}, {"Key": "bad", "Value": "x" * 1025}]
    refused("ValidationException", client.update_keys, 400, KvsARN=arn, IfMatch=etag, Puts=puts)
    assert client.list_keys(KvsARN=arn)["Items"] == []
    totals = client.update_keys(KvsARN=arn, IfMatch=etag, Puts=puts[:1])
    assert (totals["ItemCount"], totals["TotalSizeInBytes"]) == (1, 5)


@pytest.mark.parametrize(
    "puts",
    [
        [{"Key": "k" * 513, "Value": "1"}],
        [{"Key": "k", "Value": "v" * 1025}],
        [{"Key": f"k{number}", "Value": "1"} for number in range(51)],
    ],
    ids=["key of 513 bytes", "value of 1025 bytes", "51 keys"],
)
def test_update_keys_rejects(gateway_world: GatewayWorld, puts: list[dict[str, str]]) -> None:
    client, arn, etag = new_store(gateway_world)
    refused("ValidationException", client.update_keys, 400, KvsARN=arn, IfMatch=etag, Puts=puts)


def test_store_holds_5_mb(gateway_world: GatewayWorld) -> None:
    client, arn, _ = new_store(gateway_world)
    stores = gateway_world.gateway.application.cloudfront_store.key_value_stores
    store = next(store for store in stores.values() if store.arn == arn)
    store.values = {f"{number:04}": "v" * 1020 for number in range(5 * 1024)}
    arguments: dict[str, Any] = {"KvsARN": arn, "Key": "one more", "Value": "1", "IfMatch": store.data_etag}
    refused("ServiceQuotaExceededException", client.put_key, **arguments)


def test_key_with_a_slash_and_missing_key(gateway_world: GatewayWorld) -> None:
    client, arn, etag = new_store(gateway_world)
    client.put_key(KvsARN=arn, Key="a/b c", Value="1", IfMatch=etag)
    assert client.get_key(KvsARN=arn, Key="a/b c")["Value"] == "1"
    refused("ResourceNotFoundException", client.get_key, 404, KvsARN=arn, Key="a")


def test_list_keys_pages_by_50(gateway_world: GatewayWorld) -> None:
    client, arn, etag = new_store(gateway_world)
    for start in (0, 40):
        puts = [{"Key": f"{number:03}", "Value": "1"} for number in range(start, start + 40)]
        etag = client.update_keys(KvsARN=arn, IfMatch=etag, Puts=puts)["ETag"]
    pages = list(client.get_paginator("list_keys").paginate(KvsARN=arn))
    assert [len(page["Items"]) for page in pages] == [50, 30]
