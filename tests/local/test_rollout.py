"""`failover plan` and `failover deploy` with the real Terraform, on stacks of its built-in resource, which need no provider."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.rollout.applying import Rollout, StoppedError
from scripts.rollout.plans import FILE, PLAN, Outcome, Plans, load, sha256
from scripts.rollout.serving import nothing_before
from scripts.rollout.stages import stages
from scripts.terraform.cli import Terraform, from_this_machine

pytestmark = pytest.mark.local

EU, US = "eu-central-1", "us-east-1"
STACKS = ("dns", f"region-{EU}", f"region-{US}", "edge", "monitoring")
Json = dict[str, Any]


def stack(name: str, value: str, *, reads: str | None = None, fails: bool = False, **outputs: Any) -> Json:
    """One resource whose input is `value`, an output of it, and what it reads of another stack."""
    read = f"${{data.terraform_remote_state.cross-stack-reference-input-{reads}.outputs.value}}" if reads else ""
    body: Json = {"input": f"{value}{read}"}
    if fails:
        body |= {"triggers_replace": [value], "provisioner": [{"local-exec": {"command": "exit 1"}}]}
    document: Json = {
        "terraform": {"backend": {"local": {"path": f"../../../terraform.{name}.tfstate"}}},
        "resource": {"terraform_data": {"one": body}},
        "output": {
            "value": {"value": "${terraform_data.one.input}"},
            **{key: {"value": content} for key, content in outputs.items()},
        },
    }
    if reads:
        state = {"backend": "local", "config": {"path": f"../../../terraform.{reads}.tfstate"}}
        document["data"] = {"terraform_remote_state": {f"cross-stack-reference-input-{reads}": state}}
    return document


class Site:
    """Synthesized stacks in a folder, and the verbs on them."""

    def __init__(self, folder: Path) -> None:
        self.stacks = folder / "cdktf.out" / "stacks"
        self.outputs = folder / "outputs.json"

    def synthesize(self, value: str = "1", *, zone: str = "1", failing: str = "") -> None:
        def write(name: str, document: Json) -> None:
            folder = self.stacks / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")

        write("dns", stack("dns", f"zone {zone}"))
        for region in (EU, US):
            name = f"region-{region}"
            write(name, stack(name, f"bucket {value}", fails=failing == region))
        write("edge", stack("edge", f"edge {value}", reads="dns", roles={EU: "primary", US: "secondary"}))
        write("monitoring", stack("monitoring", f"alarm {value}", reads="edge"))

    def run(self, *arguments: str) -> Any:
        return CliRunner().invoke(application([arguments[0]]), [*arguments, "--stacks", str(self.stacks)])

    def plan(self) -> Json:
        result = self.run("plan", "--json")
        assert result.exit_code == 0, result.output
        document: Json = json.loads(result.stdout)
        return document

    def deploy(self, approved: str, *more: str) -> Any:
        return self.run("deploy", "--apply", "--approved", approved, "--outputs", str(self.outputs), *more)

    def rollout(self, look: Callable[[str | None], list[str]], lines: list[str], *, degraded: bool = False) -> Rollout:
        return Rollout(
            terraform=self.terraform, stacks_folder=self.stacks, look=look, tell=lines.append, is_degraded=degraded
        )

    @property
    def terraform(self) -> Terraform:
        return from_this_machine(self.stacks.parents[1], {})

    def value_of(self, name: str) -> str | None:
        state = self.stacks.parents[1] / f"terraform.{name}.tfstate"
        if not state.exists():
            return None
        outputs = json.loads(state.read_text(encoding="utf-8"))["outputs"]
        return str(outputs["value"]["value"]) if outputs else None

    @property
    def plans(self) -> Plans:
        return load(self.stacks, expected_sha256=None)


@pytest.fixture(autouse=True)
def nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stacks make nothing that could be asked."""
    monkeypatch.setattr("scripts.commands.deploy._save", lambda *_: False)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    site = Site(tmp_path)
    site.synthesize()
    return site


