"""Publishing: what is sent, what is verified, when it switches, and what a failure leaves behind."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from scripts.errors import AwsError, MissingOutputError, UnsafePlanError, WrongUsageError
from scripts.release.bucket import ContentBucket
from scripts.release.digests import Digesting, FileDigest
from scripts.release.folder import read_folder
from scripts.release.manifest import Manifest, manifest_key, parse_manifest
from scripts.release.pointers import read_pointer
from scripts.release.publish import Publisher
from scripts.release.routing import Routing, RoutingStore, ServedRelease, parse_routing
from scripts.release.serving.content_settings import parse_content
from scripts.release.switching import Switcher
from tests.worlds.fake_store import FakeKeyValueStore

REGIONS = ("eu-central-1", "us-east-1")
PAGE = '<!doctype html><html lang="en"><head><meta name="release" content=""></head><body>{}</body></html>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "img").mkdir(parents=True)
    (site / "index.html").write_text(PAGE.format("one"), encoding="utf-8")
    (site / "404.html").write_text(PAGE.format("nothing"), encoding="utf-8")
    (site / "img" / "logo.svg").write_text("<svg/>", encoding="utf-8")
    return site


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """moto, started once: that takes longer than the tests."""
    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws():
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield


@pytest.fixture
def buckets(aws: None) -> list[ContentBucket]:  # noqa: ARG001  (must have started)
    """Two empty buckets of this test's own."""
    made = []
    for region in REGIONS:
        client = boto3.client("s3", region_name=region)
        where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        name = f"content-{region}-{uuid.uuid4()}"
        client.create_bucket(Bucket=name, **where)
        made.append(ContentBucket(client, region=region, name=name))
    return made


@pytest.fixture
def store() -> FakeKeyValueStore:
    return FakeKeyValueStore()


@pytest.fixture
def publisher(buckets: list[ContentBucket], store: FakeKeyValueStore) -> Publisher:
    return Publisher(buckets, RoutingStore(cast("Any", store), "arn:store"))


@pytest.fixture
def switcher(buckets: list[ContentBucket], store: FakeKeyValueStore) -> Switcher:
    return Switcher(buckets, RoutingStore(cast("Any", store), "arn:store"))


def publish(publisher: Publisher, folder: Path) -> Manifest:
    manifest = read_folder(folder)
    publisher.apply(publisher.plan(manifest), folder)
    return manifest


def active(store: FakeKeyValueStore) -> str | None:
    return parse_routing(store.values.get("routing", "{}")).release_id


def pointed_at(bucket: ContentBucket) -> str | None:
    pointer = read_pointer(bucket.client, bucket.name)
    return None if pointer is None else pointer.release_id


def release(name: str) -> ServedRelease:
    return ServedRelease(id=name, base=name)


def test_same_folder_is_the_same_release(folder: Path) -> None:
    assert read_folder(folder) == read_folder(folder)


def test_any_change_is_another_release(folder: Path) -> None:
    before = read_folder(folder).release_id
    (folder / "img" / "logo.svg").write_text("<svg />", encoding="utf-8")
    assert read_folder(folder).release_id != before


def test_pages_are_stamped_with_their_release(publisher: Publisher, folder: Path, buckets: list[ContentBucket]) -> None:
    manifest = publish(publisher, folder)
    for bucket in buckets:
        found = bucket.client.get_object(Bucket=bucket.name, Key=f"{manifest.prefix}index.html")
        assert f'content="{manifest.release_id}"'.encode() in found["Body"].read()
        assert found["Metadata"]["release"] == manifest.release_id
        assert found["ContentType"] == "text/html; charset=utf-8"
        assert "must-revalidate" in found["CacheControl"]


def test_first_publish_plans_everything_for_both_regions(publisher: Publisher, folder: Path) -> None:
    plan = publisher.plan(read_folder(folder))
    assert {region: len(files) for region, files in plan.uploads.items()} == dict.fromkeys(REGIONS, 3)
    assert plan.switches


def test_plan_changes_nothing(
    publisher: Publisher, folder: Path, store: FakeKeyValueStore, buckets: list[ContentBucket]
) -> None:
    publisher.plan(read_folder(folder))
    assert store.writes == 0
    assert all("Contents" not in bucket.client.list_objects_v2(Bucket=bucket.name) for bucket in buckets)


def test_publish_switches_with_one_write(publisher: Publisher, folder: Path, store: FakeKeyValueStore) -> None:
    manifest = publish(publisher, folder)
    assert active(store) == manifest.release_id
    assert store.writes == 1


def test_publish_points_the_regional_endpoints(
    publisher: Publisher, folder: Path, buckets: list[ContentBucket]
) -> None:
    manifest = publish(publisher, folder)
    assert [pointed_at(bucket) for bucket in buckets] == [manifest.release_id] * 2


