"""The switch: the routing key of the KeyValueStore. The pointer objects that follow it: pointers.py.

One conditional write of one key moves every edge from one release to another; nothing else is needed for the switch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from scripts.aws.clients import told_time, translated
from scripts.errors import AwsError, UnsafePlanError
from scripts.release.manifest import Manifest
from scripts.release.serving.index import KEY_PREFIX, Index
from scripts.release.serving.url_rules import REDIRECT_PREFIX, style_words

if TYPE_CHECKING:
    from mypy_boto3_cloudfront_keyvaluestore.client import CloudFrontKeyValueStoreClient

ROUTING_KEY = "routing"

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
KEYS_PER_WRITE = 50
STORE_BYTES = 5 * 1024 * 1024
# Ten without asking: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_kvs_ListKeys.html
KEYS_PER_LISTING = 50
CONFLICT = "ConflictException"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRelease:
    """What the router needs to find a release's objects.

    Attributes:
        id: the release.
        base: the increment of every path that the index does not name.
        index: id of the index; empty when every path lies in the base increment.
        chunks: number of the index's values.
        salt: of the index.
        style: clean URLs and trailing slashes, two words; empty when they are the usual ones.
        redirects: id of its redirects (url_rules.py); empty without.
        br: extensions of which every file has a Brotli variant, separated by spaces.
        gzip: the same for gzip.
        fallback: path of the page that answers navigations to pages that the release lacks; empty: none does.
    """

    id: str
    base: str
    index: str = ""
    chunks: int = 0
    salt: int = 0
    style: str = ""
    redirects: str = ""
    br: str = ""
    gzip: str = ""
    fallback: str = ""

    def to_document(self) -> dict[str, str | int]:
        """Returns it without what is empty: three of them share 1 KB."""
        document: dict[str, str | int] = asdict(self)
        return {key: value for key, value in document.items() if value or key in ("index", "chunks", "salt")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A release that a share of the viewers gets.

    Attributes:
        release: the release.
        percent: how many of a hundred viewers get it, 1 to 99; a viewer stays with one release.
    """

    release: ServedRelease
    percent: int


