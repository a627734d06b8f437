"""Runs the regional endpoint's own handler against an S3 client that the test fills."""

import importlib.util
import io
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from dateutil.tz import tzutc  # type: ignore[import-untyped]  # boto3 brings it, without types

SOURCE = Path(__file__).parents[2] / "constructs_lib" / "functions" / "regional_endpoint" / "handler.py"


# As boto3 gives it, whose UTC is no datetime.UTC.
MODIFIED_AT = datetime(2026, 11, 24, 8, 49, 37, tzinfo=tzutc())


class _Counted(io.BytesIO):
    """A body that tells how much of it was read."""

    def __init__(self, objects: "Objects", body: bytes) -> None:
        super().__init__(body)
        self._objects = objects

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self._objects.bytes_read += len(found)
        return found


class NoSuchKeyError(Exception):
    """Stands for the client's own NoSuchKey class."""


class Objects:
    """An S3 client with `get_object` only.

    `fail_with` makes every call fail; `reads` lists the keys asked for, and `bytes_read` counts what was read of their bodies.
    """

    class exceptions:  # noqa: N801  (the name that botocore's clients have)
        NoSuchKey = NoSuchKeyError

    def __init__(self) -> None:
        self.content: dict[str, tuple[bytes, str]] = {}
        self.encodings: dict[str, str | None] = {}
        self.reads: list[str] = []
        self.bytes_read = 0
        self.fail_with: Exception | None = None

    def get_object(self, *, Bucket: str, Key: str, Range: str = "bytes=0-") -> dict[str, Any]:  # noqa: N803
        assert Bucket == "content"
        self.reads.append(Key)
        if self.fail_with is not None:
            raise self.fail_with
        if len(Key.encode()) > 1024:  # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
            raise ClientError({"Error": {"Code": "KeyTooLongError", "Message": "Your key is too long"}}, "GetObject")
        if Key not in self.content:
            raise NoSuchKeyError
        whole, content_type = self.content[Key]
        first, _, last = Range.removeprefix("bytes=").partition("-")
        body = whole[int(first) : int(last) + 1 if last else None]
        return {
            "ContentType": content_type,
            "CacheControl": "max-age=60",
            "ETag": f'"{len(whole)}"',
            "LastModified": MODIFIED_AT,
            "ContentLength": len(body),
            "Metadata": {"release": "r1"},
            "Body": _Counted(self, body),
            **({"ContentEncoding": encoding} if (encoding := self.encodings.get(Key)) else {}),
        }

    def publish(self, release_id: str, files: dict[str, bytes], *, increments: Mapping[str, str] | None = None) -> None:
        """Stores the files in their increments, of which the release's own is the base."""
        named = dict(increments or {})
        pointer = {"release_id": release_id, "base_id": release_id, "index_id": "", "layers": named}
        self.content["control/active.json"] = (json.dumps(pointer).encode(), "application/json")
        for path, body in files.items():
            self.content[f"releases/{named.get(path, release_id)}/{path}"] = (body, "text/html")


def access_denied() -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


def unreachable() -> ConnectTimeoutError:
    return ConnectTimeoutError(endpoint_url="https://s3")


def load_handler(monkeypatch: pytest.MonkeyPatch, objects: Objects) -> ModuleType:
    """A fresh execution environment: the module with its caches empty."""
    monkeypatch.setenv("BUCKET", "content")
    monkeypatch.setenv("REGION", "us-east-1")
    monkeypatch.setenv("SECURITY_HEADERS", json.dumps({"x-content-type-options": "nosniff"}))
    spec = importlib.util.spec_from_file_location("regional_endpoint_handler", SOURCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "s3", objects)
    return module


def request(
    path: str, *, method: str = "GET", headers: dict[str, str] | None = None, query: str = ""
) -> dict[str, Any]:
    """An HTTP API event, payload 2.0."""
    http = {"method": method}
    return {"rawPath": path, "rawQueryString": query, "headers": headers or {}, "requestContext": {"http": http}}
