"""A bucket of any S3-compatible store: `live/` is what is served, filled from `pool/`, where each content lies once.

No store can replace many objects in one step, so a switch copies what differs within the store: first what pages refer to, then
the pages, then the marker and `active.json`; what the release does not have goes last. So a page never refers to what is not
there yet. Stores differ in what they take: nothing here needs more than PUT, GET, HEAD, COPY, LIST and DELETE of single objects.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from scripts.clock import utc_now
from scripts.exits.store import MARKER_PATH, ExitUnavailableError, Write, insist_on_paths_within, marker
from scripts.release.checked_files import Progress
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.stored_digest import METADATA_NAME, content_md5

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

T = TypeVar("T")
LIVE = "live/"
_POOL = "pool/"
_RECORDS = "releases/"
_ACTIVE_KEY = "active.json"
_PARALLEL = 16
_IN_MEMORY_BYTES = 8 * 1024**2
_UNDER_WAY = timedelta(hours=6)
"""What lies in the pool for less than this may belong to a publish that has not written its record yet."""
_ABSENT = ("404", "NoSuchKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    size_bytes: int
    etag: str
    modified_at: datetime


class BucketStore:
    """One endpoint's bucket."""

    def __init__(self, client: S3Client, *, name: str, bucket: str, url: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = name
        self.place = f"{url}/{bucket}"

    def active(self) -> str | None:
        """Return the release that the last switch named."""
        document = self._read(_ACTIVE_KEY)
        return None if document is None else str(document["release_id"])

    def lacking(self, manifest: Manifest) -> list[ReleaseFile]:
        """Return the files whose content is not in the pool; the first of those that share it."""
        pool = self._list(_POOL)
        wanted = {file.md5: file for file in reversed(list(manifest.stored_files))}
        return [
            file
            for file in wanted.values()
            if (held := pool.get(file.md5)) is None or held.size_bytes != file.size_bytes
        ]

    def bring(self, manifest: Manifest, files: Sequence[ReleaseFile], write: Write, progress: Progress) -> None:
        """Put their contents into the pool and the release's record beside it."""
        insist_on_paths_within(manifest.stored_files)

        def store(file: ReleaseFile) -> None:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as body:
                write(file, body)
                body.seek(0)
                self._call(
                    self._client.put_object,
                    Key=f"{_POOL}{file.md5}",
                    Body=body,
                    ContentMD5=content_md5(file.md5),
                    Metadata={METADATA_NAME: file.md5},
                )
            progress(file.size_bytes)

        self._all(store, files)
        self._put_json(f"{_RECORDS}{manifest.release_id}.json", {"files": _record(manifest)})

    def switch(self, manifest: Manifest) -> None:
        """Make `live/` the release's, pages last."""
        record = _record(manifest)
        known = self._record_of(self.active())
        live = self._list(LIVE)
        stale = [path for path, row in record.items() if known.get(path) != row or not self._is_live(live, path, row)]
        self._all(
            lambda path: self._copy_live(path, record[path]), [each for each in stale if not _is_page(record[each])]
        )
        self._all(lambda path: self._copy_live(path, record[path]), [each for each in stale if _is_page(record[each])])
        self._call(
            self._client.put_object,
            Key=f"{LIVE}{MARKER_PATH}",
            Body=marker(self.name),
            ContentType="application/json",
            CacheControl="no-store",
        )
        self._put_json(_ACTIVE_KEY, {"release_id": manifest.release_id})
        self._all(self._delete, [f"{LIVE}{path}" for path in live if path not in record and path != MARKER_PATH])

    def wrong(self, manifest: Manifest) -> list[str]:
        """Return the paths of `live/` that differ, all of them while another release is active."""
        record = _record(manifest)
        if self.active() != manifest.release_id:
            return list(record)
        live = self._list(LIVE)
        differ = [path for path, row in record.items() if not self._is_live(live, path, row)]
        return differ if MARKER_PATH in live else [*differ, MARKER_PATH]

    def keep_only(self, release_ids: Set[str]) -> list[str]:
        """Delete every other release's record, then the contents that none refers to any more."""
        kept = {*release_ids, self.active()}
        records = {key.removesuffix(".json") for key in self._list(_RECORDS)}
        gone = sorted(records - kept)
        self._all(lambda release_id: self._delete(f"{_RECORDS}{release_id}.json"), gone)
        needed = {row[0] for release_id in records & kept for row in self._record_of(release_id).values()}
        oldest = utc_now() - _UNDER_WAY
        unused = [md5 for md5, held in self._list(_POOL).items() if md5 not in needed and held.modified_at < oldest]
        self._all(lambda md5: self._delete(f"{_POOL}{md5}"), unused)
        return gone

    def _is_live(self, live: dict[str, _Stored], path: str, row: list[Any]) -> bool:
        md5, size_bytes = row[0], row[1]
        held = live.get(path)
        if held is None or held.size_bytes != size_bytes:
            return False
        return bool(held.etag == md5 or self._told_digest(f"{LIVE}{path}") == md5)

    def _told_digest(self, key: str) -> str | None:
        """Return the MD5 in the metadata: not every store's ETag is one."""
        digest: str | None = self._call(self._client.head_object, Key=key)["Metadata"].get(METADATA_NAME)
        return digest

    def _copy_live(self, path: str, row: list[Any]) -> None:
        md5, _, content_type, cache_control, content_encoding = row
        encoding = {"ContentEncoding": content_encoding} if content_encoding else {}
        self._call(
            self._client.copy_object,
            Key=f"{LIVE}{path}",
            CopySource={"Bucket": self._bucket, "Key": f"{_POOL}{md5}"},
            MetadataDirective="REPLACE",
            ContentType=content_type,
            CacheControl=cache_control,
            Metadata={METADATA_NAME: md5},
            **encoding,
        )

    def _delete(self, key: str) -> None:
        self._call(self._client.delete_object, Key=key)

    def _record_of(self, release_id: str | None) -> dict[str, list[Any]]:
        document = None if release_id is None else self._read(f"{_RECORDS}{release_id}.json")
        return {} if document is None else dict(document["files"])

    def _read(self, key: str) -> dict[str, Any] | None:
        with self._using():
            try:
                document = json.loads(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] not in _ABSENT:
                    raise
                return None
            except ValueError as error:
                raise ExitUnavailableError(
                    name=self.name, place=self.place, why=f"{key} is not JSON; delete it"
                ) from error
        return document if isinstance(document, dict) else None

    def _put_json(self, key: str, document: object) -> None:
        body = json.dumps(document, separators=(",", ":")).encode()
        self._call(self._client.put_object, Key=key, Body=body, ContentType="application/json", CacheControl="no-store")

    def _list(self, prefix: str) -> dict[str, _Stored]:
        """Return what lies under a prefix, by the key without it."""
        with self._using():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return {
                item["Key"].removeprefix(prefix): _Stored(
                    size_bytes=item["Size"], etag=item["ETag"].strip('"'), modified_at=item["LastModified"]
                )
                for page in pages
                for item in page.get("Contents", [])
            }

    def _call(self, operation: Callable[..., Any], **arguments: object) -> Any:  # noqa: ANN401  (as the client's own)
        with self._using():
            return operation(Bucket=self._bucket, **arguments)

    def _all(self, work: Callable[[T], None], items: Iterable[T]) -> None:
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(work, items))

    @contextmanager
    def _using(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise ExitUnavailableError(name=self.name, place=self.place, why=str(error)) from error


def _record(manifest: Manifest) -> dict[str, list[Any]]:
    """Return path -> MD5, bytes and headers of every file that the release's visitors may ask for."""
    return {
        file.path: [file.md5, file.size_bytes, file.content_type, file.cache_control, file.content_encoding]
        for file in manifest.stored_files
    }


def _is_page(row: list[Any]) -> bool:
    return str(row[2]).startswith("text/html")
