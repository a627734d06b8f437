"""A look at objects that a publish does not send: a manifest says that they are there, and somebody may have deleted them.

A plan believes manifests and lists nothing, so that a small change of a large site stays small. A sample finds what matters: a
deletion of a part of a release takes most of a folder, rarely one object. `sync-content --force` compares all of them.

After the switch S3 is asked again, for what the names were asked for: no request gets past an edge's cache. The cache key is the
path alone (constructs_lib/edge/edge_policies.py), so a query string changes nothing, and CloudFront ignores the Cache-Control of
a viewer's request (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html). S3 tells what is there
now (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from scripts.errors import AwsError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.manifest import Manifest, ReleaseFile

SAMPLE_FILES = 8
"""Of each region, asked for at once: finds a loss of a third of the files in 96 of 100 publishes."""


def held_sample(manifest: Manifest, sent: Collection[str]) -> list[ReleaseFile]:
    """Returns files of a release that are not sent, evenly over its paths; `sent` are keys."""
    held = [file for file in manifest.files if file.key not in sent]
    return list(islice(held, 0, None, max(1, -(-len(held) // SAMPLE_FILES))))


def insist_on_sample(
    manifest: Manifest, uploads: Mapping[str, Sequence[ReleaseFile]], buckets: Mapping[str, ContentBucket]
) -> None:
    """Asks each region for a sample of what it is not sent.

    Raises:
        UnsafePlanError: it lacks some of it; nothing was changed.
        RegionUnavailableError: a region does not answer.
    """
    asked = [
        (region, file)
        for region, files in uploads.items()
        for file in held_sample(manifest, {each.key for each in files})
    ]
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        found = list(pool.map(lambda each: buckets[each[0]].holds(each[1]), asked))
    lacking = [each for each, is_held in zip(asked, found, strict=True) if not is_held]
    if lacking:
        regions = " and ".join(dict.fromkeys(region for region, _ in lacking))
        names = ", ".join(dict.fromkeys(file.path for _, file in lacking[:3]))
        raise UnsafePlanError(
            f"{regions} lacks files that its manifest names ({names}): they were deleted or changed. Nothing was switched. Put "
            "them back with failover verify --repair --apply, or send them too with failover sync-content FOLDER --force --apply"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LostFile:
    """A file of a release that a region does not hold."""

    region: str
    file: ReleaseFile

    def __str__(self) -> str:
        """Returns one line."""
        return f"S3 of {self.region} does not hold {self.file.path}, whatever the edges' caches answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What regions hold of some files.

    Attributes:
        regions: those that answered.
        lost: what they do not hold.
    """

    regions: tuple[str, ...] = ()
    lost: tuple[LostFile, ...] = ()


def look_past_caches(files: Sequence[ReleaseFile], buckets: Sequence[ContentBucket]) -> Look:
    """Asks each region's S3 for files, by a HeadObject each; one that does not answer for each tells nothing."""

    def holds(bucket: ContentBucket, file: ReleaseFile) -> bool | None:
        try:
            return bucket.holds(file)
        except AwsError:  # throttled, or silent since
            return None

    asked = [(bucket, file) for bucket in buckets for file in files]
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        found = list(zip(asked, pool.map(lambda each: holds(*each), asked), strict=True))
    silent = {bucket.region for (bucket, _), is_held in found if is_held is None}
    return Look(
        regions=tuple(bucket.region for bucket in buckets if bucket.region not in silent),
        lost=tuple(LostFile(region=bucket.region, file=file) for (bucket, file), is_held in found if is_held is False),
    )
