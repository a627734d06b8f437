"""`make checkov`: zero failed checks for every example site file, on the synthesized JSON and, with --plan, on its plans.

`--plans FOLDER` scans plans that are there already, as those of a pull request.

Exit codes: 0 clean, 1 a check fails without a reason or a reason skips nothing, 3 something is missing on this machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scripts.errors import EnvironmentFailureError, OpsError
from scripts.local.process import sole_user
from tools.examples.checkov_judge import Verdict, for_checkov, judge, read_skips
from tools.examples.checkov_plan import plans_of
from tools.setup.locked_packages import LockedPackages, install

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "checkov"
_FOLDER = Path(__file__).with_name("checkov")
CHECKOV = LockedPackages(name="checkov", folder=_FOLDER, target=_FOLDER / ".venv", make="make checkov")
# Without --skip-download checkov asks its vendor's service for check severities.
_OPTIONS = ("--skip-download", "--compact", "--quiet", "-o", "json")
_FAILED_CHECKS = 1


def main(arguments: Sequence[str]) -> int:
    """Scan the site files; return the exit code."""
    parser = argparse.ArgumentParser(prog="make checkov", description=__doc__)
    parser.add_argument("site_files", nargs="*", type=Path, help="default: every config/*.toml")
    parser.add_argument(
        "--plan", action="store_true", help="deploy to localcloud and scan the real provider's plans too"
    )
    parser.add_argument(
        "--plans",
        type=Path,
        metavar="FOLDER",
        help="scan FOLDER/STACK/plan.json too, `terraform show -json` of one site's plans",
    )
    options = parser.parse_args(arguments)
    if options.plans and (options.plan or len(options.site_files) != 1):
        parser.error("--plans wants one site file, whose plans they are, and excludes --plan")
    try:
        install(CHECKOV)
        site_files = options.site_files or sorted(ROOT.glob("config/*.toml"))
        with sole_user(BUILD, "make checkov"):
            make_plans = (
                partial(read_plans, options.plans) if options.plans else plans_of if options.plan else _no_plans
            )
            verdicts = [_scan(path, make_plans) for path in site_files]
    except OpsError as error:
        print(f"checkov: {error}", file=sys.stderr)
        return error.exit_code
    return 0 if all(verdict.is_clean for verdict in verdicts) else 1


def read_plans(stacks: Path, _folder: Path) -> dict[str, dict[str, Any]]:
    """Return stack name -> its plan, of every `plan.json` that lies there.

    Raises:
        EnvironmentFailureError: none does, or one is no JSON.
    """
    try:
        found = {path.parent.name: json.loads(path.read_bytes()) for path in sorted(stacks.glob("*/plan.json"))}
    except ValueError as error:
        raise EnvironmentFailureError(
            f"a plan.json of {stacks} is no JSON ({error}): write it with terraform show -json"
        ) from error
    if not found:
        raise EnvironmentFailureError(f"{stacks} holds no */plan.json: plan the stacks first")
    return found


def _no_plans(_folder: Path) -> dict[str, dict[str, Any]]:
    return {}


def _scan(site_file: Path, make_plans: Callable[[Path], dict[str, dict[str, Any]]]) -> Verdict:
    folder = BUILD / site_file.stem
    shutil.rmtree(folder, ignore_errors=True)
    stacks = _synthesize(site_file, folder)
    _write(folder / "json", "cdk.tf.json", {name: for_checkov(stack) for name, stack in stacks.items()})
    reports = run(folder / "json", "terraform_json")
    plans = make_plans(folder)
    if plans:
        _write(folder / "plan", "plan.json", plans)
        reports += run(folder / "plan", "terraform_plan")
    try:
        verdict = judge(reports, read_skips(stacks, planned=plans))
    except ValueError as error:
        raise EnvironmentFailureError(f"{site_file.name}: {error}") from error
    _print(site_file.name, verdict)
    return verdict


def run(folder: Path, framework: str) -> list[dict[str, Any]]:
    """Return checkov's reports on a folder.

    Raises:
        EnvironmentFailureError: checkov is missing or broke down.
    """
    command = [str(CHECKOV.program("checkov")), "--directory", str(folder), "--framework", framework, *_OPTIONS]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode not in (0, _FAILED_CHECKS):
        raise EnvironmentFailureError(f"checkov failed (exit code {done.returncode}):\n{done.stderr.strip()}")
    document = json.loads(done.stdout)
    reports: list[dict[str, Any]] = document if isinstance(document, list) else [document]
    if any("check_type" not in report for report in reports):
        raise EnvironmentFailureError(f"checkov found nothing to read as {framework} in {folder}")
    return reports


def _synthesize(site_file: Path, folder: Path) -> dict[str, dict[str, Any]]:
    command = [sys.executable, str(ROOT / "main.py"), str(site_file), "--output", str(folder / "cdktf.out")]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentFailureError(f"{site_file} does not synthesize:\n{done.stderr.strip()}")
    paths = (folder / "cdktf.out" / "stacks").glob("*/cdk.tf.json")
    return {path.parent.name: json.loads(path.read_bytes()) for path in paths}


def _write(folder: Path, file_name: str, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """A folder per stack; checkov knows Terraform JSON by the ending `.tf.json` and a plan by its content."""
    for name, document in documents.items():
        (folder / name).mkdir(parents=True)
        (folder / name / file_name).write_text(json.dumps(document, indent=1), encoding="utf-8")


def _print(name: str, verdict: Verdict) -> None:
    for finding in verdict.failed:
        title = verdict.titles[finding.check_id]
        print(f"{name}: FAILED {finding.check_id} {finding.stack} {finding.logical_id}: {title}")
    for finding in verdict.stale:
        print(f"{name}: STALE {finding.check_id} {finding.stack} {finding.logical_id}: it passes; remove the skip")
    print(
        f"{name}: {len(verdict.failed)} failed, {len(verdict.skipped)} skipped with a reason, {len(verdict.stale)} stale"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
