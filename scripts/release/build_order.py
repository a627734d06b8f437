"""Which of two builds is the newer: by the number that the pipeline gives, or by when the build's source was made.

A pipeline that runs again an older build, after a newer one was published, would silently take it back. The newest build that was
published stands in the KeyValueStore under `newest-build`; it is written with the switch, under the store's version.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from scripts.errors import UnsafePlanError
from scripts.release.routing import Marks, RoutingStore

NEWEST_KEY = "newest-build"
_GIT_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Where a build stands in the order of builds.

    Attributes:
        number: the pipeline's, which grows with each build and stays when one is run again; None: not given.
        source_seconds: when its source was made, seconds since 1970; None: not known.
    """

    number: int | None = None
    source_seconds: int | None = None

    def is_older_than(self, other: Build) -> bool:
        """Whether the number says so, or where one of them has none the time of the source."""
        if self.number is not None and other.number is not None:
            return self.number < other.number
        if self.source_seconds is not None and other.source_seconds is not None:
            return self.source_seconds < other.source_seconds
        return False

    def until(self, now: datetime) -> Build:
        """Returns the build as a clock that is right would date it: no source is of the future.

        Otherwise one commit of a machine whose clock is ahead would make every later build the older one.
        """
        latest = int(now.timestamp())
        return replace(self, source_seconds=None if self.source_seconds is None else min(self.source_seconds, latest))

    def __str__(self) -> str:
        """Returns both, as far as they are known."""
        return f"number {self.number}, source of {self.source_seconds} s since 1970"


UNKNOWN_BUILD = Build()


def newest_build(store: RoutingStore, now: datetime) -> Build:
    """Returns the newest build that was published; without anything in it before the first one that said what it is.

    Args:
        store: the KeyValueStore.
        now: by AWS's clock; a source of later says nothing, as earlier versions noted it.

    Raises:
        UnsafePlanError: the note is unreadable.
    """
    value = store.value(NEWEST_KEY)
    try:
        document = json.loads(value or "{}")
        found = {name: document.get(name) for name in ("number", "source_seconds")}
        if wrong := [name for name, each in found.items() if not isinstance(each, int | None)]:
            raise ValueError(f"{' and '.join(wrong)} is no whole number")
        build = Build(**found)
        is_of_the_future = build.source_seconds is not None and build.source_seconds > now.timestamp()
        return replace(build, source_seconds=None) if is_of_the_future else build
    except (ValueError, AttributeError) as error:
        raise UnsafePlanError(
            f"the key {NEWEST_KEY} of the KeyValueStore is unreadable ({error}): delete it, then publish again"
        ) from error


def refuse_older(build: Build, newest: Build) -> None:
    """Refuses a build that is older than one that was published.

    Raises:
        UnsafePlanError: says which.
    """
    if build.is_older_than(newest):
        raise UnsafePlanError(
            f"this build ({build}) is older than one that was published already ({newest}), and would replace what is newer: "
            "nothing was published. Add --force if it is meant, or go back with failover rollback. Where the pipeline counts "
            f"anew, delete the key {NEWEST_KEY} of the KeyValueStore once"
        )


def mark_of(build: Build, newest: Build) -> Marks:
    """Returns what notes a build as the newest; nothing where it is not newer, or says nothing of itself."""
    if build == UNKNOWN_BUILD or build.is_older_than(newest):
        return Marks()
    now = replace(
        newest,
        number=newest.number if build.number is None else build.number,
        source_seconds=newest.source_seconds if build.source_seconds is None else build.source_seconds,
    )
    if now == newest:
        return Marks()
    return Marks(puts={NEWEST_KEY: json.dumps({"number": now.number, "source_seconds": now.source_seconds})})


def commit_seconds(folder: Path) -> int | None:
    """Returns when the commit that a folder is built of was made, None where git knows none.

    https://git-scm.com/docs/pretty-formats (%ct, the committer's date, which a rebase or a cherry-pick renews)
    """
    try:
        told = subprocess.run(
            ["git", "-C", str(folder), "log", "-1", "--format=%ct"],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
        return int(told.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
