"""Regions that have different manifests of one release: which of them holds, and what is said when nobody may choose. Pure.

They differ in what was taken down after a takedown, or a publish after its lift, that has not reached every region: it was
interrupted, or the region did not answer. The one that was decided last holds: a takedown that a region has missed is not undone,
and a file that was published again is not taken down a second time by a region that has missed that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scripts.errors import UnsafePlanError
from scripts.release.manifest import Manifest
from scripts.release.taken_down import Takedown, listed, names_of


def latest(manifests: Iterable[Manifest]) -> Manifest:
    """Returns the manifest whose files were decided last; of several the one from which most was taken down."""
    return max(manifests, key=decision)


def decision(manifest: Manifest) -> tuple[str, str, int]:
    """Returns what orders a release's manifests: when its files were decided, when its base's, how many were taken down."""
    return manifest.decided_at, manifest.base.decided_at if manifest.base else "", len(manifest.emptied)


def are_of_one_release(manifests: Sequence[Manifest]) -> bool:
    """Returns whether manifests list the same content, but for what was taken down from any of them."""
    gone = frozenset[str]().union(*(each.emptied for each in manifests))
    contents = {tuple((file.path, file.md5) for file in each.files if file.path not in gone) for each in manifests}
    return len(contents) == 1


def have_one_base(manifests: Iterable[Manifest]) -> bool:
    """Returns whether all stand on the same base, which every region of theirs holds then."""
    return len({each.base_id for each in manifests}) == 1


def insist_on_agreement(manifests: Iterable[Manifest | None], takedowns: Sequence[Takedown]) -> None:
    """Compares what was taken down from a release, by each region's manifest.

    Args:
        manifests: of the release; None of a region that has none.
        takedowns: what was taken down, of any release, and not lifted.

    Raises:
        UnsafePlanError: they differ; says what brings them in line.
    """
    held = [each for each in manifests if each is not None]
    if all(each.emptied == held[0].emptied for each in held):
        return
    differing = frozenset[str]().union(*(each.emptied ^ held[0].emptied for each in held))
    noted = [each.path for each in takedowns if differing & names_of((each.path,))]
    release_id = held[0].release_id
    way_out = (
        f"a takedown is under way, or was interrupted. Run failover takedown {listed(noted)} --apply again, then this"
        if noted
        else "a publish after the takedown was lifted did not reach every region. Run failover verify "
        f"{release_id} --repair --apply, then this"
    )
    raise UnsafePlanError(
        f"the regions disagree on what was taken down from release {release_id} ({', '.join(sorted(differing)[:3])}): {way_out}"
    )
