"""`failover takedown` as an operator runs it: the plan, what it says afterwards, exit codes."""

from collections.abc import Sequence
from hashlib import md5

import pytest

from scripts.release.samples import BadAnswer
from tests.worlds.parity_check import versioned as versioned
from tests.worlds.release_commands import Failover, FakeProbe, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

SECRET, CONTENT = "customers.csv", b"Ada,London"


@pytest.fixture
def invalidated(monkeypatch: pytest.MonkeyPatch) -> dict[str, Sequence[str]]:
    """Distribution -> the paths that it was last asked to drop."""
    found: dict[str, Sequence[str]] = {}
    monkeypatch.setattr("scripts.aws.invalidation.cloudfront_client", lambda: None)
    monkeypatch.setattr(
        "scripts.aws.invalidation.invalidate_paths", lambda _client, id_, paths: found.update({id_: paths})
    )
    return found


@pytest.fixture
def leaked(versioned: ReleaseWorld) -> ReleaseWorld:
    (versioned.folder / SECRET).write_bytes(CONTENT)
    versioned.publish("one")
    versioned.publish("two")
    return versioned


def holders(world: ReleaseWorld) -> list[str]:
    return [region for region in (PRIMARY, SECONDARY) if any(key.endswith(SECRET) for key in world.keys(region))]


def test_plan_tells_and_changes_nothing(leaked: ReleaseWorld, failover: Failover) -> None:
    before = dict(leaked.store.values)
    code, output, _ = failover("takedown", SECRET)
    assert code == 0
    active, previous = leaked.release_ids
    assert f"Viewers get it from {active}, {previous}." in output
    assert "Run again with --apply" in output
    assert leaked.store.values == before
    assert holders(leaked) == [PRIMARY, SECONDARY]


def test_applied_tells_what_may_still_hold_it(
    leaked: ReleaseWorld, failover: Failover, invalidated: dict[str, Sequence[str]]
) -> None:
    code, output, _ = failover("takedown", SECRET, "--apply")
    assert code == 0
    assert holders(leaked) == []
    assert set(invalidated) == {PRIMARY, SECONDARY}
    assert "Nothing is left of it in any region that answers" in output
    for word in ("max-age=", "access logs", "artifacts and caches of CI", "git history", "replication"):
        assert word in output, word
    assert [f"/{SECRET}", md5(CONTENT, usedforsecurity=False).hexdigest()] == FakeProbe.files


def test_document_says_the_same_before_and_after(
    leaked: ReleaseWorld, failover: Failover, invalidated: dict[str, Sequence[str]]
) -> None:
    planned = document(failover, "takedown", SECRET)
    assert (planned["versions"], planned["applied"]) == ({PRIMARY: 1, SECONDARY: 1}, False)
    assert planned["served_by"] == list(leaked.release_ids)
    applied = document(failover, "takedown", SECRET, "--apply")
    assert {**planned, "applied": True} == applied
    again = document(failover, "takedown", SECRET, "--apply")
    assert (again["versions"], again["releases"], again["served_by"]) == ({PRIMARY: 0, SECONDARY: 0}, [], [])
    assert invalidated


@pytest.mark.usefixtures("invalidated")
def test_publish_is_refused_until_it_is_lifted(leaked: ReleaseWorld, failover: Failover) -> None:
    failover("takedown", SECRET, "--apply")
    code, _, error = failover("sync-content", str(leaked.folder), "--apply", "--no-probe")
    assert code == 1
    assert f"failover takedown {SECRET} --lift --apply" in error
    assert failover("takedown", SECRET, "--lift")[0] == 0
    assert failover("sync-content", str(leaked.folder))[0] == 1
    assert document(failover, "takedown", SECRET, "--lift", "--apply") == {"lifted": [SECRET], "applied": True}
    assert failover("sync-content", str(leaked.folder), "--apply", "--no-probe")[0] == 0
    assert holders(leaked) == [PRIMARY, SECONDARY]
    assert failover("takedown", SECRET, "--lift")[0] == 2


@pytest.mark.usefixtures("invalidated")
def test_name_that_still_serves_it_is_told(
    leaked: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = BadAnswer(hostname="www.example.test", path=f"/{SECRET}", reason="still serves what was taken down")
    monkeypatch.setattr(FakeProbe, "bad", [bad])
    code, _, error = failover("takedown", SECRET, "--apply")
    assert code == 1
    assert f"https://www.example.test/{SECRET}: still serves" in error
    assert failover("takedown", SECRET, "--apply", "--no-probe")[0] == 0
    assert holders(leaked) == []


@pytest.mark.usefixtures("invalidated")
def test_silent_region_is_told_and_not_taken_for_done(leaked: ReleaseWorld, failover: Failover) -> None:
    leaked.kill(SECONDARY)
    code, output, _ = failover("takedown", SECRET, "--apply")
    assert code == 1
    assert f"{SECONDARY} does not answer and still holds it" in output
    assert f"failover evacuate {SECONDARY} --apply" in output
    leaked.revive(SECONDARY)
    assert failover("takedown", SECRET, "--apply")[0] == 0
    assert holders(leaked) == []


def test_path_that_is_nowhere_is_wrong_usage(leaked: ReleaseWorld, failover: Failover) -> None:
    code, _, error = failover("takedown", "customer.csv")
    assert code == 2
    assert f"Did you mean {SECRET}" in error
    assert holders(leaked) == [PRIMARY, SECONDARY]
    assert failover("takedown")[0] == 2
