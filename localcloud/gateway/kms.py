"""AWS KMS in front of moto: multi-Region keys, which moto copies so that neither policy nor tags are the replica's own.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.moto_services import require
from localcloud.gateway.wire import JsonObject, Request, Response, json_response

# moto has no types; its keys stay Any in this module.
MotoKmsKey = Any

USABLE = "Enabled"
_GONE = ("PendingDeletion", "PendingReplicaDeletion")


class KmsService:
    """Answers what moto gets wrong about multi-Region keys; the rest goes to moto."""

    def __init__(self, forward: Callable[[Request], Response]) -> None:
        self._forward = forward

    def handle(self, request: Request, region: str) -> Response:
        """Answer one request."""
        operation = (request.header("X-Amz-Target") or "").rpartition(".")[2]
        try:
            if operation == "ReplicateKey":
                return json_response(_replicate(request.json(), region))
            if operation == "ScheduleKeyDeletion":
                return self._schedule_deletion(request, region)
        except ServiceError as error:
            return json_response({"__type": error.code, "message": error.message}, status=error.status)
        return self._forward(request)

    def _schedule_deletion(self, request: Request, region: str) -> Response:
        """Let moto schedule it; a primary waits for its replicas.

        https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-delete.html
        """
        response = self._forward(request)
        key = key_of(str(request.json().get("KeyId")), region)
        if response.is_success and key is not None and _live_replicas(key):
            key.key_state = "PendingReplicaDeletion"
            response = json_response({**json.loads(response.body), "KeyState": key.key_state})
        return response


def key_of(identifier: str, region: str) -> MotoKmsKey | None:
    """Return the key of an id or ARN in a region, or None; an ARN of another region names none."""
    from moto.kms.models import Key, KmsBackend, kms_backends

    require(Key, "to_dict")
    require(KmsBackend, "create_key")
    key = kms_backends[ACCOUNT_ID][region].keys.get(identifier.rpartition("/")[2])
    is_arn = identifier.startswith("arn:")
    return None if key is None or (is_arn and key.arn != identifier) else key


def _replicate(asked: JsonObject, region: str) -> JsonObject:
    from moto.kms.models import kms_backends

    primary = key_of(str(asked.get("KeyId")), region)
    if primary is None:
        raise ServiceError(400, "NotFoundException", f"Key '{asked.get('KeyId')}' does not exist in {region}")
    if not primary.multi_region or primary.multi_region_configuration["MultiRegionKeyType"] != "PRIMARY":
        raise ServiceError(400, "UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key.")
    if primary.key_state != USABLE:
        raise ServiceError(400, "KMSInvalidStateException", f"{primary.arn} is {primary.key_state}.")
    target = str(asked.get("ReplicaRegion"))
    backend = kms_backends[ACCOUNT_ID][target]
    if primary.id in backend.keys:
        raise ServiceError(400, "AlreadyExistsException", f"{primary.id} exists in {target} already.")
    replica = backend.create_key(
        asked.get("Policy"), primary.key_usage, primary.key_spec, asked.get("Description") or "", None, True
    )
    del backend.keys[replica.id]
    _share(primary, replica, target)
    backend.keys[replica.id] = replica
    backend.tagger.tag_resource(replica.id, asked.get("Tags") or [])
    return {
        "ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"],
        "ReplicaPolicy": replica.policy,
        "ReplicaTags": asked.get("Tags") or [],
    }


def _share(primary: MotoKmsKey, replica: MotoKmsKey, region: str) -> None:
    """Give a replica what all keys of a set have in common: id, material, rotation, and the list of one another.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html, "Shared properties"
    """
    replica.id = primary.id
    replica.arn = primary.arn.replace(f":{primary.region}:", f":{region}:")
    replica.key_material = primary.key_material
    replica.key_rotation_status = primary.key_rotation_status
    configuration = primary.multi_region_configuration
    configuration["ReplicaKeys"].append({"Arn": replica.arn, "Region": region})
    replica.multi_region_configuration = {**configuration, "MultiRegionKeyType": "REPLICA"}


def _live_replicas(key: MotoKmsKey) -> list[MotoKmsKey]:
    if not key.multi_region or key.multi_region_configuration["MultiRegionKeyType"] != "PRIMARY":
        return []
    found = [key_of(each["Arn"], each["Region"]) for each in key.multi_region_configuration["ReplicaKeys"]]
    return [replica for replica in found if replica is not None and replica.key_state not in _GONE]
