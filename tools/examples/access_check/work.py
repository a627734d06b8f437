"""The work of GitHub's roles on localcloud, each under its own access key id, so that the call log tells the roles apart."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3

from constructs_lib.naming import ADMINISTRATORS_STACKS, ERRORS_PREFIX, RELEASES_PREFIX
from scripts.errors import EnvironmentFailureError
from scripts.files import write_atomically
from scripts.terraform.cli import Terraform
from scripts.terraform.deploy import stack_order
from scripts.terraform.outputs import load_deployment, save_outputs
from scripts.terraform.synthesis import synthesize
from tools.examples.access_check.changes import change
from tools.examples.apply_examples import unprotect
from tools.examples.deployed_example import ran, ready

ADMINISTRATOR, DEPLOY, PLAN, CONTENT, DRILL = "administrator", "deploy", "plan", "content", "drill"
TAKEDOWN = "takedown"
ROOT = Path(__file__).resolve().parents[3]
_GITHUB = '\n[github]\nsubjects = ["repo:example-org/website", "repo:example-org@1234567/website@7654321"]\n'
_SPEED = 5.0  # as the demo: its drills find a steady state on a busy machine too
_UNFINISHED_RELEASE = "by-hand"  # what has the name of a release may be an upload under way, and stays for hours
_LARGE_FILE_BYTES = 24 * 1024 * 1024  # is sent in parts


def record(site_file: Path, folder: Path) -> Path:
    """Does all of the work for a site file in an empty `folder`; returns the log of its calls.

    Raises:
        OpsError: some of the work failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stacks = synthesize(_with_roles(site_file, folder), folder / "cdktf.out")
    with ready(folder, speed=_SPEED, options=("--call-log",)) as terraform:
        waves = [[stacks / name for name in wave] for wave in stack_order(stacks)]
        _each_wave(terraform, waves, _initialized_and_applied)
        deployer = _as(terraform, DEPLOY)
        save_outputs({stack.name: deployer.output(stack) for wave in waves for stack in wave}, folder / "outputs.json")
        _plan(_as(terraform, PLAN), [stack for wave in waves for stack in wave])
        run = _commands(folder)
        _publish(run, site_file.resolve(), folder)
        _drill(run, folder)
        _take_down(run)
        _damage(folder)
        for stack in (stack for wave in waves for stack in wave):
            change(stack)
        _each_wave(terraform, waves, Terraform.apply)
        _each_wave(terraform, waves, unprotect)
        _empty(folder)
        _each_wave(terraform, reversed(waves), Terraform.destroy)
    return folder / "localcloud" / "calls.jsonl"


def _with_roles(site_file: Path, folder: Path) -> Path:
    """A copy of the site file in which GitHub's roles are switched on."""
    text = site_file.read_text(encoding="utf-8")
    copy = folder / site_file.name
    copy.write_text(text if "\n[github]" in text else text + _GITHUB, encoding="utf-8")
    return copy


def _as(terraform: Terraform, caller: str) -> Terraform:
    environment = {**terraform.environment, "AWS_ACCESS_KEY_ID": caller}
    return Terraform(binary=terraform.binary, environment=environment, log_dir=terraform.log_dir)


def _each_wave(terraform: Terraform, waves: Iterable[list[Path]], work: Callable[[Terraform, Path], object]) -> None:
    """Does something to every stack, as the role that applies it; two at once, as each takes a provider a region."""
    by_role = {role: _as(terraform, role) for role in (ADMINISTRATOR, DEPLOY)}
    with ThreadPoolExecutor(2) as pool:
        for wave in waves:
            roles = [ADMINISTRATOR if stack.name in ADMINISTRATORS_STACKS else DEPLOY for stack in wave]
            list(pool.map(work, [by_role[role] for role in roles], wave))


def _initialized_and_applied(terraform: Terraform, stack: Path) -> None:
    terraform.init(stack)
    terraform.apply(stack)


def _plan(terraform: Terraform, stacks: list[Path]) -> None:
    """What .github/workflows/plan.yml does."""

    def plan(stack: Path) -> None:
        ran(terraform, stack, "init", "-input=false", "-reconfigure")
        ran(terraform, stack, "plan", "-input=false", "-lock=false")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(plan, stacks))


Run = Callable[..., str]


