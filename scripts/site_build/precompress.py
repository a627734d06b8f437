"""Brotli variants beside the files: better than an edge compresses on the fly, and the only compression that layer 3 has.

Whole extensions at a time, because a router decides by the extension (scripts/release/serving/file_rules.py). Brotli alone:
every current browser takes it over HTTPS (https://caniuse.com/brotli), CloudFront makes gzip for the rest, and zlib's output
is not the same on every machine, while the brotli package's is that of its pinned version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

import brotli

from scripts.release.serving.content_types import content_type_of, is_compressible, is_html

SUFFIX = ".br"
# Measured with brotli 1.2 on 236 scripts, styles and source maps: 10 gives 2 % more bytes than 11 in a third of its time, and 9
# gives 11 % more in a twentieth.
QUALITY = 10
LARGE_FROM_BYTES = 64 * 1024
QUALITY_OF_LARGE = 9
_THREADS = 4
"""brotli lets other threads run while it compresses."""
LEAST_SAVED_RATIO = 0.05
"""Below this an extension is left alone: our own line between a smaller site and a doubled number of objects."""


def variants(files: Mapping[str, bytes], advance: Callable[[int], None] = lambda _: None) -> dict[str, bytes]:
    """Returns path -> content of the variants that pay; pages have none, they are stamped while publishing.

    Args:
        files: the finished site.
        advance: is told the bytes of the files that are done.
    """
    by_suffix: dict[str, dict[str, bytes]] = defaultdict(dict)
    paying = [path for path in files if _may_pay(content_type_of(path))]
    advance(sum(map(len, files.values())) - sum(len(files[path]) for path in paying))
    with ThreadPoolExecutor(_THREADS) as pool:
        for path, compressed in zip(paying, pool.map(_compressed, (files[path] for path in paying)), strict=True):
            by_suffix[PurePosixPath(path).suffix][path] = compressed
            advance(len(files[path]))
    made: dict[str, bytes] = {}
    for variants_of_suffix in by_suffix.values():
        before = sum(len(files[path]) for path in variants_of_suffix)
        after = sum(len(content) for content in variants_of_suffix.values())
        is_free = not any(f"{path}{SUFFIX}" in files for path in variants_of_suffix)
        if after < before * (1 - LEAST_SAVED_RATIO) and is_free:
            made |= {f"{path}{SUFFIX}": content for path, content in variants_of_suffix.items()}
    return made


def _may_pay(content_type: str) -> bool:
    return is_compressible(content_type) and not is_html(content_type)


def _compressed(content: bytes) -> bytes:
    compressed: bytes = brotli.compress(
        content, quality=QUALITY if len(content) < LARGE_FROM_BYTES else QUALITY_OF_LARGE
    )
    return compressed
