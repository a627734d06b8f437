"""What moto's Lambda, CloudTrail and API Gateway lack, one reason each, and what moto keeps or copies for nothing.

S3's share of what it lacks is in `s3.moto_objects`.

Fails at start-up when an attribute that is patched or read does not exist.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.wire import JsonObject

_UPDATABLE_ATTRIBUTES = {
    "TracingConfig": "tracing_config",
    "KMSKeyArn": "kms_key_arn",
}


def require(owner: object, *names: str) -> None:
    """Fail loudly when moto has changed.

    Raises:
        RuntimeError: an attribute is gone.
    """
    missing = [name for name in names if not hasattr(owner, name)]
    if missing:
        raise RuntimeError(f"moto's {owner} has lost {', '.join(missing)}; the gateway needs moto 5.2.5")


def patch_tracking() -> None:
    """Let moto forget what is gone: it keeps everything that was ever made, for a reset that localcloud never asks for.

    With every page of a list of versions that was a copy of each version of the bucket, content and all.
    """
    from moto.core.common_models import BaseModel, CloudFormationModel
    from moto.s3.models import FakeKey

    require(CloudFormationModel, "instances_tracked")
    require(FakeKey, "__del__", "dispose")

    def new(cls: type[Any], *_args: object, **_named: object) -> Any:  # noqa: ANN401 - moto is untyped
        return object.__new__(cls)

    BaseModel.__new__ = new
    # moto's own warns that its reset has not closed the content; this is what closes it.
    FakeKey.__del__ = FakeKey.dispose


def patch_access_keys() -> None:
    """Look for the owner of an access key in the partitions that are in use.

    moto asks every partition of AWS, and so makes IAM of each at the first call: six more copies of all managed policies, 30 MB.
    A partition that nobody has used has no access keys.
    """
    from moto.iam import models

    require(models, "get_account_id_from", "iam_backends", "DEFAULT_ACCOUNT_ID")

    def get_account_id_from(access_key: str) -> str:
        for account_id, account in list(models.iam_backends.items()):
            if any(access_key in partition.access_keys for partition in list(account.values())):
                return str(account_id)
        return str(models.DEFAULT_ACCOUNT_ID)

    models.get_account_id_from = get_account_id_from


def patch_lambda() -> None:
    """Keep the configuration fields that UpdateFunctionConfiguration loses in moto: a permanent diff otherwise."""
    from moto.awslambda.models import LambdaFunction

    require(LambdaFunction, "update_configuration", "get_configuration")
    if hasattr(LambdaFunction.update_configuration, "__wrapped__"):
        return
    original: Callable[..., Any] = LambdaFunction.update_configuration

    @functools.wraps(original)
    def update_configuration(self: Any, config_updates: JsonObject) -> JsonObject:  # noqa: ANN401 - moto is untyped
        for field, attribute in _UPDATABLE_ATTRIBUTES.items():
            if field in config_updates:
                setattr(self, attribute, config_updates[field])
        if (storage := config_updates.get("EphemeralStorage")) is not None:
            self.ephemeral_storage = storage["Size"]
        document: JsonObject = original(self, config_updates)
        return document

    LambdaFunction.update_configuration = update_configuration


def patch_cloudtrail() -> None:
    """Let DeleteTrail take an ARN, as Terraform gives it, and refuse a trail that is not there; moto ignores both.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
    """
    from moto.cloudtrail.models import CloudTrailBackend

    require(CloudTrailBackend, "delete_trail", "get_trail")

    def delete_trail(self: Any, name: str) -> None:  # noqa: ANN401 - moto is untyped
        del self.trails[self.get_trail(name).trail_name]

    CloudTrailBackend.delete_trail = delete_trail


def patch_listings() -> None:
    """Keep objects whose latest version is a delete marker out of CommonPrefixes, as moto does for keys.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html (a listing has no such objects)
    """
    from moto.s3.models import FakeDeleteMarker, S3Backend

    require(S3Backend, "list_objects")
    if hasattr(S3Backend.list_objects, "__wrapped__"):
        return
    original: Callable[..., Any] = S3Backend.list_objects

    @functools.wraps(original)
    def list_objects(
        self: Any,  # noqa: ANN401 - moto is untyped
        bucket: Any,  # noqa: ANN401
        prefix: str | None,
        delimiter: str | None,
        *args: Any,  # noqa: ANN401
        **named: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if delimiter and hasattr(bucket, "keys"):
            live = {name: key for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)}
            bucket = SimpleNamespace(keys=live)
        return original(self, bucket, prefix, delimiter, *args, **named)

    S3Backend.list_objects = list_objects


def patch_version_listings() -> None:
    """List versions without copying what they hold: moto copies every version of the bucket for each page.

    It notes on the copy which version is the latest, so that the copy has attributes of its own; the content is shared.
    """
    from moto.s3.models import FakeDeleteMarker, FakeKey

    class Listed(FakeKey):  # type: ignore[misc]
        """A version as a list shows it; its end is not the end of the content."""

        def __del__(self) -> None:
            pass

    def copied(cls: type[Any], version: Any) -> Any:  # noqa: ANN401 - moto is untyped
        listed = object.__new__(cls)
        vars(listed).update(vars(version))
        return listed

    FakeKey.__deepcopy__ = lambda version, _memo: copied(Listed, version)
    FakeDeleteMarker.__deepcopy__ = lambda marker, _memo: copied(FakeDeleteMarker, marker)


def function_code(region: str, name: str) -> bytes:
    """Return the deployment package of a function.

    Raises:
        ServiceError: 404 ResourceNotFoundException.
    """
    from moto.awslambda.models import lambda_backends

    try:
        function = lambda_backends[ACCOUNT_ID][region].get_function(name)
    except Exception as error:  # moto's own exception tree has no common root
        message = f"Function not found: {name} in {region}"
        raise ServiceError(404, "ResourceNotFoundException", message) from error
    return bytes(function.code_bytes)


def has_api_stage(region: str, api_id: str, stage: str) -> bool:
    """Return whether an HTTP API has a stage."""
    from moto.apigatewayv2.models import apigatewayv2_backends

    api = apigatewayv2_backends[ACCOUNT_ID][region].apis.get(api_id)
    return api is not None and stage in api.stages
