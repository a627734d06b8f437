"""One call is throttled until its tries are used up: nothing is torn, it is told, and what is told to be done ends it."""

from typing import Any

import pytest

from scripts.commands.publishing.after_switch import Switched, keep_what_answers
from scripts.errors import AwsError, OpsError
from scripts.release.publish import Publisher
from scripts.release.samples import BadAnswer
from scripts.release.switching import Switcher
from scripts.release.website import Website
from tests.worlds.explorer.clients import refused
from tests.worlds.explorer.cloud import Cloud
from tests.worlds.explorer.exploring import ACTIVE, OLD, PREVIOUS, insist_on_a_good_end
from tests.worlds.explorer.exploring import no_threads as no_threads
from tests.worlds.explorer.exploring import sites as sites
from tests.worlds.explorer.operators import Program, Refused, run_alone, website
from tests.worlds.explorer.programs import (
    Sites,
    evacuate,
    lift_file,
    promote,
    prune_all,
    repair_active,
    restore,
    take_down_file,
)
from tests.worlds.explorer.properties import insist_on_whole_releases, routing_of

STORE_CALLS = {
    "describe": "DescribeKeyValueStore",
    "get_key": "GetKey",
    "list_keys": "ListKeys",
    "update_keys": "UpdateKeys",
}
S3_CALLS = {
    "get_object": "GetObject",
    "list_objects": "ListObjectsV2",
    "put_object": "PutObject",
    "copy_object": "CopyObject",
    "delete_objects": "DeleteObjects",
}
A_MINUTE_SECONDS = 60


def throttling(name: str) -> Exception:
    """What botocore raises when the last of its tries was throttled too, by the API that was asked."""
    if name in STORE_CALLS:
        return refused("ThrottlingException", STORE_CALLS[name], 400)
    return refused("SlowDown", S3_CALLS[name], 503)


def run_throttled(cloud: Cloud, program: Program, number: int) -> tuple[Cloud, Any, str]:
    """Runs a program whose call of that number is throttled; returns the cloud, what was told, and the call ('': none)."""
    count, met = 0, ""

    def ask(name: str, *arguments: Any) -> Any:
        nonlocal cloud, count, met
        count += 1
        if count == number:
            met = f"{name} {arguments[:2]}"
            raise throttling(name)
        cloud, answer = getattr(cloud, name)(*arguments)
        insist_on_whole_releases(cloud)
        return answer

    try:
        return cloud, program(website(ask)), met
    except OpsError as error:
        return cloud, Refused(str(error)), met


def deployed(sites: Sites, name: str) -> Cloud:
    cloud = sites.deployed(OLD, PREVIOUS, ACTIVE)
    before = {"promote": sites.canary("new6"), "lift": take_down_file, "restore": evacuate}.get(name)
    return cloud if before is None else run_alone(cloud, before)[0]


def roll_back(site: Website) -> str:
    """As the command, which looks again after the switch."""
    switcher = Switcher(list(site.buckets.values()), site.routing)
    plan = switcher.plan_rollback(None)
    switcher.rollback(plan)
    switcher.verify(plan)
    return f"active {plan.manifest.release_id}"


def program(sites: Sites, name: str) -> Program:
    return {
        "publish": sites.publish("new3"),
        "publish in vain": sites.publish_in_vain("new4"),
        "canary": sites.canary("new5"),
        "promote": promote,
        "roll back": roll_back,
        "evacuate": evacuate,
        "restore": restore,
        "prune": prune_all,
        "repair": repair_active,
        "takedown": take_down_file,
        "lift": lift_file,
    }[name]


def what_to_do(sites: Sites, name: str, told: str) -> Program:
    """What a reader of the message does: a rollback that is run again would go on to another release."""
    ways = {
        "failover verify --repair --apply": repair_active,
        "another prune is refused": repair_active,  # nothing, that is
        f"failover rollback {sites.id_of(ACTIVE)} --apply": sites.roll_back(ACTIVE),
        "wait a minute, then run it again": program(sites, name),
    }
    (way,) = [way for words, way in ways.items() if words in told]
    return way


@pytest.mark.parametrize(
    "name",
    [
        "publish",
        "publish in vain",
        "canary",
        "promote",
        "roll back",
        "evacuate",
        "restore",
        "prune",
        "repair",
        "takedown",
        "lift",
    ],
)
def test_throttled_call_is_told_tears_nothing_and_is_done_by_what_it_advises(sites: Sites, name: str) -> None:
    before = deployed(sites, name)
    number = 0
    while True:
        number += 1
        after, told, met = run_throttled(before, program(sites, name), number)
        if not met:
            break
        insist_on_whole_releases(after)
        assert isinstance(told, Refused), f"{name} says {told!r}, and its call {number} was throttled: {met}"
        assert "asks for fewer requests" in told.told, f"{met}: {told}"
        done, again = run_alone(after.later(A_MINUTE_SECONDS), what_to_do(sites, name, told.told))
        insist_on_a_good_end(done, {name: again})
        insist_on_whole_releases(done)
    assert number > 3


def test_throttled_way_back_is_told_with_what_was_seen_and_what_is_active(sites: Sites) -> None:
    """The publish, run again, would find nothing to do, and viewers would keep what is broken."""
    built = sites.built("new3")
    bad = BadAnswer(hostname="www.example.test", path="/index.html", reason="answers 503")

    def publish(site: Website) -> None:
        publisher = Publisher(list(site.buckets.values()), site.routing)
        plan = publisher.plan(built)
        written = publisher.apply(plan, sites.folder / "new3")
        earlier = plan.current.routing
        switched = Switched(release_id=built.release_id, files=(), regions=(), earlier=earlier, written=written)
        keep_what_answers(site, lambda _files: [bad], switched)

    before = sites.deployed(PREVIOUS, ACTIVE)
    told: list[tuple[str | None, str]] = []
    while (run := run_throttled(before, publish, len(told) + 1))[2]:
        told.append((routing_of(run[0]).release_id, run[1].told))
    stuck = [text for active, text in told if active == built.release_id and "not switched back" in text]
    assert stuck
    for text in stuck:
        assert f"release {built.release_id} is active still" in text
        assert f"failover rollback {sites.id_of(ACTIVE)} --apply" in text
        assert str(bad) in text
        assert "run it again" not in text


def test_key_that_s3_throttles_within_a_deletion_is_told_as_throttling() -> None:
    """S3 answers 200 with an error for that key, https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html."""
    bucket = website(lambda *_call: None).buckets["us-east-1"]
    client: Any = bucket.client
    client.delete_objects = lambda **_named: {"Errors": [{"Key": "releases/a/b.html", "Code": "SlowDown"}]}
    with pytest.raises(
        AwsError, match=r"DeleteObjects on content-us-east-1/releases/a/b.html failed: SlowDown.*fewer requests"
    ):
        bucket.delete_objects(["releases/a/b.html"])
