"""`--terraform`: every command that calls Terraform runs the program that is named, and says so when it is not there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.cli import COMMANDS, application
from scripts.errors import EnvironmentFailureError
from scripts.terraform import provider_source, toolchain

CALLS = {
    "demo": ["demo"],
    "plan": ["plan"],
    "deploy": ["deploy"],
    "destroy": ["destroy"],
    "outputs": ["outputs"],
    "migrate-states": ["migrate-states"],
    "replace-region": ["replace-region", "eu-central-1", "eu-west-1", "--site-file", "site.toml"],
    "take-name": ["take-name"],
    "retire-region": ["retire-region", "eu-central-1"],
    "prove": ["prove"],
    "rehearse": ["rehearse", "."],
}
"""Every verb that runs Terraform, called with what it insists on. `doctor` looks at it and goes on."""

STAND_IN = """#!/bin/sh
echo "$*" >>"{calls}"
case "$*" in
  version*) printf 'OpenTofu v1.11.5\\non linux_amd64\\n' ;;
  *show*) echo '{{"format_version":"1.2"}}' ;;
esac
"""


@pytest.fixture(autouse=True)
def nothing_found_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder, and variables that a command may set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ.pop(toolchain.SETTING, None)
    toolchain.terraform.cache_clear()
    provider_source.provider.cache_clear()
    yield
    toolchain.terraform.cache_clear()
    provider_source.provider.cache_clear()


def test_every_verb_that_runs_terraform_has_the_option() -> None:
    """Those that do are known by what they import, themselves or through what is theirs alone."""
    folder = Path(__file__).parents[3] / "scripts" / "commands"
    names = {name: (folder / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8") for name in COMMANDS}
    found = {name for name, text in names.items() if "scripts.terraform.cli" in text}
    theirs = {"demo", "prove", "rehearse"}  # scripts/demo.py, shared/proving.py, rehearse/rehearsing.py
    assert found | theirs == set(CALLS)
    assert all("TerraformOption" in names[name] for name in (*CALLS, "doctor"))


@pytest.mark.parametrize("verb", sorted(CALLS))
def test_program_that_is_not_there_ends_every_verb_with_one_sentence(verb: str) -> None:
    done = CliRunner().invoke(application([verb]), [*CALLS[verb], "--terraform", "/nowhere/tofu"])
    assert isinstance(done.exception, EnvironmentFailureError)
    assert done.exception.exit_code == 3
    assert str(done.exception) == (
        "Terraform is missing: /nowhere/tofu is not an executable. Install Terraform or OpenTofu 1.11.0 or newer, or set "
        "TERRAFORM_BINARY_NAME (--terraform) to its path."
    )


@pytest.mark.parametrize("is_by_variable", [True, False])
def test_program_that_is_named_is_the_one_that_plans(tmp_path: Path, is_by_variable: bool) -> None:
    calls, stack = tmp_path / "calls", tmp_path / "stacks" / "edge"
    (tmp_path / "my-tofu").write_text(STAND_IN.format(calls=calls), encoding="utf-8")
    (tmp_path / "my-tofu").chmod(0o755)
    stack.mkdir(parents=True)
    (stack / "cdk.tf.json").write_text("{}", encoding="utf-8")
    program = str(tmp_path / "my-tofu")
    if is_by_variable:
        os.environ[toolchain.SETTING] = program
    arguments = ["plan", "--stacks", "stacks", *([] if is_by_variable else ["--terraform", program])]
    done = CliRunner().invoke(application(["plan"]), arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    verbs = [line.removeprefix("-chdir=stacks/edge ").partition(" ")[0] for line in calls.read_text().splitlines()]
    assert verbs[:1] == ["version"]
    assert [verb for verb in verbs if verb != "version"] == ["init", "plan", "show"]
    assert os.environ[toolchain.SETTING] == program  # for cdktf and a synth that the command starts
