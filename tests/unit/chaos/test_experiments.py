"""Experiments on disk: each is valid and rolls back; what does not exist is refused; a crash leaves what recovery ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.chaos.actions import choose
from scripts.chaos.ledger import Ledger, end_faults
from scripts.chaos.run import load_experiment, problems_of, run
from scripts.drill.faults import Fault
from scripts.errors import EnvironmentFailureError, WrongUsageError
from scripts.local.control import ControlApi
from tests.unit.drill.test_faults import gone_url as gone_url
from tests.worlds.control_server import control_server

ROOT = Path(__file__).parents[3]
EXPERIMENTS = sorted((ROOT / "config" / "experiments").glob("*.json"))
FAULT = Fault(target="s3:eu-central-1", kind="status", value=503)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_is_valid_and_its_rollback_ends_every_fault(path: Path) -> None:
    experiment = load_experiment(path)
    assert [each["provider"]["func"] for each in experiment["rollbacks"]] == ["clear"]
    assert path.stem in (ROOT / "docs" / "CHAOS.md").read_text(encoding="utf-8")


def experiment(**changes: Any) -> dict[str, Any]:
    action = {"type": "python", "module": "scripts.chaos.actions", "func": "wait", "arguments": {"seconds": 0}}
    method = [{"type": "action", "name": "wait", "provider": {**action, **changes}}]
    return {"version": "1.0.0", "title": "t", "description": "d", "method": method, "rollbacks": []}


@pytest.mark.parametrize(
    "changes",
    [{"func": "meteor"}, {"module": "scripts.chaos.nothing"}, {"arguments": {"minutes": 1}}],
    ids=["action", "module", "argument"],
)
def test_unknown_action_module_or_argument_is_refused_before_anything_is_broken(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(experiment(**changes)), encoding="utf-8")
    with pytest.raises(WrongUsageError, match=r"no experiment that can run"):
        load_experiment(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "half a f"])
def test_what_is_no_experiment_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "experiment.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(WrongUsageError, match="no experiment"):
        load_experiment(path)


def test_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match=r"absent.json is not there"):
        load_experiment(tmp_path / "absent.json")


def test_same_seed_gives_the_same_faults_within_the_budget() -> None:
    faults: list[dict[str, object]] = [{"target": f"s3:{number}", "kind": "hang"} for number in range(10)]
    first, again, other = (choose(faults, seed=seed, budget=6) for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert len(first) == 6


def test_run_writes_the_engines_journal_and_has_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.chaos.actions.wait", lambda seconds: None if seconds == 0 else 1 / 0)
    assert run(experiment(), tmp_path / "journal.json") == []
    assert json.loads((tmp_path / "journal.json").read_text(encoding="utf-8"))["status"] == "completed"


def test_activity_that_fails_and_expectation_that_is_not_met_are_problems() -> None:
    activity = {"activity": {"name": "look"}, "status": "succeeded", "tolerance_met": False, "output": False}
    failed = {"activity": {"name": "inject"}, "status": "failed", "exception": ["trace", "AwsError: no\n"]}
    journal = {"status": "completed", "deviated": True, "run": [activity, failed], "rollbacks": []}
    assert problems_of(journal) == [
        "the steady state did not hold after the method",
        "look: False was not expected",
        "inject: AwsError: no",
    ]


def test_faults_in_the_ledger_are_ended_and_forgotten(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with control_server() as server:
            ledger = Ledger(tmp_path)
            ledger.add(FAULT)
            server.faults["f1"] = {"target": FAULT.target, "kind": FAULT.kind, "value": FAULT.value}
            server.faults["f2"] = {"target": "dns", "kind": "hang"}  # somebody else's
            assert await end_faults(ledger, ControlApi(server.url)) == [FAULT]
            assert list(server.faults) == ["f2"]
            assert not ledger.path.exists()

    asyncio.run(scenario())


def test_faults_went_with_a_localcloud_that_is_gone(tmp_path: Path, gone_url: str) -> None:
    Ledger(tmp_path).add(FAULT)
    assert asyncio.run(end_faults(Ledger(tmp_path), ControlApi(gone_url))) == [FAULT]
    assert Ledger(tmp_path).read() == []


def test_broken_ledger_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.path.write_text("half a l", encoding="utf-8")
    with pytest.raises(EnvironmentFailureError, match="no list of faults"):
        ledger.read()


def test_fault_is_on_disk_before_it_is_in_force(tmp_path: Path) -> None:
    """A kill right after the request leaves a fault that recovery knows."""

    async def scenario() -> int:
        async with control_server() as server:
            endpoints = {
                "schema": 1,
                "pid": 1,
                "speed": 1,
                "gateway_url": "",
                "control_url": server.url,
                "dns": {"address": "127.0.0.1", "port": 1},
                "https_port": 1,
                "ca_certificate": "x",
            }
            (tmp_path / "endpoints.json").write_text(json.dumps(endpoints), encoding="utf-8")
            script = (
                "import os, signal\nfrom scripts.chaos import actions\nfrom scripts.drill.faults import LocalcloudFaults\n"
                "async def die(self, fault): os.kill(os.getpid(), signal.SIGKILL)\n"
                "LocalcloudFaults.inject = die\nactions.inject('dns', 'hang')\n"
            )
            environment = {**os.environ, "FAILOVER_LOCALCLOUD": str(tmp_path)}
            done = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=ROOT, env=environment)
            return await done.wait()

    assert asyncio.run(scenario()) == -9
    assert Ledger(tmp_path).read() == [Fault(target="dns", kind="hang")]


def test_run_without_localcloud_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(experiment()), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "FAILOVER_LOCALCLOUD"}
    command = [str(Path(sys.executable).with_name("failover")), "chaos", "run", str(path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "--localcloud DIR" in done.stderr) == (2, True), done.stderr
