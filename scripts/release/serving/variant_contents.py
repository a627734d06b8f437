"""Whether a `.br` or `.gz` file is what lies beside it, compressed: a stale one would be served in its place."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any, Protocol

from scripts.release.serving.content_types import content_type_of, extension, is_compressible

VARIANT_SUFFIXES = {".br": "br", ".gz": "gzip"}
"""Suffix of a variant's name -> content coding (https://www.iana.org/assignments/http-parameters/)."""
_PART_BYTES = 64 * 1024
"""What is undone at once: compressed a thousand times, it becomes 64 MB."""
_GZIP_WINDOW = 31
"""zlib's own sign for gzip with its largest window: https://docs.python.org/3/library/zlib.html#zlib.decompressobj"""


def base_by_name(path: str) -> str | None:
    """Returns the text whose variant a file would be by its name."""
    suffix = extension(path)
    base = path[: -len(suffix)] if suffix in VARIANT_SUFFIXES else ""
    return base if base and is_compressible(content_type_of(base)) else None


class InnerDigest:
    """Digests what a compressed file holds, part by part.

    Args:
        path: tells the coding.
    """

    def __init__(self, path: str) -> None:
        self._digest = hashlib.sha256()
        self._undo: _Undo | None = _Brotli() if path.lower().endswith(".br") else _Gzip()

    def read(self, content: bytes) -> None:
        """Takes the next bytes of the file."""
        for start in range(0, len(content), _PART_BYTES):
            if self._undo is None:
                return
            try:
                self._digest.update(self._undo.read(content[start : start + _PART_BYTES]))
            except ValueError:
                self._undo = None

    def sha256(self) -> str:
        """Returns the hex digest of what the file holds; empty when it is not compressed, or cut off."""
        return self._digest.hexdigest() if self._undo is not None and self._undo.is_whole() else ""


class _Undo(Protocol):
    def read(self, part: bytes) -> bytes:
        """Returns what the next bytes hold; ValueError: they are not of this coding."""

    def is_whole(self) -> bool:
        """Returns whether the end was read."""


class _Gzip:
    """One or several members, one after the other: https://www.rfc-editor.org/rfc/rfc1952#section-2.2."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._has_begun = False

    def read(self, part: bytes) -> bytes:
        found = []
        while part:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            try:
                found.append(self._member.decompress(part))
            except zlib.error as error:
                raise ValueError(str(error)) from error
            self._has_begun = True
            part = self._member.unused_data
        return b"".join(found)

    def is_whole(self) -> bool:
        return self._has_begun and self._member.eof


class _Brotli:
    def __init__(self) -> None:
        import brotli  # compiled, and most sites have no such files

        self._stream: Any = brotli.Decompressor()
        self._error = brotli.error

    def read(self, part: bytes) -> bytes:
        try:
            found: bytes = self._stream.process(part)
        except self._error as error:
            raise ValueError(str(error)) from error
        return found

    def is_whole(self) -> bool:
        is_finished: bool = self._stream.is_finished()
        return is_finished
