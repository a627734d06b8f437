"""What the KeyValueStore notes about releases beside the routing: claimed by a prune, or withdrawn by a rollback.

    pruning/<release id>    ->  until when (RFC 3339) a prune may delete the release; nobody switches to it before
    withdrawn/<release id>  ->  when it was rolled back from, and to what; it comes back only when it is named with --force

Both are written under the store's version, as the routing is: who decided before a note was written is refused when he writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from scripts.clock import rfc3339, utc_now
from scripts.errors import UnsafePlanError
from scripts.release.routing import Marks, RoutingStore, RoutingVersion
from scripts.release.taken_down import TAKEDOWN_KEY, Takedown, takedowns_in

CLAIM_PREFIX = "pruning/"
WITHDRAWN_PREFIX = "withdrawn/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is noted about one release.

    Attributes:
        release_id: the release.
        claimed_until: when a prune's claim on it ends by itself; None: nobody claims it.
        withdrawn: when it was rolled back from, and to what; None: it was not.
        takedowns: files, of any release, that were taken down (taken_down.py).
    """

    release_id: str
    claimed_until: datetime | None = None
    withdrawn: str | None = None
    takedowns: tuple[Takedown, ...] = ()

    def refuse_claimed(self, now: datetime) -> None:
        """Refuses to use a release that a prune is about to delete.

        Raises:
            UnsafePlanError: says until when.
        """
        if self.claimed_until is not None and now < self.claimed_until:
            raise UnsafePlanError(
                f"release {self.release_id} is being deleted by failover prune, so nothing can switch to it: run it again when "
                f"the prune has ended. If it was killed, its claim ends at {rfc3339(self.claimed_until)}"
            )

    def refuse_withdrawn(self, way_out: str) -> None:
        """Refuses to bring back a release that was rolled back from.

        Args:
            way_out: the command that brings it back all the same.

        Raises:
            UnsafePlanError: says when that was.
        """
        if self.withdrawn is not None:
            raise UnsafePlanError(
                f"release {self.release_id} was rolled back from ({self.withdrawn}), so it is not given to viewers again. "
                f"If it is meant: {way_out}"
            )

    @property
    def forgotten(self) -> Marks:
        """What brings it back: the note goes in the write that switches to it."""
        return Marks(deletes=() if self.withdrawn is None else (f"{WITHDRAWN_PREFIX}{self.release_id}",))


def standing_of(store: RoutingStore, release_id: str) -> Standing:
    """Returns what is noted about a release. Ask after the version that the switch will insist on was read.

    Raises:
        UnsafePlanError: a note is unreadable.
    """
    keys = (f"{CLAIM_PREFIX}{release_id}", f"{WITHDRAWN_PREFIX}{release_id}", TAKEDOWN_KEY)
    with ThreadPoolExecutor(len(keys)) as pool:
        claim, withdrawn, last_takedown = pool.map(store.value, keys)
    return Standing(
        release_id=release_id,
        claimed_until=None if claim is None else _end_of(f"{CLAIM_PREFIX}{release_id}", claim),
        withdrawn=withdrawn,
        takedowns=takedowns_in(store, last_takedown),
    )


def _end_of(key: str, value: str) -> datetime:
    try:
        end = datetime.fromisoformat(value)
        if end.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
    except ValueError as error:
        raise UnsafePlanError(
            f"the key {key} of the KeyValueStore claims nothing until any time ({error}): somebody wrote it by hand. Delete it "
            "when no failover prune is under way"
        ) from error
    return end


def time_of(current: RoutingVersion) -> datetime:
    """Returns AWS's clock when a routing was read."""
    return current.told_at or utc_now()


def withdrawal(release_id: str | None, target_id: str, now: datetime) -> Marks:
    """Returns what notes that viewers were taken from one release to another."""
    if release_id is None or release_id == target_id:
        return Marks()
    return Marks(puts={f"{WITHDRAWN_PREFIX}{release_id}": f"{rfc3339(now)}, to {target_id}"})


def claims_on(release_ids: Iterable[str], until: datetime) -> dict[str, str]:
    """Returns the keys that claim releases."""
    return dict.fromkeys((f"{CLAIM_PREFIX}{each}" for each in release_ids), rfc3339(until))


def held_claims(entries: Mapping[str, str], now: datetime) -> dict[str, datetime]:
    """Returns release -> end of the claim, of those that have not ended; raises as `standing_of`."""
    ends = {key.removeprefix(CLAIM_PREFIX): _end_of(key, value) for key, value in entries.items()}
    return {release_id: end for release_id, end in ends.items() if now < end}
