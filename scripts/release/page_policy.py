"""Which pages of a folder the site's Content-Security-Policy would break, said before the publish."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from scripts.release.manifest import ReleaseFile
from scripts.release.serving.content_security import (
    LARGEST_POLICY_CHARACTERS,
    Need,
    needs_of_page,
    needs_of_script,
    needs_of_style_sheet,
    refused,
    widened,
)

MOST_READ_FILES = 400
"""Of a first publish: 10,000 pages would take as long to look at as to send. Pages of one layout need the same."""
_LARGEST_READ_BYTES = 4 * 1024 * 1024
_SHOWN = 3
_READERS: Mapping[str, Callable[[str], set[Need]]] = {
    ".html": needs_of_page, ".htm": needs_of_page, ".css": needs_of_style_sheet, ".js": needs_of_script, ".mjs": needs_of_script,
    ".cjs": needs_of_script,
}  # fmt: skip
_WORDS = {
    "'unsafe-inline'": "inline styles, style attributes or event handlers",
    "'unsafe-eval'": "eval",
    "'wasm-unsafe-eval'": "WebAssembly",
    "data:": "data: addresses",
    "blob:": "blob: addresses",
}


def policy_notes(texts: Iterable[tuple[str, str]], policy: str) -> list[str]:
    """Returns what a policy would refuse, one note each with the first files, and the policy that would not.

    Args:
        texts: path and text of pages, style sheets and scripts.
        policy: the header's value; empty: nothing is known of it, and nothing is said.
    """
    by_need: dict[Need, list[str]] = defaultdict(list)
    for path, text in texts if policy else ():
        reader = _READERS.get(PurePosixPath(path).suffix.lower())
        for need in refused(policy, reader(text)) if reader else ():
            by_need[need].append(path)
    if not by_need:
        return []
    better = widened(policy, sorted(by_need))
    is_too_long = len(better) > LARGEST_POLICY_CHARACTERS
    remedy = (
        f"that takes {len(better):,} characters and CloudFront sends {LARGEST_POLICY_CHARACTERS:,}: write some together"
        if is_too_long
        else "to allow it all, deploy this in the site file"
    )
    return [*_refusals(by_need), f'{remedy}: headers.content_security_policy = "{better}"']


def read_texts(folder: Path, files: Iterable[ReleaseFile]) -> list[tuple[str, str]]:
    """Returns path and text of the files that a policy is about; of many an even selection, pages of every folder among them."""
    wanted = [
        file
        for file in files
        if PurePosixPath(file.path).suffix.lower() in _READERS and file.size_bytes <= _LARGEST_READ_BYTES
    ]
    step = -(-len(wanted) // MOST_READ_FILES) or 1
    return [(file.path, (folder / file.source_path).read_text("utf-8", "replace")) for file in wanted[::step]]


def _refusals(by_need: Mapping[Need, list[str]]) -> list[str]:
    """Returns a line for each directive and kind; inline scripts are one kind, whatever their hashes."""
    kinds: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for need, paths in sorted(by_need.items()):
        is_script = need.source.startswith("'sha256-")
        what = "inline scripts" if is_script else _WORDS.get(need.source, need.source)
        kinds[need.directive, what] |= dict.fromkeys(paths)
    return [
        f"the Content-Security-Policy refuses {what} ({directive}) of {_listed(sorted(paths))}"
        for (directive, what), paths in kinds.items()
    ]


def _listed(paths: list[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else "")
