"""Writing the built site: whole or not at all, and never over a folder that somebody else made."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.errors import WrongUsageError

_MARK_SUFFIX = ".made-by-failover-build"


def check_folder(folder: Path, source: Path) -> None:
    """Refuses a folder that must not be replaced.

    Raises:
        WrongUsageError: it holds the source, lies in it, is a link or a file, or holds files that no build made.
    """
    here, there = folder.resolve(), source.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise WrongUsageError(f"{folder} and the source {source} lie in each other: choose a folder beside the source")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise WrongUsageError(f"{folder} is no folder: remove it or choose another")
    if folder.is_dir() and any(folder.iterdir()) and not _mark(folder).is_file():
        raise WrongUsageError(
            f"{folder} holds files that `failover build` did not make: empty it or choose another folder"
        )


def write_site(files: Mapping[str, bytes], folder: Path) -> None:
    """Replaces `folder` by the files; a crash leaves the old folder, the new one, or for an instant none.

    Modes are the machine's usual ones and times the present: neither is part of a release.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        made = scratch / "new"
        made.mkdir()
        for path, content in files.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _mark(folder).touch()
        if folder.exists():
            folder.rename(scratch / "old")
        made.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _mark(folder: Path) -> Path:
    """Returns the empty file beside the folder that says who made it; inside, it would be published."""
    return folder.with_name(f".{folder.name}{_MARK_SUFFIX}")
