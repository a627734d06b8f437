"""Precompressed variants of a release, as the routers choose them: by extension. Pure.

`app.css.br` beside `app.css` is that file's variant (file_rules.py gives it its headers). A router cannot hold a list of files in
a value of 1 KB, so the routing value names, per content coding, the extensions of which *every* file of the release has that
variant: a viewer who accepts the coding then gets `path + ".br"`, and the object is certain to be there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from scripts.release.serving.variant_contents import VARIANT_SUFFIXES

LARGEST_LIST_CHARACTERS = 80
"""Of both lists together: the routing value names three releases and holds 1 KB."""

_EXTENSION = re.compile(r"[A-Za-z0-9_-]{1,16}")


class StoredFile(Protocol):
    """What is asked of a file; scripts/release/manifest.py has them."""

    @property
    def path(self) -> str:
        """Relative path."""

    @property
    def size_bytes(self) -> int:
        """Length of what is stored."""

    @property
    def content_type(self) -> str:
        """Value of the header."""

    @property
    def content_encoding(self) -> str | None:
        """Value of the header; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """The extensions that a release has wholly in a content coding.

    Attributes:
        br: extensions without their dot, as written in the names, separated by spaces; empty when there are none.
        gzip: the same.
    """

    br: str = ""
    gzip: str = ""

    def paths_of(self, path: str) -> Iterable[str]:
        """Yields the paths that routers make of `path` for viewers who accept a coding."""
        extension = extension_of(path)
        yield from (
            f"{path}{suffix}"
            for suffix, encoding in VARIANT_SUFFIXES.items()
            if extension and extension in getattr(self, encoding).split(" ")
        )


def extension_of(path: str) -> str:
    """Returns what follows the last dot of a file's name, letter case and all; empty without one."""
    return path.rsplit("/", 1)[-1].rpartition(".")[2] if "." in path.rsplit("/", 1)[-1] else ""


def complete_variants(files: Iterable[StoredFile]) -> Variants:
    """Returns the extensions of which every file has its variant; the largest first when the lists grow too long."""
    by_path = {file.path: file for file in files}
    if not any(path.endswith(tuple(VARIANT_SUFFIXES)) for path in by_path):
        return Variants()
    held: dict[str, set[str]] = {encoding: set() for encoding in VARIANT_SUFFIXES.values()}
    wanted: dict[str, set[str]] = defaultdict(set)
    for path, file in by_path.items():
        encoding = _encoding_of_variant(path, file, by_path)
        if encoding is None:
            wanted[extension_of(path)].add(path)
        else:
            held[encoding].add(path.rpartition(".")[0])
    sizes = {end: sum(by_path[path].size_bytes for path in paths) for end, paths in wanted.items()}
    complete = {
        encoding: {end for end, paths in wanted.items() if _EXTENSION.fullmatch(end) and paths <= bases}
        for encoding, bases in held.items()
    }
    return Variants(**_within_limit(complete, sizes))


def _encoding_of_variant(path: str, file: StoredFile, by_path: Mapping[str, StoredFile]) -> str | None:
    """Returns the coding of a variant; None when the file stands for itself."""
    base, _, end = path.rpartition(".")
    encoding = VARIANT_SUFFIXES.get(f".{end}")
    if encoding is None or file.content_encoding != encoding or base not in by_path:
        return None
    return encoding if by_path[base].content_type == file.content_type else None


def _within_limit(complete: Mapping[str, set[str]], sizes: Mapping[str, int]) -> dict[str, str]:
    left = LARGEST_LIST_CHARACTERS
    lists = {}
    for encoding, extensions in complete.items():
        kept = []
        for end in sorted(extensions, key=lambda each: (-sizes[each], each)):
            if len(end) + 1 <= left:
                kept.append(end)
                left -= len(end) + 1
        lists[encoding] = " ".join(sorted(kept))
    return lists
