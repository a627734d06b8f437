"""Where a file of the website lies: in which versions of which objects of which regions, and in which manifests. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.aws.clients import translated
from scripts.errors import RegionUnavailableError, UnsafePlanError
from scripts.release.bucket import NOT_FOUND_PAGE_KEY, ContentBucket
from scripts.release.manifest import RELEASES_PREFIX, ReleaseFile, StoredManifest

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_PARALLEL_READS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version of an object, or a delete marker in its place, which holds nothing."""

    key: str
    version_id: str
    is_marker: bool

    @property
    def increment(self) -> str:
        """Where the object lies."""
        return self.key.removeprefix(RELEASES_PREFIX).partition("/")[0]

    @property
    def path(self) -> str:
        """Its path in the increment."""
        return self.key.removeprefix(RELEASES_PREFIX).partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one region holds.

    Attributes:
        versions: every version and delete marker of every object of a release.
        manifests: release -> its manifest.
        unreadable: releases whose manifest says nothing.
    """

    versions: tuple[StoredVersion, ...]
    manifests: Mapping[str, StoredManifest]
    unreadable: tuple[str, ...] = ()

    @property
    def increments(self) -> frozenset[str]:
        """What the keys of releases begin with, whether or not anything lies there still."""
        return frozenset((*(each.increment for each in self.versions), *self.manifests, *self.unreadable))

    def versions_of(self, names: frozenset[str]) -> tuple[StoredVersion, ...]:
        """Returns the versions of these files."""
        return tuple(each for each in self.versions if each.path in names)

    def outdated(self, names: frozenset[str], since: str, served: frozenset[str]) -> tuple[str, ...]:
        """Returns the releases whose manifest must be written anew, those before their bases, on which they stand.

        They list one of these files, or stand on a base that did and do not say themselves that it is gone: published again, it
        would come back with the base. Or viewers may get them (`served`), and they were decided until `since`, when the files
        were taken down (again): who has read such a manifest may be about to list the file again, and must find another one.
        """
        found = [
            each
            for each in self.manifests
            if self.unsaid(each, names) or (each in served and _is_earlier(self.manifests[each], names, since))
        ]
        return tuple(sorted(found, key=lambda each: self.manifests[each].base_id == each))

    def unsaid(self, release_id: str, names: frozenset[str]) -> frozenset[str]:
        """Returns which of these files a release lists, itself or through its base, or its base alone says that they are gone."""
        manifest = self.manifests[release_id]
        base = self.manifests.get(manifest.base_id, manifest)
        inherited = {*(file.path for file in listed(base)), *base.taken_down} - {*manifest.taken_down}
        return names & {*(file.path for file in listed(manifest)), *(() if base is manifest else inherited)}

    def releases_with(self, names: frozenset[str]) -> tuple[str, ...]:
        """Returns the releases whose own manifest lists one of these files."""
        return tuple(
            release_id
            for release_id, manifest in self.manifests.items()
            if any(file.path in names for file in listed(manifest))
        )


def _is_earlier(manifest: StoredManifest, names: frozenset[str], since: str) -> bool:
    return not names.isdisjoint(manifest.taken_down) and manifest.decided_at <= since


def listed(manifest: StoredManifest) -> Iterator[ReleaseFile]:
    """Yields every file that a manifest lists itself, not through its base."""
    yield from manifest.files
    yield from (each.file for each in manifest.retained)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the regions hold.

    Attributes:
        regions: region -> what it holds.
        silent: regions that do not answer.
    """

    regions: Mapping[str, Holding]
    silent: tuple[str, ...]

    @property
    def paths(self) -> frozenset[str]:
        """The path of every file that lies anywhere."""
        return frozenset(each.path for holding in self.regions.values() for each in holding.versions).union(
            file.path for each in self._manifests() for file in listed(each)
        )

    @property
    def taken_down(self) -> frozenset[str]:
        """The path of every file that was taken down from a release, and lifted perhaps."""
        return frozenset(path for each in self._manifests() for path in each.taken_down)

    def holds(self, names: frozenset[str]) -> bool:
        """Whether a region has a version of one of these files."""
        return any(holding.versions_of(names) for holding in self.regions.values())

    def outdated(self, names: frozenset[str], since: str, served: frozenset[str]) -> bool:
        """Whether a region has a manifest that must be written anew, as `Holding.outdated` says."""
        return any(holding.outdated(names, since, served) for holding in self.regions.values())

    def files(self, names: frozenset[str]) -> list[ReleaseFile]:
        """Returns what manifests say of these files."""
        return [file for each in self._manifests() for file in listed(each) if file.path in names]

    def same_content(self, names: frozenset[str]) -> dict[str, str]:
        """Returns path -> MD5 of other files that hold the same, by the manifests; not of empty ones."""
        md5s = {file.md5 for file in self.files(names) if file.size_bytes}
        every = (file for each in self._manifests() for file in listed(each))
        return {file.path: file.md5 for file in every if file.md5 in md5s and file.path not in names}

    @property
    def increments(self) -> frozenset[str]:
        """Every increment that any region knows of."""
        return frozenset[str]().union(*(holding.increments for holding in self.regions.values()))

    def _manifests(self) -> Iterator[StoredManifest]:
        for holding in self.regions.values():
            yield from holding.manifests.values()


