"""awscrt against a real endpoint: the same objects as boto3 stores, and a refusal of what is not the planned content."""

import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.aws.clients import s3_client, session
from scripts.clock import AwsClock
from scripts.errors import AwsError, RegionUnavailableError, UnsafePlanError
from scripts.release import native_transfer
from scripts.release.bucket import ContentBucket
from scripts.release.folder import read_folder
from scripts.release.manifest import ReleaseFile
from scripts.release.native_transfer import upload_natively
from scripts.release.transfer import upload
from tests.worlds.gateway_world import GatewayWorld

REGION = "us-east-1"
PAGE = '<!doctype html><html lang="en"><head><meta name="release" content=""></head><body>page</body></html>'


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "localcloud")
    session.cache_clear()
    yield
    session.cache_clear()


@pytest.fixture
def bucket(gateway_world: GatewayWorld, credentials: None) -> ContentBucket:  # noqa: ARG001  (awscrt asks the environment)
    client: Any = gateway_world.client("s3", REGION)
    return ContentBucket(client, region=REGION, name=gateway_world.bucket())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "a ü+%.txt").write_text("odd name", encoding="utf-8")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "logo.svgz").write_bytes(b"x" * 100_000)
    return tmp_path


def test_objects_are_those_that_the_manifest_says(bucket: ContentBucket, folder: Path) -> None:
    manifest = read_folder(folder)
    sizes: list[int] = []
    confirmed = upload_natively([(bucket, manifest.files)], folder, sizes.append)
    assert confirmed == {REGION: {file.path for file in manifest.files}}
    assert sum(sizes) == manifest.size_bytes
    assert bucket.missing_files(manifest.files) == []
    for file in manifest.files:
        found = bucket.client.get_object(Bucket=bucket.name, Key=file.key)
        assert hashlib.md5(found["Body"].read(), usedforsecurity=False).hexdigest() == file.md5
        assert (found["ContentType"], found["CacheControl"]) == (file.content_type, file.cache_control)
        assert found.get("ContentEncoding") == file.content_encoding
        assert found["Metadata"] == {"release": manifest.release_id, "md5": file.md5}


@pytest.mark.parametrize("name", ["index.html", "logo.svgz"])
def test_file_that_changed_since_it_was_planned_is_refused(bucket: ContentBucket, folder: Path, name: str) -> None:
    manifest = read_folder(folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"y")
    with pytest.raises(UnsafePlanError, match=f"{name} changed while it was published"):
        upload_natively([(bucket, manifest.files)], folder, lambda _: None)


def test_file_that_went_since_it_was_planned_is_refused(bucket: ContentBucket, folder: Path) -> None:
    manifest = read_folder(folder)
    (folder / "logo.svgz").unlink()
    with pytest.raises(UnsafePlanError, match="changed while it was published"):
        upload_natively([(bucket, manifest.files)], folder, lambda _: None)


def test_refusal_of_s3_is_an_aws_error_with_its_code(bucket: ContentBucket, folder: Path) -> None:
    nowhere = ContentBucket(bucket.client, region=REGION, name=f"{bucket.name}-absent")
    with pytest.raises(AwsError, match=r"PutObject on .*: NoSuchBucket") as caught:
        upload_natively([(nowhere, read_folder(folder).files)], folder, lambda _: None)
    assert not isinstance(caught.value, RegionUnavailableError)


def test_more_files_than_requests_in_flight_are_all_sent(bucket: ContentBucket, folder: Path) -> None:
    (first, *_) = read_folder(folder).files
    files = [replace(first, path=f"{number}.html", source=first.source_path) for number in range(300)]
    confirmed = upload_natively([(bucket, files)], folder, lambda _: None)
    assert confirmed == {REGION: {file.path for file in files}}
    assert bucket.missing_files(files) == []


def test_s3_refuses_a_body_that_is_not_its_content_md5(bucket: ContentBucket) -> None:
    """API_PutObject.html: Content-MD5."""
    for md5, code in (("AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"), ("x", "InvalidDigest")):
        with pytest.raises(ClientError, match=code):
            bucket.client.put_object(Bucket=bucket.name, Key="k", Body=b"body", ContentMD5=md5)


def test_file_of_a_folder_knows_whether_it_is_stamped(folder: Path) -> None:
    stamped: list[ReleaseFile] = [file for file in read_folder(folder).files if file.is_stamped]
    assert [file.path for file in stamped] == ["index.html"]


class SilentRegion:
    """A port that takes connections, and what is sent on them, and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)

    def __enter__(self) -> "SilentRegion":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for each in self._taken:
            each.close()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._taken.append(self._listener.accept()[0])


@pytest.mark.parametrize("size", [10, 20_000_000], ids=["a small file", "a large one, streamed"])
def test_region_that_goes_silent_is_given_up_within_30_s_by_botocore_too(
    bucket: ContentBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "film.mp4").write_bytes(b"x" * size)
    files = read_folder(tmp_path).files
    clock = AwsClock()
    with SilentRegion() as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", silent.url)
        gone = ContentBucket(s3_client("eu-west-1", is_hasty=True), region="eu-west-1", name="content")
        with pytest.raises(RegionUnavailableError, match="S3 in eu-west-1 does not answer"):
            upload([(bucket, files), (gone, files)], tmp_path, lambda _: None)
    assert clock.now_seconds() < 30
    assert native_transfer.SILENT_SECONDS < 30


def test_region_that_goes_silent_is_given_up_and_named(
    bucket: ContentBucket, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_transfer, "SILENT_SECONDS", 2.0)
    files = read_folder(folder).files
    clock = AwsClock()
    with SilentRegion() as silent:
        client: Any = session().create_client("s3", region_name="eu-west-1", endpoint_url=silent.url)
        gone = ContentBucket(client, region="eu-west-1", name="content")
        with pytest.raises(RegionUnavailableError, match="S3 in eu-west-1 does not answer") as caught:
            upload_natively([(bucket, files), (gone, files)], folder, lambda _: None)
    assert caught.value.region == "eu-west-1"
    assert clock.now_seconds() < 30
    assert bucket.missing_files(files) == []  # the other region was sent everything meanwhile
