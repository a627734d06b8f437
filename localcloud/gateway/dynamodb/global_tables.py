"""DynamoDB's global tables (version 2019.11.21, eventual consistency), which moto lacks: replicas and the copying of items.

Tables and items are moto's. What a global table does here and where AWS says so (`DDB` =
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ , `DDBAPI` =
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/ ):

- UpdateTable with ReplicaUpdates makes or deletes the table of the same name in another region, one replica a call; DescribeTable
  lists the other regions as Replicas (DDBAPI/API_UpdateTable.html).
- An item written in one region is copied to the others; of two writes the later stays (DDB/V2globaltables_HowItWorks.html).
- A condition is judged by the region's own replica, as moto does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from localcloud.gateway.clock import AwsClock
from localcloud.gateway.dynamodb.item_replicator import ItemReplicator
from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.wire import JsonObject, Request, Response, json_response

_ERROR_PREFIX = "com.amazonaws.dynamodb.v20120810#"
_ITEM_WRITES = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
_READS = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List")
# Settings of one replica. AWS copies every other to all replicas, which is not modelled: DDB/V2globaltables_HowItWorks.html.
_OWN_SETTINGS = {"TableName", "DeletionProtectionEnabled"}
_REPLICA_FIELDS = {"RegionName"}

Forward = Callable[[Request], Response]


class GlobalTables:
    """Answers DynamoDB's requests; what is not about a global table goes to moto as it is."""

    STATE: ClassVar[tuple[str, ...]] = ("_regions",)

    def __init__(self, *, clock: AwsClock, delay_seconds: float, forward: Forward) -> None:
        """`delay_seconds`: AWS seconds between a write and its copies."""
        self._forward = forward
        self._regions: dict[str, list[str]] = {}
        """Table name -> the regions of its replicas, the first one included. A table without replicas is not here."""
        self._lock = threading.RLock()  # a write and the reading of what it left are one step
        self.replicator = ItemReplicator(clock=clock, delay_seconds=delay_seconds, store=_store)

    def handle(self, request: Request, region: str) -> Response:
        """Answer one request made in a region."""
        operation = (request.header("X-Amz-Target") or "").rpartition(".")[2]
        try:
            with self._lock:
                return self._answer(operation, request, region)
        except ServiceError as error:
            document = {"__type": f"{_ERROR_PREFIX}{error.code}", "message": error.message}
            return json_response(document, status=error.status, headers={"x-amzn-ErrorType": error.code})

    def _answer(self, operation: str, request: Request, region: str) -> Response:
        asked = request.json()
        name = str(asked.get("TableName", "")).rpartition("/")[2]
        if operation == "UpdateTable" and ("ReplicaUpdates" in asked or "MultiRegionConsistency" in asked):
            return self._update_replicas(request, asked, name, region)
        if operation == "DescribeTable":
            return self._described(self._forward(request), name, region)
        if operation.startswith(_READS):
            return self._forward(request)
        if operation in _ITEM_WRITES:
            return self._write(operation, request, asked, name, region)
        self._refuse_on_global_tables(operation, request, asked, name, region)
        return self._forward(request)

    def _refuse_on_global_tables(
        self, operation: str, request: Request, asked: JsonObject, name: str, region: str
    ) -> None:
        """Refuse what would have to reach every replica; the tables of batches are looked for by name."""
        if operation in ("TagResource", "UntagResource", "UpdateContinuousBackups"):
            return
        if operation == "UpdateTable" and set(asked) <= _OWN_SETTINGS:
            return
        text = request.body.decode("utf-8", "replace")
        named = [table for table, regions in self._regions.items() if region in regions]
        used = [table for table in named if table == name or f'"{table}"' in text or f":table/{table}" in text]
        if used:
            raise UnsupportedResource(f"dynamodb {operation} on the global table {used[0]}")

    def _described(self, response: Response, name: str, region: str) -> Response:
        regions = self._regions.get(name, [])
        if not response.is_success or region not in regions:
            return response
        document = json.loads(response.body)
        document["Table"] |= {
            "GlobalTableVersion": "2019.11.21",
            "Replicas": [{"RegionName": other, "ReplicaStatus": "ACTIVE"} for other in regions if other != region],
        }
        return json_response(document)

    def _update_replicas(self, request: Request, asked: JsonObject, name: str, region: str) -> Response:
        updates = asked.get("ReplicaUpdates") or []
        if set(asked) != {"TableName", "ReplicaUpdates"}:
            others = sorted(set(asked) - {"TableName", "ReplicaUpdates"})
            raise UnsupportedResource(f"dynamodb UpdateTable of replicas together with {', '.join(others)}")
        if len(updates) != 1 or len(updates[0]) != 1:
            raise ServiceError(400, "ValidationException", "Only one replica can be updated at a time")
        ((action, replica),) = updates[0].items()
        if surplus := sorted(set(replica) - _REPLICA_FIELDS):
            raise UnsupportedResource(f"dynamodb {action} of a replica with {', '.join(surplus)}")
        _table(name, region)
        match action:
            case "Create":
                self._create_replica(name, region, str(replica["RegionName"]))
            case "Delete":
                self._delete_replica(name, region, str(replica["RegionName"]))
            case _:
                raise UnsupportedResource(f"dynamodb {action} of a replica")
        return self._updated(request, name, region)

    def _updated(self, request: Request, name: str, region: str) -> Response:
        """Return UpdateTable's answer: the table as DescribeTable shows it, under another key."""
        environ = {**request.environ, "HTTP_X_AMZ_TARGET": "DynamoDB_20120810.DescribeTable"}
        describe = replace(request, body=json.dumps({"TableName": name}).encode(), environ=environ)
        described = self._described(self._forward(describe), name, region)
        return json_response({"TableDescription": json.loads(described.body)["Table"]})

    def _create_replica(self, name: str, region: str, replica_region: str) -> None:
        regions = self._regions.get(name, [region])
        if replica_region in regions:
            message = f"Cannot add, delete, or update the local region through ReplicaUpdates: {replica_region}"
            raise ServiceError(400, "ValidationException", message)
        source = _table(name, region)
        if source.stream_specification is None or (
            source.stream_specification.get("StreamViewType") != "NEW_AND_OLD_IMAGES"
        ):
            message = "Table must have DynamoDB Streams enabled with StreamViewType NEW_AND_OLD_IMAGES"
            raise ServiceError(400, "ValidationException", message)
        if source.billing_mode != "PAY_PER_REQUEST" or source.global_indexes or source.indexes:
            raise UnsupportedResource("dynamodb replicas of tables with provisioned capacity or indexes")
        backend = _backend(replica_region)
        if name in backend.tables:
            message = f"Failed to create a new replica: a table {name} exists in {replica_region}"
            raise ServiceError(400, "ValidationException", message)
        backend.create_table(
            name,
            schema=source.schema,
            throughput=None,
            attr=source.attr,
            global_indexes=[],
            indexes=[],
            streams=source.stream_specification,
            billing_mode=source.billing_mode,
            sse_specification=None,
            tags=[],
            deletion_protection_enabled=False,
            warm_throughput=None,
        )
        self._regions[name] = [*regions, replica_region]
        for item in source.all_items():
            attributes = item.to_json()["Attributes"]
            self._copy(name, _key(source, attributes), attributes, region, [replica_region])

    def _delete_replica(self, name: str, region: str, replica_region: str) -> None:
        regions = self._regions.get(name, [])
        if replica_region == region or replica_region not in regions:
            raise ServiceError(400, "ReplicaNotFoundException", f"{name} has no replica in {replica_region}")
        self.replicator.forget(name, replica_region)
        _backend(replica_region).tables.pop(name)
        left = [other for other in regions if other != replica_region]
        if len(left) > 1:
            self._regions[name] = left
        else:
            del self._regions[name]

    def _write(self, operation: str, request: Request, asked: JsonObject, name: str, region: str) -> Response:
        response = self._forward(request)
        targets = [other for other in self._regions.get(name, []) if other != region]
        if response.is_success and targets:
            table = _table(name, region)
            key = _key(table, asked[_ITEM_WRITES[operation]])
            self._copy(name, key, _item(table, key), region, targets)
        return response

    def _copy(self, name: str, key: JsonObject, item: JsonObject | None, region: str, targets: list[str]) -> None:
        self.replicator.written(name, key, item, region=region, targets=targets)


