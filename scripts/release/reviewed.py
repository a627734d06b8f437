"""What a built site is called from its review to its switch: the release's id and a digest of the folder's very bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scripts.errors import UnsafePlanError


def identity(folder: Path, release_id: str) -> str:
    """Returns `RELEASE_ID@SHA256`; the digest is of every file's path and content, in the order of the paths.

    Args:
        folder: the built site.
        release_id: its release's id, which also covers how each file is answered.
    """
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return f"{release_id}@{digest.hexdigest()}"


def insist(folder: Path, release_id: str, reviewed: str) -> None:
    """Checks that a folder is what was reviewed.

    Raises:
        UnsafePlanError: it is not, or would be answered in another way.
    """
    found, (wanted_id, _, wanted_digest) = identity(folder, release_id), reviewed.partition("@")
    if found == reviewed:
        return
    if found.partition("@")[2] == wanted_digest:
        raise UnsafePlanError(
            f"{folder} has the bytes that were reviewed, but is release {release_id} here and {wanted_id} was reviewed: the "
            "deployed site file's [content] is another one. Deploy the reviewed site file first; nothing was published"
        )
    raise UnsafePlanError(f"{folder} is {found}, and {reviewed} was reviewed: nothing was published")
