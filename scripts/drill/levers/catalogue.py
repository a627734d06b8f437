"""Which levers there are, what each acts on in a deployment, and how one is made again from a journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from scripts.aws.clients import aws_client, caller_account, translated
from scripts.drill.levers.alarm_path import AlarmPath
from scripts.drill.levers.bad_release import BadRelease
from scripts.drill.levers.check_inverted import CheckInverted
from scripts.drill.levers.endpoint_throttled import EndpointThrottled
from scripts.drill.levers.lever import Json, Lever
from scripts.drill.levers.objects_hidden import ObjectsHidden
from scripts.drill.levers.origin_denied import OriginDenied
from scripts.drill.levers.region_evacuated import RegionEvacuated
from scripts.drill.levers.replication_stalled import ReplicationStalled
from scripts.errors import EnvironmentFailureError, MissingOutputError
from scripts.terraform.outputs import Deployment, endpoint_functions

KINDS: Mapping[str, Callable[[Mapping[str, str]], Lever]] = {
    "origin-denied": OriginDenied,
    "path-check-fails": ObjectsHidden,
    "path-check-inverted": CheckInverted,
    "region-marker-missing": ObjectsHidden,
    "endpoint-throttled": EndpointThrottled,
    "replication-stall": ReplicationStalled,
    "evacuate-restore": RegionEvacuated,
    "bad-release": BadRelease,
    "alarm-path": AlarmPath,
}
PATH_CHECK_KEY = "health/path.json"


def lever_of(kind: str, where: Mapping[str, str]) -> Lever:
    """Return a lever, as after a crash from its journal.

    Raises:
        EnvironmentFailureError: this version knows no such lever.
    """
    if kind not in KINDS:
        raise EnvironmentFailureError(f"no lever is called {kind!r}; known: {', '.join(KINDS)}")
    return KINDS[kind](where)


def lever_for(kind: str, deployment: Deployment, document: Mapping[str, Any]) -> Lever:
    """Return a lever for a deployment.

    Args:
        kind: one of `KINDS`.
        deployment: what it acts on.
        document: all saved outputs: the function of each regional endpoint, alarms and topics.

    Raises:
        MissingOutputError: the outputs lack what the lever needs.
        AwsError: AWS refused to say who asks.
    """
    return lever_of(kind, _where(kind, deployment, document))


def _where(kind: str, deployment: Deployment, document: Mapping[str, Any]) -> dict[str, str]:
    primary, secondary = deployment.primary, deployment.secondary
    bucket, other = deployment.buckets[primary], deployment.buckets[secondary]
    if kind == "origin-denied":
        return {"region": primary, "bucket": bucket}
    if kind == "path-check-fails":
        return {"key": PATH_CHECK_KEY, "buckets": json.dumps(dict(deployment.buckets))}
    if kind == "region-marker-missing":
        return {"key": f"health/{primary}.json", "buckets": json.dumps({primary: bucket})}
    if kind == "path-check-inverted":
        return {"health_check_id": deployment.health_check_ids["path"]}
    if kind == "endpoint-throttled":
        functions = endpoint_functions(document)
        if secondary not in functions:
            raise MissingOutputError(f"the outputs do not name the endpoint's function in {secondary}: save them again")
        return {"region": secondary, "function": functions[secondary], "account": caller_account(secondary)}
    if kind == "replication-stall":
        return {
            "region": primary,
            "bucket": bucket,
            "other_region": secondary,
            "other_bucket": other,
            "role_arn": _replication_role(primary, bucket),
        }
    if kind == "alarm-path":
        return _alarms_of(document)
    if kind == "bad-release":
        return {"key_value_store_arn": deployment.key_value_store_arn}
    return {"region": primary, "key_value_store_arn": deployment.key_value_store_arn}


def _alarms_of(document: Mapping[str, Any]) -> dict[str, str]:
    try:
        monitoring = document["monitoring"]
        named = [monitoring["alarm_topic_arns"], monitoring["alert_topic_arns"]]
        alarms = list(monitoring["alarm_names"])
    except (KeyError, TypeError) as error:
        raise MissingOutputError(f"the outputs do not name alarms and topics ({error}): save them again") from error
    topics: dict[str, set[str]] = {region: set() for each in named for region in each}
    for arn in (arn for each in named for arn in each.values()):
        topics[arn.split(":")[3]].add(arn)
    heard = {region: sorted(arns) for region, arns in sorted(topics.items())}
    return {"account": caller_account("us-east-1"), "alarms": json.dumps(alarms), "topics": json.dumps(heard)}


def _replication_role(region: str, bucket: str) -> str:
    with translated("GetBucketReplication", bucket, region=region):
        answer: Json = aws_client("s3", region=region).get_bucket_replication(Bucket=bucket)
    return str(answer["ReplicationConfiguration"]["Role"])