@pytest.fixture(scope="module")
def deployed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site after its first rounds: what another stack reads has to be there before that one can be planned."""
    folder = tmp_path_factory.mktemp("deployed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("scripts.commands.deploy._save", lambda *_: False)
        site = Site(folder)
        site.synthesize()
        for _ in range(3):
            assert site.deploy(site.plan()["sha256"]).exit_code == 0
    assert {name: site.value_of(name) for name in STACKS} == {
        "dns": "zone 1", f"region-{EU}": "bucket 1", f"region-{US}": "bucket 1",
        "edge": "edge 1zone 1", "monitoring": "alarm 1edge 1zone 1",
    }  # fmt: skip
    return folder


@pytest.fixture
def deployed(deployed_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    shutil.copytree(deployed_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path)


def outcomes(document: Json) -> dict[str, str]:
    return {each["name"]: each["outcome"] for each in document["stacks"]}


def test_stack_that_reads_what_changes_waits_for_it(deployed: Site) -> None:
    deployed.synthesize(zone="2")
    assert "edge: it reads what changes in dns" in deployed.run("plan").stderr
    found = deployed.plan()
    assert outcomes(found) == {
        "dns": "changes", f"region-{EU}": "unchanged", f"region-{US}": "unchanged", "edge": "waits", "monitoring": "waits",
    }  # fmt: skip
    deployed.deploy(found["sha256"])
    assert (deployed.value_of("dns"), deployed.value_of("edge")) == ("zone 2", "edge 1zone 1")
    assert outcomes(deployed.plan())["edge"] == "changes"


def test_plan_of_unchanged_stacks_says_so_and_deploy_applies_nothing(deployed: Site) -> None:
    found = deployed.plan()
    assert set(outcomes(found).values()) == {"unchanged"}
    assert "Applied: nothing, since nothing changes" in deployed.deploy(found["sha256"]).stdout


def test_secondary_region_comes_first_then_the_primary_then_the_edge(deployed: Site) -> None:
    deployed.synthesize("2")
    deployed.plan()
    asked: list[str | None] = []
    lines: list[str] = []
    rollout = deployed.rollout(lambda region: (asked.append(region), [])[1], lines)  # type: ignore[func-returns-value]
    rollout.run(stages(deployed.stacks), deployed.plans)
    assert rollout.applied == [f"region-{US}", f"region-{EU}", "edge"]
    assert asked == [US, EU, None]


def test_region_that_serves_no_more_stops_the_rollout_before_the_other(deployed: Site) -> None:
    deployed.synthesize("2")
    deployed.plan()
    rollout = deployed.rollout(lambda region: [f"distribution in {region}: status 503"], [])
    with pytest.raises(StoppedError) as stopped:
        rollout.run(stages(deployed.stacks), deployed.plans)
    assert "distribution in us-east-1: status 503" in str(stopped.value)
    assert f"Left as it was: region-{EU}, edge, monitoring." in str(stopped.value)
    assert deployed.value_of(f"region-{EU}") == "bucket 1"


def test_region_that_fails_is_left_out_where_degraded_is_asked_for(deployed: Site) -> None:
    deployed.synthesize("2", failing=US)
    deployed.plan()
    lines: list[str] = []
    rollout = deployed.rollout(nothing_before, lines, degraded=True)  # type: ignore[arg-type]
    rollout.run(stages(deployed.stacks), deployed.plans)
    assert rollout.applied == [f"region-{EU}", "edge"]
    assert set(rollout.left_out) == {US}
    assert any("going on without it, as asked" in line for line in lines)


def test_region_that_fails_stops_everything_else_otherwise(deployed: Site) -> None:
    deployed.synthesize("2", failing=US)
    stopped = deployed.deploy(deployed.plan()["sha256"])
    assert isinstance(stopped.exception, StoppedError)
    assert "run this again with --degraded" in str(stopped.exception)
    assert deployed.value_of(f"region-{EU}") == "bucket 1"


def test_state_that_changed_since_the_plan_makes_it_stale(deployed: Site) -> None:
    deployed.synthesize("2")
    approved = deployed.plan()["sha256"]
    folder = deployed.stacks / f"region-{US}"
    (folder / "meanwhile.tf.json").write_text(json.dumps({"resource": {"terraform_data": {"two": {"input": "3"}}}}))
    deployed.terraform.apply(folder)
    (folder / "meanwhile.tf.json").unlink()
    stale = deployed.deploy(approved, "--degraded")
    assert stale.exception is not None
    assert "has changed since its plan was made: nothing of that plan was applied" in str(stale.exception)
    assert deployed.value_of(f"region-{EU}") == "bucket 1"


def test_what_was_not_reviewed_is_not_applied(deployed: Site) -> None:
    deployed.synthesize("2")
    approved = deployed.plan()["sha256"]
    plans, plan = deployed.stacks.parent / FILE, deployed.stacks / "edge" / PLAN
    kept, kept_plan = plans.read_bytes(), plan.read_bytes()

    plans.write_bytes(kept.replace(b'"create": 0', b'"create": 1', 1))
    assert "was approved: nothing was applied" in str(deployed.deploy(approved).exception)
    plans.write_bytes(kept)
    plan.write_bytes(kept_plan + b"x")
    assert "is not the plan that was reviewed" in str(deployed.deploy(approved).exception)
    plan.write_bytes(kept_plan)
    deployed.synthesize("3")
    assert "is not what the plan of" in str(deployed.deploy(approved).exception)
    assert all("2" not in str(deployed.value_of(name)) for name in STACKS)


def test_first_rounds_plan_what_can_be_planned(site: Site) -> None:
    found = site.plan()
    assert outcomes(found)["dns"] == "changes"
    assert {outcomes(found)[name] for name in ("edge", "monitoring")} == {"waits"}
    assert found["sha256"] == sha256(site.stacks.parent / FILE)
    assert Outcome.FAILED not in outcomes(found).values()


def test_drift_names_what_was_changed_by_hand_and_nothing_else(deployed: Site, tmp_path: Path) -> None:
    told = tmp_path / "drift.md"
    assert deployed.run("plan", "--drift", str(told)).exit_code == 0
    assert not told.exists()
    deployed.synthesize("2")
    assert deployed.run("plan", "--drift", str(told)).exit_code == 1
    assert f"**region-{EU}**: 1 to update\n\n- `terraform_data.one`: update" in told.read_text(encoding="utf-8")


def test_deploy_without_apply_shows_the_order_and_changes_nothing(site: Site) -> None:
    site.plan()
    shown = site.run("deploy")
    assert shown.exit_code == 0
    assert shown.stdout.index(f"region-{US}") < shown.stdout.index(f"region-{EU}") < shown.stdout.index("edge")
    assert site.value_of("dns") is None
    assert site.run("deploy", "--apply").exception is not None  # which plans were approved is not said


def test_stacks_of_a_team_without_our_edge_come_in_the_order_of_what_they_read(site: Site) -> None:
    for folder in site.stacks.iterdir():
        shutil.rmtree(folder)
    for name, reads in (("orders", None), ("a-shop", "orders")):
        (site.stacks / name).mkdir()
        (site.stacks / name / "cdk.tf.json").write_text(json.dumps(stack(name, name, reads=reads)), encoding="utf-8")
    for expected in (["changes", "waits"], ["unchanged", "changes"]):
        planned = site.plan()
        assert [(each["name"], each["outcome"]) for each in planned["stacks"]] == list(
            zip(("orders", "a-shop"), expected, strict=True)
        )
        done = site.deploy(planned["sha256"])
        assert done.exit_code == 0, done.output
        assert "no names to ask" in done.stderr
    assert site.value_of("a-shop") == "a-shoporders"


def test_stack_that_cannot_be_planned_fails_the_plan_by_name(site: Site) -> None:
    broken = site.stacks / "dns" / "broken.tf.json"
    broken.write_text('{"resource": {"terraform_data": {"x": {"no_such": 1}}}}', encoding="utf-8")
    result = site.run("plan", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert outcomes(found)["dns"] == "failed"
    assert "no_such" in next(each["reason"] for each in found["stacks"] if each["name"] == "dns")
    approved = found["sha256"]
    assert "dns could not be planned" in str(site.deploy(approved).exception)
