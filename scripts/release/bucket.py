"""One region's content bucket, as the publisher sees it."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, TypedDict

from botocore.exceptions import ClientError

from scripts.aws.clients import REPLACED_MEANWHILE, THROTTLED, throttled, told_time, translated
from scripts.errors import AwsError, UnreadableManifestError, UnsafePlanError
from scripts.release.manifest import (
    MANIFESTS_PREFIX,
    RELEASES_PREFIX,
    Manifest,
    ReleaseFile,
    StoredManifest,
    manifest_key,
    parse_manifest,
)
from scripts.release.serving.index import INCREMENT_CHARACTERS
from scripts.release.stored_digest import METADATA_NAME, content_md5, digest_in, is_under_kms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, GetObjectOutputTypeDef, ObjectIdentifierTypeDef

ABSENT = ""
"""Instead of an ETag: no object was there."""
NOT_FOUND_PAGE_KEY = "errors/404.html"
NOT_FOUND_TEXT = b"Not found.\n"
"""What the regional endpoint answers without a 404.html; CloudFront then shows the same."""
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
DELETES_PER_CALL = 1000
_MANIFEST_KEY = re.compile(manifest_key(f"([0-9a-f]{{{INCREMENT_CHARACTERS}}})").replace(".", r"\."))
_COPY_IN_MEMORY_BYTES = 8 * 1024**2
_COPY_CHUNK_BYTES = 1024**2
_PARALLEL_LISTINGS = 8
_PARALLEL_READS = 16
_WHATEVER: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One object of a listing; the ETag is the MD5, unless the object is under a KMS key."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime


class _Encoding(TypedDict, total=False):
    ContentEncoding: str


class _IfUnchanged(TypedDict, total=False):
    IfMatch: str
    IfNoneMatch: str


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
        self._asked_digests: dict[tuple[str, str], str] = {}

    def clock(self) -> datetime:
        """Returns the time at S3, which the times of its objects are of."""
        with self._calling("ListObjectsV2", MANIFESTS_PREFIX):
            return told_time(self.client.list_objects_v2(Bucket=self.name, Prefix=MANIFESTS_PREFIX, MaxKeys=1))

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yields what lies under a prefix; one call per 1,000 objects."""
        with self._calling("ListObjectsV2", prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield StoredObject(
                        key=item["Key"],
                        size_bytes=item["Size"],
                        etag=item["ETag"].strip('"'),
                        modified_at=item["LastModified"],
                    )

    def release_ids(self) -> set[str]:
        """Returns the releases that have any object here, with or without a manifest."""
        with self._calling("ListObjectsV2", RELEASES_PREFIX):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=RELEASES_PREFIX, Delimiter="/"
            )
            return {
                item["Prefix"].removeprefix(RELEASES_PREFIX).rstrip("/")
                for page in pages
                for item in page.get("CommonPrefixes", [])
            }

    def manifest_times(self) -> dict[str, datetime]:
        """Returns release -> when its manifest was written here; that was after the release was verified."""
        return self.list_manifests()[0]

    def list_manifests(self) -> tuple[dict[str, datetime], tuple[str, ...]]:
        """Returns what `manifest_times` does, and the keys beside them that no manifest has.

        The folder's own key, which S3's console makes, is neither:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html
        """
        times: dict[str, datetime] = {}
        strays = []
        for stored in self.objects(MANIFESTS_PREFIX):
            if (name := _MANIFEST_KEY.fullmatch(stored.key)) is not None:
                times[name.group(1)] = stored.modified_at
            elif stored.key != MANIFESTS_PREFIX:
                strays.append(stored.key)
        return times, tuple(strays)

    def missing_files(self, files: Iterable[ReleaseFile]) -> list[ReleaseFile]:
        """Returns those of the files that are absent or differ from what they should be.

        One listing per increment and 1,000 objects, and one HeadObject for each object of the right size whose ETag is not the
        MD5: a damaged one, or any under a KMS key.
        """
        asked = tuple(files)
        increments: dict[str, dict[str, ReleaseFile]] = {}
        for file in asked:
            increments.setdefault(file.increment, {})[file.path] = file
        with ThreadPoolExecutor(_PARALLEL_LISTINGS) as pool:
            unsure = [each for found in pool.map(self._take_held, increments, increments.values()) for each in found]
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            for (file, _), md5 in zip(unsure, pool.map(self._digest, (each for _, each in unsure)), strict=True):
                if md5 == file.md5:
                    del increments[file.increment][file.path]
        return [file for file in asked if file.path in increments[file.increment]]

    def _take_held(self, increment: str, wanted: dict[str, ReleaseFile]) -> list[tuple[ReleaseFile, StoredObject]]:
        """Takes the files out of `wanted` that the increment holds; returns those of the right size whose ETag is another."""
        prefix = f"{RELEASES_PREFIX}{increment}/"
        unsure = []
        for stored in self.objects(prefix):
            path = stored.key.removeprefix(prefix)
            file = wanted.get(path)
            if file is None:
                continue
            if stored.etag == file.md5:
                del wanted[path]
            elif stored.size_bytes == file.size_bytes:
                unsure.append((file, stored))
        return unsure

    def _digest(self, stored: StoredObject) -> str:
        """Returns the MD5 of an object whose ETag is not the one expected, "" when it went; asked once for each ETag."""
        version = (stored.key, stored.etag)
        if version not in self._asked_digests:
            self._asked_digests[version] = self._told_digest(stored.key) or ""
        return self._asked_digests[version]

    def _told_digest(self, key: str) -> str | None:
        """Returns an object's MD5, None when there is no object; reads the content only if nothing else tells."""
        with self._calling("HeadObject", key):
            try:
                answer = self.client.head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                    raise
                return None
        told = digest_in(answer)
        if told is not None:
            return told
        with tempfile.SpooledTemporaryFile(_COPY_IN_MEMORY_BYTES) as body:
            return self.download(key, body)[1]

    def put_file(self, file: ReleaseFile, body: bytes | IO[bytes]) -> str:
        """Stores one file of a release, a large one from its stream; returns the MD5 of what S3 has stored."""
        encoding: _Encoding = {"ContentEncoding": file.content_encoding} if file.content_encoding else {}
        with self._calling("PutObject", file.key):
            answer = self.client.put_object(
                Bucket=self.name,
                Key=file.key,
                Body=body,
                ContentType=file.content_type,
                CacheControl=file.cache_control,
                ContentMD5=content_md5(file.md5),
                ChecksumAlgorithm="SHA256",
                Metadata={"release": file.increment, METADATA_NAME: file.md5},
                **encoding,
            )
        # Under a KMS key the ETag tells nothing; S3 took the body with its Content-MD5.
        return file.md5 if is_under_kms(answer) else answer["ETag"].strip('"')

    def copy_file_from(self, source: ContentBucket, file: ReleaseFile) -> None:
        """Copies one file of a release from another region, through this machine, with its headers and metadata.

        CopyObject would store bytes that nobody compared with the manifest; these are compared before they are stored.

        Raises:
            UnsafePlanError: the source's bytes are not the manifest's; nothing was stored.
        """
        key = file.key
        with tempfile.SpooledTemporaryFile(_COPY_IN_MEMORY_BYTES) as body:
            found, md5 = source.download(key, body)
            if md5 != file.md5:
                raise UnsafePlanError(
                    f"{source.name}/{key} has MD5 {md5}, the manifest says {file.md5}: not copied to {self.region}; "
                    "publish the release again"
                )
            body.seek(0)
            with self._calling("PutObject", key):
                self.client.put_object(
                    Bucket=self.name, Key=key, Body=body, ChecksumAlgorithm="SHA256", **_kept_headers(found, md5)
                )

    def copy_within_s3(self, source: ContentBucket, file: ReleaseFile) -> None:
        """Lets S3 copy one file of a release from another region, with its headers and metadata; nothing passes this machine.

        Nobody has compared the bytes then: `missing_files` does so by the ETag, where no KMS key hides it.
        """
        copy_source: CopySourceTypeDef = {"Bucket": source.name, "Key": file.key}
        with self._calling("CopyObject", file.key):
            self.client.copy_object(Bucket=self.name, Key=file.key, CopySource=copy_source, ChecksumAlgorithm="SHA256")

    def holds(self, file: ReleaseFile) -> bool:
        """Returns whether a file of a release is here, by its size and MD5; one HeadObject."""
        with self._calling("HeadObject", file.key):
            try:
                answer = self.client.head_object(Bucket=self.name, Key=file.key)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                    raise
                return False
        told = digest_in(answer)
        return answer["ContentLength"] == file.size_bytes if told is None else told == file.md5

    def restorable_version(self, file: ReleaseFile) -> str | None:
        """Returns the newest version of a file of a release that has its content, which a deletion leaves; None without one."""
        with self._calling("ListObjectVersions", file.key):
            pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=file.key)
            found = [each for page in pages for each in page.get("Versions", []) if each["Key"] == file.key]
            for version in sorted(found, key=lambda each: each["LastModified"], reverse=True):
                if version["Size"] == file.size_bytes and self._holds(file, version["VersionId"], version["ETag"]):
                    return version["VersionId"]
        return None

    def _holds(self, file: ReleaseFile, version_id: str, etag: str) -> bool:
        if etag.strip('"') == file.md5:
            return True
        answer = self.client.head_object(Bucket=self.name, Key=file.key, VersionId=version_id)
        return digest_in(answer) == file.md5

    def restore_version(self, file: ReleaseFile, version_id: str) -> None:
        """Makes an earlier version of a file the current one, with its headers and metadata."""
        source: CopySourceTypeDef = {"Bucket": self.name, "Key": file.key, "VersionId": version_id}
        with self._calling("CopyObject", file.key):
            self.client.copy_object(Bucket=self.name, Key=file.key, CopySource=source)

    def download(self, key: str, target: IO[bytes]) -> tuple[GetObjectOutputTypeDef, str]:
        """Writes an object's bytes to `target`; returns its headers and the MD5 of what was read."""
        digest = hashlib.md5(usedforsecurity=False)
        with self._calling("GetObject", key):
            found = self.client.get_object(Bucket=self.name, Key=key)
            for chunk in found["Body"].iter_chunks(_COPY_CHUNK_BYTES):
                digest.update(chunk)
                target.write(chunk)
        return found, digest.hexdigest()

    def put_manifest(self, release_id: str, document: bytes, *, replacing: str | None = None) -> None:
        """Stores a manifest, as `Manifest.to_json` gives it; its presence says that the release was verified here.

        Args:
            release_id: the release.
            document: the manifest.
            replacing: ETag of the one that this was decided on, ABSENT where there was none. Default: whatever is there.

        Raises:
            UnsafePlanError: it is another one by now; a file of it may have been taken down.
        """
        if not self.replace_manifest(release_id, document, etag=replacing):
            raise UnsafePlanError(
                f"the manifest of release {release_id} in {self.region} was changed by somebody else meanwhile, so it was not "
                "replaced and nothing was switched: run it again"
            )

    def replace_manifest(self, release_id: str, document: bytes, *, etag: str | None) -> bool:
        """Stores a manifest in place of one with this ETag; returns whether it was still that.

        None: in place of whatever is there; ABSENT: only where there is none.
        """
        key = manifest_key(release_id)
        condition: _IfUnchanged = {"IfNoneMatch": "*"} if etag == ABSENT else {"IfMatch": etag} if etag else {}
        with self._calling("PutObject", key):
            try:
                self.client.put_object(
                    Bucket=self.name, Key=key, Body=document, ContentType="application/json", **condition
                )
            except ClientError as error:
                if etag is None or error.response["Error"]["Code"] not in REPLACED_MEANWHILE:
                    raise
                return False
        return True

    def manifest_etag(self, release_id: str) -> str:
        """Returns the ETag of a release's manifest, ABSENT when there is none."""
        key = manifest_key(release_id)
        with self._calling("HeadObject", key):
            try:
                return self.client.head_object(Bucket=self.name, Key=key)["ETag"]
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                    raise
                return ABSENT

    def manifest_document(self, release_id: str) -> tuple[bytes, str] | None:
        """Returns a manifest as it is stored, with its ETag; None: there is none."""
        key = manifest_key(release_id)
        with self._calling("GetObject", key):
            try:
                found = self.client.get_object(Bucket=self.name, Key=key)
                return found["Body"].read(), found["ETag"]
            except self.client.exceptions.NoSuchKey:
                return None

    def read_manifest(self, release_id: str, base_id: str | None = None) -> Manifest | None:
        """Returns the manifest of a release, or None when the release is not (wholly) here.

        Args:
            release_id: the release.
            base_id: what is said to be its base increment, whose manifest is then read at the same time. Default: unknown.

        Raises:
            UnreadableManifestError: what lies there is no manifest of this version.
        """
        return self.held_manifest(release_id, base_id)[0]

    def held_manifest(self, release_id: str, base_id: str | None = None) -> tuple[Manifest | None, str | None]:
        """Returns what `read_manifest` does, and the ETag, for the write that replaces it; raises as `read_manifest`."""
        wanted = dict.fromkeys((release_id, base_id or release_id))
        with ThreadPoolExecutor(len(wanted)) as pool:
            found = dict(zip(wanted, pool.map(self.held_stored_manifest, wanted), strict=True))
        stored, etag = found[release_id]
        if stored is None:
            return None, None
        if stored.base_id == release_id:
            return stored.on(None), etag
        base, _ = found.get(stored.base_id) or self.held_stored_manifest(stored.base_id)
        return None if base is None else stored.on(base.on(None)), etag

    def stored_manifest(self, release_id: str) -> StoredManifest | None:
        """Returns a manifest as it is stored, without what its base lists; None: there is none. Raises as `read_manifest`."""
        return self.held_stored_manifest(release_id)[0]

    def held_stored_manifest(self, release_id: str) -> tuple[StoredManifest | None, str | None]:
        """Returns what `stored_manifest` does, and the ETag."""
        found = self.manifest_document(release_id)
        if found is None:
            return None, None
        key = manifest_key(release_id)
        try:
            return parse_manifest(found[0]), found[1]
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableManifestError(
                f"{self.name}/{key} is unreadable ({error}): failover verify {release_id} --repair --apply puts it back if "
                "another region has it; if none has, delete it, then publish again"
            ) from error

    def not_found_page_digest(self) -> str | None:
        """Returns the MD5 of the page that CloudFront's custom error response shows, or None when there is none."""
        return self._told_digest(NOT_FOUND_PAGE_KEY)

    def copy_not_found_page(self, manifest: Manifest) -> None:
        """Puts the release's 404.html where CloudFront's custom error response finds it.

        Without one it is the regional endpoint's text: the page of an earlier release must not stay.
        """
        page = manifest.not_found_page
        if page is None:
            with self._calling("PutObject", NOT_FOUND_PAGE_KEY):
                self.client.put_object(
                    Bucket=self.name,
                    Key=NOT_FOUND_PAGE_KEY,
                    Body=NOT_FOUND_TEXT,
                    ContentType="text/plain; charset=utf-8",
                    CacheControl="no-store",
                )
            return
        with self._calling("CopyObject", NOT_FOUND_PAGE_KEY):
            self.client.copy_object(
                Bucket=self.name, Key=NOT_FOUND_PAGE_KEY, CopySource={"Bucket": self.name, "Key": page.key}
            )

    def delete_objects(self, keys: Sequence[str]) -> None:
        """Deletes objects, 1,000 a call; in the versioned bucket each becomes a delete marker that lifecycle clears.

        Raises:
            AwsError: a call failed, or S3 refused a key; those before it are gone.
        """
        self.delete([{"Key": key} for key in keys])

    def delete(self, objects: Sequence[ObjectIdentifierTypeDef]) -> None:
        """Deletes what is named by key, or by key and version, for good then; raises as `delete_objects` does."""
        for start in range(0, len(objects), DELETES_PER_CALL):
            batch = objects[start : start + DELETES_PER_CALL]
            with self._calling("DeleteObjects", batch[0]["Key"]):
                answer = self.client.delete_objects(Bucket=self.name, Delete={"Objects": batch, "Quiet": True})
            for refused in answer.get("Errors", [])[:1]:
                if (code := refused.get("Code", "unknown")) in THROTTLED:  # of a key alone, which no SDK tries again
                    raise throttled("DeleteObjects", f"{self.name}/{refused.get('Key', '')}", code)
                raise AwsError(
                    operation="DeleteObjects",
                    resource=f"{self.name}/{refused.get('Key', '')}",
                    code=code,
                    detail=f"{refused.get('Message', '')} ({len(answer['Errors'])} keys refused)",
                )

    def delete_marker_of(self, key: str) -> str | None:
        """Returns the version id of the delete marker in an object's place, "" when the object is there.

        None when the bucket has neither.
        """
        with self._calling("ListObjectVersions", key):
            found = self.client.list_object_versions(Bucket=self.name, Prefix=key)
        if any(each["Key"] == key and each["IsLatest"] for each in found.get("Versions", [])):
            return ""
        markers = found.get("DeleteMarkers", [])
        return next((each["VersionId"] for each in markers if each["Key"] == key and each["IsLatest"]), None)

    def delete_version(self, key: str, version_id: str) -> None:
        """Deletes one version for good; of a delete marker, so that the object before it is there again."""
        with self._calling("DeleteObject", key):
            self.client.delete_object(Bucket=self.name, Key=key, VersionId=version_id)

    def _calling(self, operation: str, key: str) -> AbstractContextManager[None]:
        return translated(operation, f"{self.name}/{key}", region=self.region)


def put_manifests(
    buckets: Sequence[ContentBucket], manifest: Manifest, *, replacing: Mapping[str, str | None] = _WHATEVER
) -> None:
    """Stores a release's manifest in several regions at once.

    Args:
        buckets: of the regions.
        manifest: the release.
        replacing: region -> ETag of the manifest that this was decided on, or ABSENT; of the others whatever is there.

    Raises:
        UnsafePlanError: a region has another one by now.
    """
    release_id, document = manifest.release_id, manifest.to_json()

    def put(bucket: ContentBucket) -> None:
        bucket.put_manifest(release_id, document, replacing=replacing.get(bucket.region))

    with ThreadPoolExecutor(max(1, len(buckets))) as pool:
        list(pool.map(put, buckets))


def _kept_headers(found: GetObjectOutputTypeDef, md5: str) -> dict[str, Any]:
    """Returns what PutObject needs to give the copy the same headers and metadata, and the MD5 that an older one lacks."""
    names = ("ContentType", "CacheControl", "ContentEncoding", "ContentDisposition", "ContentLanguage")
    document: Mapping[str, Any] = dict(found)
    kept = {name: document[name] for name in names if document.get(name)}
    return {**kept, "Metadata": {**found["Metadata"], METADATA_NAME: md5}}
