"""What a team that has never seen this repository uses: waivers in a file, a baseline, formats of CI, rules explained."""

import ast
import datetime as dt
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from scripts.cli import application
from scripts.errors import EnvironmentFailureError, WrongUsageError
from scripts.lint import waiver_file
from scripts.lint.place import line_of
from scripts.lint.rules import ALL_RULES

ROOT = Path(__file__).parents[3]
CHECK = 'resource "aws_route53_health_check" "fast" {\n  type             = "TCP"\n  request_interval = 10\n}\n'
NAMES = 'variable "name" {}\n\nresource "aws_cloudfront_distribution" "a" {\n  aliases = [var.name]\n}\n'
SHARED = NAMES + NAMES.partition("\n\n")[2].replace('"a"', '"b"')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own, and the current folder."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "main.tf").write_text(CHECK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, given: str | None = None) -> Any:
    return CliRunner().invoke(application(["lint"]), ["lint", *arguments], input=given)


def waive(folder: Path, **fields: str) -> None:
    lines = [f"{key} = {value if key == 'expires' else json.dumps(value)}" for key, value in fields.items()]
    (folder / waiver_file.NAME).write_text("[[waive]]\n" + "\n".join(lines) + "\n", encoding="utf-8")


def test_lint_without_a_path_reads_the_current_folder(folder: Path) -> None:
    assert "note FW121 unpriced-check  aws_route53_health_check.fast\n  main.tf:1: " in run().stdout
    assert (folder / "main.tf").exists()


@pytest.mark.parametrize(
    ("fields", "is_waived"),
    [
        ({"rule": "FW121", "reason": "agreed"}, True),
        ({"rule": "FW121", "address": "aws_route53_*", "path": "*.tf", "reason": "agreed"}, True),
        ({"rule": "FW121", "address": "aws_route53_health_check.fast", "reason": "agreed", "expires": "2999-01-01"}, True),
        ({"rule": "FW121", "path": "other/*", "reason": "agreed"}, False),
        ({"rule": "FW121", "address": "aws_route53_record.*", "reason": "agreed"}, False),
        ({"rule": "FW122", "reason": "agreed"}, False),
    ],
)  # fmt: skip
def test_waiver_in_a_file_is_for_its_rule_path_and_address(
    fields: dict[str, str], is_waived: bool, folder: Path
) -> None:
    waive(folder, **fields)
    result = run("--fail-on", "note")
    assert ("waived: FW121 aws_route53_health_check.fast: agreed" in result.stdout) is is_waived
    assert (result.exit_code == 0) is is_waived


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rule": "FW121"}, ".failover-lint.toml: waiver 1 of FW121 has no reason: it waives nothing"),
        ({"reason": "agreed"}, "waiver 1 of no rule names no rule"),
        ({"rule": "FW121", "reason": "agreed", "expires": "2026-01-01"}, "waiver 1 of FW121 ended on 2026-01-01"),
        ({"rule": "FW011", "reason": "agreed"}, "a waiver waives nothing: .failover-lint.toml: waiver 1 of FW011"),
    ],
)
def test_waiver_in_a_file_that_waives_nothing_is_named(fields: dict[str, str], said: str, folder: Path) -> None:
    waive(folder, **fields)
    result = run()
    assert said in result.stdout
    assert result.exit_code == 1
    assert "FW121 unpriced-check" in result.stdout


def test_waiver_in_a_file_for_what_was_not_given_is_not_idle(folder: Path) -> None:
    waive(folder, rule="FW011", path="other/*", reason="agreed")
    assert run().exit_code == 0


def test_waiver_in_a_file_is_for_plans_too(folder: Path) -> None:
    waive(folder, rule="FW121", path="plan.json", reason="agreed")
    resource = {
        "address": "aws_route53_health_check.c",
        "type": "aws_route53_health_check",
        "values": {"request_interval": 10},
    }
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}}}
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    assert "waived: FW121 aws_route53_health_check.c: agreed" in run("plan.json").stdout


