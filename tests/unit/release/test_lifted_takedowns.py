"""A takedown that was lifted, in every order with what others do: the file comes back with its release's folder, or not at all.

What a manifest, another region or an earlier look says of the file may be older than the lift. `--explore-all` takes the orders
beside a takedown that change two times from one to the other, with a crash.
"""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from scripts.release import publish
from scripts.release.manifest import Manifest, StoredManifest, manifest_key
from scripts.release.takedown_search import Holding
from tests.worlds.explorer import properties
from tests.worlds.explorer.cloud import Cloud
from tests.worlds.explorer.exploring import (
    ACTIVE,
    PREVIOUS,
    crashed_anywhere,
    insist_on_a_good_end,
    run_alone_telling,
)
from tests.worlds.explorer.exploring import no_threads as no_threads
from tests.worlds.explorer.exploring import sites as sites
from tests.worlds.explorer.operators import REGIONS, Program, Refused, run_alone
from tests.worlds.explorer.programs import (
    BARE,
    TAKEN_DOWN,
    Sites,
    lift_file,
    repair_active,
    take_down_file,
)
from tests.worlds.explorer.properties import (
    insist_on_agreement,
    insist_on_folder,
    insist_on_gone,
    insist_on_whole_releases,
    manifest_in,
)
from tests.worlds.explorer.search import CRASHED, BrokenPromiseError, Outcomes, Search

A_MINUTE_SECONDS = 60
WITHOUT_IT, NEW = f"new3{BARE}", "new4"
RELEASES = [ACTIVE, PREVIOUS, NEW]
"""The previous release, the one whose increment every other stands on, and one that is new; beside one without the file."""


def taken_down(sites: Sites, *, goes_on: bool = True, is_lifted: bool = True) -> Cloud:
    """Two releases with the file, which is taken down from both; then one without it, and the takedown is lifted."""
    cloud, _ = run_alone(sites.deployed(PREVIOUS, ACTIVE), take_down_file)
    if goes_on:
        cloud, _ = run_alone(cloud.later(A_MINUTE_SECONDS), sites.publish(WITHOUT_IT))
    if is_lifted:
        cloud, _ = run_alone(cloud.later(A_MINUTE_SECONDS), lift_file)
    return cloud.later(A_MINUTE_SECONDS)


def insist_on_good(cloud: Cloud) -> None:
    insist_on_whole_releases(cloud)
    insist_on_agreement(cloud)


def insist_on_without_it(sites: Sites, cloud: Cloud) -> None:
    """The release whose folder has not the file does not get it by its base.

    Raises:
        AssertionError: it does.
    """
    for region in REGIONS:
        manifest = manifest_in(cloud, region, sites.id_of(WITHOUT_IT))
        assert manifest is None or TAKEN_DOWN not in {file.path for file in manifest.files}, f"CAME ALONG in {region}"


def regions_of(cloud: Cloud, earlier: Cloud, region: str) -> Cloud:
    """Returns a cloud in which one region has missed what happened since an earlier one."""
    others = {key: each for key, each in cloud.objects.items() if key[0] != region}
    missed = {key: each for key, each in earlier.objects.items() if key[0] == region}
    return replace(cloud, objects={**others, **missed}, digest=hash((cloud.digest, region)))


@pytest.mark.parametrize("is_forced", [False, True])
@pytest.mark.parametrize("name", RELEASES)
def test_lifted_file_comes_back_with_any_folder_that_has_it(sites: Sites, name: str, is_forced: bool) -> None:
    after, _ = run_alone(taken_down(sites), sites.publish(name, force=is_forced))
    insist_on_good(after)
    insist_on_folder(after, sites.built(name))
    insist_on_without_it(sites, after)
    back, _ = run_alone(after.later(A_MINUTE_SECONDS), sites.roll_back())
    insist_on_good(back)
    insist_on_without_it(sites, back)


def test_lifted_file_comes_back_with_the_active_folder(sites: Sites) -> None:
    after, _ = run_alone(taken_down(sites, goes_on=False), sites.publish(ACTIVE))
    insist_on_good(after)
    insist_on_folder(after, sites.built(ACTIVE))


