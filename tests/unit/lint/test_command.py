"""`failover lint`: exit codes and the three formats; the page of rules is current."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.errors import WrongUsageError
from scripts.lint import program
from scripts.lint.rules import ALL_RULES
from tests.unit.lint.examples import D1, D2, distribution, document

FAILING = document({D1: distribution(), D2: distribution()})
CLEAN = document({"aws_s3_bucket.a": {"bucket": "content"}})


def run(folder: Path, raw: dict[str, Any], *arguments: str) -> Any:
    (folder / "main.tf.json").write_text(json.dumps(raw), encoding="utf-8")
    return CliRunner().invoke(application(), ["lint", str(folder), *arguments])


def test_lint_prints_rule_resource_why_source_and_remedy(tmp_path: Path) -> None:
    result = run(tmp_path, FAILING)
    assert result.exit_code == 1
    for part in ("FW011 shared-alias", D2, "why: ", "source: https://", "remedy: "):
        assert part in result.stdout


def test_lint_of_a_clean_folder_ends_with_0(tmp_path: Path) -> None:
    result = run(tmp_path, CLEAN)
    assert (result.exit_code, result.stdout) == (0, f"clean: 1 resources against {len(ALL_RULES)} rules\n")


def test_lint_rejects_what_it_cannot_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(application(), ["lint", str(tmp_path / "absent")])
    assert isinstance(result.exception, WrongUsageError)
    assert result.exception.exit_code == 2


def test_lint_rejects_an_unknown_format(tmp_path: Path) -> None:
    assert run(tmp_path, CLEAN, "--format", "xml").exit_code == 2


def test_lint_json_is_one_document(tmp_path: Path) -> None:
    result = run(tmp_path, FAILING, "--format", "json")
    findings = json.loads(result.stdout)["findings"]
    assert {
        "rule_id",
        "severity",
        "slug",
        "address",
        "document",
        "path",
        "line",
        "detail",
        "why",
        "source",
        "remedy",
    } == set(findings[0])
    assert D2 in {finding["address"] for finding in findings if finding["rule_id"] == "FW011"}


@pytest.mark.parametrize("raw", [FAILING, CLEAN], ids=["failing", "clean"])
def test_lint_sarif_has_the_structure_of_2_1_0(raw: dict[str, Any], tmp_path: Path) -> None:
    log = json.loads(run(tmp_path, raw, "--format", "sarif").stdout)
    (run_,) = log["runs"]
    rules = run_["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in rules] == [rule.id for rule in ALL_RULES]
    assert bool(run_["results"]) is (raw is FAILING)
    for result in run_["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("main.tf.json")
        assert place["logicalLocations"][0]["fullyQualifiedName"].endswith(("d1", "d2"))


def test_lint_reads_stdin_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "unrelated.tf").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(application(), ["lint", "-"], input=json.dumps(FAILING))
    assert result.exit_code == 1
    assert "FW011 shared-alias" in result.stdout
    assert "unrelated.tf" not in result.stdout


def test_lint_reads_what_is_no_regular_file(tmp_path: Path) -> None:
    pipe = tmp_path / "shown"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_text, json.dumps(CLEAN), encoding="utf-8")
        assert CliRunner().invoke(application(), ["lint", str(pipe)]).exit_code == 0


BEYOND = document({"aws_s3_bucket_policy.p": {"bucket": "content", "policy": "${data.http.policy.response_body}"}})
BEYOND["resource"]["aws_cloudfront_function"] = {"f": {"code": '${file("router.js")}'}}
BEYOND["module"] = {"cdn": {"source": "./cdn"}}


def test_lint_names_what_it_cannot_look_into(tmp_path: Path) -> None:
    result = run(tmp_path, BEYOND)
    assert result.exit_code == 0
    for place in (
        "aws_s3_bucket_policy.p: its policy is an expression",
        "function.f: its code is",
        "module.cdn: ",
    ):
        assert place in result.stdout
    assert result.stdout.endswith("; not read: 3\n")
    found = json.loads(run(tmp_path, BEYOND, "--format", "json").stdout)["not_read"]
    assert [Path(one["address"]).name for one in found] == [
        "aws_s3_bucket_policy.p",
        "aws_cloudfront_function.f",
        "module.cdn",
    ]


@pytest.mark.parametrize(("says", "is_told"), [
    ({"errored": True, "complete": False}, True), ({"errored": False, "complete": False}, True),
    ({"errored": False, "complete": True}, False), ({}, False),
])  # fmt: skip
def test_lint_names_a_plan_that_lacks_resources(says: dict[str, bool], is_told: bool, tmp_path: Path) -> None:
    # https://developer.hashicorp.com/terraform/internals/json-format#plan-representation; Terraform before 1.8 says neither
    result = run(tmp_path, {"format_version": "1.2", "planned_values": {"root_module": {}}, **says})
    assert result.exit_code == 0
    assert ("the plan lacks resources" in result.stdout) is is_told


def test_lint_sarif_notifies_of_what_it_cannot_look_into(tmp_path: Path) -> None:
    (run_,) = json.loads(run(tmp_path, BEYOND, "--format", "sarif").stdout)["runs"]
    (invocation,) = run_["invocations"]
    assert invocation["executionSuccessful"] is True
    levels = {
        (one["level"], one["message"]["text"].partition(":")[0]) for one in invocation["toolExecutionNotifications"]
    }
    assert levels == {
        ("warning", "aws_s3_bucket_policy.p"),
        ("warning", "module.cdn"),
        ("warning", "aws_cloudfront_function.f"),
    }


def test_lint_sarif_names_the_line_of_each_resource(tmp_path: Path) -> None:
    path = tmp_path / "main.tf.json"
    path.write_text(json.dumps(FAILING, indent=2), encoding="utf-8")
    log = json.loads(CliRunner().invoke(application(), ["lint", str(path), "--format", "sarif"]).stdout)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert log["runs"][0]["results"]
    for result in log["runs"][0]["results"]:
        (place,) = result["locations"]
        name = place["logicalLocations"][0]["fullyQualifiedName"].rpartition(".")[2]
        assert lines[place["physicalLocation"]["region"]["startLine"] - 1].strip() == f'"{name}": {{'


def test_lint_sarif_escapes_names_of_files(tmp_path: Path) -> None:
    (tmp_path / "a b#ü").mkdir()
    log = json.loads(run(tmp_path / "a b#ü", FAILING, "--format", "sarif").stdout)
    uris = {
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in log["runs"][0]["results"]
        for place in result["locations"]
    }
    assert uris == {(tmp_path / "a b#ü" / "main.tf.json").as_uri()}
    assert next(iter(uris)).endswith("/a%20b%23%C3%BC/main.tf.json")


NOTED = document({"aws_route53_health_check.c": {"type": "TCP", "fqdn": "a.example", "request_interval": 10}})


@pytest.mark.parametrize(("fail_on", "exit_code"), [(None, 0), ("warning", 0), ("note", 1), ("never", 0)])
def test_lint_fails_from_the_severity_asked_for(fail_on: str | None, exit_code: int, tmp_path: Path) -> None:
    arguments = ["--fail-on", fail_on] if fail_on else []
    result = run(tmp_path, NOTED, *arguments)
    assert "note FW121" in result.stdout
    assert (result.exit_code, "1 finding (1 note)" in result.stdout) == (exit_code, True)


def test_lint_never_fails_when_asked_so(tmp_path: Path) -> None:
    assert run(tmp_path, FAILING, "--fail-on", "never").exit_code == 0


def test_lint_sarif_levels_are_the_severities(tmp_path: Path) -> None:
    (run_,) = json.loads(run(tmp_path, NOTED, "--format", "sarif").stdout)["runs"]
    assert {result["level"] for result in run_["results"]} == {"note"}
    levels = {rule["defaultConfiguration"]["level"] for rule in run_["tool"]["driver"]["rules"]}
    assert levels == {"error", "warning", "note"}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a", "b.tf.json"],
        ["-"],
        ["--strict", "a"],
        ["a", "--format", "json"],
        ["--format=sarif", "--fail-on=note", "a"],
        ["--fail-on", "never", "--strict", "--format", "junit"],
    ],
)
def test_plain_call_is_read_as_the_command_line_reads_it(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[program.Call] = []

    def keep(call: program.Call) -> int:
        calls.append(call)
        return 0

    monkeypatch.setattr("scripts.commands.lint.run", keep)
    assert CliRunner().invoke(application(["lint"]), ["lint", *arguments]).exit_code == 0
    read = program.plain_call(arguments)
    assert read is not None
    assert replace(read, paths=list(read.paths), variable_files=[]) == calls[0]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--format"], ["--format", "xml"], ["--fail-on=ever"], ["--strict=yes"], ["-x"], ["--"], ["--explain", "FW011"],
     ["--baseline", "b", "a"], ["--var-file=x", "a"], ["--waivers", "x"]],
)  # fmt: skip
def test_anything_but_a_plain_call_is_left_to_the_command_line(arguments: list[str]) -> None:
    assert program.plain_call(arguments) is None


def test_plain_call_loads_neither_typer_nor_pydantic_nor_a_parser_of_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text(json.dumps({"resource": {"aws_s3_bucket": {"b": {}}}}), encoding="utf-8")
    code = "import sys\nfrom scripts.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", code, "lint", str(tmp_path)], capture_output=True, text=True, check=False
    )
    loaded = set(ran.stderr.split())
    assert ran.returncode == 0, ran.stderr
    assert not loaded & {"typer", "pydantic", "rich", "yaml", "tree_sitter", "tree_sitter_javascript", "hashlib"}


def test_plain_call_ends_as_every_call_does(tmp_path: Path) -> None:
    code = "from scripts.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "lint", str(tmp_path / "absent")], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "does not exist" in ran.stderr