def _commands(folder: Path) -> Run:
    """Returns what runs a `failover` command as a role: by an `endpoints.json` of its own, with the role's access key id."""

    def run(role: str, *arguments: str, fails: bool = False) -> str:
        state = folder / f"as-{role}"
        state.mkdir(exist_ok=True)
        endpoints = json.loads((folder / "localcloud" / "endpoints.json").read_bytes())
        endpoints["environment"]["AWS_ACCESS_KEY_ID"] = role
        write_atomically(state / "endpoints.json", json.dumps(endpoints), is_secret=True)
        variables = {"FAILOVER_LOCALCLOUD": str(state), "FAILOVER_OUTPUTS": str(folder / "outputs.json")}
        done = subprocess.run(
            [str(Path(sys.executable).with_name("failover")), *arguments],
            cwd=folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode > int(fails):
            raise EnvironmentFailureError(f"failover {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    return run


def _publish(run: Run, site_file: Path, folder: Path) -> None:
    """Three releases, back to the second one, and the end of the remains of a fourth."""
    site = folder / "site"
    run(CONTENT, "build", str(ROOT / "site" / "src"), "--output", str(site), "--site-file", str(site_file))
    releases = []
    for number in ("1", "2", "3"):
        (site / "page.html").write_text(f"<!doctype html><title>{number}</title>", encoding="utf-8")
        if number == "2":
            (site / "large.bin").write_bytes(os.urandom(_LARGE_FILE_BYTES))
        run(CONTENT, "sync-content", str(site), "--apply", "--no-probe")
        status = run(CONTENT, "status", "--json", fails=True)  # the prober saw the empty site: its alarm is still on
        releases.append(json.loads(status)["active_release_id"])
    run(CONTENT, "releases")
    run(CONTENT, "verify")
    run(CONTENT, "verify", "--repair", "--apply")
    run(CONTENT, "rollback", releases[1], "--apply")
    for bucket in _content_buckets(folder):  # as a publish that never ended leaves it behind
        bucket.put_object(Key=f"{RELEASES_PREFIX}{_UNFINISHED_RELEASE}/index.html", Body=b"")
    run(CONTENT, "prune", "--keep", "1", "--grace-seconds", "0", "--pause-seconds", "0", "--apply")


def _take_down(run: Run) -> None:
    """A page that viewers get, the error page and a large file; then what is noted of one of them is taken back."""
    run(TAKEDOWN, "takedown", "page.html")
    run(TAKEDOWN, "takedown", "page.html", "large.bin", "404.html", "--no-probe", "--apply")
    run(TAKEDOWN, "takedown", "page.html", "--lift", "--apply")


def _content_buckets(folder: Path) -> list[Any]:
    """The content buckets, the primary region's first, with an administrator's rights."""
    endpoint = json.loads((folder / "localcloud" / "endpoints.json").read_bytes())["gateway_url"]
    session: Any = boto3.Session(aws_access_key_id=ADMINISTRATOR, aws_secret_access_key=ADMINISTRATOR)
    deployment: Any = load_deployment(folder / "outputs.json")
    regions = sorted(deployment.buckets, key=lambda region: deployment.roles[region] != "primary")
    return [
        session.resource("s3", region_name=region, endpoint_url=endpoint).Bucket(deployment.buckets[region])
        for region in regions
    ]


def _damage(folder: Path) -> None:
    """Takes a released object from the last region: the parity check, where there is one, puts it back while the work goes on."""
    released = _content_buckets(folder)[-1].objects.filter(Prefix=RELEASES_PREFIX).limit(1)
    for each in released:
        each.delete()


def _empty(folder: Path) -> None:
    """Deletes what was published, and every version of it, so that the buckets can go: an administrator's work, as they are.

    What Terraform has made in them stays for its destroy.
    """
    for bucket in _content_buckets(folder):
        for prefix in (RELEASES_PREFIX, ERRORS_PREFIX, "control/"):
            bucket.object_versions.filter(Prefix=prefix).delete()


def _drill(run: Run, folder: Path) -> None:
    deployment: Any = load_deployment(folder / "outputs.json")
    if deployment.routing.entry != "cloudfront":
        return  # evacuate and drills refuse by name what they cannot do there
    region = next(region for region, role in deployment.roles.items() if role == "primary")
    run(DRILL, "status", fails=True)
    run(DRILL, "evacuate", region, "--apply")
    run(DRILL, "restore", region, "--apply")
    for scenario in ("origin-outage", "edge-outage"):
        run(DRILL, "drill", scenario, "--stacks", str(folder / "cdktf.out" / "stacks"), fails=True)
