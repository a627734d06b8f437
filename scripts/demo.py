"""The demo: deploy to localcloud with real Terraform, publish, drill, report. Each step is the product's own command."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

from scripts.clock import AwsClock
from scripts.commands.bootstrap import make_state_bucket
from scripts.commands.build import content_rules, make, site_facts
from scripts.commands.publishing.publishing import publish
from scripts.commands.shared.console_actions import ACTIONS_VARIABLE, console_actions
from scripts.commands.shared.lever_drill import newsroom_of
from scripts.commands.shared.options import open_website, publisher, use_localcloud
from scripts.commands.shared.under_test import under_test
from scripts.cost.estimate import load_stacks
from scripts.drill.scenarios import AWS_EDGE_OUTAGE, DEMO_SCENARIOS
from scripts.drill.session import DrillSession, require_one_region_first
from scripts.drill.verdict import Verdict
from scripts.errors import EnvironmentFailureError, WrongUsageError
from scripts.exits.folder_store import CURRENT
from scripts.exits.store import Source
from scripts.exits.words import exits_of
from scripts.local.endpoints import Endpoints
from scripts.local.process import ANY_PORT, running_localcloud, sole_user
from scripts.local.snapshots import DeployedSnapshot
from scripts.processes.own_programs import ROOT
from scripts.processes.process_group import first_interrupt_only
from scripts.release.folder import read_folder
from scripts.release.serving.content_settings import parse_content
from scripts.report.report import summary_table, write_reports
from scripts.site_build.output import write_site
from scripts.terraform.cli import Terraform, from_this_machine
from scripts.terraform.deploy import deploy
from scripts.terraform.outputs import Routing, load_deployment, load_other_outputs, load_outputs, save_outputs
from scripts.terraform.synthesis import synthesize

_MARK = ".made-by-failover-demo"
"""In a folder of the demo's: what else is there was made by a demo and may be deleted by the next one."""
_LOCK = ".lock"
SITE_SOURCE = ROOT / "site" / "src"


