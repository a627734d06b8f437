"""Several operators at once, in every order of their requests, with a crash of any of them: nothing is lost, nothing is silent.

`make test` explores the pairs that meet each other's keys, and a three, in every order. `--explore-all -k "any_pair or beside"`
takes every pair of operators that there is, in the orders that change two times from one to the other, with a crash.
"""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from scripts.release import following
from scripts.release.bucket import ContentBucket
from scripts.release.pointers import POINTER_KEY, HeldPointer, write_pointer
from scripts.release.routing import RoutingStore, RoutingVersion
from scripts.release.standing import Standing
from scripts.release.website import Website
from tests.worlds.explorer.cloud import Cloud, Stored
from tests.worlds.explorer.exploring import (
    ACTIVE,
    OLD,
    PREVIOUS,
    crashed_anywhere,
    insist_on_a_good_end,
    run_alone_telling,
)
from tests.worlds.explorer.exploring import no_threads as no_threads
from tests.worlds.explorer.exploring import sites as sites
from tests.worlds.explorer.operators import REGIONS, Program, Refused, Step, run_alone
from tests.worlds.explorer.programs import (
    TAKEN_DOWN,
    Sites,
    evacuate,
    lift_file,
    promote,
    prune_all,
    repair_active,
    restore,
    take_down_file,
)
from tests.worlds.explorer.properties import (
    insist_on_agreement,
    insist_on_gone,
    insist_on_whole_releases,
    routing_at,
    routing_of,
)
from tests.worlds.explorer.search import CRASHED, BrokenPromiseError, Outcomes, Search

FEWEST_INTERLEAVINGS = 100_000
# It makes 50 requests: every order of them and of others' takes minutes.
SWITCHES, SWITCHED_INTERLEAVINGS = 2, 1000
AN_HOUR_AND_A_HALF_SECONDS = 5400


@pytest.fixture
def programs(sites: Sites) -> dict[str, Program]:
    """What an operator may do, by name."""
    return {
        "publish": sites.publish("new3"),
        "publish another": sites.publish("other"),
        "publish the old": sites.publish(OLD),
        "publish the previous": sites.publish(PREVIOUS),
        "publish in vain": sites.publish_in_vain("new4"),
        "canary": sites.canary("new5"),
        "promote": promote,
        "roll back": sites.roll_back(),
        "roll back to the old": sites.roll_back(OLD),
        "evacuate": evacuate,
        "restore": restore,
        "prune": prune_all,
        "repair": repair_active,
        "takedown": take_down_file,
        "lift": lift_file,
    }


def deployed(sites: Sites, *names: str) -> Cloud:
    """Three releases, of which a prune takes the first; a canary to promote; a takedown to lift; a region to repair."""
    cloud = sites.deployed(OLD, PREVIOUS, ACTIVE)
    if "promote" in names:
        cloud, _ = run_alone(cloud, sites.canary("new6"))
    if "lift" in names:
        cloud, _ = run_alone(cloud, take_down_file)
    if "repair" in names:
        cloud, _ = cloud.delete_objects(REGIONS[1], (POINTER_KEY,))
    return cloud


def explore(cloud: Cloud, *programs: Program, crashes: int = 1, switches: int | None = None) -> int:
    named = {f"operator {number}": program for number, program in enumerate(programs, 1)}
    search = Search(
        programs=named, always=insist_on_whole_releases, at_end=insist_on_a_good_end, crashes=crashes, switches=switches
    )
    return search.run(cloud)


@pytest.mark.parametrize(
    "names",
    [
        ("publish", "publish"),
        ("publish", "publish another"),
        ("publish", "roll back"),
        ("publish", "prune"),
        ("publish", "repair"),
        ("roll back", "roll back"),
        ("roll back to the old", "prune"),
        ("prune", "prune"),
        ("promote", "roll back"),
        ("promote", "prune"),
        ("evacuate", "restore", "publish"),
    ],
    ids=" and ".join,
)
def test_no_order_of_requests_and_no_crash_loses_anything(
    sites: Sites, programs: dict[str, Program], names: tuple[str, ...]
) -> None:
    assert explore(deployed(sites, *names), *(programs[name] for name in names)) > FEWEST_INTERLEAVINGS


def test_no_order_of_two_rollbacks_brings_back_what_was_rolled_back_from(
    sites: Sites, programs: dict[str, Program]
) -> None:
    insist_on_one_way(sites, programs)


def insist_on_one_way(sites: Sites, programs: dict[str, Program]) -> None:
    def insist(cloud: Cloud) -> None:
        active = [routing_at(each).release_id for each in cloud.routings]
        bad = sites.id_of(ACTIVE)
        assert bad not in active[active.index(bad) + 1 :][1:], f"SILENT: {bad} is active again"

    rollbacks = {"first": programs["roll back"], "second": programs["roll back"]}
    Search(programs=rollbacks, always=insist, at_end=insist_on_a_good_end, crashes=0).run(deployed(sites))


def test_whoever_comes_after_a_killed_prune_finds_or_sends_everything(sites: Sites) -> None:
    """Wherever it was killed: before its claim ends nobody switches to what it claimed, afterwards everybody can."""
    left = crashed_anywhere(deployed(sites), prune_all)
    assert len(left) > 3
    for cloud in left:
        after, told = run_alone_telling(cloud, sites.publish(OLD))
        insist_on_whole_releases(after)
        is_claimed = any(key.startswith("pruning/") for key in cloud.values)
        assert isinstance(told, Refused) == is_claimed
        later, _ = run_alone(cloud.later(AN_HOUR_AND_A_HALF_SECONDS), sites.publish(OLD))
        insist_on_whole_releases(later)
        assert routing_of(later).release_id == sites.id_of(OLD)
        tidy, _ = run_alone(cloud.later(AN_HOUR_AND_A_HALF_SECONDS), prune_all)
        assert not [key for key in tidy.values if key.startswith("pruning/")]