@pytest.mark.parametrize("name", RELEASES)
def test_lifted_file_comes_back_with_a_canary(sites: Sites, name: str) -> None:
    after, _ = run_alone(taken_down(sites), sites.canary(name))
    insist_on_whole_releases(after)
    insist_on_folder(after, sites.built(name))
    insist_on_without_it(sites, after)


def test_file_that_is_taken_down_again_goes_and_comes_back_again(sites: Sites) -> None:
    cloud = taken_down(sites)
    for _ in range(2):
        cloud, _ = run_alone(cloud.later(A_MINUTE_SECONDS), sites.publish(ACTIVE, force=True))
        insist_on_good(cloud)
        insist_on_folder(cloud, sites.built(ACTIVE))
        cloud, _ = run_alone(cloud.later(A_MINUTE_SECONDS), take_down_file)
        insist_on_good(cloud)
        insist_on_gone(cloud, TAKEN_DOWN)
        cloud, _ = run_alone(cloud.later(A_MINUTE_SECONDS), lift_file)


@pytest.mark.parametrize("name", [*RELEASES, "the active one"])
def test_publish_that_crashed_is_finished_by_the_next_one(sites: Sites, name: str) -> None:
    is_active = name not in RELEASES
    release = ACTIVE if is_active else name
    program = sites.publish(release)
    left = crashed_anywhere(taken_down(sites, goes_on=not is_active), program)
    assert len(left) > 3
    for cloud in left:
        insist_on_whole_releases(cloud)
        insist_on_without_it(sites, cloud)
        after, told = run_alone_telling(cloud.later(A_MINUTE_SECONDS), program)
        assert told == f"active {sites.id_of(release)}"
        insist_on_good(after)
        insist_on_folder(after, sites.built(release))


@pytest.mark.parametrize("name", RELEASES)
def test_publish_that_crashed_leaves_what_can_be_repaired_and_rolled_back(sites: Sites, name: str) -> None:
    for cloud in crashed_anywhere(taken_down(sites), sites.publish(name)):
        repaired, told = run_alone_telling(cloud.later(A_MINUTE_SECONDS), repair_active)
        assert told == "repaired"
        insist_on_good(repaired)
        back, told = run_alone_telling(repaired, sites.roll_back())
        assert isinstance(told, str | Refused)
        insist_on_good(back)
        insist_on_without_it(sites, back)


@pytest.mark.parametrize("region", REGIONS)
def test_region_that_missed_the_publish_gets_the_file(sites: Sites, region: str) -> None:
    before = taken_down(sites, goes_on=False)
    after, _ = run_alone(before, sites.publish(ACTIVE))
    repaired, _ = run_alone(regions_of(after, before, region), repair_active)
    insist_on_good(repaired)
    insist_on_folder(repaired, sites.built(ACTIVE))


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("is_lifted", [False, True])
def test_region_that_missed_the_takedown_loses_the_file(sites: Sites, region: str, is_lifted: bool) -> None:
    before = sites.deployed(PREVIOUS, ACTIVE)
    after = taken_down(sites, goes_on=False, is_lifted=is_lifted)
    repaired, _ = run_alone(regions_of(after, before, region), repair_active)
    insist_on_good(repaired)
    for each in REGIONS:
        manifest = manifest_in(repaired, each, sites.id_of(ACTIVE))
        assert manifest is not None
        assert TAKEN_DOWN not in {file.path for file in manifest.files}


def test_publish_after_a_lift_is_no_reason_to_run_the_takedown_again(sites: Sites) -> None:
    """A rollback to what one region has with the file and the other without it; the takedown is over."""
    before = taken_down(sites)
    cloud, _ = run_alone(before, sites.publish(ACTIVE))
    cloud, _ = run_alone(cloud, sites.publish("other"))
    missed = (REGIONS[1], manifest_key(sites.id_of(ACTIVE)))
    torn = replace(cloud, objects={**cloud.objects, missed: before.objects[missed]})
    _, told = run_alone_telling(torn, sites.roll_back())
    assert isinstance(told, Refused)
    assert f"failover verify {sites.id_of(ACTIVE)} --repair" in told.told


