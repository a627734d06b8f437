"""Where the outputs are kept beside the states, and how they are had again when the first bucket is not to be had."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from scripts.errors import AwsError, MissingOutputError, WrongUsageError
from scripts.terraform.kept_outputs import Place, fetch, keep, place_of

SITE_FILE = """
[site]
project = "shop"
environment = "prod"
[state]
bucket = "shop-states"
region = "eu-west-1"
"""
OUTPUTS = '{"edge": {"hostname": "www.example.test"}}'


class Buckets:
    """S3 as far as it is asked: objects by bucket and key, and buckets that answer with an error."""

    def __init__(self, objects: dict[tuple[str, str], bytes], errors: dict[str, Exception] | None = None) -> None:
        self.objects = objects
        self.errors = errors or {}
        self.asked: list[tuple[str, str]] = []
        self._region = ""

    def __call__(self, region: str) -> Any:
        self._region = region
        return self

    def _ask(self, bucket: str) -> None:
        self.asked.append((bucket, self._region))
        if bucket in self.errors:
            raise self.errors[bucket]

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        self._ask(Bucket)
        assert ContentType == "application/json"
        self.objects[Bucket, Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self._ask(Bucket)
        if (Bucket, Key) not in self.objects:
            raise refused("NoSuchKey")
        return {"Body": BytesIO(self.objects[Bucket, Key])}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetObject")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    path = tmp_path / "site.toml"
    path.write_text(f'{SITE_FILE}replica_region = "eu-north-1"\n', encoding="utf-8")
    return place_of(path)


def test_place_is_beside_the_states_and_in_their_replica(place: Place) -> None:
    assert place.key == "shop/prod/outputs.json"
    assert place.buckets == (("shop-states", "eu-west-1"), ("shop-states-replica", "eu-north-1"))
    assert str(place) == (
        "s3://shop-states/shop/prod/outputs.json (eu-west-1) and s3://shop-states-replica/shop/prod/outputs.json (eu-north-1)"
    )


def test_place_without_a_replica_is_one_bucket(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE_FILE, encoding="utf-8")
    assert place_of(path).buckets == (("shop-states", "eu-west-1"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file or directory; name the site file with --site-file"),
        ("[site", "names no bucket of states"),
        (
            '[site]\nproject = "shop"\nenvironment = "prod"\n[state]\nbackend = "local"\n',
            "names no bucket of states .'bucket'",
        ),
        ('state = "here"\n[site]\nproject = "shop"\nenvironment = "prod"\n', "names no bucket of states"),
    ],
)
def test_place_rejects_a_file_that_keeps_no_state_in_s3(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "site.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongUsageError, match=said):
        place_of(path)


def test_outputs_are_kept_in_the_states_bucket_alone(place: Place, tmp_path: Path) -> None:
    path, s3 = tmp_path / "outputs.json", Buckets({})
    path.write_text(OUTPUTS, encoding="utf-8")
    keep(place, path, s3)
    assert s3.objects == {("shop-states", place.key): OUTPUTS.encode()}, "S3 copies it to the replica"
    assert s3.asked == [("shop-states", "eu-west-1")]


def test_refused_write_names_the_object(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    path.write_text(OUTPUTS, encoding="utf-8")
    with pytest.raises(AwsError, match=r"s3://shop-states/shop/prod/outputs\.json.*AccessDenied"):
        keep(place, path, Buckets({}, {"shop-states": refused("AccessDenied")}))


def test_outputs_are_fetched_from_the_states_bucket_first(place: Place, tmp_path: Path) -> None:
    s3 = Buckets({("shop-states", place.key): OUTPUTS.encode(), ("shop-states-replica", place.key): b"older"})
    assert fetch(place, tmp_path / "outputs.json", s3) == "shop-states"
    assert (tmp_path / "outputs.json").read_text(encoding="utf-8") == OUTPUTS
    assert s3.asked == [("shop-states", "eu-west-1")]


@pytest.mark.parametrize(
    "error", [refused("AccessDenied"), EndpointConnectionError(endpoint_url="https://s3.eu-west-1.amazonaws.com")]
)
def test_outputs_are_fetched_from_the_replica_when_the_states_bucket_fails(
    place: Place, tmp_path: Path, error: Exception
) -> None:
    s3 = Buckets({("shop-states-replica", place.key): OUTPUTS.encode()}, {"shop-states": error})
    assert fetch(place, tmp_path / "outputs.json", s3) == "shop-states-replica"
    assert (tmp_path / "outputs.json").read_text(encoding="utf-8") == OUTPUTS
    assert s3.asked[-1] == ("shop-states-replica", "eu-north-1")


def test_outputs_that_are_nowhere_leave_the_file_as_it_is_and_name_every_reason(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    path.write_text("of yesterday", encoding="utf-8")
    with pytest.raises(MissingOutputError) as raised:
        fetch(place, path, Buckets({}, {"shop-states": refused("AccessDenied")}))
    assert "AccessDenied" in str(raised.value) and "NoSuchKey" in str(raised.value)
    assert path.read_text(encoding="utf-8") == "of yesterday"
