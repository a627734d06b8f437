"""awscrt against a real endpoint: the same objects as boto3 stores, and a refusal of what is not the planned content."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.aws.clients import session
from scripts.errors import AwsError, RegionUnavailableError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.folder import read_folder
from scripts.release.manifest import ReleaseFile
from scripts.release.native_transfer import upload_natively
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
    files = [replace(first, path=f"{number}.html", source=first.path) for number in range(300)]
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
