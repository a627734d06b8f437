"""`failover prove` as a team runs it: one command into an empty localcloud, and what it leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local.process import ANY_PORT, running_localcloud
from scripts.prove.facts import load_facts

pytestmark = [pytest.mark.local, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SPEED = 1.0  # what this machine takes longer for must not look like an outage
CONFIRM = "123456789012:www.sandbox.example.com"


def prove(localcloud: Path, output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("failover")), "prove", "--site-file", "config/sandbox.example.toml"]
    command += ["--localcloud", str(localcloud), "--output", str(output), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=900, check=False
    )


def test_sandbox_is_deployed_proven_drilled_and_taken_down_by_one_command(tmp_path: Path) -> None:
    output = tmp_path / "prove"
    with running_localcloud(tmp_path / "localcloud", speed=SPEED, arguments=ANY_PORT):
        done = prove(tmp_path / "localcloud", output, "--drill", "evacuate-restore", "--apply", "--confirm", CONFIRM)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((output / "prove.json").read_text(encoding="utf-8"))
    facts = load_facts()
    outcomes = {each["id"]: each["outcome"] for each in report["facts"]}
    emulated = {fact.id for fact in facts if fact.emulated and fact.drill in ("", "evacuate-restore")}
    assert {id_ for id_, outcome in outcomes.items() if outcome == "held"} == emulated
    assert {id_ for id_, outcome in outcomes.items() if outcome == "needs AWS"} == {
        f.id for f in facts if not f.emulated
    }
    assert all(each["evidence"] for each in report["facts"])
    assert (report["teardown"], report["problem"], report["target"]) == ("yes", None, "localcloud")
    assert [(each["name"], each["verdict"]) for each in report["drills"]] == [("evacuate-restore", "within")]
    assert (output / report["drills"][0]["report"]).exists()
    assert "hashicorp/aws" in report["versions"]
    states = [json.loads(path.read_text(encoding="utf-8")) for path in output.glob("terraform.*.tfstate")]
    assert len(states) >= 5
    assert [state["resources"] for state in states] == [[]] * len(states)
    page = (output / "prove.html").read_text(encoding="utf-8")
    assert all(f"<strong>{fact.id}. " in page for fact in facts)