@pytest.mark.parametrize("text", ["waive = 1", "[[waive]]\nrules = 'FW011'", "x", "[[waive]]\nexpires = 'soon'"])
def test_file_of_waivers_rejects_what_it_does_not_understand(text: str, folder: Path) -> None:
    (folder / waiver_file.NAME).write_text(text, encoding="utf-8")
    result = run()
    assert isinstance(result.exception, WrongUsageError)
    assert waiver_file.NAME in str(result.exception)


def test_waiver_ends_after_its_day(folder: Path) -> None:
    waive(folder, rule="FW121", reason="agreed", expires="2026-11-30")
    (waiver,) = waiver_file.read(folder / waiver_file.NAME, dt.date(2026, 11, 30))
    assert waiver.is_valid
    (waiver,) = waiver_file.read(folder / waiver_file.NAME, dt.date(2026, 12, 1))
    assert not waiver.is_valid


def test_baseline_accepts_the_findings_of_its_day_and_no_later_ones(folder: Path) -> None:
    first = run("--fail-on", "note", "--baseline", "lint.json")
    assert first.exit_code == 0
    assert "accepted by the baseline: 1" in first.stdout
    (folder / "more.tf").write_text(CHECK.replace("fast", "faster"), encoding="utf-8")
    later = run("--fail-on", "note", "--baseline", "lint.json")
    assert later.exit_code == 1
    assert "FW121 unpriced-check  aws_route53_health_check.faster" in later.stdout
    assert "health_check.fast\n" not in later.stdout


def test_baseline_rejects_another_file(folder: Path) -> None:
    (folder / "lint.json").write_text("[]", encoding="utf-8")
    result = run("--baseline", "lint.json")
    assert isinstance(result.exception, WrongUsageError)


def test_strict_fails_on_what_is_not_known_and_var_file_tells_it(folder: Path) -> None:
    (folder / "main.tf").write_text(SHARED, encoding="utf-8")
    assert run("--strict", "--fail-on", "never").exit_code == 1
    assert "var.name: no default and no *.tfvars gives a value" in run().stdout
    (folder / "prod.values").write_text('name = "www.example.com"', encoding="utf-8")
    told = run("--strict", "--var-file", "prod.values")
    assert "FW011 shared-alias  aws_cloudfront_distribution.b" in told.stdout
    assert "not read" not in told.stdout


def test_var_file_that_is_absent_is_refused(folder: Path) -> None:
    result = run("--var-file", "absent.tfvars")
    assert isinstance(result.exception, WrongUsageError)
    assert "absent.tfvars does not exist" in str(result.exception)
    assert (folder / "main.tf").exists()


def test_github_annotations_have_file_line_and_level(folder: Path) -> None:
    (folder / "main.tf").write_text(f"\n\n{CHECK}", encoding="utf-8")
    lines = run("--format", "github").stdout.splitlines()
    assert lines[0].startswith(
        "::notice file=main.tf,line=3,title=FW121 unpriced-check::aws_route53_health_check.fast: "
    )
    waive(folder, rule="FW011", reason="100%, or\nmore")
    assert any(
        line.startswith("::error title=failover lint%3A a waiver")
        for line in run("--format", "github").stdout.splitlines()
    )


@pytest.mark.parametrize(("fail_on", "failures"), [("note", 1), ("warning", 0), ("never", 0)])
def test_junit_has_a_test_a_rule_which_fails_from_the_severity_asked_for(
    fail_on: str, failures: int, folder: Path
) -> None:
    root = ElementTree.fromstring(run("--format", "junit", "--fail-on", fail_on).stdout.split("?>")[1])
    (suite,) = root
    assert (suite.get("failures"), suite.get("tests")) == (str(failures), str(len(ALL_RULES) + 1))
    (told,) = (case for case in suite if case.get("name") == "FW121 unpriced-check")
    assert "main.tf:1: aws_route53_health_check.fast" in (told[0].text or "")
    assert (folder / "main.tf").exists()


