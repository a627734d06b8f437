"""A release as both routers find it: the KeyValueStore and the bucket that a publish leaves, and who answers what from them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import unquote

import pytest

from scripts.release.folder import read_folder, stored_bytes
from scripts.release.manifest import Manifest
from scripts.release.pointers import write_pointer
from scripts.release.routing import Routing, served
from scripts.release.serving.content_settings import parse_content
from tests.worlds.regional_handler import Objects, load_handler, request
from tests.worlds.router_function import RouterFunction

ROUTER = RouterFunction(own="eu-central-1", other="us-east-1")
NOT_FOUND = b"<h1>nothing</h1>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a viewer gets, as far as both ways must agree."""

    status: int
    body: bytes = b""
    location: str | None = None
    cache_control: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None


class PointerBucket:
    """The S3 client that `write_pointer` needs; the pointer lands among the handler's objects."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put_object(self, *, Key: str, Body: bytes, **_others: str) -> None:  # noqa: N803
        self._objects.content[Key] = (Body, "application/json")


class Published:
    """One release, published.

    Attributes:
        manifest: the release.
        routing: what the router reads.
        store: the other keys of the store.
        objects: the bucket.
    """

    def __init__(self, folder: Path, content: Mapping[str, Any]) -> None:
        self.manifest: Manifest = read_folder(folder, rules=parse_content(content))
        index = self.manifest.index()
        release = served(self.manifest, index)
        self.routing = Routing(active=release)
        self.store = {**index.entries, **index.redirects}
        self.objects = Objects()
        for file in self.manifest.files:
            body = stored_bytes(folder / file.source_path, file.increment)
            self.objects.content[file.key] = (body, file.content_type)
            self.objects.encodings[file.key] = file.content_encoding
        with pytest.MonkeyPatch.context() as monkeypatch:
            self._handler = cast("Any", load_handler(monkeypatch, self.objects))
        self._handler.s3 = self.objects
        write_pointer(cast("Any", PointerBucket(self.objects)), "content", release, self.manifest, region="us-east-1")

    def through_cloudfront(
        self, path: str, *, query: str = "", headers: Mapping[str, str] = MappingProxyType({})
    ) -> Answer:
        """Router function, then S3, then CloudFront's custom error response."""
        result = ROUTER.run(path, routing=self.routing.to_json(), others=self.store, headers=headers, query=query)
        if "statusCode" in result:
            found = {name: each["value"] for name, each in result["headers"].items()}
            return Answer(
                status=result["statusCode"], location=found.get("location"), cache_control=found["cache-control"]
            )
        key = unquote(result["uri"]).removeprefix("/")
        try:
            found = self.objects.get_object(Bucket="content", Key=key)
        except self.objects.exceptions.NoSuchKey:
            return Answer(status=404, body=NOT_FOUND, content_type="text/html; charset=utf-8")
        return Answer(
            status=200,
            body=found["Body"].read(),
            content_type=found["ContentType"],
            content_encoding=found.get("ContentEncoding"),
        )

    def through_regional_endpoint(
        self, path: str, *, query: str = "", headers: Mapping[str, str] = MappingProxyType({}), is_decoded: bool = True
    ) -> Answer:
        """API Gateway, then the Lambda's own handler."""
        raw_path = unquote(path) if is_decoded else path
        result = self._handler.handler(request(raw_path, headers=dict(headers), query=query), None)
        found = result["headers"]
        is_redirect = 300 <= result["statusCode"] < 400
        return Answer(
            status=result["statusCode"],
            body=base64.b64decode(result.get("body", "")),
            location=found.get("location"),
            cache_control=found["cache-control"] if is_redirect else None,
            content_type=found.get("content-type"),
            content_encoding=found.get("content-encoding"),
        )
