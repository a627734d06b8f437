"""Brotli variants beside the files: better than an edge compresses on the fly, and the only compression that layer 3 has.

Whole extensions at a time, because a router decides by the extension (scripts/release/serving/file_rules.py). Brotli alone:
every current browser takes it over HTTPS (https://caniuse.com/brotli), CloudFront makes gzip for the rest, and zlib's output
is not the same on every machine, while the brotli package's is that of its pinned version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

import brotli

from scripts.release.serving.content_types import content_type_of, is_compressible, is_html

SUFFIX = ".br"
LEAST_SAVED_RATIO = 0.05
"""Below this an extension is left alone: our own line between a smaller site and a doubled number of objects."""


def variants(files: Mapping[str, bytes], advance: Callable[[int], None] = lambda _: None) -> dict[str, bytes]:
    """Returns path -> content of the variants that pay; pages have none, they are stamped while publishing.

    Args:
        files: the finished site.
        advance: is told the bytes of each file that is done.
    """
    by_suffix: dict[str, dict[str, bytes]] = defaultdict(dict)
    for path, content in files.items():
        content_type = content_type_of(path)
        if is_compressible(content_type) and not is_html(content_type):
            by_suffix[PurePosixPath(path).suffix][path] = brotli.compress(content, quality=11)
        advance(len(content))
    made: dict[str, bytes] = {}
    for compressed in by_suffix.values():
        before = sum(len(files[path]) for path in compressed)
        after = sum(len(content) for content in compressed.values())
        if after < before * (1 - LEAST_SAVED_RATIO) and not any(f"{path}{SUFFIX}" in files for path in compressed):
            made |= {f"{path}{SUFFIX}": content for path, content in compressed.items()}
    return made
