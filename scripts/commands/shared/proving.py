"""One run of `failover prove`: plan, deploy, look, drill, look again, take down, report. Whatever ends it, it takes down."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import typer
from rich.console import Console

from scripts.aws.clients import caller_account
from scripts.clock import rfc3339, utc_now
from scripts.commands.build import content_rules, make, site_facts
from scripts.commands.publishing.publishing import publish
from scripts.commands.shared.lever_drill import LeverOptions, insist_on_confirmation, run_lever
from scripts.commands.shared.options import open_website, publisher
from scripts.commands.shared.under_test import under_test
from scripts.cost.coverage import not_priced
from scripts.cost.estimate import estimate, load_stacks, monthly_cost_usd
from scripts.demo import SITE_SOURCE
from scripts.drill.journal import recover_journal
from scripts.errors import EnvironmentFailureError, InterruptedDrillError, OpsError, StacksError, WrongUsageError
from scripts.local.endpoints import Endpoints
from scripts.local.network import network_of
from scripts.local.process import sole_user
from scripts.processes.process_group import first_interrupt_only
from scripts.prove.facts import Fact, load_facts
from scripts.prove.page import write
from scripts.prove.proof import Drilled, DrillReport, Proof, ProofReport, counts
from scripts.prove.serving import ODD_PAGES
from scripts.prove.target import Sandbox
from scripts.release.folder import read_folder
from scripts.release.serving.content_settings import parse_content
from scripts.report.data import CONFIDENCE
from scripts.report.drill_log import LOG_NAME, append, read
from scripts.report.report import write_reports
from scripts.site_build.output import write_site
from scripts.terraform.cli import from_this_machine
from scripts.terraform.deploy import deploy
from scripts.terraform.outputs import deployment_of, load_outputs, one_region_words
from scripts.terraform.provenance import provenance
from scripts.terraform.synthesis import synthesize
from scripts.terraform.teardown import plan_teardown, tear_down

_HEALTHY_SECONDS = 600.0
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="release" content=""><title>{name}</title></head>
<body><h1>{name}</h1><p>A page whose name a URL writes otherwise.</p></body>
</html>
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProvingPlan:
    """What a run would do.

    Attributes:
        account: that pays.
        hostname: the sandbox's public name.
        estimated_usd: the bill, at most: a whole month of everything, and what proofs cost beside it.
        unpriced: resource type -> number, where no price is known.
        facts: all of them.
        drills: levers, in this order.
    """

    account: str
    hostname: str
    estimated_usd: float
    unpriced: dict[str, int]
    facts: tuple[Fact, ...]
    drills: tuple[str, ...]

    @property
    def confirmation(self) -> str:
        """What the operator must say."""
        return f"{self.account}:{self.hostname}"

    def document(self) -> dict[str, object]:
        """Return the plan as --json has it."""
        return {
            "account": self.account,
            "hostname": self.hostname,
            "estimated_usd": round(self.estimated_usd, 2),
            "not_priced": self.unpriced,
            "facts": len(self.facts),
            "drills": list(self.drills),
        }


class Proving:
    """One run.

    Args:
        site_file: the sandbox's.
        folder: for everything that the run makes; states of a run that was not taken down stay in it.
        drills: levers.
        endpoints: the running localcloud; None: AWS.
        localcloud: its state folder.
    """

    def __init__(
        self,
        *,
        site_file: Path,
        folder: Path,
        drills: tuple[str, ...],
        endpoints: Endpoints | None,
        localcloud: Path | None,
    ) -> None:
        self.folder = folder
        self._site_file = site_file
        self._drills = drills
        self._endpoints = endpoints
        self._state_folder = localcloud or folder
        self._stacks = folder / "cdktf.out" / "stacks"
        self._outputs = folder / "outputs.json"
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._published = 0

    def sole(self) -> AbstractContextManager[None]:
        """Hold the folder, so that a second run in it is refused."""
        return sole_user(self.folder, "run of `failover prove`")

    def plan(self) -> ProvingPlan:
        """Synthesize the sandbox, price it, and ask who pays. Nothing is deployed.

        Raises:
            WrongUsageError: the site file is refused or has one region, or its state is not local.
            StacksError: an earlier run in this folder was not taken down.
            AwsError: there are no credentials.
        """
        self._refuse_what_stands()
        synthesize(self._site_file, self._stacks.parent)
        stacks = load_stacks(self._stacks)
        if (backend := stacks["edge"]["output"]["state"]["value"]["backend"]) != "local":
            raise WrongUsageError(
                f'{self._site_file} says state.backend = "{backend}", and a sandbox\'s state is of no use after the run:'
                ' write backend = "local"'
            )
        if len(roles := stacks["edge"]["output"]["roles"]["value"]) == 1:
            raise WrongUsageError(one_region_words(*roles))
        facts = load_facts()
        beside = sum(fact.cost_usd for fact in facts if not fact.needs)
        return ProvingPlan(
            account=caller_account("us-east-1"),
            hostname=str(stacks["edge"]["output"]["hostname"]["value"]),
            estimated_usd=monthly_cost_usd(estimate(stacks)) + beside,
            unpriced=not_priced(stacks),
            facts=facts,
            drills=self._drills,
        )

    def say(self, plan: ProvingPlan) -> None:
        """Tell on stderr what would be done."""
        kinds = Counter("by hand" if fact.needs else "drill" if fact.drill else "check" for fact in plan.facts)
        self._say(f"Sandbox {plan.confirmation}, by {self._site_file}")
        self._say(
            f"  {len(plan.facts)} facts: {kinds['check']} by a look at the sandbox, {kinds['drill']} by a drill,"
            f" {kinds['by hand']} by hand, which the report lists with their commands"
        )
        self._say(f"  Drills: {', '.join(plan.drills) or 'none'}")
        self._say(
            f"  The bill is at most {plan.estimated_usd:.2f} USD: a whole month of everything, though most is billed by the"
            " hour or by the request"
        )
        for kind, number in plan.unpriced.items():
            self._say(f"  No price is known of {number} x {kind}; add it by hand")
        self._say(f"  States and reports: {self.folder}. It is taken down at the end, whatever happens.")
        self._say(f"  Go on with --apply --confirm {plan.confirmation}")

    def run(self, plan: ProvingPlan, confirm: str) -> ProofReport:
        """Do all of it, and write the report.

        Raises:
            WrongUsageError: the confirmation is another one; nothing was done.
            KeyboardInterrupt: interrupted; the sandbox is taken down, and the report says how far it came.
        """
        what = f"This deploys a site into account {plan.account}, for {plan.estimated_usd:.2f} USD at most"
        insist_on_confirmation(confirm, plan.confirmation, what)
        proof = Proof(plan.facts, is_aws=self._endpoints is None, tell=self._say)
        drilled: dict[str, Drilled] = {}
        problem: str | None = None
        interrupt: BaseException | None = None
        with first_interrupt_only() as ignore_interrupts:
            try:
                self._prove(proof, drilled)
            except OpsError as error:
                problem = f"the run ended before its time: {error}"
                interrupt = error if isinstance(error, InterruptedDrillError) else None
            except KeyboardInterrupt as error:
                problem, interrupt = "the run was interrupted", error
            ignore_interrupts()
            teardown, left = self._take_down()
        report = self._report(plan, proof, drilled, teardown=teardown, problem=left or problem)
        write(report, self.folder)
        if interrupt is not None:
            raise interrupt
        return report

    def _prove(self, proof: Proof, drilled: dict[str, Drilled]) -> None:
        with self._step("Apply all stacks with Terraform"):
            environment = {} if self._endpoints is None else self._endpoints.environment
            terraform = from_this_machine(self.folder, environment)

            def tell_name_servers(wave: list[str]) -> None:
                if "dns" not in wave:
                    return
                outputs = terraform.output(self._stacks / "dns")
                servers = ", ".join(outputs["name_servers"])
                self._say(f"  Name servers of {outputs['domain_name']}: {servers}. If it is not delegated, do it now")

            deploy(terraform, self._stacks, self._outputs, self._console, after_wave=tell_name_servers)
        with self._step("Build the site, publish it to both regions and switch to it"):
            self._build()
            self._publish()
        sandbox = self._sandbox()
        with self._step("Wait until every health check is healthy"):
            self._wait_for_health(sandbox)
        with self._step("Prove facts by looking"):
            proof.look(sandbox, after_drills=False)
        for name in self._drills:
            with self._step(f"Drill {name}"):
                drilled[name] = self._drill(name, sandbox)
        with self._step("Prove facts by what the drills left"):
            proof.judge_drills(drilled)
            proof.look(sandbox, after_drills=True)

    def _drill(self, name: str, sandbox: Sandbox) -> Drilled:
        confirm = f"{caller_account('us-east-1')}:{sandbox.deployment.hostname}"
        options = LeverOptions(
            apply=True, confirm=confirm, stop_alarm="", stop_failed_ratio=0.2, max_seconds=900, rate=10.0
        )
        try:
            run = run_lever(name, self._outputs, self._endpoints, options, state_folder=self._state_folder)
        except InterruptedDrillError:
            raise
        except OpsError as error:
            return Drilled(name=name, verdict="inconclusive", reasons=(str(error),))
        assert run is not None  # noqa: S101  (with apply it drills)
        session, result = run
        context = under_test(self._stacks).context(session, [result], site_file=str(self._site_file))
        log = self.folder / LOG_NAME
        written = write_reports([result], context, self.folder / "drills" / name, earlier=read(log))
        append(log, written.report)
        measured = result.worst.measurement
        return Drilled(
            name=name,
            verdict=measured.verdict.value,
            reasons=measured.reasons,
            report=str(written.html_file.relative_to(self.folder)),
        )

    def _sandbox(self) -> Sandbox:
        document = load_outputs(self._outputs)
        deployment = deployment_of(document, self._outputs)
        network = network_of(self._endpoints)
        return Sandbox(document=document, deployment=deployment, network=network, publish_anew=self._publish)

    def _wait_for_health(self, sandbox: Sandbox) -> None:
        import asyncio

        from scripts.drill.levers.injector import Route53Health

        health, checks = Route53Health(), sandbox.deployment.health_check_ids

        def all_healthy() -> bool:
            return all(asyncio.run(health.is_healthy(id_)) for id_ in checks.values())

        if sandbox.seconds_until(all_healthy, at_most=_HEALTHY_SECONDS) is None:
            raise EnvironmentFailureError(
                f"not every health check was healthy {_HEALTHY_SECONDS:g} s after the first release: is the domain delegated?"
                f" {', '.join(f'{name} {id_}' for name, id_ in checks.items())}"
            )

    def _build(self) -> None:
        site = make(SITE_SOURCE, content_rules(self._site_file), site_facts(self._site_file))
        if site.findings:
            raise WrongUsageError("\n".join([f"{SITE_SOURCE} cannot be published:", *map(str, site.findings)]))
        write_site(site.files, self.folder / "site")

    def _publish(self) -> str:
        """Publishes the site, each time with another text in the odd pages; returns the release's id."""
        self._published += 1
        folder = self.folder / "site"
        for name in ODD_PAGES:
            (folder / name).write_text(_PAGE.format(name=f"{name}, {self._published}"), encoding="utf-8")
        website = open_website(self._outputs)
        site = publisher(website)
        plan = site.plan(read_folder(folder, rules=parse_content(website.content)))
        publish(site, plan, folder)
        return plan.manifest.release_id

    def _take_down(self) -> tuple[str, str | None]:
        """Returns what became of the sandbox, and what is left of it, if anything is."""
        command = f"failover destroy --stacks {self._stacks} --outputs {self._outputs} --force --apply"
        command += "" if self._endpoints is None else f" --localcloud {self._state_folder}"
        environment = {} if self._endpoints is None else self._endpoints.environment
        try:
            with self._step("Take the sandbox down"):
                recover_journal(self._state_folder)
                terraform = from_this_machine(self.folder, environment)
                tear_down(terraform, self._stacks, plan_teardown(terraform, self._stacks), self._console)
        except (OpsError, OSError) as error:
            return "no", f"the sandbox stands, and costs: {error}\nTake it down with: {command}"
        if left := _standing(self.folder):
            return "in part", f"these states still hold something: {', '.join(left)}. Take it down with: {command}"
        return "yes", None

    def _report(
        self, plan: ProvingPlan, proof: Proof, drilled: dict[str, Drilled], *, teardown: str, problem: str | None
    ) -> ProofReport:
        facts, found = proof.reports(), provenance(self._stacks)
        target = "aws" if self._endpoints is None else "localcloud"
        drills = [
            DrillReport(name=each.name, verdict=each.verdict, reasons=list(each.reasons), report=each.report)
            for each in drilled.values()
        ]
        return ProofReport(
            schema=1,
            generated_at=rfc3339(utc_now()),
            target=target,
            confidence=CONFIDENCE[target],
            account=plan.account,
            hostname=plan.hostname,
            site_file=str(self._site_file),
            stacks_sha256=found.stacks_sha256 or "",
            versions=dict(found.versions),
            estimated_usd=round(plan.estimated_usd, 2),
            counts=counts(facts),
            facts=facts,
            drills=drills,
            teardown=teardown,
            problem=problem,
        )

    def _refuse_what_stands(self) -> None:
        """Refuses a folder whose states hold something: a new synthesis would keep them, and a deploy would change that site."""
        if left := _standing(self.folder):
            raise StacksError(
                f"an earlier run in {self.folder} was not taken down: {', '.join(left)} hold something. First: failover destroy"
                f" --stacks {self._stacks} --outputs {self._outputs} --force --apply"
            )

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        self._console.print(f"[bold]{title}[/bold]")
        yield

    def _say(self, text: str) -> None:
        typer.echo(text, err=True)


def _standing(folder: Path) -> list[str]:
    """Returns the states in a folder that hold resources."""
    found = []
    for path in sorted(folder.glob("terraform.*.tfstate")):
        try:
            holds = bool(json.loads(path.read_text(encoding="utf-8")).get("resources"))
        except (ValueError, AttributeError):
            holds = True  # cut off by a crash: whoever looks must decide
        if holds:
            found.append(path.name)
    return found