def _key(table: Any, attributes: JsonObject) -> JsonObject:  # noqa: ANN401 - moto is untyped
    return {name: attributes[name] for name in (table.hash_key_attr, table.range_key_attr) if name}


def _key_values(table: Any, key: JsonObject) -> tuple[Any, Any]:  # noqa: ANN401 - moto is untyped
    from moto.dynamodb.models.dynamo_type import DynamoType

    sort = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
    return DynamoType(key[table.hash_key_attr]), sort


def _item(table: Any, key: JsonObject) -> JsonObject | None:  # noqa: ANN401 - moto is untyped
    found = table.get_item(*_key_values(table, key))
    attributes: JsonObject | None = None if found is None else found.to_json()["Attributes"]
    return attributes


def _store(name: str, region: str, key: JsonObject, item: JsonObject | None) -> None:
    table = _table(name, region)
    if item is None:
        table.delete_item(*_key_values(table, key))
    else:
        table.put_item(item, overwrite=True)


def _backend(region: str) -> Any:  # noqa: ANN401 - moto is untyped
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[ACCOUNT_ID][region]


def _table(name: str, region: str) -> Any:  # noqa: ANN401 - moto is untyped
    table = _backend(region).tables.get(name)
    if table is None:
        raise ServiceError(400, "ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
    return table
