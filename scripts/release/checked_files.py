"""The files that an upload sends, read and compared with the plan: what both ways of sending them share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scripts.errors import AwsError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.folder import stored_bytes
from scripts.release.manifest import ReleaseFile

BAD_DIGESTS = ("BadDigest", "InvalidDigest", "IncompleteBody")
"""What S3 says of bytes that are not those of their Content-MD5 and length."""
Progress = Callable[[int], None]
"""Called with the number of bytes that one more stored file had; from any thread."""
Uploads = Sequence[tuple[ContentBucket, Sequence[ReleaseFile]]]
LARGE_BYTES = 1024 * 1024
"""From here on a file is streamed and never held: a request of smaller ones holds its bytes."""
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


@contextmanager
def opened(folder: Path, file: ReleaseFile) -> Iterator[IO[bytes]]:
    """Opens a large file to be streamed; S3 compares what comes with the planned MD5.

    Raises:
        UnsafePlanError: it is not what was planned.
    """
    try:
        with (folder / file.source_path).open("rb") as stream:
            if os.fstat(stream.fileno()).st_size != file.size_bytes:
                raise changed(file.path)
            yield stream
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise changed(file.path) from error
    except AwsError as error:
        if error.code in BAD_DIGESTS:
            raise changed(file.path) from error
        raise


def changed(path: str) -> UnsafePlanError:
    """Returns the refusal of a file that is not what was planned."""
    return UnsafePlanError(f"{path} changed while it was published, so nothing was switched: run it again")
