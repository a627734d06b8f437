"""How a release differs from the active one."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.errors import UnsafePlanError
from scripts.release.manifest import Manifest

LARGEST_REMOVED_SHARE = 0.5
"""A release that drops more of the active one's pages than this is more likely a broken build."""
FEW_FILES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How a release differs from the active one; paths, sorted."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def changes_between(manifest: Manifest, active: Manifest | None) -> Changes:
    """Returns how a release differs from the active one."""
    before = {file.path: file for file in active.files} if active is not None else {}
    paths = {file.path for file in manifest.files}
    return Changes(
        new=tuple(file.path for file in manifest.files if file.path not in before),
        changed=tuple(
            file.path
            for file in manifest.files
            if file.path in before and not file.stores_the_same_as(before[file.path])
        ),
        removed=tuple(path for path in before if path not in paths),
    )


def refuse_a_broken_build(changes: Changes, active: Manifest | None, *, force: bool) -> None:
    """Refuses a release that drops most of the active one's files, unless it is forced.

    Raises:
        UnsafePlanError: says how many.
    """
    if active is None or force or len(active.files) < FEW_FILES:
        return
    if len(changes.removed) > LARGEST_REMOVED_SHARE * len(active.files):
        raise UnsafePlanError(
            f"the release lacks {len(changes.removed)} of the active release's {len(active.files)} files "
            f"({', '.join(changes.removed[:3])} ...), more than half: a broken build? Add --force if it is meant"
        )
