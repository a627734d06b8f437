"""The release commands as an operator runs them: plan first, one JSON document, exit codes."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.errors import AwsError
from scripts.release.samples import BadAnswer
from tests.worlds.release_commands import Failover, FakeEntries, FakeProbe, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def interrupt(*_arguments: object, **_named: object) -> None:
    raise KeyboardInterrupt


def test_releases_lists_states_and_parity(world: ReleaseWorld, failover: Failover) -> None:
    first, second = world.publish("one"), world.publish("two")
    found = {each["release_id"]: each for each in document(failover, "releases")["releases"]}
    assert found[second.release_id]["states"] == ["active"]
    assert found[first.release_id]["states"] == ["previous"]
    assert found[second.release_id]["regions"][PRIMARY]["in_parity"] is True
    assert 0 <= found[second.release_id]["age_seconds"] < 60


def test_releases_table_shows_each_region(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}logo.svg")
    _, output, _ = failover("releases")
    assert "active, incomplete" in output
    assert f"{SECONDARY}: lacks 1 files" in output


@pytest.mark.parametrize("columns", ["60", "80"])
@pytest.mark.parametrize("command", ["releases", "status", "verify", "prune"])
def test_tables_cut_nothing_off_in_a_narrow_terminal(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, command: str, columns: str
) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}logo.svg")
    monkeypatch.setenv("COLUMNS", columns)
    lines = failover(command)[1].splitlines()
    assert "…" not in "".join(lines)
    assert max(len(line) for line in lines if "│" in line) <= int(columns)
    assert command in ("prune", "releases") or SECONDARY in "".join(lines)


@pytest.mark.parametrize("command", ["rollback", "verify"])
def test_release_that_is_nowhere_is_wrong_usage_where_the_command_line_names_it(
    world: ReleaseWorld, failover: Failover, command: str
) -> None:
    manifest = world.publish()
    assert document(failover, command, "nonesuch", exit_code=2)["error"].startswith("release nonesuch has no manifest")
    for region in (PRIMARY, SECONDARY):
        world.delete(region, f"control/manifests/{manifest.release_id}.json")
    assert failover("verify")[0] == 3


def test_tables_are_as_wide_as_their_cells_in_a_pipe(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = world.publish()
    monkeypatch.delenv("COLUMNS")
    for key in (f"{manifest.prefix}logo.svg", f"control/manifests/{manifest.release_id}.json", "control/active.json"):
        world.delete(SECONDARY, key)
    (row,) = (line for line in failover("status")[1].splitlines() if line.startswith(f"│ {SECONDARY} "))
    assert "lacks 1 files, no manifest, old control/active.json" in row


@pytest.mark.parametrize("command", [("verify",), ("prune",), ("restore", SECONDARY)])
def test_region_that_does_not_answer_is_named_with_the_next_step(
    world: ReleaseWorld, failover: Failover, command: tuple[str, ...]
) -> None:
    world.publish()
    assert failover("evacuate", SECONDARY, "--apply")[0] == 0
    world.kill(SECONDARY)
    code, _, error = failover(*command)
    assert code == 3
    assert f"S3 in {SECONDARY} does not answer. Run it again when it does; `failover status` works meanwhile" in error


def test_release_that_every_region_holds_takes_one_line(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    (row,) = (line for line in failover("releases")[1].splitlines() if manifest.release_id in line)
    assert "all: whole" in row


def test_progress_bar_leaves_no_trace_where_stderr_is_no_terminal(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    code, _, error = failover("prune", "--apply")
    assert (code, error) == (0, "")


def test_releases_table_shows_whole_ids_in_a_narrow_terminal(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = world.publish()
    monkeypatch.setenv("COLUMNS", "60")
    assert manifest.release_id in failover("releases")[1]


def test_releases_names_what_lies_beside_the_manifests(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    world.put(SECONDARY, "control/manifests/notes.txt")
    assert document(failover, "releases")["strays"] == {SECONDARY: ["control/manifests/notes.txt"]}
    assert f"in {SECONDARY}: control/manifests/notes.txt" in failover("releases")[1]


def test_verify_of_a_whole_release_exits_0(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    code, output, _ = failover("verify")
    assert (code, "Every region holds all of it" in output) == (0, True)


def test_verify_without_parity_exits_1(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}logo.svg")
    found = document(failover, "verify", exit_code=1)
    assert found["regions"][SECONDARY]["missing"] == ["logo.svg"]
    assert found["copies"] is None


def test_verify_repair_is_a_plan_until_it_is_applied(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}logo.svg")
    found = document(failover, "verify", "--repair", exit_code=1)
    assert found["copies"] == [{"path": "logo.svg", "from": PRIMARY, "to": SECONDARY}]
    assert f"{manifest.prefix}logo.svg" not in world.keys(SECONDARY)


def test_verify_repair_apply_reaches_parity_and_exits_0(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}logo.svg")
    found = document(failover, "verify", "--repair", "--apply")
    assert (found["in_parity"], found["applied"]) == (True, True)
    assert f"{manifest.prefix}logo.svg" in world.keys(SECONDARY)


def test_verify_takes_another_release(world: ReleaseWorld, failover: Failover) -> None:
    first = world.publish("one")
    world.publish("two")
    assert document(failover, "verify", first.release_id)["release_id"] == first.release_id


def test_verify_rejects_apply_without_repair(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    code, _, error = failover("verify", "--apply")
    assert (code, "--apply without --repair" in error) == (2, True)


def test_verify_rejects_a_website_without_a_release(world: ReleaseWorld, failover: Failover) -> None:  # noqa: ARG001
    code, _, error = failover("verify")
    assert (code, "no release is active" in error) == (3, True)


def test_verify_of_a_silent_region_exits_3(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    world.kill(PRIMARY)
    code, _, error = failover("verify")
    assert (code, "EndpointConnectionError" in error) == (3, True)


def test_prune_is_a_plan_until_it_is_applied(world: ReleaseWorld, failover: Failover) -> None:
    first = world.publish("one")
    world.publish("two")
    world.publish("three")
    arguments = ("prune", "--keep", "1", "--grace-seconds", "0")
    found = document(failover, *arguments)
    assert [each["release_id"] for each in found["removals"]] == [first.release_id]
    assert found["removals"][0]["objects"] == {PRIMARY: 3, SECONDARY: 3}
    assert world.keys(PRIMARY, first.prefix)
    document(failover, *arguments, "--apply")
    assert not world.keys(PRIMARY, first.prefix)


def test_prune_keeps_five_releases_by_default(world: ReleaseWorld, failover: Failover) -> None:
    for number in range(6):
        world.publish(str(number))
    assert len(document(failover, "prune", "--grace-seconds", "0")["kept"]) == 5


def test_prune_keeps_a_day_by_default(world: ReleaseWorld, failover: Failover) -> None:
    for text in ("one", "two", "three"):
        world.publish(text)
    _, output, _ = failover("prune", "--keep", "1")
    assert "Nothing to delete" in output


def test_prune_rejects_keeping_none(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    assert failover("prune", "--keep", "0")[0] == 2


def test_evacuate_is_a_plan_until_it_is_applied(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    assert document(failover, "evacuate", PRIMARY)["applied"] is False
    assert world.routing["drained_regions"] == []
    assert document(failover, "evacuate", PRIMARY, "--apply")["to_drained_regions"] == [PRIMARY]
    assert world.routing["drained_regions"] == [PRIMARY]


def test_evacuate_of_the_last_region_exits_1(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    failover("evacuate", PRIMARY, "--apply")
    code, _, error = failover("evacuate", SECONDARY, "--apply")
    assert (code, "would leave no region" in error) == (1, True)


def test_evacuate_of_an_unknown_region_exits_2(world: ReleaseWorld, failover: Failover) -> None:  # noqa: ARG001
    assert failover("evacuate", "mars-north-1")[0] == 2


def test_evacuate_is_refused_where_route_53_chooses_the_region(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    regional = replace(world.site, entry="regional")
    monkeypatch.setattr("scripts.commands.evacuate.open_website", lambda _outputs: regional)
    code, _, error = failover("evacuate", PRIMARY, "--apply")
    assert code == 2
    assert 'has "regional"' in error


def test_restore_is_a_plan_until_it_is_applied(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    failover("evacuate", PRIMARY, "--apply")
    _, output, _ = failover("restore", PRIMARY)
    assert "would be restored" in output
    assert world.routing["drained_regions"] == [PRIMARY]
    document(failover, "restore", PRIMARY, "--apply")
    assert world.routing["drained_regions"] == []


def test_restore_without_parity_exits_1(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    failover("evacuate", PRIMARY, "--apply")
    world.delete(PRIMARY, f"{manifest.prefix}logo.svg")
    code, _, error = failover("restore", PRIMARY, "--apply")
    assert (code, "failover verify --repair --apply" in error) == (1, True)


@pytest.mark.parametrize("command", ["status", "releases", "rollback"])
def test_commands_that_go_on_without_a_region_do_not_wait_long_for_it(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    world.publish("one")
    world.publish("two")
    asked: list[dict[str, bool]] = []

    def open_and_note(_outputs: object, **named: bool) -> Any:
        asked.append(named)
        return world.site

    monkeypatch.setattr(f"scripts.commands.{command}.open_website", open_and_note)
    assert failover(command)[0] == 0
    assert asked == [{"is_hasty": True}]


@pytest.mark.parametrize("command", [("verify",), ("restore", SECONDARY)])
def test_commands_that_compare_regions_do_not_wait_long_for_a_silent_one(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    world.publish()
    asked: list[dict[str, bool]] = []

    def open_and_note(_outputs: object, **named: bool) -> Any:
        asked.append(named)
        return world.site

    monkeypatch.setattr(f"scripts.commands.{command[0]}.open_website", open_and_note)
    failover(*command)
    assert asked == [{"is_hasty": True}]


class BrokenPath:
    """Route 53, whose checkers get no answer from the checks named."""

    def __init__(self, *failing: str) -> None:
        self._failing = failing

    def get_health_check_status(self, *, HealthCheckId: str) -> dict[str, Any]:  # noqa: N803
        word = "Failure: refused" if HealthCheckId in self._failing else "Success: HTTP Status Code 200, OK"
        return {"HealthCheckObservations": [{"StatusReport": {"Status": word}}]}


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        (("id-path",), "Unhealthy: the path check (Failure: refused), so it is not the release."),
        (("id-path", "id-eu"), f"Unhealthy: the path check and the region check of {PRIMARY}"),
        ((), "`failover status` shows what every entry serves; build the site anew if it is the release"),
    ],
)
def test_release_that_is_rolled_back_says_whether_the_checks_fail_too_and_what_to_do(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, failing: tuple[str, ...], said: str
) -> None:
    first = world.publish("one")
    world.site = replace(world.site, health_check_ids={"path": "id-path", PRIMARY: "id-eu"})
    monkeypatch.setattr("scripts.aws.clients.route53_client", lambda: BrokenPath(*failing))
    bad = BadAnswer(hostname="www.example.test", path="/index.html", reason="refuses connections")
    monkeypatch.setattr(FakeProbe, "bad", [bad])
    world.write("two")
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, world.release_ids[0]) == (1, first.release_id)
    assert "https://www.example.test/index.html: refuses connections" in error
    assert said in error
    assert ("--no-probe" in error) is bool(failing)


def test_status_says_what_is_live_and_from_where(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    failover("evacuate", PRIMARY, "--apply")
    FakeEntries.region = SECONDARY
    found = document(failover, "status")
    assert found["users"]["layer"] == 2
    assert found["hostname"] == "www.example.test"
    assert found["active_release_id"] == manifest.release_id
    assert found["regions"][PRIMARY]["is_drained"] is True
    assert found["regions"][SECONDARY]["pointer_release_id"] == manifest.release_id


def test_status_with_a_silent_region_exits_1_and_says_so(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    world.kill(PRIMARY)
    code, output, _ = failover("status")
    (row,) = (line for line in output.splitlines() if line.startswith(f"│ {PRIMARY} "))
    assert (code, "does not answer" in row, "serves" in row, "takes part" in row) == (1, True, False, False)
    assert f"S3 in {PRIMARY} does not answer" in output


def test_status_goes_on_without_the_key_value_store_and_exits_3(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()

    def refuse() -> None:
        raise AwsError(operation="GetKey", resource="arn:store", code="ServiceUnavailable")

    monkeypatch.setattr(world.site.routing, "read", refuse)
    code, output, _ = failover("status")
    assert code == 3
    assert f"users are served by CloudFront from {PRIMARY}" in output
    assert "GetKey on arn:store failed: ServiceUnavailable" in output
    found = document(failover, "status", exit_code=3)
    assert found["users"]["are_served"] is True


def test_status_of_a_site_without_a_fault_exits_0_and_asks_for_nothing(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    code, output, _ = failover("status")
    assert (code, "Look at" in output, "Unknown" in output) == (0, False, False)


@pytest.mark.parametrize("lost_at", ["put_file", "put_manifest"])
def test_interrupt_before_the_switch_says_that_nothing_was_switched(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, lost_at: str
) -> None:
    first = world.publish("one")
    world.write("two")
    monkeypatch.setattr("scripts.cli._ignore_interrupts", lambda: None)
    monkeypatch.setattr(world.site.buckets[SECONDARY], lost_at, interrupt)
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, f"nothing was switched: {first.release_id} is active" in error) == (130, True)
    assert world.release_ids[0] == first.release_id


@pytest.mark.parametrize("lost_at", ["copy_not_found_page", "ask"])
def test_interrupt_from_the_switch_on_sends_to_status(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, lost_at: str
) -> None:
    world.publish("one")
    world.write("two")
    (world.folder / "404.html").write_text("another", encoding="utf-8")
    monkeypatch.setattr("scripts.cli._ignore_interrupts", lambda: None)
    with monkeypatch.context() as patched:
        patched.setattr(FakeProbe if lost_at == "ask" else world.site.buckets[SECONDARY], lost_at, interrupt)
        code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, "`failover status` says whether viewers get it" in error) == (130, True)
    assert failover("sync-content", str(world.folder), "--apply", "--no-probe")[0] == 0
    assert failover("verify")[0] == 0


def test_sync_content_names_the_silent_region_and_the_way_out(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    world.kill(SECONDARY)
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert code == 3
    assert "S3 in us-east-1 does not answer" in error
    assert "--allow-degraded" in error


def test_sync_content_publishes_without_the_silent_region_when_allowed(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    manifest = world.write("two")
    world.kill(PRIMARY)
    found = document(failover, "sync-content", str(world.folder), "--allow-degraded", "--apply")
    assert (found["left_out"], found["drains"], found["applied"]) == ([PRIMARY], [PRIMARY], True)
    assert world.release_ids[0] == manifest.release_id


def test_sync_content_says_how_the_region_comes_back(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    world.kill(PRIMARY)
    _, output, _ = failover("sync-content", str(world.folder), "--allow-degraded", "--apply")
    assert "failover restore eu-central-1 --apply" in output


def test_degraded_publish_of_a_regional_site_is_not_called_drained(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    world.site = replace(world.site, entry="regional")
    world.kill(SECONDARY)
    world.write("two")
    _, _, error = failover("sync-content", str(world.folder))
    assert "To publish without it, add --allow-degraded" in error
    code, output, _ = failover("sync-content", str(world.folder), "--allow-degraded", "--apply")
    assert code == 0
    assert f"{SECONDARY} does not answer: published without it. No router drains it" in output
    _, output, _ = failover("status")
    assert "drained" not in output
    assert ("by Route 53" in output, "left out by a publish" in output) == (True, True)
    assert document(failover, "status", exit_code=1)["entry"] == "regional"


@pytest.mark.parametrize("command", [("releases",), ("status",), ("verify",), ("prune",), ("verify", "--repair")])
def test_reading_writes_nothing(world: ReleaseWorld, failover: Failover, command: tuple[str, ...]) -> None:
    world.publish()
    before = (world.store.writes, world.keys(PRIMARY), world.keys(SECONDARY))
    failover(*command)
    assert (world.store.writes, world.keys(PRIMARY), world.keys(SECONDARY)) == before


@pytest.mark.parametrize("verb", ["rollback", "verify"])
def test_empty_release_id_is_not_taken_for_the_default(world: ReleaseWorld, failover: Failover, verb: str) -> None:
    """What a script passes whose variable was not set."""
    world.publish("one")
    world.publish("two")
    before = world.release_ids
    code, _, error = failover(verb, "", *(["--apply"] if verb == "rollback" else []))
    assert (code, "RELEASE_ID is empty" in error) == (2, True)
    assert world.release_ids == before


def test_prune_rejects_a_grace_time_that_no_calendar_has(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    assert failover("prune", "--grace-seconds", "999999999999")[0] == 2
