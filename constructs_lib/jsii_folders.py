"""The folders that jsii writes to: tried before it starts, and what it says of them afterwards in one sentence.

Of a folder that cannot be used, jsii 1.142 prints a page of JavaScript, and below /proc its `mkdir` never ends.
"""

import errno
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# "EACCES: permission denied, mkdir '/out/stacks'", and of a link "ENOSPC: no space left on device, symlink '/a' -> '/b'":
# https://nodejs.org/api/errors.html#nodejs-error-codes
_OF_NODE = re.compile(r"\b(E[A-Z]+): [^',]+, \w+(?: '(?:[^']+' -> ')?([^']+)')?")
_OF_CACHE = re.compile(r"Cannot use the jsii package cache in (.+?): (.+?)\. Fix the directory", re.DOTALL)
_TEMPORARY = "jsii keeps its program there: make it writable and free 10 MB, or set TMPDIR to a folder that is"
_CACHE = (
    "jsii keeps its packages there: make it writable and free 1 GB, or set HOME or JSII_RUNTIME_PACKAGE_CACHE_ROOT to a "
    "folder that is"
)
_PROGRAM_BYTES = 2_000_000  # what jsii unpacks into the temporary folder


class UnusableFolderError(Exception):
    """jsii cannot write to a folder that it needs; the message names it, the reason and what to do."""


def check(environ: Mapping[str, str]) -> None:
    """Tries to write where jsii will write.

    Raises:
        UnusableFolderError: it would not succeed.
    """
    _check(temporary_folder(environ), _TEMPORARY, needed_bytes=_PROGRAM_BYTES)  # jsii does not make it
    if environ.get("JSII_RUNTIME_PACKAGE_CACHE", "enabled").lower() == "enabled":
        cache = package_cache(environ)
        with _told(cache, _CACHE):
            cache.mkdir(parents=True, exist_ok=True, mode=0o700)  # as jsii would
        _check(cache, _CACHE, needed_bytes=1)


def temporary_folder(environ: Mapping[str, str]) -> Path:
    """Returns Node.js's: https://nodejs.org/api/os.html#ostmpdir. Python's own leaves out what cannot be written to."""
    return Path(environ.get("TMPDIR") or environ.get("TMP") or environ.get("TEMP") or "/tmp")  # noqa: S108  Node's own


def package_cache(environ: Mapping[str, str]) -> Path:
    """Returns the folder in which jsii 1.142 keeps unpacked packages."""
    explicit = environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT")
    if explicit:
        return Path(explicit)
    home = Path(environ["HOME"] if "HOME" in environ else os.path.expanduser("~"))  # noqa: PTH111  never raises
    if not home.is_absolute():
        return temporary_folder(environ) / f"aws-jsii-package-cache-{os.getuid()}"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "com.amazonaws.jsii" / "package-cache"
    return home / ".cache" / "aws" / "jsii" / "package-cache"


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """What jsii says of a folder inside the block becomes one sentence: a disk may be full only on the way.

    Args:
        folder: what is written in the block, where Node.js does not say to which file ("ENOSPC: ..., write").

    Raises:
        UnusableFolderError: its package cache cannot be used.
        OSError: Node.js could not do something to another file, which is the error's `filename`.
    """
    try:
        yield
    except Exception as error:  # jsii raises a RuntimeError or one of its own; anything else passes on
        text = str(error)
        if cache := _OF_CACHE.search(text):
            raise UnusableFolderError(f"{cache[1]}: {cache[2]}; {_CACHE}") from error
        found = _OF_NODE.search(text)
        number = getattr(errno, found[1], None) if found else None
        if found is None or number is None:
            raise
        raise OSError(number, os.strerror(number), found[2] or str(folder)) from error


def _check(folder: Path, remedy: str, *, needed_bytes: int) -> None:
    with _told(folder, remedy), tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(needed_bytes))


@contextmanager
def _told(folder: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnusableFolderError(f"{folder}: {error.strerror}; {remedy}") from error
