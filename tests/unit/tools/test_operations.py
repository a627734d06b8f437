"""The operations of the workflow: what each runs, that a plan is the default, and that no input becomes an option."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from scripts.cli import application
from tools.operations import OPERATIONS, command, main

WORKFLOW = Path(__file__).parents[3] / ".github" / "workflows" / "operations.yml"


def environment(operation: str, target: str = "", *, apply: bool = False, confirm: str = "") -> dict[str, str]:
    return {
        "OPERATION": operation, "TARGET": target, "APPLY": str(apply).lower(), "CONFIRM": confirm, "SITE_FILE": "s.toml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (environment("status", apply=True), ["status"]),
        (environment("rollback"), ["rollback"]),
        (environment("rollback", "5871d6e0d8cf8d74", apply=True), ["rollback", "5871d6e0d8cf8d74", "--apply"]),
        (environment("verify-repair", apply=True), ["verify", "--repair", "--apply"]),
        (environment("evacuate", "eu-central-1"), ["evacuate", "eu-central-1"]),
        (environment("restore", " us-east-1 ", apply=True), ["restore", "us-east-1", "--apply"]),
        (environment("divert-end", apply=True), ["divert", "--end", "--apply"]),
        (environment("drill", "replication-stall", confirm="1:www.x"),
         ["drill", "--report", "build/drill", "replication-stall", "--confirm=1:www.x"]),
        (environment("takedown", "downloads/our customers.csv"), ["takedown", "downloads/our customers.csv"]),
        (environment("takedown", "/a/b?.csv", apply=True), ["takedown", "/a/b?.csv", "--apply"]),
    ],
)  # fmt: skip
def test_operation_is_a_verb_with_its_plan_by_default(given: dict[str, str], expected: list[str]) -> None:
    assert command(given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (environment("delete"), "is none of status"),
        (environment("evacuate"), "needs a target"),
        (environment("evacuate", "--help"), "letters, digits and -"),
        (environment("rollback", "a b"), "letters, digits and -"),
        (environment("status", "eu-central-1"), "takes no target"),
        (environment("verify-repair", "--apply"), "takes no target"),
        (environment("takedown", apply=True), "for a takedown the file's path"),
        (environment("takedown", "--lift"), "begins with -"),
        (environment("takedown", "a\nb"), "control character"),
    ],
)
def test_wrong_input_is_refused_before_anything_runs(
    given: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(step: Sequence[str]) -> int:
        raise AssertionError(f"{step} ran")

    assert main(given, run) == 2
    assert message in capsys.readouterr().err


def test_outputs_are_fetched_first_and_a_failure_stops() -> None:
    ran: list[str] = []

    def run(step: Sequence[str]) -> int:
        ran.append(step[0])
        return 3 if step[0] == "build" else 0

    assert main(environment("publish-degraded", apply=True), run) == 3
    assert ran == ["outputs", "build"]


def test_workflow_offers_every_operation_and_every_verb_exists() -> None:
    document = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    offered = document[True]["workflow_dispatch"]["inputs"]["operation"]["options"]  # YAML 1.1 reads `on` as true
    assert set(offered) == set(OPERATIONS)
    conditions = " ".join(job["if"] for job in document["jobs"].values())
    assert all(f'"{operation}"' in conditions for operation in OPERATIONS)
    verbs: dict[str, object] = get_command(application()).commands  # type: ignore[attr-defined]
    assert {verb for verb, *_ in OPERATIONS.values()} <= set(verbs)
