"""Compares this region's bucket with the releases that it should hold, and puts back what it lacks.

EventBridge wakes it: the pointer was written, an object was deleted, an hour is over. A manifest says what a release consists of
(scripts/release/manifest.py). What is missing comes from an older version in this very bucket, which a delete marker leaves
there, else from another region's bucket. It deletes nothing and writes below releases/ only: manifests and the pointer are left
to `failover verify --repair`, but counted.

A run that finds something missing fails, after it has said so and repaired what it could. Lambda then runs it again after a
minute, and once more after two (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html): that confirms
the repair, goes on where it stopped, and asks again a region that did not answer.

Ships alone: one file, only the Lambda runtime's own packages. Environment: BUCKET and REGION, this region's; OTHERS, a JSON
object of region -> bucket; HOSTNAME and NAMESPACE, for the metric; COMPARES_ETAGS, "false" where an ETag is no MD5.
"""

import functools
import json
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

RELEASES_PREFIX = "releases/"
MANIFESTS_PREFIX = "control/manifests/"
POINTER_KEY = "control/active.json"
MANIFEST_SCHEMA = 2
_MANIFEST_KEY = re.compile(rf"{MANIFESTS_PREFIX}([0-9a-f]{{16}})\.json")

_COPIES_AT_ONCE = 8
# With eight at once about a minute and a half; what is left is the next run's.
_MOST_COPIES = 1000
_RESERVED_MILLISECONDS = 60_000  # a copy of the largest object must fit in
# Events carry whole seconds; a deletion within the second in which a comparison began may not have been seen by it.
_EVENT_PRECISION = timedelta(seconds=2)
_KEYS_IN_REPORT = 5
# A few releases of 10,000 files; beyond it manifests are read anew every time.
_MOST_REMEMBERED_OBJECTS = 100_000
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=20,
    max_pool_connections=_COPIES_AT_ONCE,
    retries={"total_max_attempts": 2, "mode": "standard"},
)

Wanted = dict[str, tuple[int, str]]
"""Key -> size in bytes and MD5."""

_read_manifests: dict[str, tuple[str, Wanted]] = {}
"""Release id -> its manifest's ETag and what it lists; the next run reads only what changed."""

_remembered: dict[str, datetime | None] = {"clean_since": None, "lost_at": None}
"""`clean_since`: when a comparison began that found nothing missing; events from before it need no other one. `lost_at`: when
something was last missing; CloudWatch shows the worst of a minute, so only a comparison of a later one tells that it is over."""


class ParityLost(RuntimeError):  # noqa: N818  what happened
    """The region lacked something when the run began."""


