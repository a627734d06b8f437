"""What the KeyValueStore notes about files that were taken down: nobody publishes them again by mistake.

    takedown                        ->  when there was the last one; without this key nobody looks for the others
    takedown/<digest of the path>   ->  <when> <MD5,MD5,... of what lay there, or -> <path>

A note stays until `failover takedown PATH --lift`: the file may lie in a folder, in an artifact of CI or in git for years.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scripts.errors import AwsError, UnsafePlanError
from scripts.release.manifest import ReleaseFile
from scripts.release.routing import CONFLICT, RoutingStore
from scripts.release.serving.variant_contents import VARIANT_SUFFIXES

TAKEDOWN_KEY = "takedown"
TAKEDOWN_PREFIX = "takedown/"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
_VALUE_BYTES = 1024
_SHOWN = 3
_MOST_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """A file that was taken down.

    Attributes:
        path: its path in releases.
        at: when, RFC 3339.
        md5s: digests of what lay there and nowhere else, as many as the note holds: it is refused under any name.
    """

    path: str
    at: str
    md5s: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The note's key."""
        return f"{TAKEDOWN_PREFIX}{hashlib.sha256(self.path.encode()).hexdigest()[:16]}"

    @property
    def value(self) -> str:
        """What the note says; digests that do not fit are left out."""
        kept = list(self.md5s)
        while len((text := f"{self.at} {','.join(kept) or '-'} {self.path}").encode()) > _VALUE_BYTES and kept:
            kept.pop()
        return text

    def names(self, file: ReleaseFile) -> bool:
        """Whether a file has the name of what was taken down, or of a compressed variant of it."""
        return file.path.startswith(self.path) and file.path in names_of((self.path,))

    def is_of(self, file: ReleaseFile) -> bool:
        """Whether a file is what was taken down, by its name or by what it holds; an empty one holds nothing."""
        return self.names(file) or (file.size_bytes > 0 and file.md5 in self.md5s)


def parse_takedown(value: str) -> Takedown:
    """Reads a note.

    Raises:
        ValueError: it is none.
    """
    at, md5s, path = value.split(" ", 2)
    datetime.fromisoformat(at)
    return Takedown(path=path, at=at, md5s=() if md5s == "-" else tuple(md5s.split(",")))


def names_of(paths: Iterable[str]) -> frozenset[str]:
    """Returns the paths and those of their compressed variants."""
    return frozenset(f"{path}{suffix}" for path in paths for suffix in ("", *VARIANT_SUFFIXES))


def takedowns_in(store: RoutingStore, last: str | None) -> tuple[Takedown, ...]:
    """Returns what was taken down and may not come back.

    Args:
        store: the KeyValueStore.
        last: value of TAKEDOWN_KEY; None: there was none, and nothing is asked for.
    """
    if last is None:
        return ()
    return takedowns(store)


def takedowns(store: RoutingStore) -> tuple[Takedown, ...]:
    """Returns every note; a listing of the whole store.

    Raises:
        UnsafePlanError: a note is unreadable, so nobody knows what it is of.
    """
    found = []
    for key, value in store.entries(TAKEDOWN_PREFIX).items():
        try:
            found.append(parse_takedown(value))
        except ValueError as error:
            raise UnsafePlanError(
                f"the key {key} of the KeyValueStore notes no takedown ({error}): somebody wrote it by hand. Delete it, and run "
                "failover takedown PATH --apply again for what it may have been of"
            ) from error
    return tuple(found)


def note(store: RoutingStore, notes: Iterable[Takedown], at: str) -> None:
    """Notes what is taken down, whoever else writes meanwhile; it moves the version, so who decided before is refused."""
    puts = {each.key: each.value for each in notes}
    if puts:
        _insistently(store, lambda etag: store.put_entries({**puts, TAKEDOWN_KEY: at}, expected_etag=etag))


def lift(store: RoutingStore, paths: Iterable[str]) -> None:
    """Lets files be published again, whoever else writes meanwhile."""
    lifted = tuple(paths)

    def without(etag: str) -> None:
        keys = {each.path: each.key for each in takedowns(store)}
        going = [keys[path] for path in lifted if path in keys]
        if len(going) == len(keys):
            going.append(TAKEDOWN_KEY)
        store.delete_keys(going, expected_etag=etag)

    _insistently(store, without)


def _insistently(store: RoutingStore, write: Callable[[str], object]) -> None:
    """Writes what does not depend on anybody else's writes, however many there are."""
    for _ in range(_MOST_TRIES):
        try:
            write(store.etag())
        except AwsError as error:
            if error.code != CONFLICT:
                raise
        else:
            return
    raise UnsafePlanError("others wrote the KeyValueStore again and again, so nothing was changed: run it again")


def refuse_taken_down(
    files: Iterable[ReleaseFile], takedowns: Sequence[Takedown], *, release_id: str, is_built: bool
) -> None:
    """Refuses to give viewers again what was taken down.

    Args:
        files: of the release.
        takedowns: the notes.
        release_id: the release.
        is_built: whether the files are of a folder; otherwise a manifest names them, which somebody wrote who began before.

    Raises:
        UnsafePlanError: names the files, and what to do.
    """
    if not takedowns:
        return
    found = {
        file.path: each for file in files for each in takedowns if (each.is_of(file) if is_built else each.names(file))
    }
    if found:
        raise UnsafePlanError(_refusal(found, release_id, is_built=is_built))


def _refusal(found: dict[str, Takedown], release_id: str, *, is_built: bool) -> str:
    told = [
        path if path in names_of((note.path,)) else f"{path}, which holds what {note.path} held"
        for path, note in list(found.items())[:_SHOWN]
    ]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    paths = listed({note.path for note in found.values()})
    if is_built:
        return (
            f"the folder holds what was taken down: {'; '.join(told)}{more}. Nothing was sent. Take it out of the folder, and "
            f"out of what builds it. If it may be published again: failover takedown {paths} --lift --apply"
        )
    return (
        f"release {release_id} still lists what was taken down: {'; '.join(told)}{more}. Who wrote its manifest had begun "
        f"before. Run failover takedown {paths} --apply again, then this"
    )


def listed(paths: Collection[str]) -> str:
    """Returns the first few paths as the command line takes them."""
    return shlex.join(sorted(paths)[:_SHOWN])
