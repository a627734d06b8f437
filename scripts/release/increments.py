"""On which increments a release stands: what it shares with the active one, and what it keeps for viewers of that. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from scripts.clock import rfc3339
from scripts.release.manifest import Manifest, ReleaseFile, RetainedFile
from scripts.release.serving.file_rules import is_fingerprinted
from scripts.release.serving.index import MAXIMUM_ENTRIES

RETENTION = timedelta(days=1)
"""How long a dropped file still answers that pages load: a viewer may have a page of the earlier release open."""

LARGEST_OWN_SHARE = 0.5
"""A release that changes more than this share of its files is published whole, on an increment of its own."""


# What a page loads by itself, whatever its name: generators write hashes in hexadecimal, base62 or base64url, which no expression
# tells from a word (index-DiwrgTda.js), and some name a folder after the build and not the file.
_LOADED_BY_PAGES = re.compile(
    r"\.(css|js|mjs|cjs|wasm|map|woff2?|ttf|otf|eot|svg|png|webp|avif|jpe?g|gif|ico|mp3|m4a|ogg|wav|mp4|webm|vtt)(\.(br|gz))?$",
    re.IGNORECASE,
)


def may_be_asked_for(file: ReleaseFile) -> bool:
    """Returns whether a page that a viewer has open may name this file, and no other page does by then.

    Wider than `is_fingerprinted`, which decides what a browser may keep for a year: this keeps an object for a day. Neither pages
    nor documents nor data with a name of their own: taken out, they are gone at once.
    What is stored as immutable (RFC 8246) changes its name with its content, whatever the name looks like: a rule of `[content]`
    said so.
    """
    is_loaded = is_fingerprinted(file.path) or _LOADED_BY_PAGES.search(file.path) is not None
    return is_loaded or "immutable" in file.cache_control


def on_increments(built: Manifest, active: Manifest | None, *, now: datetime) -> Manifest:
    """Returns the release on the increments that it shares with the active one.

    Args:
        built: the release as a folder gives it, wholly on an increment of its own.
        active: the active release; None: there is none.
        now: when viewers of the active release begin to lose what the new one drops.
    """
    if active is None:
        return built
    if built.release_id == active.release_id:
        return with_what_is_back(active, built, now=now)
    base = active.base or active
    held = [{file.path: file for file in source.stored_files} for source in (base, active)]
    files = tuple(_shared_or_own(file, held) for file in built.files)
    if sum(file.increment == built.release_id for file in files) <= LARGEST_OWN_SHARE * len(files):
        # What was taken down from the base stays out of this release when the base is published again after a lift.
        paths = {file.path for file in files}
        gone = tuple(sorted(path for path in base.emptied if path not in paths))
        small = with_retained(replace(built, base=base, files=files, taken_down=gone), active, now=now)
        if small.index_entries <= MAXIMUM_ENTRIES:
            return small
    return with_retained(built, active, now=now)


def with_retained(manifest: Manifest, earlier: Manifest | None, *, now: datetime) -> Manifest:
    """Returns the release with the files that viewers of `earlier` may still ask for.

    Args:
        manifest: the release.
        earlier: the release that viewers have now; None: nobody has one.
        now: when `earlier` is replaced.
    """
    paths = {file.path for file in manifest.files}
    dropped = [file for file in earlier.files if file.path not in paths] if earlier else []
    kept = {
        **{each.file.path: each for each in _still_retained((manifest, earlier), now) if each.file.path not in paths},
        **{file.path: RetainedFile(file=file, dropped_at=rfc3339(now)) for file in dropped if may_be_asked_for(file)},
    }
    base = manifest.base or manifest
    gone = sorted(file.path for file in base.files if file.path not in paths and file.path not in kept)
    return replace(manifest, removed=tuple(gone), retained=tuple(each for _, each in sorted(kept.items())))


def with_what_is_back(held: Manifest, built: Manifest, *, now: datetime) -> Manifest:
    """Returns a release as it is held, with files of its folder that were taken down and may be published again.

    Args:
        held: the release as regions hold it.
        built: the same release as its folder gives it; whoever calls has looked whether anything of it may not come back.
        now: when that is decided.
    """
    back = {file.path: file for file in built.files if file.path in held.emptied}
    if not back:
        return held
    files = sorted((*held.files, *back.values()), key=lambda each: each.path)
    return replace(
        held,
        files=tuple(files),
        taken_down=tuple(each for each in held.taken_down if each not in back),
        decided_at=rfc3339(now),
    )


def _shared_or_own(file: ReleaseFile, held: Sequence[Mapping[str, ReleaseFile]]) -> ReleaseFile:
    shared = (files[file.path] for files in held if file.path in files)
    return next((each for each in shared if each.stores_the_same_as(file)), file)


def _still_retained(manifests: Iterable[Manifest | None], now: datetime) -> Iterable[RetainedFile]:
    for source in manifests:
        for each in source.retained if source else ():
            if now - datetime.fromisoformat(each.dropped_at) < RETENTION:
                yield each
