"""What a drill session sees to before and during a drill: leftovers, parity, the undo journal's place, the edge caches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from scripts.aws.invalidation import invalidate_all
from scripts.cli import application
from scripts.commands import drill as drill_command
from scripts.drill import session as drill_session
from scripts.drill.faults import Fault
from scripts.drill.journal import JOURNAL_NAME, FaultJournal, JournalEntry
from scripts.drill.result import ScenarioResult
from scripts.drill.scenarios import EDGE_OUTAGE, ORIGIN_OUTAGE, SCENARIOS, Scenario
from scripts.drill.session import DrillSession
from scripts.errors import AwsError, NotSteadyError, RegionUnavailableError, WrongUsageError
from scripts.local.endpoints import DnsEndpoint, Endpoints
from scripts.terraform.outputs import Deployment, OtherOutputs
from tests.worlds.control_server import gone_url as gone_url
from tests.worlds.fake_site import a_request, drill_virtually
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

Drill = Callable[..., tuple[int, str, dict[str, Any]]]

ENDPOINTS = Endpoints(
    schema=1,
    pid=1,
    speed=5.0,
    gateway_url="",
    control_url="http://127.0.0.1:9",
    dns=DnsEndpoint(address="127.0.0.1", port=53),
    https_port=443,
    ca_certificate=Path("ca.pem"),
)


class FakeCloudFront:
    """Remembers invalidations; `refuses` answers AccessDenied."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.asked: list[tuple[str, list[str]]] = []
        self.references: list[str] = []

    def create_invalidation(self, *, DistributionId: str, InvalidationBatch: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "CreateInvalidation")
        self.asked.append((DistributionId, InvalidationBatch["Paths"]["Items"]))
        self.references.append(InvalidationBatch["CallerReference"])
        return {"Invalidation": {"Id": "I1"}}


class Drilled:
    """Stands in for `run_drill`; remembers what it was given."""

    def __init__(self) -> None:
        self.state_folder: Path | None = None
        self.after_fault: Callable[[], Awaitable[None]] | None = None
        self.result: ScenarioResult | None = None

    def __call__(self, request: Any, *_arguments: Any, after_fault: Any, **_options: Any) -> ScenarioResult:
        self.state_folder, self.after_fault = request.state_folder, after_fault
        self.result, _ = drill_virtually(a_request(request.scenario, request.state_folder))
        return self.result


def a_deployment(world: ReleaseWorld) -> Deployment:
    regions = list(world.site.buckets)
    return Deployment.model_validate(
        {
            "hostname": "www.example.test",
            "hosted_zone_id": "Z1",
            "key_value_store_arn": "arn:store",
            "health_check_ids": {"path": "path-check"},
            "buckets": {region: bucket.name for region, bucket in world.site.buckets.items()},
            "roles": {PRIMARY: "primary", SECONDARY: "secondary"},
            "distributions": {
                region: {"id": f"E-{region}", "arn": "arn", "domain_name": "d", "hostname": "h"} for region in regions
            },
            "objectives": {"rto_seconds": 120, "rpo_seconds": 1, "availability_ratio": 0.99, "monthly_cost_usd": 5},
        }
    )


