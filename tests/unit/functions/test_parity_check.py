"""The parity check's own handler on moto: what it finds, puts back, says, and leaves alone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from scripts.release.manifest import MANIFESTS_PREFIX, Manifest, manifest_key
from scripts.release.pointers import POINTER_KEY, write_pointer
from scripts.release.routing import served
from scripts.release.serving.index import Index
from tests.worlds.parity_check import Check, event
from tests.worlds.parity_check import check as check
from tests.worlds.parity_check import versioned as versioned
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def erase(world: ReleaseWorld, region: str, key: str) -> None:
    """Deletes every version of an object."""
    bucket = world.site.buckets[region]
    for version in bucket.client.list_object_versions(Bucket=bucket.name, Prefix=key)["Versions"]:
        bucket.client.delete_object(Bucket=bucket.name, Key=key, VersionId=version["VersionId"])


def backdate_pointer(world: ReleaseWorld, region: str) -> None:
    """Lets a pointer be older: Last-Modified has whole seconds, and a test is over within one."""
    stored: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[world.site.buckets[region].name]
    stored.keys[POINTER_KEY].last_modified -= timedelta(minutes=1)


def index_page(manifest: Manifest) -> str:
    return f"{manifest.prefix}index.html"


def test_whole_region_is_told_as_such(versioned: ReleaseWorld, check: Check) -> None:
    manifest = versioned.publish()
    found = check.run()
    assert (found["releases"], found["objects"], found["missing"]) == (1, len(manifest.files), 0)
    assert check.metrics == [0]


def test_before_the_first_release_nothing_is_missing(check: Check) -> None:
    assert check.run()["missing"] == 0


def test_run_that_finds_something_fails_and_the_next_one_confirms_the_repair(
    versioned: ReleaseWorld, check: Check
) -> None:
    """Lambda runs a failed one again after a minute."""
    manifest = versioned.publish()
    versioned.delete(PRIMARY, index_page(manifest))
    found = check.run_and_find()
    assert (found["missing"], found["repaired"], found["keys"]) == (1, 1, [index_page(manifest)])
    assert check.run()["missing"] == 0
    assert check.metrics == [1, 0]


def test_deleted_object_comes_back_while_no_other_region_answers(versioned: ReleaseWorld, check: Check) -> None:
    """A delete marker is replicated, so the other region may have lost it as well; the version below it is here."""
    manifest = versioned.publish()
    versioned.delete(PRIMARY, index_page(manifest))
    versioned.kill(SECONDARY)
    found = check.run_and_find()
    assert (found["repaired"], found["silent_regions"]) == (1, [SECONDARY])
    assert index_page(manifest) in versioned.keys(PRIMARY)


def test_silent_region_is_not_asked_again_for_every_file(versioned: ReleaseWorld, check: Check) -> None:
    """Each try takes up to 46 s; a thousand files would use up the run."""
    manifest = versioned.publish()
    for file in manifest.files:
        erase(versioned, PRIMARY, file.key)
    client, asked = versioned.site.buckets[SECONDARY].client, []
    client.meta.events.register_first("before-call.s3", lambda model, **_: asked.append(model.name), "count")
    versioned.kill(SECONDARY)
    check.run_and_find()
    client.meta.events.unregister("before-call.s3", unique_id="count")
    assert asked == ["GetObject"]


def test_object_without_any_version_comes_from_the_other_region_with_its_headers(
    versioned: ReleaseWorld, check: Check
) -> None:
    manifest = versioned.publish()
    erase(versioned, PRIMARY, index_page(manifest))
    assert check.run_and_find()["repaired"] == 1
    headers = []
    for bucket in versioned.site.buckets.values():
        found = bucket.client.head_object(Bucket=bucket.name, Key=index_page(manifest))
        headers.append({name: found.get(name) for name in ("ContentType", "CacheControl", "Metadata", "ETag")})
    assert headers[0] == headers[1]
    digest = str(headers[0]["ETag"]).strip('"')
    assert headers[0]["Metadata"] == {"release": manifest.release_id, "md5": digest}


def test_object_that_the_other_region_has_only_below_a_delete_marker_comes_back(
    versioned: ReleaseWorld, check: Check
) -> None:
    manifest = versioned.publish()
    erase(versioned, PRIMARY, index_page(manifest))
    versioned.delete(SECONDARY, index_page(manifest))
    assert check.run_and_find()["repaired"] == 1


def test_damaged_object_is_replaced(versioned: ReleaseWorld, check: Check) -> None:
    manifest = versioned.publish()
    versioned.damage(PRIMARY, index_page(manifest))
    check.run_and_find()
    assert check.run()["missing"] == 0


def test_object_of_the_previous_release_counts_as_well(versioned: ReleaseWorld, check: Check) -> None:
    """It is where `failover rollback` goes."""
    previous = versioned.publish("one")
    versioned.publish("two")
    versioned.delete(PRIMARY, index_page(previous))
    assert check.run_and_find()["keys"] == [index_page(previous)]


def test_object_that_lies_nowhere_stays_missing(versioned: ReleaseWorld, check: Check) -> None:
    manifest = versioned.publish()
    for region in (PRIMARY, SECONDARY):
        erase(versioned, region, index_page(manifest))
    assert check.run_and_find()["repaired"] == 0
    assert check.run_and_find()["missing"] == 1
    assert check.metrics == [1, 1]


def test_release_that_went_out_without_this_region_is_fetched_but_not_announced(
    versioned: ReleaseWorld, check: Check
) -> None:
    """The manifest and the pointer say that an operator's command has verified the region."""
    versioned.publish("one")
    backdate_pointer(versioned, PRIMARY)
    versioned.kill(PRIMARY)
    newer = versioned.publish("two", allow_degraded=True)
    versioned.revive(PRIMARY)
    found = check.run_and_find()
    assert found["keys"][:2] == [POINTER_KEY, manifest_key(newer.release_id)]
    assert found["repaired"] == len(found["keys"]) - 2 > 0
    assert index_page(newer) in versioned.keys(PRIMARY)
    assert check.run_and_find()["missing"] == 2
    assert manifest_key(newer.release_id) not in versioned.keys(PRIMARY)


