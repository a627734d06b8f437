"""One region's content bucket, as the publisher sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scripts.aws import translated
from scripts.release.manifest import Manifest, ReleaseFile, manifest_key, parse_manifest

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

NOT_FOUND_PAGE_KEY = "errors/404.html"


class ContentBucket:
    """Reads and writes releases in one bucket.

    Attributes:
        region: the bucket's region.
        name: its name.
        client: the S3 client for it.
    """

    def __init__(self, client: S3Client, *, region: str, name: str) -> None:
        self.client = client
        self.region = region
        self.name = name

    def stored_digests(self, manifest: Manifest) -> Mapping[str, str]:
        """Returns path -> MD5 of what lies under the release's prefix; one listing per 1,000 objects."""
        with translated("ListObjectsV2", f"{self.name}/{manifest.prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=manifest.prefix)
            return {
                item["Key"].removeprefix(manifest.prefix): item["ETag"].strip('"')
                for page in pages
                for item in page.get("Contents", [])
            }

    def missing_files(self, manifest: Manifest) -> list[ReleaseFile]:
        """Returns the files that are absent or differ from the manifest."""
        stored = self.stored_digests(manifest)
        return [file for file in manifest.files if stored.get(file.path) != file.md5]

    def put_file(self, manifest: Manifest, file: ReleaseFile, body: bytes) -> None:
        """Stores one file of a release."""
        key = f"{manifest.prefix}{file.path}"
        with translated("PutObject", f"{self.name}/{key}"):
            self.client.put_object(
                Bucket=self.name,
                Key=key,
                Body=body,
                ContentType=file.content_type,
                CacheControl=file.cache_control,
                ChecksumAlgorithm="SHA256",
                Metadata={"release": manifest.release_id},
            )

    def put_manifest(self, manifest: Manifest) -> None:
        """Stores the manifest; its presence says that the release was verified here."""
        key = manifest_key(manifest.release_id)
        with translated("PutObject", f"{self.name}/{key}"):
            self.client.put_object(
                Bucket=self.name, Key=key, Body=manifest.to_json().encode(), ContentType="application/json"
            )

    def read_manifest(self, release_id: str) -> Manifest | None:
        """Returns the manifest of a release, or None when the release is not (wholly) here."""
        key = manifest_key(release_id)
        with translated("GetObject", f"{self.name}/{key}"):
            try:
                text = self.client.get_object(Bucket=self.name, Key=key)["Body"].read().decode("utf-8")
            except self.client.exceptions.NoSuchKey:
                return None
        return parse_manifest(text)

    def copy_not_found_page(self, manifest: Manifest) -> None:
        """Puts the release's 404.html where CloudFront's custom error response finds it."""
        if not any(file.path == "404.html" for file in manifest.files):
            return
        with translated("CopyObject", f"{self.name}/{NOT_FOUND_PAGE_KEY}"):
            self.client.copy_object(
                Bucket=self.name,
                Key=NOT_FOUND_PAGE_KEY,
                CopySource={"Bucket": self.name, "Key": f"{manifest.prefix}404.html"},
            )