@pytest.fixture
def drilled(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> Drilled:
    stand_in = Drilled()
    monkeypatch.setattr(drill_session, "key_value_store_client", lambda: world.store)
    monkeypatch.setattr(drill_session, "s3_client", lambda region, **_: world.site.buckets[region].client)
    monkeypatch.setattr(drill_session, "run_drill", stand_in)
    return stand_in


def run(world: ReleaseWorld, folder: Path, scenario: Scenario = ORIGIN_OUTAGE) -> None:
    DrillSession(a_deployment(world), ENDPOINTS, state_folder=folder).run(scenario)


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
@pytest.mark.parametrize("scenario", [ORIGIN_OUTAGE, EDGE_OUTAGE], ids=lambda scenario: scenario.name)
def test_session_rejects_a_region_without_the_active_release(
    world: ReleaseWorld, drilled: Drilled, tmp_path: Path, region: str, scenario: Scenario
) -> None:
    manifest = world.publish()
    world.delete(region, f"{manifest.prefix}index.html")
    with pytest.raises(NotSteadyError, match=rf"{region} lacks index.html of .*failover verify --repair"):
        run(world, tmp_path, scenario)
    assert drilled.result is None


def test_session_rejects_a_region_that_does_not_answer(world: ReleaseWorld, drilled: Drilled, tmp_path: Path) -> None:
    world.publish()
    world.kill(SECONDARY)
    with pytest.raises(RegionUnavailableError):
        run(world, tmp_path)
    assert drilled.result is None


def test_session_drills_a_site_in_parity_with_the_journal_in_the_given_folder(
    world: ReleaseWorld, drilled: Drilled, tmp_path: Path
) -> None:
    world.publish()
    run(world, tmp_path)
    assert drilled.state_folder == tmp_path


def test_session_undoes_a_leftover_before_it_looks_at_the_site(
    world: ReleaseWorld, drilled: Drilled, tmp_path: Path, gone_url: str
) -> None:
    """A broken primary may be what keeps it from being looked at."""
    world.publish()
    world.kill(PRIMARY)
    FaultJournal(tmp_path).write(
        JournalEntry(scenario="x", control_url=gone_url, target="s3", kind="hang", value=None, written_at="")
    )
    with pytest.raises(RegionUnavailableError):
        run(world, tmp_path)
    assert not (tmp_path / JOURNAL_NAME).exists()
    assert drilled.result is None


@pytest.mark.usefixtures("drilled")
def test_session_says_what_it_undid_first(
    world: ReleaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.publish()
    fault = Fault(target=f"s3:{PRIMARY}", kind="status", value=503)
    monkeypatch.setattr(drill_session, "recover_journal", lambda _folder: fault)
    run(world, tmp_path)
    assert f"Undone first: s3:{PRIMARY} status 503, which a drill" in capsys.readouterr().err


def test_origin_outage_empties_the_caches_of_the_primarys_distribution(
    world: ReleaseWorld, drilled: Drilled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = FakeCloudFront()
    monkeypatch.setattr(drill_session, "cloudfront_client", lambda: client)
    world.publish()
    run(world, tmp_path)
    hook = drilled.after_fault
    assert hook is not None

    async def follow_up() -> None:
        await hook()

    asyncio.run(follow_up())
    assert client.asked == [(f"E-{PRIMARY}", ["/*"])]


def test_edge_outage_leaves_the_caches_alone(world: ReleaseWorld, drilled: Drilled, tmp_path: Path) -> None:
    world.publish()
    run(world, tmp_path, EDGE_OUTAGE)
    assert drilled.after_fault is None


def test_each_invalidation_has_a_reference_of_its_own() -> None:
    client: Any = FakeCloudFront()
    invalidate_all(client, "E1")
    invalidate_all(client, "E1")
    assert len(set(client.references)) == 2


def test_refused_invalidation_names_operation_and_distribution() -> None:
    client: Any = FakeCloudFront(refuses=True)
    with pytest.raises(AwsError, match="CreateInvalidation on E1 failed: AccessDenied"):
        invalidate_all(client, "E1")


@pytest.fixture
def drill(world: ReleaseWorld, drilled: Drilled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drill:
    """Run `failover drill edge-outage` on this test's website; return exit code, stderr and report.json."""
    world.publish()
    monkeypatch.setattr(drill_command, "load_deployment", lambda _path: a_deployment(world))
    monkeypatch.setattr(drill_command, "load_other_outputs", lambda _path: OtherOutputs())
    monkeypatch.setattr(drill_command, "use_localcloud", lambda folder: ENDPOINTS if folder else None)
    app = typer.Typer()
    app.command()(drill_command.drill)

    def invoke(*options: str) -> tuple[int, str, dict[str, Any]]:
        folders = ["--localcloud", str(tmp_path / "localcloud"), "--report", str(tmp_path / "report")]
        done = CliRunner().invoke(app, ["edge-outage", *folders, *options], env={"COLUMNS": "200"})
        assert drilled.result is not None, done.output
        return done.exit_code, done.stderr, json.loads((tmp_path / "report" / "report.json").read_text())

    return invoke


def test_drill_of_an_aws_account_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = CliRunner().invoke(application(("drill",)), ["drill", "edge-outage", "--outputs", str(tmp_path / "nowhere")])
    assert isinstance(done.exception, WrongUsageError)
    assert "run it with --localcloud DIR" in str(done.exception)


def test_wrong_variant_is_told_before_anything_is_read(tmp_path: Path) -> None:
    arguments = ["edge-outage", "--variant", "status-503", "--localcloud", str(tmp_path)]
    done = CliRunner().invoke(application(("drill",)), ["drill", *arguments])
    assert isinstance(done.exception, WrongUsageError)
    assert (
        str(done.exception)
        == "edge-outage has no variant 'status-503'; allowed: refuse, hang, nxdomain, nodata, servfail"
    )


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_help_and_docs_list_every_variant(scenario: Scenario) -> None:
    help_ = CliRunner().invoke(application(("drill",)), ["drill", "--help"], env={"COLUMNS": "1000"}).output
    assert f"{scenario.name} has {', '.join(each.name for each in scenario.variants)}" in help_
    page = (Path(__file__).parents[3] / "docs" / "FAILOVER_TESTING.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| `{scenario.name}` |"))
    assert all(f"`{each.name}`" in row for each in scenario.variants)


def test_missing_stacks_cost_the_report_its_cost_and_nothing_else(drill: Drill, tmp_path: Path) -> None:
    code, stderr, report = drill("--stacks", str(tmp_path / "nowhere"))
    assert (code, report["cost_usd_per_month"]) == (0, None)
    assert "The report will have no cost" in stderr


@pytest.mark.parametrize(("options", "label"), [((), ""), (("--site-file", "config/x.toml"), "config/x.toml")])
def test_site_file_is_a_label_that_is_empty_unless_given(drill: Drill, options: tuple[str, ...], label: str) -> None:
    assert drill(*options)[2]["site_file"] == label


def test_journal_belongs_to_the_localcloud_and_not_to_the_report(
    drill: Drill, drilled: Drilled, tmp_path: Path
) -> None:
    drill()
    assert drilled.state_folder == tmp_path / "localcloud"


@pytest.mark.parametrize(
    ("entry", "policy", "roles", "reason"),
    [
        ("regional", "failover", {PRIMARY: "primary", SECONDARY: "secondary"}, 'has "regional"'),
        ("cloudfront", "weighted", {PRIMARY: "primary", SECONDARY: "secondary"}, 'has "weighted"'),
        ("cloudfront", "failover", {PRIMARY: "primary"}, f"needs two regions, and the site has one, {PRIMARY}"),
    ],
)
def test_drill_is_refused_where_no_region_serves_everybody_and_another_takes_over(
    tmp_path: Path, entry: str, policy: str, roles: dict[str, str], reason: str
) -> None:
    deployment = Deployment.model_validate(
        {
            "hostname": "www.a.test",
            "hosted_zone_id": "Z1",
            "key_value_store_arn": "",
            "health_check_ids": {},
            "buckets": {},
            "roles": roles,
            "distributions": {},
            "objectives": {"rto_seconds": 1, "rpo_seconds": 1, "availability_ratio": 0.9, "monthly_cost_usd": 1},
            "routing": {"entry": entry, "policy": policy},
        }
    )
    with pytest.raises(WrongUsageError, match=reason):
        DrillSession(deployment, ENDPOINTS, state_folder=tmp_path)
