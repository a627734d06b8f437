"""A site as a generator makes it: 10,000 files, 300 MB; pages, fingerprinted assets, images."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

PAGES, ASSETS, IMAGES = 6_000, 2_000, 2_000
_PAGE_BYTES, _ASSET_BYTES, _IMAGE_BYTES = (4_000, 24_000), (2_000, 60_000), (5_000, 155_000)


def make_site(folder: Path, *, scale: int = 1) -> int:
    """Writes the site; the same bytes every time. `scale` multiplies the number of files. Returns the number of bytes."""
    source = random.Random(2026)  # noqa: S311  (no secret: a site that is the same in every run)
    total = _write(folder / "index.html", source.randbytes(8_000))
    for number in range(PAGES * scale - 1):
        path = folder / "posts" / f"{number // 100:04d}" / f"post-{number}" / "index.html"
        total += _write(path, source.randbytes(source.randint(*_PAGE_BYTES)))
    for number in range(ASSETS * scale):
        body = source.randbytes(source.randint(*_ASSET_BYTES))
        digest = hashlib.sha256(body).hexdigest()[:8]
        total += _write(folder / "assets" / f"{number % 256:02x}" / f"chunk-{number}.{digest}.js", body)
    for number in range(IMAGES * scale):
        path = folder / "images" / f"{number // 50:03d}" / f"image-{number}.webp"
        total += _write(path, source.randbytes(source.randint(*_IMAGE_BYTES)))
    return total


def change_pages(folder: Path, count: int, text: str) -> list[Path]:
    """Changes the content, size and time of `count` pages, and returns them."""
    pages = sorted((folder / "posts").glob("*/*/index.html"))[:count]
    for path in pages:
        path.write_bytes(path.read_bytes() + text.encode())
    return pages


def make_fresh(folder: Path) -> None:
    """Gives every file the time of now, as a checkout and a build in CI do."""
    for path in folder.rglob("*"):
        os.utime(path)


def _write(path: Path, body: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return len(body)
