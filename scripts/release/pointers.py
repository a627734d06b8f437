"""The pointer objects, `control/active.json` of each bucket: what the regional endpoints serve. They follow the routing key."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from scripts.aws.clients import translated
from scripts.release.manifest import Manifest
from scripts.release.routing import ServedRelease
from scripts.release.serving.variants import Variants

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

POINTER_KEY = "control/active.json"
POINTER_SCHEMA = 2


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


def write_pointer(client: S3Client, bucket: str, release: ServedRelease, manifest: Manifest, *, region: str) -> None:
    """Tells the regional endpoint of a region which release is active, its increments and its redirects."""
    table = manifest.urls.table(Variants(br=release.br, gzip=release.gzip))
    document = {
        "schema": POINTER_SCHEMA,
        **asdict(pointer_to(release)),
        "layers": manifest.increments,  # the word that deployed endpoints read
        "redirects": dict(table.pairs),
        "wildcards": table.wildcards,
    }
    with translated("PutObject", f"{bucket}/{POINTER_KEY}", region=region):
        client.put_object(
            Bucket=bucket,
            Key=POINTER_KEY,
            Body=(json.dumps(document, separators=(",", ":")) + "\n").encode(),
            ContentType="application/json",
            CacheControl="no-store",
        )


def read_pointer(client: S3Client, bucket: str) -> Pointer | None:
    """Returns what the regional endpoint of this bucket's region serves; None: nothing, or the object is unreadable."""
    with translated("GetObject", f"{bucket}/{POINTER_KEY}", region=client.meta.region_name):
        try:
            body = client.get_object(Bucket=bucket, Key=POINTER_KEY)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None
    try:
        document = json.loads(body)
        wanted = ("release_id", "base_id", "index_id")
        others = [each.name for each in fields(Pointer) if each.name in document and each.name not in wanted]
        return Pointer(**{name: document[name] for name in (*wanted, *others)})
    except (ValueError, KeyError, TypeError):
        return None
