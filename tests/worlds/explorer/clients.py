"""The AWS clients of one operator: each call goes through `ask`, which the explorer answers when it lets the operator go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from tests.worlds.explorer.cloud import CONFLICT

Ask = Callable[..., Any]


class NoSuchKey(ClientError):  # noqa: N818  (botocore's name)
    """As botocore's."""


def refused(code: str, operation: str, status: int) -> ClientError:
    """Returns the error that botocore raises."""
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return (NoSuchKey if code == "NoSuchKey" else ClientError)(answer, operation)


def at(now: int) -> dict[str, Any]:
    """Returns an answer's metadata, with AWS's clock."""
    return {"HTTPHeaders": {"date": format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)}}


class StoreClient:
    """The KeyValueStore's client."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def describe_key_value_store(self, **_named: str) -> dict[str, Any]:
        etag, now = self._ask("describe")
        return {"ETag": etag, "ResponseMetadata": at(now)}

    def get_key(self, *, Key: str, **_named: str) -> dict[str, Any]:  # noqa: N803
        value = self._ask("get_key", Key)
        if value is None:
            raise refused("ResourceNotFoundException", "GetKey", 404)
        return {"Value": value}

    def get_paginator(self, _operation: str) -> StoreClient:
        return self

    def paginate(self, **_named: object) -> list[dict[str, Any]]:
        return [{"Items": [{"Key": key, "Value": value} for key, value in self._ask("list_keys")]}]

    def update_keys(self, *, IfMatch: str, Puts: list[Any], Deletes: list[Any], **_named: str) -> dict[str, str]:  # noqa: N803
        puts = tuple((each["Key"], each["Value"]) for each in Puts)
        etag = self._ask("update_keys", IfMatch, puts, tuple(each["Key"] for each in Deletes))
        if etag == CONFLICT:
            raise refused("ConflictException", "UpdateKeys", 409)
        return {"ETag": etag}


class RegionClient:
    """S3's client of one region."""

    def __init__(self, ask: Ask, region: str) -> None:
        self._ask = ask
        self._region = region
        self.exceptions = SimpleNamespace(NoSuchKey=NoSuchKey)
        self.meta = SimpleNamespace(region_name=region)

    def get_object(self, *, Key: str, **_named: str) -> dict[str, Any]:  # noqa: N803
        stored = self._ask("get_object", self._region, Key)
        if stored is None:
            raise refused("NoSuchKey", "GetObject", 404)
        return {"Body": _Body(stored.body), "ETag": f'"{stored.etag}"', "Metadata": {}}

    def head_object(self, *, Key: str, **_named: str) -> dict[str, Any]:  # noqa: N803
        stored = self._ask("get_object", self._region, Key)
        if stored is None:
            raise refused("404", "HeadObject", 404)
        return {"ETag": f'"{stored.etag}"', "Metadata": {}}

    def put_object(
        self,
        *,
        Key: str,  # noqa: N803
        Body: Any,  # noqa: N803
        IfMatch: str | None = None,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
        **_named: object,
    ) -> dict[str, str]:
        body = Body if isinstance(Body, bytes) else Body.read()
        etag = self._ask("put_object", self._region, Key, body, IfMatch and IfMatch.strip('"'), IfNoneMatch)
        if etag == CONFLICT:
            raise refused("PreconditionFailed", "PutObject", 412)
        return {"ETag": f'"{etag}"'}

    def copy_object(self, *, Key: str, CopySource: Mapping[str, str], **_named: str) -> dict[str, Any]:  # noqa: N803
        if not self._ask("copy_object", self._region, CopySource["Key"], Key):
            raise refused("NoSuchKey", "CopyObject", 404)
        return {}

    def delete_objects(self, *, Delete: Mapping[str, Any], **_named: str) -> dict[str, Any]:  # noqa: N803
        """An object has one version here, so that a deletion of a key and one of a version are the same."""
        self._ask("delete_objects", self._region, tuple(each["Key"] for each in Delete["Objects"]))
        return {}

    def list_objects_v2(self, *, Prefix: str, **_named: object) -> dict[str, Any]:  # noqa: N803
        return self.paginate(Prefix=Prefix)[0]

    def get_paginator(self, operation: str) -> RegionClient | _Versions:
        return _Versions(self._ask, self._region) if operation == "list_object_versions" else self

    def paginate(self, *, Prefix: str, Delimiter: str = "", **_named: str) -> list[dict[str, Any]]:  # noqa: N803
        found, now = self._ask("list_objects", self._region, Prefix)
        if Delimiter:
            folders = {key[: key.index("/", len(Prefix)) + 1] for key, *_ in found if "/" in key[len(Prefix) :]}
            return [{"CommonPrefixes": [{"Prefix": each} for each in sorted(folders)]}]
        contents = [
            {"Key": key, "Size": size, "ETag": f'"{etag}"', "LastModified": datetime.fromtimestamp(at, UTC)}
            for key, size, etag, at in found
        ]
        return [{"Contents": contents, "ResponseMetadata": at(now)}]


class _Versions:
    """Lists the one version of each object."""

    def __init__(self, ask: Ask, region: str) -> None:
        self._ask = ask
        self._region = region

    def paginate(self, *, Prefix: str, **_named: str) -> list[dict[str, Any]]:  # noqa: N803
        found, _ = self._ask("list_objects", self._region, Prefix)
        return [{"Versions": [{"Key": key, "VersionId": "null", "IsLatest": True} for key, *_ in found]}]


class _Body(BytesIO):
    def iter_chunks(self, size: int) -> Iterator[bytes]:
        while chunk := self.read(size):
            yield chunk