def test_region_whose_pointer_is_the_newest_does_not_answer_for_the_others(
    versioned: ReleaseWorld, check: Check
) -> None:
    manifest = versioned.publish()
    backdate_pointer(versioned, SECONDARY)
    bucket = versioned.site.buckets[PRIMARY]
    newer = served(manifest, Index(id="1"))
    write_pointer(bucket.client, bucket.name, newer, manifest, region=PRIMARY)
    assert check.run()["missing"] == 0


def test_other_region_that_does_not_answer_is_named_and_harms_nobody(versioned: ReleaseWorld, check: Check) -> None:
    versioned.publish()
    versioned.kill(SECONDARY)
    assert check.run()["silent_regions"] == [SECONDARY]
    assert check.metrics == [0]


@pytest.mark.parametrize("name", ["", "notes.json", "notes.txt"])
def test_key_beside_the_manifests_that_is_none_is_no_release(check: Check, versioned: ReleaseWorld, name: str) -> None:
    """Read as a manifest, one line of it would end every run."""
    versioned.publish()
    versioned.put(PRIMARY, f"{MANIFESTS_PREFIX}{name}", b"[]")
    found = check.run()
    assert (found["releases"], found["missing"]) == (1, 0)


def test_manifest_that_is_lost_here_is_counted_while_no_other_region_answers(
    versioned: ReleaseWorld, check: Check
) -> None:
    manifest = versioned.publish()
    versioned.delete(PRIMARY, manifest_key(manifest.release_id))
    versioned.kill(SECONDARY)
    assert check.run_and_find()["keys"] == [manifest_key(manifest.release_id)]