class ReleasesChanged(RuntimeError):  # noqa: N818  what happened
    """A release was pruned, or a file of it taken down, while it was compared; the next try compares what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One region's bucket and a client for it."""

    region: str
    name: str
    client: Any

    def read_json(self, key: str) -> tuple[dict[str, Any], datetime] | None:
        """Returns an object's JSON and when it was written; None when there is no such object."""
        try:
            found = self.client.get_object(Bucket=self.name, Key=key)
        except self.client.exceptions.NoSuchKey:
            return None
        return json.loads(found["Body"].read()), found["LastModified"]

    def listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Yields what lies under a prefix; one request per 1,000 objects."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            yield from page.get("Contents", [])

    def version_of(self, key: str, size_bytes: int, md5: str) -> str | None:
        """Returns the id of a version of the object, the newest that has this content."""
        answer = self.client.list_object_versions(Bucket=self.name, Prefix=key, MaxKeys=100)
        versions = (version for version in answer.get("Versions", []) if version["Key"] == key)
        return next((version["VersionId"] for version in versions if _is(version, size_bytes, md5)), None)


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What the region should hold and lacks.

    Attributes:
        releases: the releases that were compared.
        objects: how many objects they have.
        missing: files that are absent or differ.
        control: control objects that only `failover verify --repair` writes.
        silent: regions that did not answer.
    """

    releases: list[str] = field(default_factory=list)
    objects: int = 0
    missing: Wanted = field(default_factory=dict)
    control: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    @property
    def lacking(self) -> int:
        """Number of objects that the region lacks."""
        return len(self.missing) + len(self.control)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401  Lambda's own type
    """Compares, publishes the metric, repairs; returns what was found.

    Raises:
        ParityLost: something was missing, whether or not it was repaired; Lambda tries again.
    """
    if _is_covered(event):
        return {"covered": True}
    began_at = datetime.now(UTC)
    own, others = _buckets()
    found = compare(own, others)
    _publish(found.lacking)
    _remember(began_at, is_clean=not found.lacking)
    report: dict[str, Any] = {"releases": len(found.releases), "objects": found.objects, "missing": found.lacking}
    report["silent_regions"] = found.silent
    if not found.lacking:
        print(json.dumps(report))
        return report
    answering = [other for other in others if other.region not in found.silent]
    report["repaired"] = repair(own, answering, found.missing, context)
    report["keys"] = [*found.control, *found.missing][:_KEYS_IN_REPORT]
    print(json.dumps(report))
    raise ParityLost(json.dumps(report))


def _is_covered(event: dict[str, Any]) -> bool:
    """Returns whether a clean comparison began after the event: a storm of events then costs a few comparisons."""
    since = _remembered["clean_since"]
    if since is None or event.get("source") != "aws.s3":
        return False
    return datetime.fromisoformat(event["time"]) + _EVENT_PRECISION <= since


def _remember(began_at: datetime, *, is_clean: bool) -> None:
    lost_at = _remembered["lost_at"]
    if not is_clean:
        _remembered["lost_at"] = datetime.now(UTC)
    elif lost_at is None or began_at >= lost_at.replace(second=0, microsecond=0) + timedelta(minutes=1):
        _remembered["clean_since"] = began_at


def _buckets() -> tuple[Bucket, list[Bucket]]:
    named = {os.environ["REGION"]: os.environ["BUCKET"], **json.loads(os.environ["OTHERS"])}
    own, *others = (Bucket(region=region, name=name, client=_client("s3", region)) for region, name in named.items())
    return own, others


@functools.cache
def _client(service: Any, region: str) -> Any:  # noqa: ANN401  types-boto3 knows services by literal names only
    """Made once for all runs that an execution environment has; making one takes longer than a request."""
    return boto3.client(service, region_name=region, config=_CONFIG)


def compare(own: Bucket, others: list[Bucket]) -> Comparison:
    """Compares this region's objects with the manifests of its releases, and of the active one whatever the region has of it.

    Raises ReleasesChanged when a release was pruned, or written anew, meanwhile.
    """
    found = Comparison()
    releases = _release_ids(own)
    active = _follow_pointers(own, others, found)
    wanted: Wanted = {}
    for release_id in sorted(releases.keys() | active):
        if release_id not in releases:
            found.control.append(f"{MANIFESTS_PREFIX}{release_id}.json")
        wanted |= _files_of(release_id, releases.get(release_id), [own, *others], found)
    _forget_all_but(releases)
    found.releases, found.objects = sorted(releases.keys() | active), len(wanted)
    for item in own.listed(RELEASES_PREFIX):
        if item["Key"] in wanted and _is(item, *wanted[item["Key"]]):
            del wanted[item["Key"]]
    found.missing = wanted
    # `failover prune` deletes a manifest before the objects, and `failover takedown` writes it anew: without this look their
    # deletions would be undone.
    if wanted and (changed := releases.items() - _release_ids(own).items()):
        raise ReleasesChanged(f"pruned or changed meanwhile: {', '.join(sorted(each for each, _ in changed))}")
    return found


def _release_ids(own: Bucket) -> dict[str, str]:
    """Returns the releases that the region says it holds, each with its manifest's ETag; what else lies there is nobody's."""
    listed = [(_MANIFEST_KEY.fullmatch(item["Key"]), item["ETag"]) for item in own.listed(MANIFESTS_PREFIX)]
    return {key.group(1): etag for key, etag in listed if key}


def _follow_pointers(own: Bucket, others: list[Bucket], found: Comparison) -> set[str]:
    """Returns the active release and its base increment, by the pointer written last; notes one here that is older."""
    pointers = {own.region: own.read_json(POINTER_KEY)}
    for other in others:
        try:
            pointers[other.region] = other.read_json(POINTER_KEY)
        except (BotoCoreError, ClientError, ValueError) as error:
            print(f"{other.region} does not answer: {type(error).__name__}: {error}")
            found.silent.append(other.region)
    written = [pointer for pointer in pointers.values() if pointer is not None]
    if not written:
        return set()
    newest, _ = max(written, key=lambda pointer: pointer[1])
    mine = pointers[own.region]
    if mine is None or mine[0] != newest:
        found.control.append(POINTER_KEY)
    return {newest["release_id"], newest["base_id"]}


def _files_of(release_id: str, etag: str | None, buckets: list[Bucket], found: Comparison) -> Wanted:
    """Returns what a release's own manifest lists; its base increment has a manifest of its own.

    Args:
        release_id: of the release.
        etag: of this region's manifest, None when the region has none; one that was read before is not read again.
        buckets: where the manifest may lie, this region's first.
        found: says which regions are silent.
    """
    known = _read_manifests.get(release_id)
    if known and known[0] == etag:
        return known[1]
    for bucket in buckets:
        if bucket.region not in found.silent and (read := bucket.read_json(f"{MANIFESTS_PREFIX}{release_id}.json")):
            files = files_of(read[0])
            if etag:
                _read_manifests[release_id] = etag, files
            return files
    print(f"release {release_id} has no manifest in any region that answers")
    return {}


def _forget_all_but(releases: Iterable[str]) -> None:
    """Forgets the manifests of releases that are gone, and all of them when they are too much for the function's memory."""
    for release_id in _read_manifests.keys() - set(releases):
        del _read_manifests[release_id]
    if sum(len(files) for _, files in _read_manifests.values()) > _MOST_REMEMBERED_OBJECTS:
        _read_manifests.clear()


