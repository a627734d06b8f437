"""A site of a test's own on a localcloud of its own: synthesized, deployed, published and probed by the commands."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.local.endpoints import Endpoints
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.terraform.cli import Terraform, from_this_machine
from scripts.terraform.deploy import deploy, stack_order
from tests.worlds.deployment_world import ROOT

PAGE = '<!doctype html><html lang="en"><head><meta name="release" content=""><title>{0}</title></head><body>{0}</body></html>'
_COMMAND_SECONDS = 600
_END_SECONDS = 60

Actions = dict[str, str]
"""Address of a resource -> what a plan does to it: create, update, replace, delete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedSite:
    """A site in a folder: `site.toml`, `cdktf.out/stacks`, the states, `outputs.json`, and `localcloud/`, which runs."""

    folder: Path
    endpoints: Endpoints
    terraform: Terraform

    @property
    def stacks(self) -> Path:
        return self.folder / "cdktf.out" / "stacks"

    @property
    def site_file(self) -> Path:
        return self.folder / "site.toml"

    def synthesize(self, text: str) -> None:
        self.site_file.write_text(text, encoding="utf-8")
        command = [
            sys.executable,
            str(ROOT / "main.py"),
            str(self.site_file),
            "--output",
            str(self.folder / "cdktf.out"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def deploy(self) -> None:
        deploy(self.terraform, self.stacks, self.folder / "outputs.json", Console(stderr=True))

    def deploy_with_plans(self) -> dict[str, Actions]:
        """Applies the stacks one by one, in their order, each as it was planned; returns what each plan was to do."""
        found = {}
        for stack in (stack for wave in stack_order(self.stacks) for stack in wave):
            found[stack] = self.planned(stack)
            self.terraform.apply(self.stacks / stack)
        self.failover("outputs", "--stacks", str(self.stacks), "--save", str(self.folder / "outputs.json"))
        return found

    def planned(self, stack: str) -> Actions:
        self.terraform.init(self.stacks / stack)
        return actions_of(self.terraform.plan_to(self.stacks / stack, "plan.out"))

    def changed_stacks(self) -> list[str]:
        """Returns the stacks whose plan is not empty, all of them initialized before."""
        folders = sorted(self.stacks.iterdir())
        return [each.name for each in folders if self.terraform.plan_exit_code(each) != 0]

    def failover(self, *arguments: str, exit_code: int | None = 0) -> str:
        """Runs the `failover` command against this site; returns what it printed and said. None takes any exit code."""
        done = subprocess.run(
            self._command(*arguments), cwd=ROOT, env=self._environment, capture_output=True, text=True,
            timeout=_COMMAND_SECONDS, check=False,
        )  # fmt: skip
        assert exit_code in (None, done.returncode), (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def publish(self, text: str) -> None:
        content = self.folder / "content"
        content.mkdir(exist_ok=True)
        for name in ("index.html", "404.html"):
            (content / name).write_text(PAGE.format(text), encoding="utf-8")
        self.failover("sync-content", str(content), "--apply")

    @contextmanager
    def probed(self, *, rate: float = 2.0) -> Iterator[dict[str, Any]]:
        """Runs the prober; what it printed is in the yielded dictionary afterwards.

        It reads a copy of the outputs, as they are now: what is there before a change is what visitors know.
        """
        outputs = self.folder / "outputs.before.json"
        shutil.copy(self.folder / "outputs.json", outputs)
        history = self.folder / "probe.sqlite"
        command = self._command(
            "probe", "--json", "--rate", str(rate), "--history", str(history), "--outputs", str(outputs)
        )
        found: dict[str, Any] = {}
        with subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                assert process.stderr is not None
                assert b"Probing" in process.stderr.readline()
                yield found
            finally:
                process.send_signal(signal.SIGINT)
                stdout, stderr = process.communicate(timeout=_END_SECONDS)
        assert stdout, stderr
        found.update(json.loads(stdout.splitlines()[0]))

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FAILOVER_LOCALCLOUD": str(self.folder / "localcloud"),
            "FAILOVER_OUTPUTS": str(self.folder / "outputs.json"),
        }

    def _command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("failover")), *arguments]


@contextmanager
def running_site(folder: Path, *, speed: float) -> Iterator[DeployedSite]:
    """Yields a site that is not synthesized yet, on a localcloud that runs; stops that afterwards."""
    with running_localcloud(folder / "localcloud", speed=speed, arguments=ANY_PORT) as endpoints:
        yield DeployedSite(
            folder=folder, endpoints=endpoints, terraform=from_this_machine(folder, endpoints.environment)
        )


def actions_of(plan: Mapping[str, Any]) -> Actions:
    """Returns what a plan, as `terraform show -json` prints it, does; what stays as it is is left out."""
    found = {}
    for change in plan.get("resource_changes", ()):
        kinds = [kind for kind in change["change"]["actions"] if kind not in ("no-op", "read")]
        if kinds:
            found[change["address"]] = "replace" if len(kinds) > 1 else kinds[0]
    return found