def served(manifest: Manifest, index: Index) -> ServedRelease:
    """Returns a release with its index as the router reads it."""
    variants = manifest.variants
    return ServedRelease(
        id=manifest.release_id,
        base=manifest.base_id,
        index=index.id,
        chunks=len(index.chunks),
        salt=index.salt,
        style=style_words(manifest.urls.style),
        redirects=index.redirects_id,
        br=variants.br,
        gzip=variants.gzip,
        fallback=manifest.urls.fallback,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What the router function reads.

    Attributes:
        active: the active release; None before the first publish.
        previous: the release before it, where `failover rollback` goes.
        canary: the release that some viewers get; None usually.
        drained_regions: regions whose bucket is asked last.
    """

    active: ServedRelease | None = None
    previous: ServedRelease | None = None
    canary: Canary | None = None
    drained_regions: tuple[str, ...] = field(default=())

    @property
    def release_id(self) -> str | None:
        """Id of the active release."""
        return self.active.id if self.active else None

    @property
    def previous_release_id(self) -> str | None:
        """Id of the previous release."""
        return self.previous.id if self.previous else None

    @property
    def canary_release_id(self) -> str | None:
        """Id of the canary."""
        return self.canary.release.id if self.canary else None

    @property
    def releases(self) -> tuple[ServedRelease, ...]:
        """Every release that some viewer may get: active, previous (on edges that still hold the old value), canary."""
        named = (self.active, self.previous, self.canary.release if self.canary else None)
        return tuple(release for release in named if release is not None)

    @property
    def increments(self) -> frozenset[str]:
        """Ids of these releases and of what they stand on: a manifest of theirs is never replaced without a look at it."""
        return frozenset(name for release in self.releases for name in (release.id, release.base))

    def switched_to(self, release: ServedRelease) -> Routing:
        """Returns the routing with another active release and no canary.

        Switching to the active one again, with another index, keeps the previous release and a canary.
        """
        if self.active is not None and self.active.id == release.id:
            return replace(self, active=release)
        return replace(self, active=release, previous=self.active, canary=None)

    def with_canary(self, release: ServedRelease, percent: int) -> Routing:
        """Returns the routing in which that share of the viewers gets `release`."""
        return replace(self, canary=Canary(release=release, percent=percent))

    def without_canary(self) -> Routing:
        """Returns the routing in which every viewer gets the active release."""
        return replace(self, canary=None)

    def draining(self, region: str) -> Routing:
        """Returns the routing with one more drained region."""
        return replace(self, drained_regions=tuple(sorted({*self.drained_regions, region})))

    def restoring(self, region: str) -> Routing:
        """Returns the routing without that drained region."""
        return replace(self, drained_regions=tuple(each for each in self.drained_regions if each != region))

    def to_json(self) -> str:
        """Returns the value of the key; at most 1 KB fits."""
        canary = self.canary and {**self.canary.release.to_document(), "percent": self.canary.percent}
        document = {
            "active": self.active and self.active.to_document(),
            "previous": self.previous and self.previous.to_document(),
            "canary": canary,
            "drained_regions": list(self.drained_regions),
        }
        return json.dumps(document, separators=(",", ":"))


def parse_routing(text: str) -> Routing:
    """Reads what `Routing.to_json` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        document = json.loads(text)
        return Routing(
            active=_served_or_none(document.get("active")),
            previous=_served_or_none(document.get("previous")),
            canary=_canary_or_none(document.get("canary")),
            drained_regions=tuple(document.get("drained_regions", ())),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a routing of this version: {error}") from error


def _served_or_none(document: Mapping[str, Any] | None) -> ServedRelease | None:
    if not document:
        return None
    wrong = [key for key, value in document.items() if not isinstance(value, int if key in ("chunks", "salt") else str)]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} of a release has another type")
    return ServedRelease(**document)


def _canary_or_none(document: Mapping[str, Any] | None) -> Canary | None:
    if not document:
        return None
    percent = document["percent"]
    release = _served_or_none({key: value for key, value in document.items() if key != "percent"})
    if release is None or not isinstance(percent, int):
        raise ValueError("the canary has no release, or no share of the viewers")
    return Canary(release=release, percent=percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Keys that are written or deleted together with the routing (standing.py); the deleted ones are there."""

    puts: Mapping[str, str] = field(default_factory=dict)
    deletes: tuple[str, ...] = ()

    def __add__(self, other: Marks) -> Marks:
        """Returns both."""
        return Marks(puts={**self.puts, **other.puts}, deletes=(*self.deletes, *other.deletes))


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingVersion:
    """A routing together with the version of the store it was read at.

    Attributes:
        routing: the routing.
        etag: the version.
        store_bytes: what the store held then.
        told_at: AWS's clock then; None of a version that was written here.
    """

    routing: Routing
    etag: str
    store_bytes: int = 0
    told_at: datetime | None = field(default=None, compare=False)


_SILENT = "The KeyValueStore does not answer. Viewers are served without its API: run this again when it does"
_SILENT_WRITE = f"{_SILENT}. Whether it was written is not known; `failover status` says what is active"


class RoutingStore:
    """The routing key of one KeyValueStore, and the indexes beside it."""

    def __init__(self, client: CloudFrontKeyValueStoreClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def read(self) -> RoutingVersion:
        """Returns the routing; an absent key is an empty routing.

        The version is read first: a write in between then meets a newer version and is refused.

        Raises:
            UnsafePlanError: the key holds something else.
        """
        with translated("DescribeKeyValueStore", self._arn, silent=_SILENT):
            store = self._client.describe_key_value_store(KvsARN=self._arn)
        etag, size, told_at = store["ETag"], store.get("TotalSizeInBytes", 0), told_time(store)
        value = self.value(ROUTING_KEY)
        try:
            routing = Routing() if value is None else parse_routing(value)
            return RoutingVersion(routing=routing, etag=etag, store_bytes=size, told_at=told_at)
        except ValueError as error:
            raise UnsafePlanError(
                f"{self._arn} {ROUTING_KEY} is unreadable ({error}): find out who wrote it, then delete the key and publish again"
            ) from error

    def etag(self) -> str:
        """Returns the store's version."""
        with translated("DescribeKeyValueStore", self._arn, silent=_SILENT):
            return self._client.describe_key_value_store(KvsARN=self._arn)["ETag"]

    def value(self, key: str) -> str | None:
        """Returns a key's value, None when there is none."""
        with translated("GetKey", f"{self._arn} {key}", silent=_SILENT):
            try:
                return self._client.get_key(KvsARN=self._arn, Key=key)["Value"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                return None

    def write(
        self,
        routing: Routing,
        *,
        expected_etag: str,
        index: Index | None = None,
        marks: Marks = NO_MARKS,
    ) -> RoutingVersion:
        """Replaces the routing if the store has not changed since `expected_etag`; returns it with the new version.

        Args:
            routing: the new routing.
            expected_etag: the version that it was decided on.
            index: an index that the routing names and the store may lack. It is written before the routing, or with it:
                UpdateKeys is atomic, and an edge that gets one key later than the other is covered by the router. Redirects that
                another release of the routing has are there already.
            marks: what is noted or forgotten in the same write as the routing.

        Raises:
            AwsError: ConflictException when somebody else wrote in between; nothing was switched then.
        """
        entries = list((_missing(index, routing) if index else {}).items())
        last = {**marks.puts, ROUTING_KEY: routing.to_json()}
        room = KEYS_PER_WRITE - len(last) - len(marks.deletes)
        etag = expected_etag
        if len(entries) > room:
            etag = self.put_entries(dict(entries), expected_etag=etag)
            entries = []
        try:
            etag = self._update(etag, puts={**dict(entries), **last}, deletes=list(marks.deletes))
        except AwsError as error:
            # The answer to a first try may be lost: the second meets the version that the first has made.
            if error.code != CONFLICT or (found := self.read()).routing != routing:
                raise
            return found
        return RoutingVersion(routing=routing, etag=etag)

    def insist_on(self, etag: str) -> None:
        """Looks whether a write that expects this version would be refused.

        Raises:
            AwsError: it would, in the words of the write.
        """
        if self.etag() != etag:
            raise _written_meanwhile(f"{self._arn} {ROUTING_KEY}", "another version is there")

    def index_entries(self) -> dict[str, str]:
        """Returns key -> value of all indexes and redirects in the store."""
        return self.entries(KEY_PREFIX, REDIRECT_PREFIX)

    def entries(self, *prefixes: str) -> dict[str, str]:
        """Returns key -> value of what begins so; the listing is of the whole store, 50 keys a call."""
        with translated("ListKeys", self._arn, silent=_SILENT):
            pages = self._client.get_paginator("list_keys").paginate(
                KvsARN=self._arn, PaginationConfig={"PageSize": KEYS_PER_LISTING}
            )
            items = ((item["Key"], item["Value"]) for page in pages for item in page.get("Items", []))
            return {key: value for key, value in items if key.startswith(prefixes)}

    def put_entries(self, entries: Mapping[str, str], *, expected_etag: str) -> str:
        """Writes keys if the store has not changed; returns the new version. Of more than 50 the first may be written alone.

        Raises:
            AwsError: ConflictException when somebody else wrote in between.
        """
        etag = expected_etag
        for portion in _portions(list(entries.items())):
            etag = self._update(etag, puts=dict(portion))
        return etag

    def delete_keys(self, keys: list[str], *, expected_etag: str) -> str:
        """Deletes keys if the store has not changed; returns the new version.

        Raises:
            AwsError: ConflictException when somebody else wrote in between.
        """
        etag = expected_etag
        for start in range(0, len(keys), KEYS_PER_WRITE):
            etag = self._update(etag, deletes=keys[start : start + KEYS_PER_WRITE])
        return etag

    def _update(self, etag: str, *, puts: Mapping[str, str] | None = None, deletes: list[str] | None = None) -> str:
        resource = f"{self._arn} {ROUTING_KEY if puts and ROUTING_KEY in puts else KEY_PREFIX}"
        try:
            with translated("UpdateKeys", resource, silent=_SILENT_WRITE):
                answer = self._client.update_keys(
                    KvsARN=self._arn,
                    IfMatch=etag,
                    Puts=[{"Key": key, "Value": value} for key, value in (puts or {}).items()],
                    Deletes=[{"Key": key} for key in deletes or []],
                )
        except AwsError as error:
            if error.code != CONFLICT:
                raise
            raise _written_meanwhile(resource, error.detail) from error
        return answer["ETag"]


def _written_meanwhile(resource: str, detail: str) -> AwsError:
    told = (
        f"{detail.rstrip('.')}. Somebody else wrote it meanwhile, so this write was refused and nothing was switched: "
        "see failover status before you run it again"
    )
    return AwsError(operation="UpdateKeys", resource=resource, code=CONFLICT, detail=told)


def _missing(index: Index, routing: Routing) -> dict[str, str]:
    """Returns what the store may lack of a release that the routing names."""
    names = [release.redirects for release in routing.releases]
    return {**index.entries, **({} if names.count(index.redirects_id) > 1 else index.redirects)}


def _portions(puts: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Yields what one write takes."""
    for start in range(0, len(puts), KEYS_PER_WRITE):
        yield puts[start : start + KEYS_PER_WRITE]
