"""A folder that a web server of one's own serves: `releases/<id>/` whole, and `current`, a link that is replaced in one step.

The folder is on this machine: a mounted disk, or what is copied on with rsync (docs/ROUTING.md has the commands).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from scripts.errors import UnsafePlanError
from scripts.exits.store import MARKER_PATH, ExitUnavailableError, Write, insist_on_paths_within, marker
from scripts.release.checked_files import Progress
from scripts.release.manifest import Manifest, ReleaseFile

CURRENT = "current"
_RELEASES = "releases"
_UNFINISHED = ".part"
_NEW = ".new"
_PARALLEL = 8


class FolderStore:
    """One endpoint's folder.

    A release that is not complete yet lies in `releases/<id>.part`, so that a crash leaves nothing that looks whole. Files that
    the release before has already are hard links to it.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        self._folder = folder
        self.name = name
        self.place = str(folder)

    def active(self) -> str | None:
        """Return the release that `current` leads to."""
        with self._using():
            link = self._folder / CURRENT
            return link.readlink().name if link.is_symlink() else None

    def lacking(self, manifest: Manifest) -> list[ReleaseFile]:
        """Return the files that are absent or differ, by their MD5."""
        files = list(manifest.stored_files)
        with self._using(), ThreadPoolExecutor(_PARALLEL) as pool:
            release = self._release(manifest.release_id)
            return [file for file, is_held in zip(files, pool.map(lambda each: _holds(release, each), files), strict=True)
                    if not is_held]  # fmt: skip

    def bring(self, manifest: Manifest, files: Sequence[ReleaseFile], write: Write, progress: Progress) -> None:
        """Store these files and the marker; the release is whole when this returns."""
        insist_on_paths_within(files)
        with self._using():
            release = self._release(manifest.release_id)
            release.mkdir(parents=True, exist_ok=True)
            before = self._folder / CURRENT

            def store(file: ReleaseFile) -> None:
                target = release / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                if _holds(before, file):
                    _replace(target, lambda new: os.link((before / file.path).resolve(), new))
                else:
                    _replace(target, lambda new: _written(new, file, write))
                progress(file.size_bytes)

            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(store, files))
            _mark(release, self.name)
            if release.name.endswith(_UNFINISHED):
                release.rename(self._whole(manifest.release_id))

    def switch(self, manifest: Manifest) -> None:
        """Replace the link; whoever asks gets the one release or the other."""
        with self._using():
            if not self._whole(manifest.release_id).is_dir():
                raise UnsafePlanError(
                    f"{self.place} does not hold release {manifest.release_id}, so nothing was switched there"
                )
            new = self._folder / f"{CURRENT}{_NEW}"
            new.unlink(missing_ok=True)
            new.symlink_to(Path(_RELEASES) / manifest.release_id)
            new.replace(self._folder / CURRENT)

    def wrong(self, manifest: Manifest) -> list[str]:
        """Return the paths that differ, all of them while another release is active."""
        if self.active() != manifest.release_id:
            return [file.path for file in manifest.stored_files]
        lacking = [file.path for file in self.lacking(manifest)]
        with self._using():
            held = self._folder / CURRENT / MARKER_PATH
            return lacking if held.is_file() and held.read_bytes() == marker(self.name) else [*lacking, MARKER_PATH]

    def keep_only(self, release_ids: Set[str]) -> list[str]:
        """Delete every other release, unfinished ones as well."""
        kept = {*release_ids, self.active()}
        with self._using():
            if not (self._folder / _RELEASES).is_dir():
                return []
            gone = sorted(each.name for each in (self._folder / _RELEASES).iterdir() if each.name not in kept)
            for name in gone:
                shutil.rmtree(self._folder / _RELEASES / name)
            return gone

    def _whole(self, release_id: str) -> Path:
        return self._folder / _RELEASES / release_id

    def _release(self, release_id: str) -> Path:
        whole = self._whole(release_id)
        return whole if whole.is_dir() else whole.with_name(f"{release_id}{_UNFINISHED}")

    @contextmanager
    def _using(self) -> Iterator[None]:
        """Tells what is wrong with the folder; one that is absent is not made, for it may be a disk that is not mounted."""
        if not self._folder.is_dir():
            raise ExitUnavailableError(
                name=self.name, place=self.place, why="no such folder on this machine; make or mount it"
            )
        try:
            yield
        except OSError as error:
            raise ExitUnavailableError(name=self.name, place=self.place, why=str(error)) from error


def _holds(release: Path, file: ReleaseFile) -> bool:
    path = release / file.path
    try:
        if path.stat().st_size != file.size_bytes:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "md5").hexdigest() == file.md5
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False


def _written(path: Path, file: ReleaseFile, write: Write) -> None:
    with path.open("w+b") as stream:
        write(file, stream)
        stream.flush()
        os.fsync(stream.fileno())


def _replace(target: Path, make: Callable[[Path], object]) -> None:
    """Lets `make` write beside the target, then takes its place: a hard link is never written through."""
    new = target.with_name(f"{target.name}{_NEW}")
    new.unlink(missing_ok=True)
    make(new)
    new.replace(target)


def _mark(release: Path, name: str) -> None:
    target = release / MARKER_PATH
    target.parent.mkdir(parents=True, exist_ok=True)
    _replace(target, lambda new: new.write_bytes(marker(name)))
