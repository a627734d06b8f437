"""All servers outside AWS that a site is published to, and what is done with them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from scripts.errors import WrongUsageError
from scripts.exits.bucket_store import BucketStore
from scripts.exits.folder_store import FolderStore
from scripts.exits.store import ExitStore, ExitUnavailableError, Write
from scripts.release.checked_files import Progress
from scripts.release.manifest import Manifest

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CONNECT_TIMEOUT_SECONDS = 5
_READ_TIMEOUT_SECONDS = 30
_ATTEMPTS = 2
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitState:
    """How one endpoint stands to a release.

    Attributes:
        name: the endpoint.
        place: where it serves from.
        active: the release that its visitors get.
        wrong: paths that they do not get as the release has them.
        error: why it could not be asked; the others say nothing then.
    """

    name: str
    place: str
    active: str | None = None
    wrong: tuple[str, ...] = ()
    error: ExitUnavailableError | None = None

    @property
    def is_whole(self) -> bool:
        """Whether its visitors get all of the release."""
        return self.error is None and not self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits:
    """The endpoints with a store; none is fine."""

    stores: tuple[ExitStore, ...] = ()

    def bring(
        self, manifest: Manifest, write: Write, progress: Progress = lambda _size: None
    ) -> list[ExitUnavailableError]:
        """Store a release everywhere, without a switch; return why it failed where it did."""
        failures = []
        for store in self.stores:
            try:
                store.bring(manifest, store.lacking(manifest), write, progress)
            except ExitUnavailableError as error:
                failures.append(error)
        return failures

    def without(self, failures: Sequence[ExitUnavailableError]) -> Exits:
        """Return those that did not fail."""
        gone = {each.name for each in failures}
        return Exits(stores=tuple(store for store in self.stores if store.name not in gone))

    def follow(self, manifest: Manifest, write: Write) -> list[ExitUnavailableError]:
        """Let visitors get a release everywhere, storing first what is lacking; return why it failed where it did."""
        failures = []
        for store in self.stores:
            try:
                store.bring(manifest, store.lacking(manifest), write, lambda _size: None)
                store.switch(manifest)
            except ExitUnavailableError as error:
                failures.append(error)
        return failures

    def compare(self, manifest: Manifest) -> list[ExitState]:
        """Return how each stands to a release; one that cannot be asked is a result, not an error."""
        return [_state(store, manifest) for store in self.stores]

    def keep_only(self, release_ids: Set[str]) -> list[ExitUnavailableError]:
        """Delete every other release everywhere; return why it failed where it did."""
        failures = []
        for store in self.stores:
            try:
                store.keep_only(release_ids)
            except ExitUnavailableError as error:
                failures.append(error)
        return failures


def open_exits(contents: Mapping[str, Mapping[str, str]]) -> Exits:
    """Return the stores of endpoint -> `content`, as the edge stack's output has it; those without one are left out.

    Raises:
        WrongUsageError: a profile is in none of AWS's configuration files.
    """
    return Exits(stores=tuple(_store(name, content) for name, content in contents.items() if content))


def _store(name: str, content: Mapping[str, str]) -> ExitStore:
    if "folder" in content:
        return FolderStore(Path(content["folder"]), name=name)
    url = content["endpoint_url"]
    return BucketStore(_client(name, content), name=name, bucket=content["bucket"], url=url)


def _client(name: str, content: Mapping[str, str]) -> S3Client:
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
        # What botocore adds to S3's own API since 1.36 is not known everywhere.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
    )
    try:
        # A profile of its own, so that the keys of AWS in the environment are never sent there.
        session: Any = Session(profile=content["profile"])
        client: S3Client = session.create_client(
            "s3", endpoint_url=content["endpoint_url"], region_name=content["region"], config=config
        )
    except BotoCoreError as error:
        raise WrongUsageError(
            f"the keys of {name}: {error}. Write them below [{content['profile']}] into ~/.aws/credentials, or name another "
            "profile with content_profile in the site file"
        ) from error
    return client


def _state(store: ExitStore, manifest: Manifest) -> ExitState:
    try:
        return ExitState(name=store.name, place=store.place, active=store.active(), wrong=tuple(store.wrong(manifest)))
    except ExitUnavailableError as error:
        return ExitState(name=store.name, place=store.place, error=error)