def beside_a_takedown(sites: Sites, other: Program, *, switches: int = 1, crashes: int = 0) -> int:
    """Whoever had begun before may leave the file behind where no viewer gets it; a second takedown ends that."""
    seen: set[int] = set()

    def finished(cloud: Cloud, outcomes: Outcomes) -> None:
        if outcomes["takedown"] != CRASHED:
            insist_on_a_good_end(cloud, outcomes)
        if cloud.digest in seen:
            return
        seen.add(cloud.digest)
        after, told = run_alone_telling(cloud.later(A_MINUTE_SECONDS), take_down_file)
        assert told == "taken down", told
        insist_on_gone(after, TAKEN_DOWN)
        insist_on_good(after)

    programs = {"takedown": take_down_file, "other": other}
    search = Search(
        programs=programs, always=insist_on_whole_releases, at_end=finished, switches=switches, crashes=crashes
    )
    return search.run(taken_down(sites))


@pytest.mark.parametrize("name", RELEASES)
def test_second_takedown_beside_a_publish_is_finished_by_a_third(
    sites: Sites, request: pytest.FixtureRequest, name: str
) -> None:
    is_all = request.config.getoption("--explore-all")
    assert beside_a_takedown(sites, sites.publish(name), switches=2 if is_all else 1, crashes=1 if is_all else 0) > 10


@pytest.mark.parametrize("name", RELEASES)
def test_lift_beside_a_publish_is_refused_or_brings_the_file_back(sites: Sites, name: str) -> None:
    """In every order, and whoever crashes."""

    def finished(cloud: Cloud, outcomes: Outcomes) -> None:
        insist_on_a_good_end(cloud, outcomes)
        if str(outcomes["publish"]).startswith("active "):
            insist_on_folder(cloud, sites.built(name))
        after, told = run_alone_telling(cloud, lift_file)
        assert told == "lifted"
        after, told = run_alone_telling(after, sites.publish(name))
        assert told == f"active {sites.id_of(name)}"
        insist_on_good(after)
        insist_on_folder(after, sites.built(name))

    search = Search(
        programs={"lift": lift_file, "publish": sites.publish(name)}, always=insist_on_whole_releases, at_end=finished
    )
    assert search.run(taken_down(sites, is_lifted=False)) > 10


# Each of the following takes one mend out, and the same finds what the mend is for.


@pytest.mark.parametrize("name", RELEASES[:1])
def test_without_what_is_back_the_file_is_left_out(sites: Sites, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def as_held(held: Manifest, *_arguments: object, **_named: object) -> Manifest:
        return held

    monkeypatch.setattr(publish, "with_what_is_back", as_held)
    after, _ = run_alone(taken_down(sites), sites.publish(name))
    with pytest.raises(AssertionError, match="LEFT OUT"):
        insist_on_folder(after, sites.built(name))


def test_without_its_own_word_a_release_gets_the_file_by_its_base(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = StoredManifest.on

    def with_the_base(stored: StoredManifest, base: Manifest | None) -> Manifest:
        return replace(usual(replace(stored, taken_down=()), base), taken_down=stored.taken_down)

    monkeypatch.setattr(StoredManifest, "on", with_the_base)
    monkeypatch.setattr(
        properties, "_manifest", properties._manifest.__wrapped__
    )  # what it has read was read by the mend
    after, _ = run_alone(taken_down(sites), sites.publish(PREVIOUS))
    with pytest.raises(AssertionError, match="CAME ALONG"):
        insist_on_without_it(sites, after)


@pytest.mark.parametrize("name", RELEASES[:2])
def test_without_new_manifests_a_publish_lists_what_a_second_takedown_deletes(
    sites: Sites, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def listing(holding: Holding, names: frozenset[str], *_arguments: object) -> tuple[str, ...]:
        return holding.releases_with(names)

    monkeypatch.setattr(Holding, "outdated", listing)
    with pytest.raises(BrokenPromiseError):
        beside_a_takedown(sites, sites.publish(name))


def test_without_the_later_decision_a_region_that_missed_a_publish_takes_the_file_down_again(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_least(manifests: Iterable[Manifest]) -> Manifest:
        return max(manifests, key=lambda each: len(each.emptied))

    monkeypatch.setattr("scripts.release.parity.latest", with_least)
    before = taken_down(sites, goes_on=False)
    after, _ = run_alone(before, sites.publish(ACTIVE))
    with pytest.raises(AssertionError):
        insist_on_folder(
            run_alone_telling(regions_of(after, before, REGIONS[1]), repair_active)[0], sites.built(ACTIVE)
        )
