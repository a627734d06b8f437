"""A file that was published by mistake: gone from everywhere, and nothing brings it back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from scripts.errors import OpsError, UnsafePlanError, WrongUsageError
from scripts.release.bucket import ContentBucket
from scripts.release.folder import read_folder
from scripts.release.manifest import Manifest, manifest_key
from scripts.release.parity import check_parity, find_manifest, plan_repair
from scripts.release.pointers import POINTER_KEY
from scripts.release.serving.index import Index, chunk_key
from scripts.release.serving.url_rules import NO_PAGE
from scripts.release.store_parity import check_store
from scripts.release.switching import Switcher
from scripts.release.takedown import take_down
from scripts.release.takedown_plan import TakedownPlan, plan_takedown
from scripts.release.taken_down import TAKEDOWN_KEY, Takedown, lift, parse_takedown, takedowns
from tests.worlds.parity_check import Check
from tests.worlds.parity_check import check as check
from tests.worlds.parity_check import versioned as versioned
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

REGIONS = (PRIMARY, SECONDARY)
SECRET, CONTENT = "data/customers.csv", "name,address\nAda,London\n"
NAMES = (SECRET, f"{SECRET}.gz", f"{SECRET}.br")


@dataclass
class Invalidations:
    """What CloudFront was asked to drop."""

    paths: list[str] = field(default_factory=list)

    def __call__(self, paths: Sequence[str]) -> None:
        self.paths += paths


@pytest.fixture
def invalidations() -> Invalidations:
    return Invalidations()


@pytest.fixture
def leaked(versioned: ReleaseWorld) -> ReleaseWorld:
    """Three releases, the second and third on the first one's increment; the file is in all, changed in the second."""
    add_files(versioned)
    versioned.publish("one")
    (versioned.folder / SECRET).write_text(f"{CONTENT}Charles,London\n", encoding="utf-8")
    versioned.publish("two")
    (versioned.folder / SECRET).write_text(CONTENT, encoding="utf-8")
    versioned.publish("three")
    return versioned


def add_files(world: ReleaseWorld) -> None:
    (world.folder / "data").mkdir()
    for number in range(4):
        (world.folder / f"{number:02}.txt").write_text(str(number), encoding="utf-8")
    for name in NAMES:
        (world.folder / name).write_text(CONTENT, encoding="utf-8")


def down(world: ReleaseWorld, invalidate: Invalidations, *paths: str) -> TakedownPlan:
    plan = plan_takedown(world.site, paths or (SECRET,))
    take_down(world.site, plan, invalidate)
    return plan


def versions(world: ReleaseWorld, region: str) -> list[str]:
    """Keys of every version and delete marker."""
    bucket = world.site.buckets[region]
    found: Any = bucket.client.list_object_versions(Bucket=bucket.name)
    return [each["Key"] for kind in ("Versions", "DeleteMarkers") for each in found.get(kind, [])]


def is_gone(world: ReleaseWorld) -> bool:
    held = [key for region in REGIONS for key in versions(world, region) if key.endswith(NAMES)]
    listed = [
        region
        for region, bucket in world.site.buckets.items()
        for release_id in bucket.manifest_times()
        if (manifest := bucket.read_manifest(release_id)) and {file.path for file in manifest.held_files} & set(NAMES)
    ]
    return not held and not listed


def is_consistent(world: ReleaseWorld) -> bool:
    """Every release is whole, as `failover verify` and status see it, and the regions follow."""
    current = world.site.routing.read()
    buckets = world.site.buckets.values()
    wholes = [
        check_parity(buckets, find_manifest(buckets, release_id), current.routing).is_reached
        for release_id in next(iter(buckets)).manifest_times()
    ]
    return all(wholes) and check_store(world.site.routing, current, buckets, None).is_reached


def routed(world: ReleaseWorld, path: str) -> set[str]:
    """Where the router leads viewers of the path, in every release that any may get."""
    found = set()
    for release in world.site.routing.read().routing.releases:
        chunks = tuple(world.store.values[chunk_key(release.index, number)] for number in range(release.chunks))
        index = Index(id=release.index, salt=release.salt, chunks=chunks)
        found.add(index.increment_of(path) or release.base)
    return found