# Each of the following takes one mend out, and the same exploration then finds what the mend is for.


@pytest.mark.parametrize("name", ["roll back to the old", "publish the old", "publish"])
def test_without_its_claim_a_prune_takes_what_somebody_is_about_to_switch_to(
    sites: Sites, programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("scripts.release.deletion._claim", lambda *_arguments: None)
    monkeypatch.setattr("scripts.release.deletion._insist_on_untouched", lambda *_arguments: None)
    monkeypatch.setattr("scripts.release.prune.UPLOAD_GRACE", timedelta(0))
    with pytest.raises(BrokenPromiseError, match="LOST"):
        explore(deployed(sites), prune_all, programs[name])


@pytest.mark.parametrize("names", [("publish", "publish another"), ("repair", "publish"), ("publish", "roll back")])
def test_without_a_condition_and_a_second_look_regions_disagree(
    sites: Sites, programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    def unconditionally(*arguments: Any, replacing: HeldPointer, **named: Any) -> bool:  # noqa: ARG001
        return write_pointer(*arguments, **named)

    def surely(_store: RoutingStore, _current: RoutingVersion) -> bool:
        return True

    monkeypatch.setattr(following, "write_pointer", unconditionally)
    monkeypatch.setattr(following, "_is_still", surely)
    with pytest.raises(BrokenPromiseError, match="DISAGREE"):
        explore(deployed(sites, *names), *(programs[name] for name in names), crashes=0)


def test_without_its_mark_a_release_that_was_rolled_back_from_comes_back(
    sites: Sites, programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Standing, "refuse_withdrawn", lambda *_arguments: None)
    with pytest.raises(BrokenPromiseError, match="is active again"):
        insist_on_one_way(sites, programs)


def test_nothing_is_lost_by_any_pair(
    sites: Sites, programs: dict[str, Program], request: pytest.FixtureRequest
) -> None:
    """More by a flag; without it this explores one operator at a time, each of them."""
    is_all = request.config.getoption("--explore-all")
    for names in itertools.combinations_with_replacement(programs, 2 if is_all else 1):
        if "takedown" not in names or not is_all:  # as below
            explore(deployed(sites, *names), *(programs[name] for name in names), switches=SWITCHES if is_all else None)


@pytest.mark.parametrize(
    "other",
    [
        "publish",
        "publish the previous",
        "prune",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("roll back", "repair", "takedown")),
    ],
)
def test_takedown_beside_anything_is_finished_by_a_second_one(
    sites: Sites, programs: dict[str, Program], request: pytest.FixtureRequest, other: str
) -> None:
    """Whoever had begun before may leave the file behind where no viewer gets it; a crash may leave anything."""
    is_all = request.config.getoption("--explore-all")
    seen: set[int] = set()

    def finished(cloud: Cloud, outcomes: Outcomes) -> None:
        if outcomes["takedown"] != CRASHED:  # a pointer follows no routing that its manifest does not give
            insist_on_a_good_end(cloud, outcomes)
        if cloud.digest in seen:
            return
        seen.add(cloud.digest)
        after, told = run_alone_telling(cloud, take_down_file)
        assert told == "taken down"
        insist_on_gone(after, TAKEN_DOWN)
        insist_on_whole_releases(after)
        insist_on_agreement(after)

    search = Search(
        programs={"takedown": take_down_file, "other": programs[other]},
        always=insist_on_whole_releases,
        at_end=finished,
        switches=SWITCHES if is_all else 1,
        crashes=1 if is_all or other == "repair" else 0,
    )
    assert search.run(sites.deployed(PREVIOUS, ACTIVE)) > (SWITCHED_INTERLEAVINGS if is_all else 10)


def test_without_a_condition_on_manifests_a_rollback_writes_back_what_was_taken_down(
    sites: Sites, programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ContentBucket.put_manifest

    def unconditionally(bucket: ContentBucket, *arguments: Any, **_named: Any) -> None:
        usual(bucket, *arguments)

    monkeypatch.setattr(ContentBucket, "put_manifest", unconditionally)
    with pytest.raises(BrokenPromiseError, match="LOST"):
        explore(sites.deployed(PREVIOUS, ACTIVE), programs["roll back"], take_down_file, crashes=0, switches=1)


def test_operator_goes_on_by_every_answer_alike_whichever_was_tried_first() -> None:
    """One answer is given to the run that waits for it, the others to new runs: each knows what was answered before."""

    def reading(site: Website) -> tuple[str, ...]:
        return tuple(
            site.buckets[REGIONS[0]].client.get_object(Bucket="content", Key=key)["ETag"] for key in ("first", "second")
        )

    first = Step(reading)
    for etag in ("a", "b"):
        second = first.after(Stored(b"", etag, 0))
        assert second.call == ("get_object", REGIONS[0], "second")
        assert [second.after(Stored(b"", each, 0)).outcome for each in "xy"] == [
            (f'"{etag}"', f'"{each}"') for each in "xy"
        ]
