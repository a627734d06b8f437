"""Publishing while a region's S3 does not answer: refused, or with that region drained first."""

from collections.abc import Callable

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from scripts.aws.clients import translated
from scripts.errors import AwsError, RegionUnavailableError, UnsafePlanError
from scripts.release.drain import change_drains, plan_evacuation, plan_restoration
from scripts.release.manifest import ReleaseFile
from scripts.release.parity import check_parity, plan_repair, repair
from scripts.release.pointers import read_pointer
from tests.worlds.release_commands import Failover
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def refused(status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": "Some", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]  # as short as it gets
        "GetObject",
    )


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://x"),
        ConnectTimeoutError(endpoint_url="https://x"),
        ReadTimeoutError(endpoint_url="https://x"),
        refused(503),
        refused(500),
    ],
)
def test_silence_and_5xx_mean_that_the_region_is_unavailable(error: BotoCoreError | ClientError) -> None:
    with pytest.raises(RegionUnavailableError) as caught, translated("GetObject", "b/k", region=PRIMARY):
        raise error
    assert caught.value.region == PRIMARY


@pytest.mark.parametrize("code", ["SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"])
def test_throttling_is_told_as_throttling(code: str) -> None:
    answer = ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 503}},  # type: ignore[typeddict-item]  # as above
        "PutObject",
    )
    with (
        pytest.raises(AwsError, match="asks for fewer requests") as caught,
        translated("PutObject", "b/k", region=PRIMARY),
    ):
        raise answer
    assert not isinstance(caught.value, RegionUnavailableError)


def test_region_that_was_found_silent_is_not_asked_again(world: ReleaseWorld) -> None:
    world.publish("one")
    world.kill(SECONDARY)
    with pytest.raises(RegionUnavailableError) as caught:
        world.publisher.plan(world.write("two"))
    world.revive(SECONDARY)  # asked again it would answer
    survey = world.publisher.survey([caught.value])
    plan = world.publisher.plan(world.write("two"), survey, allow_degraded=True)
    assert (plan.left_out, tuple(plan.uploads)) == ((SECONDARY,), (PRIMARY,))


@pytest.mark.parametrize("error", [refused(403), refused(409), NoCredentialsError()])
def test_other_failures_do_not(error: BotoCoreError | ClientError) -> None:
    with pytest.raises(AwsError) as caught, translated("GetObject", "b/k", region=PRIMARY):
        raise error
    assert not isinstance(caught.value, RegionUnavailableError)


def test_failure_of_a_call_that_needs_no_region_names_none() -> None:
    with pytest.raises(AwsError) as caught, translated("UpdateKeys", "arn"):
        raise EndpointConnectionError(endpoint_url="https://x")
    assert not isinstance(caught.value, RegionUnavailableError)


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
def test_publish_without_a_region_is_refused_by_default(world: ReleaseWorld, region: str) -> None:
    world.kill(region)
    with pytest.raises(RegionUnavailableError) as caught:
        world.publish()
    assert caught.value.region == region
    assert world.store.writes == 0


def test_degraded_plan_names_the_region_and_changes_nothing(world: ReleaseWorld) -> None:
    world.publish("one")
    world.kill(PRIMARY)
    plan = world.publisher.plan(world.write("two"), allow_degraded=True)
    assert (plan.left_out, plan.drains, tuple(plan.uploads)) == ((PRIMARY,), (PRIMARY,), (SECONDARY,))
    assert world.routing["drained_regions"] == []


