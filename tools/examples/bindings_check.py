"""`make bindings`: cdktf and its maintained fork cdktn write the same Terraform JSON for every example site file.

Two things may differ, and are taken out before the comparison: the version that each writes of itself, and the provider's
source, which cdktf shortens to `aws`. With --deploy the fork's own command deploys the demo to localcloud as well; `cdktf deploy`
does so in every `make test`.

Exit codes: 0 the same, 1 a stack differs or the deployment failed, 3 something is missing on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from constructs_lib.bindings import VARIABLE
from scripts.errors import EnvironmentFailureError, OpsError
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.terraform import toolchain
from tools.setup import cdktf_cli, npm_install
from tools.setup.locked_packages import LockedPackages, install

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).with_name("bindings")
BUILD = ROOT / "build" / "bindings"
PACKAGES = BUILD / "packages"
FORK = "cdktn"
BINDINGS = LockedPackages(
    name="cdktn and its AWS bindings", folder=FOLDER, target=PACKAGES, is_environment=False, make="make bindings"
)
_SPEED = 20.0
_DEPLOY_TIMEOUT_SECONDS = 900


def main(arguments: Sequence[str]) -> int:
    """Compare the site files' stacks; return the exit code."""
    parser = argparse.ArgumentParser(prog="make bindings", description=__doc__)
    parser.add_argument("site_files", nargs="*", type=Path, help="default: every config/*.toml")
    parser.add_argument("--deploy", action="store_true", help="also run `cdktn deploy` of the demo, against localcloud")
    options = parser.parse_args(arguments)
    try:
        install(BINDINGS)
        site_files = options.site_files or sorted(ROOT.glob("config/*.toml"))
        differing = [name for path in site_files for name in compare(path)]
        is_deployed = not options.deploy or deploy(ROOT / "config" / "demo.toml")
    except OpsError as error:
        print(f"bindings: {error}", file=sys.stderr)
        return error.exit_code
    return 0 if is_deployed and not differing else 1


def environment(bindings: str) -> dict[str, str]:
    """Returns the variables with which main.py uses these bindings."""
    paths = [str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {VARIABLE: bindings, "PYTHONPATH": os.pathsep.join(paths)}


def compare(site_file: Path) -> list[str]:
    """Prints how the site file's stacks compare; returns those that differ.

    Raises:
        EnvironmentFailureError: a synthesis failed.
    """
    made = {bindings: _stacks(site_file, bindings) for bindings in ("cdktf", FORK)}
    names = sorted({*made["cdktf"], *made[FORK]})
    differing = [name for name in names if made["cdktf"].get(name) != made[FORK].get(name)]
    verdict = f"differ: {', '.join(differing)}" if differing else "the same"
    print(f"{site_file.name}: {len(names)} stacks, {verdict}", flush=True)
    return differing


def _stacks(site_file: Path, bindings: str) -> dict[str, Any]:
    folder = BUILD / bindings / site_file.stem
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, str(ROOT / "main.py"), str(site_file), "--output", str(folder)]
    variables = {**os.environ, **environment(bindings)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentFailureError(f"{site_file} could not be synthesized with {bindings}: {done.stderr.strip()}")
    return {path.parent.name: comparable(json.loads(path.read_bytes())) for path in folder.glob("stacks/*/cdk.tf.json")}


def comparable(stack: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a stack's JSON without what the two write of themselves."""
    found: dict[str, Any] = json.loads(json.dumps(stack))
    found["//"]["metadata"].pop("version")
    provider = found["terraform"]["required_providers"]["aws"]
    provider["source"] = provider["source"].removeprefix("hashicorp/")
    return found


def deploy(site_file: Path) -> bool:
    """Deploys a site to localcloud by the fork's command; prints and returns whether that went well.

    Raises:
        EnvironmentFailureError: npm failed.
    """
    npm_install.install(FOLDER)
    folder = BUILD / "deploy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    app = f"{sys.executable} {ROOT / 'main.py'} {site_file}"
    config = {"language": "python", "app": app, "output": "cdktf.out", "projectId": "test", "sendCrashReports": "false"}
    (folder / "cdktf.json").write_text(json.dumps(config), encoding="utf-8")
    script = FOLDER / "node_modules" / ".bin" / FORK
    command = [str(toolchain.node().path), str(script), "deploy", "*", "--auto-approve", "--skip-provider-lock"]
    with running_localcloud(folder / "localcloud", speed=_SPEED, arguments=ANY_PORT) as endpoints:
        variables = {**os.environ, **cdktf_cli.environment(), **endpoints.environment, **environment(FORK)}
        log = folder / "cdktn.log"
        with log.open("w") as file:
            done = subprocess.run(
                command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                timeout=_DEPLOY_TIMEOUT_SECONDS, check=False,
            )  # fmt: skip
    said = "" if done.returncode == 0 else f": {log.read_text(encoding='utf-8', errors='replace')[-4000:]}"
    print(f"cdktn deploy of {site_file.name}: exit code {done.returncode}{said}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