def test_publish_copies_the_not_found_page(publisher: Publisher, folder: Path, buckets: list[ContentBucket]) -> None:
    publish(publisher, folder)
    for bucket in buckets:
        body = bucket.client.get_object(Bucket=bucket.name, Key="errors/404.html")["Body"].read()
        assert b"nothing" in body


def test_second_publish_of_the_same_folder_has_nothing_to_do(publisher: Publisher, folder: Path) -> None:
    publish(publisher, folder)
    assert publisher.plan(read_folder(folder)).is_empty


def test_interrupted_publish_is_finished_and_sends_only_the_rest(
    publisher: Publisher, folder: Path, buckets: list[ContentBucket], store: FakeKeyValueStore
) -> None:
    manifest = read_folder(folder)
    file = manifest.files[0]
    buckets[0].put_file(
        file,
        (folder / file.path).read_bytes().replace(b'content=""', f'content="{manifest.release_id}"'.encode()),
    )
    plan = publisher.plan(manifest)
    assert file not in plan.uploads[REGIONS[0]]
    publisher.apply(plan, folder)
    assert active(store) == manifest.release_id


def test_crash_after_the_switch_is_finished_by_the_next_run(
    publisher: Publisher, folder: Path, buckets: list[ContentBucket]
) -> None:
    manifest = publish(publisher, folder)
    buckets[1].client.delete_object(Bucket=buckets[1].name, Key="control/active.json")
    plan = publisher.plan(manifest)
    assert plan.stale_pointers == (REGIONS[1],)
    publisher.apply(plan, folder)
    assert pointed_at(buckets[1]) == manifest.release_id


def test_region_without_every_file_stops_the_switch(
    publisher: Publisher,
    folder: Path,
    buckets: list[ContentBucket],
    store: FakeKeyValueStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buckets[1], "put_file", lambda *_arguments: None)
    with pytest.raises(UnsafePlanError, match="us-east-1 lacks 3 of 3 files"):
        publish(publisher, folder)
    assert active(store) is None


def test_file_that_changes_meanwhile_stops_the_switch(
    publisher: Publisher, folder: Path, store: FakeKeyValueStore
) -> None:
    plan = publisher.plan(read_folder(folder))
    (folder / "img" / "logo.svg").write_text("<svg id='changed'/>", encoding="utf-8")
    with pytest.raises(UnsafePlanError, match=r"logo\.svg changed"):
        publisher.apply(plan, folder)
    assert active(store) is None


def test_file_that_goes_before_it_is_sent_stops_the_publish(publisher: Publisher, folder: Path) -> None:
    plan = publisher.plan(read_folder(folder))
    (folder / "img" / "logo.svg").unlink()
    with pytest.raises(UnsafePlanError, match=r"logo\.svg changed while it was published"):
        publisher.apply(plan, folder)


def test_file_that_becomes_a_folder_before_it_is_sent_stops_the_publish(publisher: Publisher, folder: Path) -> None:
    plan = publisher.plan(read_folder(folder))
    (folder / "img" / "logo.svg").unlink()
    (folder / "img" / "logo.svg").mkdir()
    with pytest.raises(UnsafePlanError, match=r"logo\.svg changed while it was published"):
        publisher.apply(plan, folder)


def test_second_publisher_is_told_and_changes_nothing(
    publisher: Publisher, folder: Path, store: FakeKeyValueStore
) -> None:
    store.race = True
    with pytest.raises(AwsError, match=r"ConflictException.*Somebody else"):
        publish(publisher, folder)
    assert active(store) is None


def test_rollback_goes_to_the_previous_release_and_uploads_nothing(
    publisher: Publisher, switcher: Switcher, folder: Path, store: FakeKeyValueStore
) -> None:
    first = publish(publisher, folder)
    (folder / "index.html").write_text(PAGE.format("two"), encoding="utf-8")
    second = publish(publisher, folder)
    routing = switcher.rollback(switcher.plan_rollback(None)).routing
    assert (routing.release_id, routing.previous_release_id) == (first.release_id, second.release_id)
    assert active(store) == first.release_id


def test_rollback_without_a_previous_release_is_refused(publisher: Publisher, switcher: Switcher, folder: Path) -> None:
    publish(publisher, folder)
    with pytest.raises(MissingOutputError, match="no previous release"):
        switcher.plan_rollback(None)


def test_rollback_to_an_unknown_release_is_refused(publisher: Publisher, switcher: Switcher, folder: Path) -> None:
    publish(publisher, folder)
    with pytest.raises(MissingOutputError, match="release nope has no manifest in any region"):
        switcher.plan_rollback("nope")


def test_rollback_to_a_damaged_release_is_refused(
    publisher: Publisher, switcher: Switcher, folder: Path, buckets: list[ContentBucket]
) -> None:
    first = publish(publisher, folder)
    (folder / "index.html").write_text(PAGE.format("two"), encoding="utf-8")
    publish(publisher, folder)
    buckets[1].client.delete_object(Bucket=buckets[1].name, Key=f"{first.prefix}index.html")
    with pytest.raises(UnsafePlanError, match="us-east-1 lacks 1 of 3 files"):
        switcher.plan_rollback(None)


