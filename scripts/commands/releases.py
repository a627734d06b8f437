"""`failover releases`: which releases there are, and whether both regions hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from scripts.clock import rfc3339, utc_now
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    use_localcloud,
)
from scripts.commands.shared.parity_words import parity_document, parity_words
from scripts.commands.shared.tables import results_console, results_table
from scripts.release.inventory import ReleaseSummary, take_inventory

_MISSING = "-"


def releases(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """List all releases, newest first, and whether each region holds all of them. Works while a region is down.

    A release's age counts from when it was last published, switched to or repaired. A withdrawn one was rolled back from:
    rollback and sync-content bring it back with --force only.
    """
    use_localcloud(localcloud)
    site = open_website(outputs, is_hasty=True)
    found = take_inventory(site)
    now = utc_now()
    if as_json:
        print(json.dumps({"releases": [_document(each, now) for each in found.releases], "strays": found.strays}))
        return
    # An id is copied into `failover rollback`, so a narrow terminal must not break it.
    table = results_table("Release", "State", "Age", "Files", "Bytes", "Regions", whole=("Release",))
    for each in found.releases:
        table.add_row(*_row(each, now, tuple(site.buckets)))
    console = results_console()
    console.print(table)
    for region, keys in found.strays.items():
        console.print(f"No manifests, though they lie where those do, in {region}: {', '.join(keys)}")


def _row(release: ReleaseSummary, now: datetime, regions: tuple[str, ...]) -> list[str]:
    age = _MISSING if release.published_at is None else str(timedelta(seconds=_age_seconds(release.published_at, now)))
    return [
        release.release_id,
        ", ".join(_states(release)) or _MISSING,
        age,
        _MISSING if release.files is None else f"{release.files:,}",
        _MISSING if release.size_bytes is None else f"{release.size_bytes:,}",
        _in_regions({region: parity_words(release.regions[region]) for region in regions})
        if release.regions
        else "no manifest",
    ]


def _in_regions(words: Mapping[str, str]) -> str:
    """Returns what holds of every region in a word, else a line a region: a column for each does not fit in 80 columns."""
    if len(set(words.values())) == 1:
        return f"all: {next(iter(words.values()))}"
    return "\n".join(f"{region}: {found}" for region, found in words.items())


def _states(release: ReleaseSummary) -> list[str]:
    claims = {
        "active": release.is_active,
        "previous": release.is_previous,
        f"canary {release.canary_percent} %": release.canary_percent is not None,
        "withdrawn": release.is_withdrawn,
        "incomplete": release.is_incomplete,
        "files of others": release.is_increment,
    }
    return [name for name, holds in claims.items() if holds]


def _document(release: ReleaseSummary, now: datetime) -> dict[str, object]:
    moment = release.published_at
    return {
        "release_id": release.release_id,
        "states": _states(release),
        "published_at": None if moment is None else rfc3339(moment),
        "age_seconds": None if moment is None else _age_seconds(moment, now),
        "files": release.files,
        "bytes": release.size_bytes,
        "regions": {region: parity_document(found) for region, found in release.regions.items()},
    }


def _age_seconds(moment: datetime, now: datetime) -> int:
    return max(0, int((now - moment).total_seconds()))