def test_release_that_is_pruned_meanwhile_is_left_gone(
    versioned: ReleaseWorld, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = versioned.publish("one")
    versioned.publish("two")
    versioned.delete(PRIMARY, index_page(manifest))
    listed = check.module.Bucket.listed

    def prune_then_list(bucket: Any, prefix: str) -> Iterator[dict[str, Any]]:
        if prefix == "releases/":
            versioned.delete(PRIMARY, manifest_key(manifest.release_id))
        return listed(bucket, prefix)  # type: ignore[no-any-return]

    monkeypatch.setattr(check.module.Bucket, "listed", prune_then_list)
    with pytest.raises(check.module.ReleasesChanged, match=manifest.release_id):
        check.run()
    assert index_page(manifest) not in versioned.keys(PRIMARY)


def test_run_stops_copying_when_its_time_is_nearly_over(versioned: ReleaseWorld, check: Check) -> None:
    manifest = versioned.publish()
    versioned.delete(PRIMARY, index_page(manifest))
    check.remaining_milliseconds = 59_000
    assert check.run_and_find()["repaired"] == 0


def test_run_that_copied_its_most_leaves_the_rest_to_the_next(
    versioned: ReleaseWorld, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = versioned.publish()
    for file in manifest.files:
        versioned.delete(PRIMARY, file.key)
    monkeypatch.setattr(check.module, "_MOST_COPIES", 2)
    found = [check.run_and_find() for _ in range(2)]
    assert [each["missing"] for each in found] == [3, 1]
    assert check.run()["missing"] == 0


def test_copy_that_is_not_what_was_asked_for_ends_the_repair(versioned: ReleaseWorld, check: Check) -> None:
    """Else every run would copy everything again, for ever."""
    manifest = versioned.publish()
    versioned.delete(PRIMARY, index_page(manifest))
    client = versioned.site.buckets[PRIMARY].client

    def encrypted(parsed: dict[str, Any], **_: object) -> None:
        parsed["CopyObjectResult"]["ETag"] = '"no-md5"'

    client.meta.events.register("after-call.s3.CopyObject", encrypted)
    try:
        with pytest.raises(RuntimeError, match="with ETag no-md5 instead of"):
            check.run()
    finally:
        client.meta.events.unregister("after-call.s3.CopyObject", encrypted)


def test_without_comparable_etags_the_size_decides(
    versioned: ReleaseWorld, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = versioned.publish()
    bucket = versioned.site.buckets[PRIMARY]
    page = bucket.client.get_object(Bucket=bucket.name, Key=index_page(manifest))["Body"].read()
    bucket.client.put_object(Bucket=bucket.name, Key=index_page(manifest), Body=page.upper())
    monkeypatch.setenv("COMPARES_ETAGS", "false")
    assert check.run()["missing"] == 0
    monkeypatch.setenv("COMPARES_ETAGS", "true")
    assert check.run_and_find()["missing"] == 1


@pytest.mark.parametrize(("seconds_before", "is_covered"), [(3, True), (1, False), (-1, False)])
def test_event_from_before_a_clean_comparison_needs_no_other(
    versioned: ReleaseWorld, check: Check, seconds_before: int, is_covered: bool
) -> None:
    """Ten thousand deletions are ten thousand events, and a few comparisons."""
    versioned.publish()
    check.run()
    since = check.module._remembered["clean_since"].replace(microsecond=0)
    check.module._remembered["clean_since"] = since
    found = check.run(event(since - timedelta(seconds=seconds_before)))
    assert found.get("covered", False) is is_covered


def test_event_is_not_covered_by_a_comparison_that_found_something(versioned: ReleaseWorld, check: Check) -> None:
    manifest = versioned.publish()
    versioned.delete(PRIMARY, index_page(manifest))
    check.run_and_find()
    assert "covered" not in check.run(event(datetime.now(UTC) - timedelta(minutes=1)))


@pytest.mark.parametrize(("minutes", "is_covered"), [(-1, False), (1, True)])
def test_repair_is_confirmed_in_a_later_minute(
    versioned: ReleaseWorld, check: Check, minutes: int, is_covered: bool
) -> None:
    """CloudWatch shows the worst of a minute, so a 0 in the minute of the 1 does not end the alarm: Lambda's retry must."""
    manifest = versioned.publish()
    versioned.delete(PRIMARY, index_page(manifest))
    check.run_and_find()
    check.module._remembered["lost_at"] = datetime.now(UTC) - timedelta(minutes=minutes)
    check.run()
    retried = event(datetime.now(UTC) - timedelta(seconds=10))
    assert check.run(retried).get("covered", False) is is_covered


def test_schedule_always_compares(versioned: ReleaseWorld, check: Check) -> None:
    versioned.publish()
    assert [check.run()["missing"] for _ in range(2)] == [0, 0]


def test_nothing_but_releases_is_written_and_nothing_deleted(versioned: ReleaseWorld, check: Check) -> None:
    """What the role may: constructs_lib/parity/policies.py."""
    versioned.publish("one")
    manifest = versioned.publish("two")
    for key in (index_page(manifest), POINTER_KEY, "errors/404.html"):
        versioned.delete(PRIMARY, key)
    calls: list[tuple[str, str]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        if model.http["method"] not in ("GET", "HEAD"):
            calls.append((model.name, params["url_path"]))

    clients = [bucket.client for bucket in versioned.site.buckets.values()]
    for client in clients:
        client.meta.events.register("before-call.s3", note)
    check.run_and_find()
    for client in clients:
        client.meta.events.unregister("before-call.s3", note)
    assert [name for name, _ in calls] == ["CopyObject"]
    assert index_page(manifest) in calls[0][1]


def test_rows_of_a_manifest_are_what_verify_looks_for(versioned: ReleaseWorld, check: Check) -> None:
    """The function ships alone, so it reads the manifest by itself; here it meets the publisher's own."""
    for number in range(6):
        (versioned.folder / f"{number}.svg").write_text("<svg/>", encoding="utf-8")
    base = versioned.publish("one")
    (versioned.folder / "app.0123abcd.js").write_text("1", encoding="utf-8")
    versioned.publish("two")
    (versioned.folder / "app.0123abcd.js").unlink()
    manifest = versioned.publish("three")
    stored = versioned.site.buckets[PRIMARY].read_manifest(manifest.release_id)
    assert stored is not None and stored.base == base and stored.retained
    read: dict[str, tuple[int, str]] = {}
    for each in (stored, base):
        read |= check.module.files_of(json.loads(each.to_json()))
    assert read == {file.key: (file.size_bytes, file.md5) for file in stored.held_files}


def test_manifest_of_another_schema_is_refused(versioned: ReleaseWorld, check: Check) -> None:
    document = {**json.loads(replace(versioned.write("one")).to_json()), "schema": 9}
    with pytest.raises(ValueError, match="schema 9; this function reads 2: deploy it anew"):
        check.module.files_of(document)


def manifests_read(check: Check, world: ReleaseWorld) -> int:
    """Returns how many manifests a run reads."""
    client, read = world.site.buckets[PRIMARY].client, []
    client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: read.append(params["url_path"]), "count"
    )
    try:
        check.run()
    finally:
        client.meta.events.unregister("before-call.s3.GetObject", unique_id="count")
    return sum(MANIFESTS_PREFIX in path for path in read)


def test_manifest_is_read_again_only_when_it_changed(versioned: ReleaseWorld, check: Check) -> None:
    release = versioned.publish()
    assert [manifests_read(check, versioned) for _ in range(2)] == [1, 0]
    bucket, key = versioned.site.buckets[PRIMARY], manifest_key(release.release_id)
    document = json.loads(bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read())
    document["files"][0][3] = "0" * 32
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=json.dumps(document).encode())
    assert check.run_and_find()["missing"] == 1


def test_manifests_of_pruned_releases_and_too_many_of_them_are_forgotten(
    versioned: ReleaseWorld, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = versioned.publish()
    check.run()
    assert set(check.module._read_manifests) == {release.release_id}
    monkeypatch.setattr(check.module, "_MOST_REMEMBERED_OBJECTS", 0)
    assert [manifests_read(check, versioned) for _ in range(2)] == [0, 1]
    check.run()
    check.module._forget_all_but([])
    assert check.module._read_manifests == {}


@pytest.mark.parametrize(
    ("began_at", "is_clean_since"),
    [
        (datetime(2026, 11, 30, 10, 1, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 10, 0, 59, 999_999, tzinfo=UTC), False),
    ],
    ids=["at the next minute", "just before"],
)
def test_comparison_is_clean_from_the_minute_after_the_loss(
    check: Check, began_at: datetime, is_clean_since: bool
) -> None:
    """The metric has one value a minute: a clean one in the minute of the loss would hide it."""
    check.module._remembered["lost_at"] = datetime(2026, 11, 30, 10, 0, 30, 500_000, tzinfo=UTC)
    check.module._remember(began_at, is_clean=True)
    assert (check.module._remembered["clean_since"] == began_at) is is_clean_since


def test_region_that_cannot_be_reached_costs_six_seconds_a_call(check: Check) -> None:
    config = check.module._CONFIG
    assert config.connect_timeout * config.retries["total_max_attempts"] == 6


def test_comparison_of_nothing_has_no_objects(check: Check) -> None:
    assert (check.module.Comparison().objects, check.module.Comparison().lacking) == (0, 0)
