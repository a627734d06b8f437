"""The files that an upload sends, read and compared with the plan: what both ways of sending them share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.errors import UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.folder import stored_bytes
from scripts.release.manifest import ReleaseFile

Progress = Callable[[int], None]
"""Called with the number of bytes that one more stored file had; from any thread."""
Uploads = Sequence[tuple[ContentBucket, Sequence[ReleaseFile]]]
Confirmed = dict[str, set[str]]
"""Region -> paths of the files of which S3 says that it stored what it was sent; texts that the files have anyway."""


def checked_bytes(folder: Path, file: ReleaseFile) -> bytes:
    """Returns what is stored for a file.

    Raises:
        UnsafePlanError: it is not what was planned.
    """
    try:
        body = stored_bytes(folder / file.source_path, file.increment)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise changed(file.path) from error
    if len(body) != file.size_bytes or hashlib.md5(body, usedforsecurity=False).hexdigest() != file.md5:
        raise changed(file.path)
    return body


def changed(path: str) -> UnsafePlanError:
    """Returns the refusal of a file that is not what was planned."""
    return UnsafePlanError(f"{path} changed while it was published, so nothing was switched: run it again")