def test_drained_regions_survive_a_switch() -> None:
    routing = Routing(active=release("a"), drained_regions=("us-east-1",))
    expected = Routing(active=release("b"), previous=release("a"), drained_regions=("us-east-1",))
    assert routing.switched_to(release("b")) == expected


def test_manifest_survives_its_own_json(folder: Path) -> None:
    manifest = read_folder(folder)
    assert parse_manifest(manifest.to_json()).on(None) == manifest
    assert manifest_key(manifest.release_id) == f"control/manifests/{manifest.release_id}.json"


@pytest.mark.parametrize("text", ["[]", '{"schema": 1}', "{"])
def test_manifest_rejects_what_is_not_one(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_manifest(text.encode())


def test_manifest_that_others_stand_on_is_parsed_once() -> None:
    base, *others = [Manifest(release_id=f"{number:016x}", base=None, files=()).to_json() for number in range(4)]
    parsed = parse_manifest(base)
    for other in others:
        parse_manifest(other)
        assert parse_manifest(base) is parsed


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match="is not a folder"):
        read_folder(tmp_path / "no")


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match=r"index\.html is missing"):
        read_folder(tmp_path)


def test_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "leak").symlink_to("/etc/hostname")
    with pytest.raises(WrongUsageError, match="outside the folder"):
        read_folder(folder)


def test_page_that_goes_before_its_release_id_is_written_into_it_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Digesting.result

    def then_gone(digesting: Digesting) -> dict[str, FileDigest]:
        found = result(digesting)
        (folder / "index.html").unlink()
        return found

    monkeypatch.setattr(Digesting, "result", then_gone)
    with pytest.raises(WrongUsageError, match=r"index\.html went while .* was read"):
        read_folder(folder)


def test_page_that_changes_before_its_release_id_is_written_into_it_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be stored under an id that is the digest of its old content."""

    result = Digesting.result

    def then_changed(digesting: Digesting) -> dict[str, FileDigest]:
        found = result(digesting)
        page = folder / "index.html"
        page.write_text(page.read_text(encoding="utf-8") + "<p>more</p>", encoding="utf-8")
        return found

    monkeypatch.setattr(Digesting, "result", then_changed)
    with pytest.raises(WrongUsageError, match=r"index\.html changed while .* was read"):
        read_folder(folder)


def test_file_that_becomes_a_folder_while_it_is_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = Digesting.result

    def first_a_folder(digesting: Digesting) -> dict[str, FileDigest]:
        (folder / "index.html").unlink()
        (folder / "index.html").mkdir()
        return result(digesting)

    monkeypatch.setattr(Digesting, "result", first_a_folder)
    with pytest.raises(WrongUsageError, match=r"index\.html went while .* was read"):
        read_folder(folder)


def test_broken_link_is_refused(folder: Path) -> None:
    (folder / "gone").symlink_to(folder / "no")
    with pytest.raises(WrongUsageError, match="gone"):
        read_folder(folder)


def test_key_above_1024_bytes_is_refused(folder: Path) -> None:
    deep = folder / "/".join(["d" * 200] * 5)
    deep.mkdir(parents=True)
    (deep / "page.html").write_text("x", encoding="utf-8")
    with pytest.raises(WrongUsageError, match="S3 allows 1024"):
        read_folder(folder)


def test_odd_names_and_empty_files_are_published(publisher: Publisher, folder: Path, store: FakeKeyValueStore) -> None:
    for name in ("with space.html", "ünïcode.html", "100%.html", "empty.txt", "a+b&c.html"):
        (folder / name).write_text("" if name == "empty.txt" else PAGE, encoding="utf-8")
    manifest = publish(publisher, folder)
    assert active(store) == manifest.release_id
    assert len(manifest.files) == 9  # the name that Unicode writes in two ways in both


def test_rules_of_the_site_file_decide_the_headers(
    publisher: Publisher, folder: Path, buckets: list[ContentBucket]
) -> None:
    (folder / "img" / "logo.svgz").write_bytes(b"compressed already")
    rules = parse_content({"rule": [{"pattern": "*.svg", "cache_control": "no-cache"}]})
    built = read_folder(folder, rules=rules)
    publisher.apply(publisher.plan(built), folder)
    found = {
        name: buckets[0].client.get_object(Bucket=buckets[0].name, Key=f"{built.prefix}img/{name}")
        for name in ("logo.svg", "logo.svgz")
    }
    assert (found["logo.svg"]["CacheControl"], found["logo.svgz"]["ContentEncoding"]) == ("no-cache", "gzip")


def test_other_rules_are_another_release(folder: Path) -> None:
    rules = parse_content({"rule": [{"pattern": "*.svg", "cache_control": "no-cache"}]})
    assert read_folder(folder).release_id != read_folder(folder, rules=rules).release_id
