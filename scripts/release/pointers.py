"""The pointer objects, `control/active.json` of each bucket: what the regional endpoints serve. They follow the routing key."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from scripts.aws.clients import REPLACED_MEANWHILE, translated
from scripts.release.manifest import Manifest
from scripts.release.routing import ServedRelease
from scripts.release.serving.variants import Variants

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

POINTER_KEY = "control/active.json"
POINTER_SCHEMA = 2


class _Condition(TypedDict, total=False):
    IfMatch: str
    IfNoneMatch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What a region's regional endpoint serves, as its pointer object says.

    Attributes:
        release_id: the release.
        base_id: its base increment.
        index_id: id of its index; empty without one.
        style: clean URLs and trailing slashes, as in ServedRelease.
        redirects_id: id of its redirects.
        br: extensions with a Brotli variant.
        gzip: the same for gzip.
        fallback: as in ServedRelease.
    """

    release_id: str
    base_id: str
    index_id: str
    style: str = ""
    redirects_id: str = ""
    br: str = ""
    gzip: str = ""
    fallback: str = ""

    def follows(self, release: ServedRelease | None) -> bool:
        """Whether it says what the router reads."""
        return release is not None and self == pointer_to(release)


def pointer_to(release: ServedRelease) -> Pointer:
    """Returns the pointer of a region that serves this release."""
    return Pointer(
        release_id=release.id,
        base_id=release.base,
        index_id=release.index,
        style=release.style,
        redirects_id=release.redirects,
        br=release.br,
        gzip=release.gzip,
        fallback=release.fallback,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPointer:
    """A region's pointer object.

    Attributes:
        pointer: what it says; None: there is none, or it is unreadable.
        etag: its version, for the write that replaces it; None: there is no object.
    """

    pointer: Pointer | None = None
    etag: str | None = None


def write_pointer(
    client: S3Client,
    bucket: str,
    release: ServedRelease,
    manifest: Manifest,
    *,
    region: str,
    replacing: HeldPointer | None = None,
) -> bool:
    """Tells the regional endpoint of a region which release is active, its increments and its redirects.

    Args:
        client: S3's of the region.
        bucket: its content bucket.
        release: the release as the router reads it.
        manifest: the same release.
        region: the region.
        replacing: the object that this was decided on. Default: whatever is there.

    Returns:
        Whether it was written: not when another object lies there by now.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    table = manifest.urls.table(Variants(br=release.br, gzip=release.gzip))
    document = {
        "schema": POINTER_SCHEMA,
        **asdict(pointer_to(release)),
        "layers": manifest.increments,  # the word that deployed endpoints read
        "redirects": dict(table.pairs),
        "wildcards": table.wildcards,
    }
    with translated("PutObject", f"{bucket}/{POINTER_KEY}", region=region):
        try:
            client.put_object(
                Bucket=bucket,
                Key=POINTER_KEY,
                Body=(json.dumps(document, separators=(",", ":")) + "\n").encode(),
                ContentType="application/json",
                CacheControl="no-store",
                **_condition(replacing),
            )
        except ClientError as error:
            if replacing is None or error.response["Error"]["Code"] not in REPLACED_MEANWHILE:
                raise
            return False
    return True


def _condition(replacing: HeldPointer | None) -> _Condition:
    if replacing is None:
        return {}
    return {"IfNoneMatch": "*"} if replacing.etag is None else {"IfMatch": replacing.etag}


def read_pointer(client: S3Client, bucket: str) -> Pointer | None:
    """Returns what the regional endpoint of this bucket's region serves; None: nothing, or the object is unreadable."""
    return held_pointer(client, bucket).pointer


def held_pointer(client: S3Client, bucket: str) -> HeldPointer:
    """Returns the pointer object of this bucket's region."""
    with translated("GetObject", f"{bucket}/{POINTER_KEY}", region=client.meta.region_name):
        try:
            found = client.get_object(Bucket=bucket, Key=POINTER_KEY)
            body, etag = found["Body"].read(), found["ETag"]
        except client.exceptions.NoSuchKey:
            return HeldPointer()
    try:
        document = json.loads(body)
        wanted = ("release_id", "base_id", "index_id")
        others = [each.name for each in fields(Pointer) if each.name in document and each.name not in wanted]
        pointer = Pointer(**{name: document[name] for name in (*wanted, *others)})
    except (ValueError, KeyError, TypeError):
        return HeldPointer(etag=etag)
    return HeldPointer(pointer=pointer, etag=etag)