def survey(buckets: Mapping[str, ContentBucket]) -> Survey:
    """Lists every version of every region, one call per 1,000, and reads every manifest.

    Raises:
        RegionUnavailableError: no region answers.
    """
    with ThreadPoolExecutor(len(buckets)) as pool:
        found = dict(zip(buckets, pool.map(_look_at, buckets.values()), strict=True))
    silent = {region: each for region, each in found.items() if isinstance(each, RegionUnavailableError)}
    if len(silent) == len(found):
        raise next(iter(silent.values()))
    holdings = {region: each for region, each in found.items() if isinstance(each, Holding)}
    return Survey(regions=holdings, silent=tuple(silent))


def _look_at(bucket: ContentBucket) -> Holding | RegionUnavailableError:
    try:
        versions = tuple(_versions(bucket, RELEASES_PREFIX))
        release_ids = sorted(bucket.manifest_times())
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            found = dict(zip(release_ids, pool.map(lambda each: _manifest(bucket, each), release_ids), strict=True))
    except RegionUnavailableError as error:
        return error
    return Holding(
        versions=versions,
        manifests={each: manifest for each, manifest in found.items() if isinstance(manifest, StoredManifest)},
        unreadable=tuple(each for each, manifest in found.items() if isinstance(manifest, UnsafePlanError)),
    )


def _manifest(bucket: ContentBucket, release_id: str) -> StoredManifest | UnsafePlanError | None:
    try:
        return bucket.stored_manifest(release_id)
    except UnsafePlanError as error:
        return error


def _versions(bucket: ContentBucket, prefix: str) -> Iterator[StoredVersion]:
    with translated("ListObjectVersions", f"{bucket.name}/{prefix}", region=bucket.region):
        for page in bucket.client.get_paginator("list_object_versions").paginate(Bucket=bucket.name, Prefix=prefix):
            for version in page.get("Versions", []):
                yield StoredVersion(key=version["Key"], version_id=version["VersionId"], is_marker=False)
            for marker in page.get("DeleteMarkers", []):
                yield StoredVersion(key=marker["Key"], version_id=marker["VersionId"], is_marker=True)


def earlier_not_found_pages(bucket: ContentBucket) -> list[StoredVersion]:
    """Returns the versions of the page of CloudFront's error response that are not the current one.

    They are copies of releases' 404 pages; the current one follows the active release.
    """
    with translated("ListObjectVersions", f"{bucket.name}/{NOT_FOUND_PAGE_KEY}", region=bucket.region):
        pages = bucket.client.get_paginator("list_object_versions").paginate(
            Bucket=bucket.name, Prefix=NOT_FOUND_PAGE_KEY
        )
        return [
            StoredVersion(key=NOT_FOUND_PAGE_KEY, version_id=each["VersionId"], is_marker=False)
            for page in pages
            for each in page.get("Versions", [])
            if not each["IsLatest"]
        ]


def delete_versions(bucket: ContentBucket, versions: Iterable[StoredVersion]) -> None:
    """Deletes versions for good. Replication carries no such deletion to another region, so each region needs its own.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html

    Raises:
        AwsError: a call failed, or S3 refused a version; those before it are gone.
    """
    # A marker goes after what it hides: without it the version before would be the current one meanwhile.
    ordered = sorted(versions, key=lambda each: each.is_marker)
    objects: list[ObjectIdentifierTypeDef] = [{"Key": each.key, "VersionId": each.version_id} for each in ordered]
    bucket.delete(objects)
