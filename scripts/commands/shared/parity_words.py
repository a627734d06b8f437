"""How the release commands say in words and in JSON what a region lacks of a release."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from scripts.release.parity import RegionParity

PLAN_ONLY = "This is the plan. Run again with --apply to carry it out."
_SHOWN = 3


def parity_words(found: RegionParity) -> str:
    """Returns "whole", "does not answer", or what the region lacks."""
    if found.error is not None:
        return "does not answer"
    if found.is_whole:
        return "whole"
    lacks = [f"lacks {len(found.missing)} files"] if found.missing else []
    lacks += [] if found.has_manifest else ["no manifest"]
    lacks += [f"old {key}" for key in found.outdated_keys]
    return ", ".join(lacks)


def parity_document(found: RegionParity) -> dict[str, object]:
    """Returns one region's parity; every value but `answers` is null for a region that does not answer."""
    if found.error is not None:
        keys = ("in_parity", "missing", "has_manifest", "outdated_keys")
        return {"answers": False, **dict.fromkeys(keys)}
    return {
        "answers": True,
        "in_parity": found.is_whole,
        "missing": [file.path for file in found.missing],
        "has_manifest": found.has_manifest,
        "outdated_keys": list(found.outdated_keys),
    }


def foreign_lines(foreign: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns what an operator reads about a routing that has something else of a release than its manifest."""
    return [
        f"The routing has another {', '.join(words)} of release {release_id} than its manifest gives: a publish "
        "of it was interrupted, or somebody wrote the key `routing` of the KeyValueStore by hand. Viewers get what the key says. "
        "Publish the release's folder again "
        "(failover sync-content FOLDER --apply) or roll back to another one"
        for release_id, words in foreign.items()
    ]


def taken_down_line(paths: Collection[str]) -> str:
    """Returns what an operator reads about files of a release that its manifest does not have any more."""
    shown = ", ".join(sorted(paths)[:_SHOWN]) + (" ..." if len(paths) > _SHOWN else "")
    return (
        f"Without what was taken down: {shown}. What was lifted since comes back with the release's folder, and with nothing "
        "else: failover sync-content FOLDER --apply"
    )
