"""The verbs: what each runs, and what set-up files may and may not hold. `make -n` prints recipes and runs nothing."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(*arguments: str) -> str:
    """Return what make prints, free of the options and variables of a make that runs these tests."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGS"))}
    environ["PYTHON"] = "python3"
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    ).stdout


def dry_run(*arguments: str) -> str:
    """Return what make would run."""
    return make("-n", *arguments)


def test_help_is_the_default_and_lists_every_verb() -> None:
    shown = make()
    for verb in ("demo", "test", "check", "snapshots", "bench", "clean", "help"):
        assert re.search(rf"^make {verb} +\S", shown, re.MULTILINE), verb


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["demo"], ".venv/bin/failover demo  \n"),
        (["demo", "KEEP=1"], ".venv/bin/failover demo --keep \n"),
        (["demo", "KEEP=0"], ".venv/bin/failover demo  \n"),
        (["demo", "ANY_PORT=1"], ".venv/bin/failover demo  --any-port\n"),
        (["demo", "ANY_PORT=no"], ".venv/bin/failover demo  \n"),
        (["wheel"], "-m hatchling build --target wheel --directory build/wheel\n"),
        (["test"], ".venv/bin/pytest -n 4 \n"),
        (["test", "ARGS=-k dns"], "pytest -n 4 -k dns\n"),
        (["test-slow"], ".venv/bin/pytest -n 2 --slow -m slow \n"),
        (["test"], "-m tools.setup.npm_install\n"),
        (["test"], "-m tools.setup.chromium\n"),
        (["check"], ".venv/bin/mypy\n"),
        (["check"], ".venv/bin/ruff format --check .\n"),
        (["check"], ".venv/bin/ruff check .\n"),
        (["check"], ".venv/bin/zizmor --offline --no-progress --quiet --min-severity=medium .github\n"),
        (["check"], ".venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml\n"),
        (["snapshots"], ".venv/bin/pytest tests/synth --update-snapshots\n"),
        (["lint"], ".venv/bin/python -m tools.examples.lint_examples \n"),
        (["lint", "ARGS=config/demo.toml"], ".venv/bin/python -m tools.examples.lint_examples config/demo.toml\n"),
        (["access", "ARGS=--calls"], ".venv/bin/python -m tools.examples.access_check --calls\n"),
        (["bench"], ".venv/bin/python -m tools.bench \n"),
        (["bench", "ARGS=outages"], ".venv/bin/python -m tools.bench outages\n"),
        (["conformance", "ARGS=-k dns"], ".venv/bin/python -m localcloud conformance -k dns\n"),
        (["bindings"], ".venv/bin/python -m tools.examples.bindings_check \n"),
        (["policies", "ARGS=config/demo.toml"], ".venv/bin/python -m tools.examples.policies_check config/demo.toml\n"),
        (["checkov"], ".venv/bin/python -m tools.examples.checkov_scan \n"),
        (["checkov", "ARGS=--plan"], ".venv/bin/python -m tools.examples.checkov_scan --plan\n"),
    ],
)
def test_verb_runs_its_command(arguments: list[str], command: str) -> None:
    assert command in dry_run(*arguments)


@pytest.mark.parametrize("verb", ["demo", "test", "check", "checkov", "snapshots", "bench"])
def test_verb_does_its_own_set_up_first(verb: str) -> None:
    assert dry_run(verb).splitlines()[1] == "python3 tools/setup/bootstrap.py"


def test_demo_does_not_need_npm() -> None:
    assert "npm_install" not in dry_run("demo")
    assert "chromium" not in dry_run("demo")


def test_clean_keeps_the_environment() -> None:
    assert "rm -rf .venv" not in dry_run("clean")
    assert "rm -rf .venv" in dry_run("distclean")


@pytest.mark.parametrize(
    "file",
    [
        "requirements.lock",
        "tools/examples/bindings/requirements.lock",
        "tools/examples/bindings/package-lock.json",
        "tools/examples/checkov/requirements.lock",
        "tools/examples/parliament/requirements.lock",
        "tools/setup/cdktf-cli/package-lock.json",
        "tools/setup/site-check/package-lock.json",
    ],
)
def test_lock_file_names_no_index_and_no_place_of_this_machine(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not re.search(r'index-url|find-links|"resolved"|://[^"]*(registry|pypi|pythonhosted)|file:', text)


@pytest.mark.parametrize(
    "file",
    [
        "requirements.lock",
        "tools/examples/bindings/requirements.lock",
        "tools/examples/checkov/requirements.lock",
        "tools/examples/parliament/requirements.lock",
    ],
)
def test_lock_file_pins_every_package_by_hash(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+(\[.*\])?==\S+ ", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_lock_file_holds_every_dependency_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = set(re.findall(r"^([\w.-]+)[\[=]", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    names = {re.split(r"[\[<>=! ;]", requirement)[0].lower().replace("_", "-") for requirement in wanted}
    assert names - locked == set()


def test_only_the_native_module_of_cdktf_cli_may_run_install_scripts() -> None:
    package = json.loads((ROOT / "tools/setup/cdktf-cli/package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "tools/setup/cdktf-cli/package-lock.json").read_text(encoding="utf-8"))
    with_scripts = {
        path.removeprefix("node_modules/") for path, entry in lock["packages"].items() if entry.get("hasInstallScript")
    }
    assert with_scripts == {name for name, is_allowed in package["allowScripts"].items() if is_allowed}


def test_ci_script_is_valid_shell_and_executable() -> None:
    script = ROOT / ".ci" / "run"
    subprocess.run(["bash", "-n", script], check=True)
    assert script.stat().st_mode & 0o111


def test_leftover_process_of_a_ci_step_is_found_and_ended() -> None:
    mark = "FAILOVER_CI_RUN=test-leftovers"
    code = "import time; print('up', flush=True); time.sleep(300)"
    with subprocess.Popen(
        ["/usr/bin/env", mark, sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = subprocess.run(
            [
                sys.executable,
                "-c",
                f"from tools import leftovers; leftovers.PATIENCE_SECONDS = 0; exit(leftovers.main({mark!r}))",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert (found.returncode, f"left running: {child.pid} " in found.stderr) == (1, True)
        assert child.wait(60) == -9


def test_no_leftovers_is_told_by_exit_code_0() -> None:
    done = subprocess.run([sys.executable, "tools/leftovers.py", "FAILOVER_CI_RUN=nobody"], cwd=ROOT)
    assert done.returncode == 0
