"""Zips a function's code, the same bytes on every machine.

cdktf's own archive asset starts `node` from PATH through a shell line that breaks on a space in the output path.
"""

import atexit
import functools
import shutil
import tempfile
import zipfile
from pathlib import Path

# ZIP's epoch; the files' own times would make a new archive in every checkout.
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16


@functools.cache
def zipped(folder: Path) -> Path:
    """Returns a zip of the folder's files, kept until this process ends.

    Stored, not deflated: what deflate writes depends on zlib's version, and Terraform compares digests.
    """
    target = _scratch_folder() / f"{folder.name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _TIMESTAMP)
            entry.external_attr = _READABLE_FILE
            archive.writestr(entry, path.read_bytes())
    return target


@functools.cache
def _scratch_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="failover-assets-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