def files_of(manifest: dict[str, Any]) -> Wanted:
    """Returns the objects of a manifest. A row begins with path, increment, size and MD5, whatever follows.

    Raises:
        ValueError: another schema.
    """
    if manifest["schema"] != MANIFEST_SCHEMA:
        raise ValueError(
            f"manifest of schema {manifest['schema']}; this function reads {MANIFEST_SCHEMA}: deploy it anew"
        )
    return {
        f"{RELEASES_PREFIX}{increment}/{path}": (size_bytes, md5)
        for path, increment, size_bytes, md5, *_ in [*manifest["files"], *manifest["retained"]]
    }


def _is(item: dict[str, Any], size_bytes: int, md5: str) -> bool:
    """Returns whether a listed object or version has this content."""
    return item["Size"] == size_bytes and (not _compares_etags() or item["ETag"].strip('"') == md5)


def _compares_etags() -> bool:
    """An ETag is the MD5 of what one PUT stored, but not under SSE-KMS.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    return os.environ.get("COMPARES_ETAGS", "true") == "true"


def repair(own: Bucket, others: list[Bucket], missing: Wanted, context: Any) -> int:  # noqa: ANN401  Lambda's own type
    """Copies what is missing, until the time or the most copies of a run are used up; returns how many.

    Raises:
        RuntimeError: S3 stores something else than it was asked to; without an end to it every run would copy everything again.
    """

    def copied(key: str) -> bool:
        if context.get_remaining_time_in_millis() < _RESERVED_MILLISECONDS:
            return False
        return any(_copied_from(source, own, key, *missing[key]) for source in [own, *others])

    with ThreadPoolExecutor(_COPIES_AT_ONCE) as pool:
        jobs = [pool.submit(copied, key) for key in list(missing)[:_MOST_COPIES]]
        try:
            return sum(job.result() for job in jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _copied_from(source: Bucket, own: Bucket, key: str, size_bytes: int, md5: str) -> bool:
    """Copies one object from any of its versions in a bucket; a source that refuses is no source.

    The copy keeps headers and metadata. One request copies up to 5 GB, and the publisher takes no larger file:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    try:
        version_id = source.version_of(key, size_bytes, md5)
        if version_id is None:
            return False
        copy_source = {"Bucket": source.name, "Key": key, "VersionId": version_id}
        answer = own.client.copy_object(Bucket=own.name, Key=key, CopySource=copy_source)
    except (BotoCoreError, ClientError) as error:
        print(f"{key} cannot be copied from {source.region}: {type(error).__name__}: {error}")
        return False
    stored = answer["CopyObjectResult"]["ETag"].strip('"')
    if _compares_etags() and stored != md5:
        raise RuntimeError(f"S3 stored {key} with ETag {stored} instead of {md5}: nothing else is copied")
    return True


def _publish(missing: int) -> None:
    """One metric, with one request; each metric costs 0.30 USD a month."""
    dimensions = [{"Name": name.title(), "Value": os.environ[name]} for name in ("HOSTNAME", "REGION")]
    _client("cloudwatch", os.environ["REGION"]).put_metric_data(
        Namespace=os.environ["NAMESPACE"],
        MetricData=[{"MetricName": "MissingObjects", "Dimensions": dimensions, "Value": missing, "Unit": "Count"}],
    )