class Demo:
    """One run of the demo; everything it makes lies in `folder`, and what an earlier run left there is removed first."""

    def __init__(self, *, site_file: Path, folder: Path, speed: float, any_port: bool, is_fresh: bool = False) -> None:
        self._is_fresh = is_fresh
        self._site_file = site_file
        self._folder = folder
        self._speed = speed
        self._localcloud_arguments = ANY_PORT if any_port else ()
        self._stacks = folder / "cdktf.out" / "stacks"
        self._outputs = folder / "outputs.json"
        self._console = Console(stderr=True)
        self._clock = AwsClock(speed=1)

    def run(self, *, keep: bool) -> bool:
        """Runs all steps; returns whether every drill was within its objective.

        Raises:
            WrongUsageError: the folder holds what no demo made.
        OpsError: a step failed, or another demo runs in the same folder; nothing is left running.
        """
        with self.site(has_docs=True) as (endpoints, session):
            is_within = self._drill(session)
            if keep:
                self._keep(endpoints)
        return is_within

    @contextmanager
    def site(self, *, has_docs: bool = False) -> Iterator[tuple[Endpoints, DrillSession]]:
        """Yields the deployed site, with a release that is live, while localcloud runs.

        Args:
            has_docs: the documentation is published before it, as the release that a rollback goes back to.

        Raises:
            OpsError: a step failed, or another demo runs in the same folder; nothing is left running.
        """
        refuse_foreign_folder(self._folder)
        with first_interrupt_only() as ignore_interrupts, sole_user(self._folder, "demo"):
            (self._folder / _MARK).touch()
            _empty(self._folder)
            terraform = from_this_machine(self._folder, {})  # a missing tool is reported before anything starts
            with self._step("Synthesize Terraform JSON from the site file"):
                synthesize(self._site_file, self._stacks.parent)
            self._refuse_undrilled()
            servers = self._web_servers()
            snapshot = DeployedSnapshot.of(self._stacks, terraform, purpose="demo")
            is_deployed = self._is_usable(snapshot)
            restored = snapshot.serve_arguments(self._stacks) if is_deployed else ()
            self._console.print(f"Start localcloud, its clock {self._speed:g} times faster than AWS's")
            with running_localcloud(
                self._folder / "localcloud",
                speed=self._speed,
                arguments=(*self._localcloud_arguments, "--console-port", "0", *servers, *restored),
                environment={ACTIONS_VARIABLE: console_actions(outputs=self._outputs, stacks=self._stacks)},
            ) as endpoints:
                try:
                    self._deploy(endpoints, terraform, snapshot, is_deployed=is_deployed)
                    self._keep_exits_here()
                    if has_docs:
                        self._publish_docs()
                    yield endpoints, self._publish(endpoints)
                finally:
                    ignore_interrupts()  # a drill takes the first one itself; localcloud's end must not meet the second

    def _is_usable(self, snapshot: DeployedSnapshot) -> bool:
        if self._is_fresh:
            return False
        if (reason := snapshot.why_not()) is None:
            return True
        if not reason.startswith("there is no snapshot"):
            self._console.print(f"Applied anew: {reason}", highlight=False, soft_wrap=True)
        return False

    def _deploy(
        self, endpoints: Endpoints, terraform: Terraform, snapshot: DeployedSnapshot, *, is_deployed: bool
    ) -> None:
        use_localcloud(self._folder / "localcloud")
        terraform.environment.update(endpoints.environment)
        if is_deployed:
            snapshot.take_file(self._outputs.name, self._outputs)
            self._console.print(
                f"Restored the deployed site from the snapshot {snapshot.name}: stacks, provider and localcloud are the same."
                " `failover demo --fresh` applies them anew.",
                highlight=False,
                soft_wrap=True,
            )
            return
        make_state_bucket(self._stacks)
        with self._step("Apply all stacks with Terraform"):
            deploy(terraform, self._stacks, self._outputs, self._console)
        try:
            snapshot.save(self._folder / "localcloud", self._stacks, (self._outputs,))
        except EnvironmentFailureError as error:  # the next demo applies again
            self._console.print(f"No snapshot was saved: {error}", highlight=False, soft_wrap=True)

    def _publish(self, endpoints: Endpoints) -> DrillSession:
        with self._step("Build the site, publish it to both regions and switch to it"):
            self._publish_folder(self._build())
        return DrillSession(
            load_deployment(self._outputs),
            endpoints,
            state_folder=self._folder / "localcloud",
            newsroom=newsroom_of(load_other_outputs(self._outputs)),
        )

    def _publish_docs(self) -> None:
        if not can_build_docs():
            self._console.print(
                "The documentation is not published: mkdocs is not installed here, or this is no checkout."
            )
            return
        with self._step("Build the documentation and publish it as the first release"):
            build_docs(self._folder / "docs")
            self._publish_folder(self._folder / "docs")

    def _publish_folder(self, folder: Path) -> None:
        website = open_website(self._outputs)
        site = publisher(website)
        built = read_folder(folder, rules=parse_content(website.content))
        plan = site.plan(built, force=True)  # one example takes the other's place: most files go
        publish(site, plan, folder)
        for failure in exits_of(self._outputs).follow(plan.manifest, Source(website.buckets.values(), folder).write):
            raise failure

    def _refuse_undrilled(self) -> None:
        """Tells before minutes of deployment that no drill measures this site's entry, policy or one region.

        Raises:
            WrongUsageError: names it.
        """
        outputs = load_stacks(self._stacks)["edge"]["output"]
        routing = Routing.model_validate(outputs["routing"]["value"])
        require_one_region_first(outputs["hostname"]["value"], routing, outputs["roles"]["value"])

    def _web_servers(self) -> tuple[str, ...]:
        """Returns localcloud's options for the site's servers outside AWS, each with a folder of the demo's own."""
        endpoints = load_stacks(self._stacks)["edge"]["output"]["external_endpoints"]["value"]
        for name in endpoints:
            self._exit_folder(name).mkdir(parents=True)
        return tuple(
            part
            for name, endpoint in endpoints.items()
            for address in endpoint["addresses"].values()
            for part in ("--web-server", f"{address}={self._exit_folder(name) / CURRENT}")
        )

    def _exit_folder(self, name: str) -> Path:
        return (self._folder / "exits" / name).absolute()

    def _keep_exits_here(self) -> None:
        """Lets releases go to the demo's own folders: what the site file names is another machine's."""
        outputs = load_outputs(self._outputs)
        for name, endpoint in outputs["edge"]["external_endpoints"].items():
            endpoint["content"] = {"folder": str(self._exit_folder(name))}
        save_outputs(outputs, self._outputs)

    def _drill(self, session: DrillSession) -> bool:
        results = []
        scenarios = [*DEMO_SCENARIOS, *([AWS_EDGE_OUTAGE] if session.deployment.last_exit else [])]
        for scenario in scenarios:
            with self._step(f"Drill {scenario.name} (layer {scenario.layer})"):
                results.append(session.run(scenario))
        context = under_test(self._stacks).context(session, results, site_file=str(self._site_file))
        written = write_reports(results, context, self._folder)
        Console().print(summary_table(written.report))
        self._console.print(f"Report: {written.html_file} and {written.json_file}", highlight=False, soft_wrap=True)
        return all(result.worst.measurement.verdict is Verdict.WITHIN for result in results)

    def _build(self) -> Path:
        """Builds the demo site in the demo's own folder, so that demos of several folders do not meet."""
        site = make(SITE_SOURCE, content_rules(self._site_file), site_facts(self._site_file))
        if site.findings:
            raise WrongUsageError("\n".join([f"{SITE_SOURCE} cannot be published:", *map(str, site.findings)]))
        write_site(site.files, self._folder / "site")
        return self._folder / "site"

    def _keep(self, endpoints: Endpoints) -> None:
        deployment = load_deployment(self._outputs)
        dns = endpoints.dns
        name, port = deployment.hostname, endpoints.https_port
        self._console.print(
            f"""
localcloud keeps running until Ctrl-C. In another terminal:
  see it             .venv/bin/failover localcloud console --state-dir {self._folder / "localcloud"}
                       (prints the address of the console, a page in your browser: docs/CONSOLE.md)
  ask the DNS        dig @{dns.address} -p {dns.port} {name}
  read the site      curl --cacert {endpoints.ca_certificate} --resolve \\
                       "{name}:{port}:$(dig +short @{dns.address} -p {dns.port} {name})" https://{name}:{port}/
  open it            chromium --user-data-dir=$(mktemp -d) --ignore-certificate-errors \\
                       --host-resolver-rules="MAP {name} $(dig +short @{dns.address} -p {dns.port} {name})" https://{name}:{port}/
  read the docs      .venv/bin/failover rollback --apply --localcloud {self._folder / "localcloud"} \\
                       --outputs {self._outputs}
                       (docs/ was published first; it becomes the site)
  drill again        .venv/bin/failover drill edge-outage --localcloud {self._folder / "localcloud"} \\
                       --outputs {self._outputs} --stacks {self._stacks}
  use AWS tools      eval "$(.venv/bin/python -m localcloud env --state-dir {self._folder / "localcloud"})"
""",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        with suppress(KeyboardInterrupt):
            signal.pause()

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        began_seconds = self._clock.now_seconds()
        self._console.print(f"[bold]{title}[/bold]")
        yield
        self._console.print(f"  done in {self._clock.now_seconds() - began_seconds:.0f} s", highlight=False)


def can_build_docs() -> bool:
    """Returns whether mkdocs and the pages are here: those of a checkout, with the tools of its set-up."""
    return importlib.util.find_spec("mkdocs") is not None and (ROOT / "mkdocs.yml").is_file()


def build_docs(folder: Path) -> None:
    """Builds docs/ as a website, as `make docs` does.

    Raises:
        EnvironmentFailureError: mkdocs failed, with its words.
    """
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder.absolute())]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentFailureError(f"the documentation could not be built:\n{done.stderr.strip()}")


def refuse_foreign_folder(folder: Path) -> None:
    """Refuses a folder that holds what no demo made: all of it would be deleted.

    Raises:
        WrongUsageError: names something of it.
    """
    if not folder.is_dir() or (folder / _MARK).is_file():
        return
    found = sorted(each.name for each in folder.iterdir() if each.name != _LOCK)
    if found:
        raise WrongUsageError(
            f"--output {folder} holds what no demo made ({', '.join(found[:3])}), and a demo deletes what an earlier one left: "
            "give a folder that is empty or does not exist, or empty this one yourself"
        )


def _empty(folder: Path) -> None:
    """Removes what an earlier run left: its states describe a localcloud that is gone."""
    for path in folder.iterdir():
        if path.name in (_LOCK, _MARK):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