def test_file_is_gone_from_every_region_version_and_release(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    leaked.site.buckets[SECONDARY].delete_objects([key for key in leaked.keys(SECONDARY) if key.endswith(NAMES)])
    increments = {key.split("/")[1] for key in versions(leaked, PRIMARY) if key.endswith(NAMES)}
    down(leaked, invalidations)
    assert is_gone(leaked)
    assert is_consistent(leaked)
    assert routed(leaked, SECRET) == {NO_PAGE}
    assert len(increments) == 2
    assert set(invalidations.paths) >= {
        f"/{SECRET}",
        f"/{SECRET}.gz",
        *(f"/releases/{increment}/{name}" for increment in increments for name in NAMES),
    }


def test_nothing_but_the_file_changes(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    before = {region: [key for key in versions(leaked, region) if not key.endswith(NAMES)] for region in REGIONS}
    down(leaked, invalidations)
    for region in REGIONS:
        held = [key for key in versions(leaked, region) if not key.startswith("control/")]
        assert sorted(set(held)) == sorted({key for key in before[region] if not key.startswith("control/")})


def test_rollback_repair_and_parity_check_do_not_bring_it_back(
    leaked: ReleaseWorld, check: Check, invalidations: Invalidations
) -> None:
    down(leaked, invalidations)
    assert check.run()["missing"] == 0
    leaked.switcher.rollback(leaked.switcher.plan_rollback(None))
    routing = leaked.site.routing.read().routing
    parity = check_parity(
        leaked.site.buckets.values(),
        find_manifest(leaked.site.buckets.values(), str(routing.release_id)),
        routing,
    )
    plan = plan_repair(parity, routing, leaked.site.buckets)
    assert (plan.restores, plan.copies, plan.lost, plan.regions) == ((), (), (), ())
    assert is_gone(leaked)
    assert is_consistent(leaked)
    assert routed(leaked, SECRET) == {NO_PAGE}


def test_parity_check_that_had_read_the_manifests_puts_nothing_back(
    leaked: ReleaseWorld, check: Check, invalidations: Invalidations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The takedown comes between its look at the manifests and its look at the objects."""
    usual = check.module._files_of
    is_down = False

    def read_then_take_down(*arguments: Any) -> Any:
        nonlocal is_down
        found = usual(*arguments)
        if not is_down and any(key.endswith(SECRET) for key in found):
            is_down = True
            down(leaked, invalidations)
        return found

    monkeypatch.setattr(check.module, "_files_of", read_then_take_down)
    with pytest.raises(check.module.ReleasesChanged):
        check.run()
    assert is_down
    assert is_gone(leaked)
    assert check.run()["missing"] == 0


def test_folder_that_still_holds_it_is_refused_until_it_is_lifted(
    leaked: ReleaseWorld, invalidations: Invalidations
) -> None:
    down(leaked, invalidations)
    for force in (False, True):
        with pytest.raises(UnsafePlanError, match=f"holds what was taken down: {SECRET}"):
            leaked.publisher.plan(read_folder(leaked.folder), force=force)
    (leaked.folder / "harmless.csv").write_text(CONTENT, encoding="utf-8")
    for name in NAMES:
        (leaked.folder / name).unlink()
    with pytest.raises(UnsafePlanError, match=f"harmless.csv, which holds what {SECRET} held"):
        leaked.publisher.plan(read_folder(leaked.folder))
    (leaked.folder / "harmless.csv").unlink()
    published = leaked.publish("four")
    assert is_gone(leaked)
    assert is_consistent(leaked)
    for region in REGIONS:
        assert leaked.site.buckets[region].read_manifest(published.release_id) is not None


@pytest.mark.parametrize("is_new_release", [False, True])
def test_lifted_file_is_published_again(
    leaked: ReleaseWorld, invalidations: Invalidations, is_new_release: bool
) -> None:
    """The folder of the active release again, or of another one on the increment that the file was taken out of."""
    active = read_folder(leaked.folder)
    down(leaked, invalidations)
    lift(leaked.site.routing, [SECRET])
    assert TAKEDOWN_KEY not in leaked.store.values
    manifest = leaked.publish("five" if is_new_release else "three")
    assert (manifest.release_id == active.release_id) is not is_new_release
    assert is_consistent(leaked)
    assert leaked.site.routing.read().routing.release_id == manifest.release_id
    for region in REGIONS:
        held = leaked.site.buckets[region].read_manifest(manifest.release_id)
        assert held is not None
        (file,) = [each for each in held.files if each.path == SECRET]
        assert leaked.site.buckets[region].holds(file)
        assert held.index().increment_of(SECRET) in (None, file.increment)


def test_lifted_file_is_published_again_with_the_previous_release(
    leaked: ReleaseWorld, invalidations: Invalidations
) -> None:
    """The region's manifest of that release is whole, and lists the file no more."""
    before = read_folder(leaked.folder)
    down(leaked, invalidations)
    page = leaked.folder / "index.html"
    text = page.read_text(encoding="utf-8")
    for name in NAMES:
        (leaked.folder / name).rename(leaked.folder.parent / f"{name.rpartition('/')[2]}.kept")
    page.write_text("another", encoding="utf-8")
    leaked.publisher.apply(leaked.publisher.plan(read_folder(leaked.folder)), leaked.folder)
    lift(leaked.site.routing, [SECRET])
    for name in NAMES:
        (leaked.folder.parent / f"{name.rpartition('/')[2]}.kept").rename(leaked.folder / name)
    page.write_text(text, encoding="utf-8")
    plan = leaked.publisher.plan(read_folder(leaked.folder), force=True)
    leaked.publisher.apply(plan, leaked.folder)
    routing = leaked.site.routing.read().routing
    assert routing.release_id == plan.manifest.release_id == before.release_id
    assert is_consistent(leaked)
    for region in REGIONS:
        held = leaked.site.buckets[region].read_manifest(before.release_id)
        assert held is not None
        (file,) = [each for each in held.files if each.path == SECRET]
        assert leaked.site.buckets[region].holds(file)


def test_canary_and_retained_files_lose_it_too(versioned: ReleaseWorld, invalidations: Invalidations) -> None:
    add_files(versioned)
    (versioned.folder / "chunk.js").write_text("secret()", encoding="utf-8")
    versioned.publish("one")
    (versioned.folder / "chunk.js").unlink()
    versioned.publish("two")  # the script still answers: a viewer may have the page open that loads it
    publisher = versioned.publisher
    publisher.apply_canary(publisher.plan(versioned.write("three")), versioned.folder, 10)
    assert NO_PAGE not in routed(versioned, "chunk.js")
    down(versioned, invalidations, "chunk.js", SECRET)
    assert is_gone(versioned)
    assert is_consistent(versioned)
    assert routed(versioned, "chunk.js") == {NO_PAGE}
    assert versioned.site.routing.read().routing.canary is not None


def test_not_found_page_and_its_copies_go(versioned: ReleaseWorld, invalidations: Invalidations) -> None:
    (versioned.folder / "404.html").write_text("a secret", encoding="utf-8")
    versioned.publish("one")
    versioned.publish("two")
    down(versioned, invalidations, "404.html")
    for region in REGIONS:
        bucket = versioned.site.buckets[region]
        assert bucket.client.get_object(Bucket=bucket.name, Key="errors/404.html")["Body"].read() == b"Not found.\n"
        assert versions(versioned, region).count("errors/404.html") == 1
    assert is_consistent(versioned)
    assert "/errors/404.html" in invalidations.paths


def test_objects_of_releases_without_a_manifest_go_too(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    """A release that was pruned half, or whose publish was interrupted; and what lies below a delete marker."""
    for region in REGIONS:
        leaked.put(region, f"releases/{'0' * 16}/{SECRET}", b"x")
        leaked.put(region, f"releases/{'1' * 16}/{SECRET}", b"x")
        leaked.delete(region, f"releases/{'1' * 16}/{SECRET}")
    down(leaked, invalidations)
    assert is_gone(leaked)
    assert f"/releases/{'1' * 16}/{SECRET}" in invalidations.paths


def test_second_run_finds_nothing_and_changes_nothing(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    down(leaked, invalidations)
    before = dict(leaked.store.values)
    plan = down(leaked, invalidations)
    assert plan.is_done
    assert leaked.store.values == before


def test_region_that_stops_answering_on_the_way_is_no_success(leaked: ReleaseWorld) -> None:
    """It may hold the file still: the next run, when it answers, ends it."""
    asked = 0

    def then_dies(_paths: Sequence[str]) -> None:
        nonlocal asked
        asked += 1
        if asked == 2:  # after the deletion, before the last look
            leaked.kill(SECONDARY)

    with pytest.raises(UnsafePlanError, match=f"{SECONDARY} stopped answering"):
        take_down(leaked.site, plan_takedown(leaked.site, [SECRET]), then_dies)
    leaked.revive(SECONDARY)
    assert down(leaked, Invalidations()).is_done
    assert is_gone(leaked)


def test_release_that_was_switched_to_since_the_plan_forgets_it_before_it_is_deleted(leaked: ReleaseWorld) -> None:
    """Or viewers' release would list what is gone, until the next round, and after a crash until the next run."""
    plan = plan_takedown(leaked.site, [SECRET])
    (leaked.folder / SECRET).write_text(f"{CONTENT}Grace,London\n", encoding="utf-8")
    active = leaked.publish("four")
    listed: list[bool] = []

    def look(_paths: Sequence[str]) -> None:
        manifests = [bucket.read_manifest(active.release_id) for bucket in leaked.site.buckets.values()]
        listed.extend(SECRET in {file.path for file in each.files} for each in manifests if each is not None)

    take_down(leaked.site, plan, look)
    assert set(listed) == {False}
    assert is_gone(leaked)
    assert is_consistent(leaked)


class CrashError(Exception):
    pass


@pytest.mark.slow
def test_run_that_crashed_anywhere_is_finished_by_the_next(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    """At every request that writes: of S3's, of the KeyValueStore's, of CloudFront's."""
    crashes = 0
    while not crash_at(leaked, invalidations, crashes + 1):
        crashes += 1
        assert leaked.site.routing.read().routing.release_id is not None
        for path in NAMES:
            (leaked.folder / path).write_text(CONTENT, encoding="utf-8")
        plan = down(leaked, invalidations)
        assert plan.paths == (SECRET,)
        assert is_gone(leaked), f"after a crash at write {crashes}"
        assert is_consistent(leaked), f"after a crash at write {crashes}"
        lift(leaked.site.routing, [SECRET])
        leaked.publish(f"again {crashes}")
    assert crashes > 8


def crash_at(world: ReleaseWorld, invalidations: Invalidations, number: int) -> bool:
    """Takes the file down with a crash at that write; returns whether it ended before."""
    count = 0

    def crash(**_named: Any) -> None:
        nonlocal count
        count += 1
        if count >= number:
            raise CrashError

    writes = ("PutObject", "CopyObject", "DeleteObjects")
    clients = [bucket.client.meta.events for bucket in world.site.buckets.values()]
    for client in clients:
        for operation in writes:
            client.register(f"before-call.s3.{operation}", crash)
    usual = world.store.update_keys

    def update_keys(**named: Any) -> dict[str, Any]:
        crash()
        return usual(**named)

    def invalidate(paths: Sequence[str]) -> None:
        crash()
        invalidations(paths)

    world.store.update_keys = update_keys  # type: ignore[method-assign]
    try:
        take_down(world.site, plan_takedown(world.site, [SECRET]), invalidate)
    except CrashError:
        return False
    else:
        return True
    finally:
        world.store.update_keys = usual  # type: ignore[method-assign]
        for client in clients:
            for operation in writes:
                client.unregister(f"before-call.s3.{operation}", crash)


def test_silent_region_is_left_out_and_done_by_the_next_run(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    leaked.kill(SECONDARY)
    plan = plan_takedown(leaked.site, [SECRET])
    assert plan.found.silent == (SECONDARY,)
    take_down(leaked.site, plan, invalidations)
    assert not any(key.endswith(NAMES) for key in versions(leaked, PRIMARY))
    leaked.revive(SECONDARY)
    found = find_manifest(leaked.site.buckets.values(), str(leaked.release_ids[0]))
    assert SECRET not in {file.path for file in found.held_files}  # nothing spreads it meanwhile
    down(leaked, invalidations)
    assert is_gone(leaked)
    assert is_consistent(leaked)


def test_upload_meanwhile_is_found_by_the_look_at_the_end(leaked: ReleaseWorld) -> None:
    late = [f"releases/{'0' * 16}/{SECRET}"]

    def invalidate(_paths: Sequence[str]) -> None:
        if late:
            leaked.put(PRIMARY, late.pop(), b"x")

    take_down(leaked.site, plan_takedown(leaked.site, [SECRET]), invalidate)
    assert not late
    assert is_gone(leaked)


def test_publish_that_was_planned_before_is_refused(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    publisher = leaked.publisher
    plan = publisher.plan(leaked.write("four"))
    down(leaked, invalidations)
    with pytest.raises(OpsError, match=r"ConflictException|lacks files that its manifest names"):
        publisher.apply(plan, leaked.folder)
    down(leaked, invalidations)
    assert is_gone(leaked)


def test_rollback_that_was_planned_before_is_refused_and_writes_no_old_manifest(
    leaked: ReleaseWorld, invalidations: Invalidations
) -> None:
    buckets = [
        ContentBucket(bucket.client, region=region, name=bucket.name) for region, bucket in leaked.site.buckets.items()
    ]  # of another process: a bucket remembers what it has read
    switcher = Switcher(buckets, leaked.site.routing)
    plan = switcher.plan_rollback(None)
    down(leaked, invalidations)
    with pytest.raises(UnsafePlanError, match="was changed by somebody else meanwhile"):
        switcher.rollback(plan)
    assert is_gone(leaked)
    assert is_consistent(leaked)


def test_manifest_that_somebody_wrote_back_is_no_way_for_a_rollback(
    leaked: ReleaseWorld, invalidations: Invalidations
) -> None:
    previous = str(leaked.release_ids[1])
    bucket = leaked.site.buckets[PRIMARY]
    old = bucket.manifest_document(previous)
    assert old is not None
    down(leaked, invalidations)
    for each in leaked.site.buckets.values():
        each.replace_manifest(previous, old[0], etag=None)
    with pytest.raises(UnsafePlanError, match=f"still lists what was taken down: {SECRET}"):
        leaked.switcher.plan_rollback(None)
    down(leaked, invalidations)
    assert is_gone(leaked)
    leaked.switcher.plan_rollback(None)


def test_unreadable_manifest_does_not_stop_it(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    oldest = min(leaked.site.buckets[PRIMARY].manifest_times())
    leaked.put(PRIMARY, manifest_key(oldest), b"{")
    plan = down(leaked, invalidations)
    assert plan.found.regions[PRIMARY].unreadable == (oldest,)
    assert not any(key.endswith(NAMES) for region in REGIONS for key in versions(leaked, region))


def test_same_content_under_another_name_is_told_and_not_refused_later(
    versioned: ReleaseWorld, invalidations: Invalidations
) -> None:
    add_files(versioned)
    (versioned.folder / "copy.csv").write_text(CONTENT, encoding="utf-8")
    versioned.publish("one")
    plan = down(versioned, invalidations)
    assert set(plan.found.same_content(plan.names)) == {"copy.csv"}
    for name in NAMES:
        (versioned.folder / name).unlink()
    versioned.publish("two")


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        (SECRET, SECRET),
        (f"/{SECRET}", SECRET),
        (f"{SECRET}.br", SECRET),
        (f"https://www.example.test/{SECRET}?x=1#y", SECRET),
        ("team/", "team/index.html"),
        ("/team", "team/index.html"),
        ("/about", "about.html"),
        ("/", "index.html"),
        ("/a%20b.txt", "a b.txt"),
        ("a b.txt", "a b.txt"),
        ("50%.txt", "50%.txt"),
    ],
)
def test_argument_is_a_path_of_the_folder_or_an_address(versioned: ReleaseWorld, argument: str, path: str) -> None:
    add_files(versioned)
    (versioned.folder / "team").mkdir()
    for name in ("team/index.html", "about.html", "a b.txt", "50%.txt"):
        (versioned.folder / name).write_text(name, encoding="utf-8")
    versioned.publish("one")
    assert plan_takedown(versioned.site, [argument]).paths == (path,)


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("data/customer.csv", "Did you mean data/customers.csv"),
        ("customers.csv", "Did you mean data/customers.csv"),
        ("data", "is a folder: name its files"),
        ("https://www.example.org/data/customers.csv", "is not an address of this website"),
        (" ", "PATH is empty"),
        ("zzz", "has a file zzz"),
    ],
)
def test_argument_that_is_no_file_is_wrong_usage(leaked: ReleaseWorld, argument: str, told: str) -> None:
    with pytest.raises(WrongUsageError, match=told):
        plan_takedown(leaked.site, [argument])


@pytest.mark.parametrize("path", ["a.csv", "a b, c.csv", "ä" * 480, "x" * 990])
def test_note_fits_and_is_read_back(path: str) -> None:
    made = Takedown(path=path, at="2026-11-30T10:00:00Z", md5s=tuple(f"{number:032x}" for number in range(40)))
    assert len(made.value.encode()) <= 1024
    assert len(made.key) <= 512
    read = parse_takedown(made.value)
    assert (read.path, read.at) == (path, made.at)
    assert read.md5s == made.md5s[: len(read.md5s)]


def test_lift_of_one_keeps_the_others(leaked: ReleaseWorld, invalidations: Invalidations) -> None:
    down(leaked, invalidations, SECRET, "00.txt")
    lift(leaked.site.routing, [SECRET])
    assert [each.path for each in takedowns(leaked.site.routing)] == ["00.txt"]
    assert TAKEDOWN_KEY in leaked.store.values


def test_manifest_without_a_takedown_is_written_as_before(versioned: ReleaseWorld) -> None:
    manifest: Manifest = versioned.publish("one")
    assert b"taken_down" not in manifest.to_json()
    assert POINTER_KEY in versioned.keys(PRIMARY)
