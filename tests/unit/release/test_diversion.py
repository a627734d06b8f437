"""Leading viewers past CloudFront by the object that the path check reads, and back."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.errors import RegionUnavailableError, WrongUsageError
from scripts.release.diversion import PATH_CHECK_KEY, read_diversion
from tests.worlds.release_commands import Failover, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

BODY = b'{"status": "ok"}'


@pytest.fixture
def checked(world: ReleaseWorld) -> ReleaseWorld:
    for region, bucket in world.site.buckets.items():
        bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
        world.put(region, PATH_CHECK_KEY, BODY)
    return world


def held(world: ReleaseWorld) -> list[str]:
    return [region for region in (PRIMARY, SECONDARY) if PATH_CHECK_KEY in world.keys(region, "health/")]


def version_of(world: ReleaseWorld, region: str) -> Any:
    bucket = world.site.buckets[region]
    return bucket.client.head_object(Bucket=bucket.name, Key=PATH_CHECK_KEY)["VersionId"]


def test_plan_changes_nothing(checked: ReleaseWorld, failover: Failover) -> None:
    told = document(failover, "divert")
    assert (told["regions"], told["applied"]) == ([PRIMARY, SECONDARY], False)
    assert held(checked) == [PRIMARY, SECONDARY]


def test_checked_object_goes_in_both_regions_and_comes_back_as_it_was(
    checked: ReleaseWorld, failover: Failover
) -> None:
    before = version_of(checked, PRIMARY)
    assert document(failover, "divert", "--apply")["applied"] is True
    assert held(checked) == []
    assert document(failover, "divert", "--end")["regions"] == [PRIMARY, SECONDARY]
    assert held(checked) == [PRIMARY, SECONDARY]
    assert version_of(checked, PRIMARY) == before


@pytest.mark.parametrize("arguments", [("--apply",), ("--end",)])
def test_second_time_has_nothing_to_do(checked: ReleaseWorld, failover: Failover, arguments: tuple[str, ...]) -> None:
    failover("divert", "--apply")
    failover("divert", *arguments)
    assert failover("divert", *arguments)[1].startswith("Nothing to do")
    assert held(checked) == ([PRIMARY, SECONDARY] if arguments == ("--end",) else [])


def test_region_that_does_not_answer_is_named_and_done_later(checked: ReleaseWorld, failover: Failover) -> None:
    checked.kill(PRIMARY)
    _, words, _ = failover("divert", "--apply")
    assert f"{PRIMARY} does not answer: run it again" in words
    checked.revive(PRIMARY)
    assert held(checked) == [PRIMARY]
    assert document(failover, "divert", "--apply")["regions"] == [PRIMARY]
    assert held(checked) == []


def test_diversion_needs_one_region_at_least(checked: ReleaseWorld) -> None:
    checked.kill(PRIMARY)
    checked.kill(SECONDARY)
    with pytest.raises(RegionUnavailableError):
        read_diversion(checked.site)


def test_site_without_cloudfront_has_nothing_to_lead_past(checked: ReleaseWorld) -> None:
    with pytest.raises(WrongUsageError, match=r"health/REGION\.json"):
        read_diversion(replace(checked.site, entry="regional"))


def test_key_is_the_one_that_the_stacks_write() -> None:
    """Constructs and commands never import each other, so the key stands on both sides."""
    from constructs_lib import naming

    assert naming.PATH_CHECK_KEY == PATH_CHECK_KEY


def test_object_that_is_gone_for_good_is_named_with_the_stack_that_writes_it(
    checked: ReleaseWorld, failover: Failover
) -> None:
    bucket = checked.site.buckets[PRIMARY]
    bucket.client.delete_object(Bucket=bucket.name, Key=PATH_CHECK_KEY, VersionId=version_of(checked, PRIMARY))
    assert document(failover, "divert", "--end")["absent_in"] == [PRIMARY]
    assert f"apply the stack region-{PRIMARY}" in failover("divert", "--end")[1]