def test_degraded_publish_drains_before_it_uploads(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish("one")
    world.kill(PRIMARY)
    seen = []
    bucket = world.site.buckets[SECONDARY]
    put_file: Callable[..., str] = bucket.put_file

    def put_and_look(*arguments: object) -> str:
        seen.append(tuple(world.routing["drained_regions"]))
        return put_file(*arguments)

    monkeypatch.setattr(bucket, "put_file", put_and_look)
    world.publish("two", allow_degraded=True)
    assert set(seen) == {(PRIMARY,)}


def test_degraded_publish_switches_and_keeps_the_region_drained(world: ReleaseWorld) -> None:
    first = world.publish("one")
    world.kill(PRIMARY)
    second = world.publish("two", allow_degraded=True)
    assert world.release_ids == (second.release_id, first.release_id)
    assert world.routing["drained_regions"] == [PRIMARY]


def test_degraded_publish_points_the_region_that_answers(world: ReleaseWorld) -> None:
    world.kill(PRIMARY)
    manifest = world.publish(allow_degraded=True)
    bucket = world.site.buckets[SECONDARY]
    pointer = read_pointer(bucket.client, bucket.name)
    assert pointer is not None and pointer.release_id == manifest.release_id


def test_degraded_publish_to_a_drained_region_drains_nothing_more(world: ReleaseWorld) -> None:
    change_drains(world.site, plan_evacuation(world.site, PRIMARY))
    world.kill(PRIMARY)
    world.publish(allow_degraded=True)
    assert world.store.writes == 2  # the evacuation and the switch


def test_second_degraded_publish_has_nothing_to_do(world: ReleaseWorld) -> None:
    world.kill(PRIMARY)
    manifest = world.publish(allow_degraded=True)
    assert world.publisher.plan(manifest, allow_degraded=True).is_empty


def test_degraded_publish_of_the_active_release_still_drains(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.kill(PRIMARY)
    assert not world.publisher.plan(manifest, allow_degraded=True).is_empty


def test_degraded_publish_rejects_draining_the_last_region(world: ReleaseWorld) -> None:
    change_drains(world.site, plan_evacuation(world.site, SECONDARY))
    world.kill(PRIMARY)
    with pytest.raises(UnsafePlanError, match="would leave no region"):
        world.publisher.plan(world.write("one"), allow_degraded=True)


def test_degraded_publish_rejects_two_silent_regions(world: ReleaseWorld) -> None:
    world.kill(PRIMARY)
    world.kill(SECONDARY)
    with pytest.raises(RegionUnavailableError):
        world.publish(allow_degraded=True)


def test_degraded_publish_verifies_the_other_region(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.kill(PRIMARY)
    monkeypatch.setattr(world.site.buckets[SECONDARY], "put_file", lambda *_arguments: None)
    with pytest.raises(UnsafePlanError, match="us-east-1 lacks 3 of 3 files"):
        world.publish(allow_degraded=True)
    assert world.release_ids == (None, None)


def test_region_that_dies_during_the_upload_stops_the_switch(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish("one")
    before = world.routing

    def put_and_kill(file: ReleaseFile, _body: bytes) -> str:
        world.kill(PRIMARY)
        return file.md5

    monkeypatch.setattr(world.site.buckets[SECONDARY], "put_file", put_and_kill)
    with pytest.raises(RegionUnavailableError, match=PRIMARY):
        world.publish("two")
    assert world.routing == before


def test_allowing_it_changes_nothing_while_both_regions_answer(world: ReleaseWorld) -> None:
    world.publish(allow_degraded=True)
    assert world.routing["drained_regions"] == []


def test_repair_and_restoration_bring_a_region_back_after_a_degraded_publish(world: ReleaseWorld) -> None:
    world.publish("one")
    world.kill(PRIMARY)
    second = world.publish("two", allow_degraded=True)
    world.revive(PRIMARY)
    with pytest.raises(UnsafePlanError, match="eu-central-1 lacks"):
        plan_restoration(world.site, PRIMARY)
    routing = world.site.routing.read().routing
    plan = plan_repair(check_parity(world.site.buckets.values(), second, routing), routing)
    assert repair(plan, world.site.buckets, store=world.site.routing).is_reached
    change_drains(world.site, plan_restoration(world.site, PRIMARY))
    assert world.routing["drained_regions"] == []


@pytest.mark.parametrize("files", [5, 250], ids=["few, by botocore", "many, of which a region takes a part"])
@pytest.mark.parametrize("is_allowed", [False, True])
def test_region_that_goes_silent_in_the_middle_of_an_upload(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, files: int, is_allowed: bool
) -> None:
    """With --allow-degraded the publish goes on without it; without, nothing is switched and the way out is named."""
    first = world.publish("one")
    for number in range(files):
        (world.folder / f"{number}.txt").write_text(str(number), encoding="utf-8")
    monkeypatch.setattr(
        "scripts.release.transfer.NATIVE_FROM_FILES", 1000
    )  # moto is in this process; awscrt asks a port
    taken = []

    def die(**_named: object) -> None:
        taken.append(1)
        if len(taken) > files // 2:
            world.kill(SECONDARY)

    events = world.site.buckets[SECONDARY].client.meta.events
    events.register_first("before-call.s3.PutObject", die)
    allowed = ["--allow-degraded"] if is_allowed else []
    code, output, error = failover("sync-content", str(world.folder), "--apply", "--no-probe", *allowed)
    events.unregister("before-call.s3.PutObject", die)
    assert len(taken) > files // 2
    if is_allowed:
        assert code == 0
        assert f"Going on without {SECONDARY}" in error
        assert f"{SECONDARY} does not answer: drained, published without it." in output
        assert world.routing["drained_regions"] == [SECONDARY]
        assert world.release_ids[1] == first.release_id
    else:
        assert code == 3
        assert f"S3 in {SECONDARY} does not answer" in error
        assert "add --allow-degraded" in error
        assert (world.release_ids[0], world.routing["drained_regions"]) == (first.release_id, [])
