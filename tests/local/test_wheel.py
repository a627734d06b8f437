"""The wheel in an empty environment outside the checkout: the daily commands against a running localcloud, then the extras."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.local.process import ANY_PORT
from tests.worlds.deployment_world import ROOT, DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

UV = Path(sys.executable).with_name("uv")
_TIMEOUT_SECONDS = 900
NOT_THERE = ("cdktf", "cdktf_cdktf_provider_aws", "moto", "py_mini_racer", "scripts", "localcloud", "constructs_lib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An environment with the wheel in it, and an empty folder to work in."""

    environment: Path
    folder: Path

    def failover(
        self, *arguments: str, at: Mapping[str, str] | None = None, exit_code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Runs its `failover` in the folder."""
        done = subprocess.run(
            [str(self.environment / "bin" / "failover"), *arguments], cwd=self.folder, env={**self.variables(), **(at or {})},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == exit_code, f"{arguments}\n{done.stdout}{done.stderr}"
        return done

    @staticmethod
    def variables() -> dict[str, str]:
        """Returns this process's variables, without those by which Python would find the checkout."""
        return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}

    def install(self, wheel: str, constraints: Path) -> None:
        python = self.environment / "bin" / "python"
        run("pip", "install", "--quiet", "--python", str(python), "--constraints", str(constraints), wheel)


def run(*arguments: str) -> None:
    done = subprocess.run(
        [str(UV), *arguments], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
    )  # fmt: skip
    assert done.returncode == 0, f"{arguments}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked versions without their hashes, which would be wanted of the wheel as well."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    path = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    pins = [line.removesuffix("\\").strip() for line in lines if line[:1].isalnum()]
    path.write_text("\n".join(pin.replace(extras_of(pin), "") for pin in pins), encoding="utf-8")
    return path


def extras_of(pin: str) -> str:
    name = pin.partition("==")[0]
    return name[name.find("[") :] if "[" in name else "\0"


@pytest.fixture(scope="module")
def installed(wheel: Path, constraints: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    environment = tmp_path_factory.mktemp("environment") / "venv"
    run("venv", "--quiet", "--python", sys.executable, str(environment))
    here = Installed(environment=environment, folder=tmp_path_factory.mktemp("elsewhere"))
    here.install(str(wheel), constraints)
    return here


@pytest.fixture(scope="module")
def at_the_site(deployment: DeploymentWorld) -> dict[str, str]:
    return {
        "FAILOVER_LOCALCLOUD": str(deployment.folder / "localcloud"),
        "FAILOVER_OUTPUTS": str(deployment.folder / "outputs.json"),
    }


def test_environment_has_no_name_of_ours_but_one_and_nothing_heavy(installed: Installed) -> None:
    program = f"import importlib.util as i; print([n for n in {NOT_THERE} if i.find_spec(n)])"
    done = subprocess.run(
        [str(installed.environment / "bin" / "python"), "-I", "-c", program], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_installed_lint_and_cost_read_synthesized_stacks(installed: Installed, deployment: DeploymentWorld) -> None:
    installed.failover("lint", str(deployment.stacks))
    cost = json.loads(installed.failover("cost", "--stacks", str(deployment.stacks), "--json").stdout)
    assert cost["usd_per_month"] > 1, "the prices are in the wheel"


def test_installed_commands_publish_and_look_at_a_running_site(
    installed: Installed, at_the_site: dict[str, str]
) -> None:
    pages = installed.folder / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("<!doctype html><html lang=en><title>wheel</title><p>wheel", encoding="utf-8")
    done = installed.failover("sync-content", "pages", "--apply", "--force", "--json", at=at_the_site)
    release = json.loads(done.stdout)["release_id"]
    assert release in installed.failover("status", "--json", at=at_the_site).stdout
    history = str(installed.folder / "history.sqlite")
    installed.failover("probe", "--rate", "2", "--for", "3", "--history", history, at=at_the_site)
    assert release in installed.failover("releases", at=at_the_site).stdout


def test_what_is_not_installed_says_how_it_is(installed: Installed) -> None:
    assert "'.[localcloud]'" in installed.failover("localcloud", "up", exit_code=3).stderr
    site_file = ROOT / "config" / "demo.toml"
    assert "'.[synth]'" in installed.failover("cost", "--site-file", str(site_file), exit_code=3).stderr


def test_extras_bring_synthesis_and_the_emulator(installed: Installed, wheel: Path, constraints: Path) -> None:
    installed.install(f"{wheel}[synth,localcloud]", constraints)
    (package,) = installed.environment.glob("lib/*/site-packages/failover_website")
    site_file = str(package / "config" / "demo.toml")
    cost = json.loads(installed.failover("cost", "--site-file", site_file, "--json").stdout)
    assert cost["usd_per_month"] > 1
    command = [
        str(installed.environment / "bin" / "failover"),
        "localcloud",
        "serve",
        *ANY_PORT,
        "--state-dir",
        "cloud",
    ]
    with subprocess.Popen(
        command, cwd=installed.folder, env=installed.variables(), stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stderr is not None
            assert any(line.startswith("ready") for line in running.stderr)
            assert (installed.folder / "cloud" / "endpoints.json").is_file(), "relative to the user's folder"
        finally:
            running.terminate()
            assert running.wait(_TIMEOUT_SECONDS) == 0