def test_explain_says_what_a_rule_is_about() -> None:
    told = run("--explain", "fw121")
    assert told.exit_code == 0
    for part in ("FW121 unpriced-check (note)", "why:", "remedy:", "source: https://"):
        assert part in told.stdout
    assert isinstance(run("--explain", "FW999").exception, WrongUsageError)


def test_stdin_has_a_name(folder: Path) -> None:
    given = json.dumps({"resource": {"aws_route53_health_check": {"c": {"request_interval": 10}}}})
    (finding,) = json.loads(run("-", "--format", "json", given=given).stdout)["findings"]
    assert (finding["document"], finding["path"]) == ("stdin", "stdin")
    log = json.loads(run("-", "--format", "sarif", given=given).stdout)
    (place,) = log["runs"][0]["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "stdin"
    assert (folder / "main.tf").exists()


def test_sarif_of_a_plan_keeps_findings_of_one_rule_apart(folder: Path) -> None:
    addresses = ['module.a["x"].aws_route53_health_check.c[0]', 'module.a["y"].aws_route53_health_check.c[0]']
    modules = [
        {
            "address": address.rpartition(".aws")[0],
            "resources": [{"address": address, "type": "aws_route53_health_check", "values": {"request_interval": 10}}],
        }
        for address in addresses
    ]
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"child_modules": modules}}}
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    results = json.loads(run("plan.json", "--format", "sarif").stdout)["runs"][0]["results"]
    assert [result["locations"][0]["logicalLocations"][0]["name"] for result in results] == addresses
    assert [result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for result in results] == [
        f"plan/{address}" for address in addresses
    ]
    hashes = {result["partialFingerprints"]["primaryLocationLineHash"] for result in results}
    assert len(hashes) == len(addresses)
    (folder / "formatted.json").write_text(json.dumps(plan, indent=2), encoding="utf-8")
    lines = (folder / "formatted.json").read_text(encoding="utf-8").splitlines()
    for address in addresses:
        assert json.dumps(address) in lines[line_of("formatted.json", address, None) - 1]


def test_hook_and_action_call_the_command_with_options_that_it_has() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["entry"], hook["language"], hook["pass_filenames"]) == ("failover lint", "python", False)
    assert all(
        re.search(hook["files"], name) for name in ("a/main.tf", "main.tf.json", "x.tfvars", ".failover-lint.toml")
    )
    action = yaml.safe_load((ROOT / "lint" / "action.yml").read_text(encoding="utf-8"))
    script = "\n".join(step.get("run", "") for step in action["runs"]["steps"])
    help_ = run("--help").output
    assert {*re.findall(r"--(?:fail-on|format)\b", script)} == {"--fail-on", "--format"}
    assert all(option in help_ for option in ("--fail-on", "--format", "--strict", "--var-file"))
    pinned = [step["uses"] for step in action["runs"]["steps"] if "uses" in step]
    assert pinned and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) for one in pinned)


def test_commands_say_what_to_install_where_a_package_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:

    def absent(_: str) -> None:
        raise ModuleNotFoundError("No module named 'boto3'", name="boto3")

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(EnvironmentFailureError, match=r"status needs boto3, .*: pipx install --force"):
        application(["status"])


def _module(distribution: str) -> str:
    """The one name whose package is called otherwise."""
    return "yaml" if distribution == "pyyaml" else distribution.replace("-", "_")


def test_what_the_linter_imports_is_what_it_is_installed_with() -> None:
    """A name of an extra among the linter's imports would break `failover lint` after `pipx install .`."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    allowed = {_module(re.split(r"[<>=\[]", one)[0]) for one in declared} | {
        "scripts",
        *sys.stdlib_module_names,
    }
    files = [
        *(ROOT / "scripts" / "lint").rglob("*.py"),
        ROOT / "scripts" / "commands" / "lint.py",
        ROOT / "scripts" / "cli.py",
    ]
    imported = {
        name.partition(".")[0]
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported <= allowed
