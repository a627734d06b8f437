"""Writing files so that nobody ever reads half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, text: str | Iterable[str], *, durable: bool = False, is_secret: bool = False) -> None:
    """Replace `path` by `text` in one step; parent folders are made.

    Args:
        path: what to replace.
        text: its new content, written as UTF-8; of a large one the parts, which need not be there at the same time.
        durable: also survive a power cut: fsync the file before and its folder after the rename.
        is_secret: readable by its owner alone, whatever the umask; default: by everybody.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        error.filename = str(path)  # nobody knows the temporary one
        raise
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines((text,) if isinstance(text, str) else text)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(temporary).chmod(0o600 if is_secret else 0o644)
        Path(temporary).replace(path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a write does not say to which file: a full disk, above all
        raise
    if durable:
        sync_folder(path.parent)


def in_words(error: OSError) -> str:
    """Return what the operating system refused, where, and what to do; never a bare number.

    A write does not say to which file: of a full disk the folders of this process that are on one are named.
    """
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}; give another path, or mend what is there"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        full = ", ".join(_full(_written_to())) or "the output, or a folder that this command writes to"
        return f"{error.strerror}: {full}; free space there, or write to another folder"
    if error.errno == errno.ENOENT:  # tempfile's: it has tried every folder that it knows
        return f"{error.strerror}; free space there, or set TMPDIR to a folder that can be written to"
    return error.strerror or str(error) or type(error).__name__


def _written_to() -> Iterable[tuple[str, str | int]]:
    """Return what a command may write to, as it is called, and as a path or a descriptor."""
    yield "the file of the output", 1
    for name in ("TMPDIR", "HOME"):
        if folder := os.environ.get(name):
            yield folder, folder
    yield from (("/tmp", "/tmp"), ("this folder", "."))  # noqa: S108  looked at only


def _full(places: Iterable[tuple[str, str | int]]) -> Iterable[str]:
    for name, place in places:
        with suppress(OSError):
            if os.statvfs(place).f_bavail == 0:
                yield name


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
