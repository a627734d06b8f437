"""Sending files: large ones are streamed and never held, and what changed since the plan is refused."""

import io
import tracemalloc
from pathlib import Path
from typing import IO, Any

import pytest

from scripts.errors import AwsError, UnsafePlanError
from scripts.release import transfer
from scripts.release.checked_files import LARGE_BYTES
from scripts.release.folder import read_folder
from scripts.release.manifest import ReleaseFile
from scripts.release.transfer import NATIVE_FROM_FILES, upload


class Taking:
    """A bucket that reads what it is given in parts and remembers how it was given."""

    region = "eu-central-1"
    name = "content"

    def __init__(self, refuses: str | None = None) -> None:
        self.bodies: dict[str, bytes | IO[bytes]] = {}
        self._refuses = refuses

    def put_file(self, file: ReleaseFile, body: bytes | IO[bytes]) -> str:
        if self._refuses is not None:
            raise AwsError(operation="PutObject", resource=file.key, code=self._refuses)
        self.bodies[file.path] = body
        return file.md5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("x", encoding="utf-8")
    (tmp_path / "film.mp4").write_bytes(bytes(LARGE_BYTES))
    return tmp_path


def sent(folder: Path, bucket: Any) -> dict[str, set[str]]:
    return upload([(bucket, read_folder(folder).files)], folder, lambda _: None)


def test_large_file_is_streamed(folder: Path) -> None:
    bucket = Taking()
    assert sent(folder, bucket) == {"eu-central-1": {"film.mp4", "index.html"}}
    assert isinstance(bucket.bodies["film.mp4"], io.BufferedReader)
    assert bucket.bodies["index.html"] == b"x"


@pytest.mark.parametrize("code", ["BadDigest", "IncompleteBody"])
def test_large_file_that_changed_while_it_was_sent_is_refused(folder: Path, code: str) -> None:
    files = [file for file in read_folder(folder).files if file.path == "film.mp4"]
    bucket: Any = Taking(refuses=code)
    with pytest.raises(UnsafePlanError, match=r"film\.mp4 changed while it was published"):
        upload([(bucket, files)], folder, lambda _: None)


@pytest.mark.parametrize("change", ["shorter", "gone"])
def test_large_file_that_changed_before_is_refused(folder: Path, change: str) -> None:
    files = read_folder(folder).files
    (folder / "film.mp4").write_bytes(b"x") if change == "shorter" else (folder / "film.mp4").unlink()
    bucket: Any = Taking()
    with pytest.raises(UnsafePlanError, match=r"film\.mp4 changed while it was published"):
        upload([(bucket, files)], folder, lambda _: None)


def test_of_many_files_the_large_ones_are_streamed_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(NATIVE_FROM_FILES):
        (folder / f"{number}.txt").write_text("x", encoding="utf-8")
    native: list[str] = []

    def natively(uploads: Any, *_: object) -> dict[str, set[str]]:
        native.extend(file.path for _, files in uploads for file in files)
        return {bucket.region: {file.path for file in files} for bucket, files in uploads}

    from scripts.release import native_transfer

    monkeypatch.setattr(native_transfer, "upload_natively", natively)
    bucket = Taking()
    confirmed = sent(folder, bucket)
    assert (list(bucket.bodies), "film.mp4" in native) == (["film.mp4"], False)
    assert len(confirmed["eu-central-1"]) == NATIVE_FROM_FILES + 2
    assert transfer.PARALLEL_UPLOADS * LARGE_BYTES <= 32 * 1024**2


class Counting(Taking):
    """A bucket that reads a stream to its end in parts, as botocore does, and keeps nothing."""

    read_bytes = 0

    def put_file(self, file: ReleaseFile, body: bytes | IO[bytes]) -> str:
        assert not isinstance(body, bytes)
        while part := body.read(1024 * 1024):
            self.read_bytes += len(part)
        return file.md5


LARGEST_HELD_BYTES = 16 * 1024**2


@pytest.mark.slow
def test_file_of_more_than_a_gigabyte_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    """A hole of 1.3 GB, hashed, planned and sent to two regions; nowhere is more of it held than a part."""
    size = 1_300_000_000
    (tmp_path / "index.html").write_bytes(b"x" * LARGE_BYTES)
    with (tmp_path / "film.mp4").open("wb") as film:
        film.truncate(size)
    tracemalloc.start()
    try:
        files = [file for file in read_folder(tmp_path).files if file.path == "film.mp4"]
        regions: list[Any] = [Counting(), Counting()]
        regions[1].region = "us-east-1"
        upload([(each, files) for each in regions], tmp_path, lambda _: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [each.read_bytes for each in regions] == [size, size]
    assert peak < LARGEST_HELD_BYTES
