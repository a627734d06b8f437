"""Replacing a region: each step can be run again, so a run that was stopped goes on where it was.

What serves is touched last and in place. Until the new bucket holds every object, nothing that viewers use is changed. While
CloudFront is changed, both the old and the new region are drained, so the router function asks the region that stays, whichever
configuration an edge has.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.aws.clients import aws_client, translated
from scripts.clock import Clock
from scripts.errors import AwsError, EnvironmentFailureError
from scripts.files import write_atomically
from scripts.regions.aside import set_aside
from scripts.regions.filling import Filled, fill, read_source
from scripts.regions.plan import GLOBAL_REGION, Replacement, left_states
from scripts.regions.renames import certificates_of, own_records, renames
from scripts.status.entries import Answer, Entry
from scripts.terraform.deploy import run_waves
from scripts.terraform.outputs import deployment_of, load_outputs, save_outputs
from scripts.terraform.states import addresses, renamed
from scripts.terraform.synthesis import read_stack, stack_folders

if TYPE_CHECKING:
    from rich.console import Console

    from scripts.release.bucket import ContentBucket
    from scripts.release.routing import Routing, RoutingStore
    from scripts.terraform.cli import Terraform

_WRITES = 5
_LOOKS = 30
_PAUSE_SECONDS = 3.0
_PARALLEL_OUTPUTS = 4
_OBJECTS_PER_LINE = 1000
_CONFLICT = "ConflictException"

OpenBucket = Callable[[str, str], "ContentBucket"]
"""From region and name to a bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, and how long it took, by this machine's clock."""

    name: str
    seconds: float


@dataclass(slots=True, kw_only=True)
class Replaced:
    """What was done.

    Attributes:
        steps: in their order.
        filled: what the new bucket got before anything was switched.
        caught_up: what it got afterwards: what was published meanwhile.
        aside: stacks whose states are kept aside.
    """

    steps: list[Step] = field(default_factory=list)
    filled: Filled | None = None
    caught_up: Filled | None = None
    aside: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """All steps."""
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the work needs beside its plan.

    Attributes:
        terraform: runs the stacks.
        store: the routing.
        open_bucket: reaches a bucket.
        ask: asks entries of the site, over the network.
        console: where the progress is drawn.
        clock: of this machine.
    """

    terraform: Terraform
    store: RoutingStore
    open_bucket: OpenBucket
    ask: Callable[[Sequence[Entry]], list[Answer]]
    console: Console
    clock: Clock


class Replacing:
    """One replacement under way. After an error or Ctrl-C the same command goes on."""

    def __init__(self, replacement: Replacement, tools: Tools, *, outdir: Path, outputs: Path) -> None:
        self._plan = replacement
        self._tools = tools
        self._outdir = outdir
        self._outputs = outputs
        self._stacks = replacement.places.after / "stacks"
        self._done = Replaced()

    def run(self) -> Replaced:
        """Does all of it.

        Raises:
            OpsError: a step failed; what was done by then stays, and serves.
        """
        plan = self._plan
        with self._step(f"make {plan.new}, prove its name"):
            self._make_region()
        with self._step(f"fill {plan.new} and compare every object"):
            self._done.filled = self._fill()
        with self._step("write the site file, drain both regions"):
            write_atomically(plan.before.path, plan.after.text)
            self._change_drains(lambda routing: routing.draining(plan.old).draining(plan.new))
            self._let_path_check_ask_who_stays()
        with self._step("change CloudFront, health checks and records in place"):
            self._change_edge()
        with self._step(f"attach {plan.new} and who stays"):
            staying = [name for name in plan.staying if plan.after.has_feature("parity")]
            regions = [f"region-{name}" for name in staying]
            self._apply([[*regions, *(f"attachment-{name}" for name in plan.after.regions)]])
        with self._step(f"compare {plan.new} again, let it serve"):
            self._done.caught_up = self._fill()
            self._change_drains(lambda routing: routing.restoring(plan.old).restoring(plan.new))
            self._insist_on_answers()
        with self._step("bring the alarms over, save the outputs"):
            probers = [f"prober-{name}" for name in plan.after.probers]
            self._apply([wave for wave in (probers, ["monitoring"]) if wave])
            self._save_outputs()
        with self._step(f"keep the states of {plan.old} aside"):
            self._done.aside = self._set_aside()
            self._keep_stacks()
        return self._done

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = self._tools.clock.now_seconds()
        self._tools.console.print(f"[bold]{name[0].upper()}{name[1:]}[/bold]")
        yield
        self._done.steps.append(Step(name=name, seconds=self._tools.clock.now_seconds() - began))

    def _apply(self, waves: Sequence[Sequence[str]]) -> None:
        def act(folder: Path, tell: Callable[[str], None]) -> None:
            tell("initializing")
            self._tools.terraform.init(folder)
            tell("planning")
            self._tools.terraform.apply(folder, on_progress=lambda progress: tell(progress.doing[:60] or "planning"))

        run_waves(self._tools.terraform, self._stacks, waves, self._tools.console, act)

    def _make_region(self) -> None:
        """The old certificate leaves the state of dns first: it is in use until edge has the new one, and cannot be deleted."""
        terraform, stack = self._tools.terraform, self._stacks / "dns"
        terraform.init(stack)
        state = terraform.pull(stack)
        if state is not None:
            before, after = (
                read_stack(each / "stacks" / "dns") for each in (self._plan.places.before, self._plan.places.after)
            )
            chosen = [each for each in certificates_of(before, after) if self._is_of_before(state, each)]
            set_aside(terraform, self._plan.aside, "dns", stack, state, chosen)
        keys = [[f"keys-{self._plan.new}"]] if self._plan.after.has_feature("kms") else []
        self._apply([*keys, ["dns", f"region-{self._plan.new}"]])

    def _is_of_before(self, state: dict[str, object], address: str) -> bool:
        """Whether the state has the certificate with the old region's name: a run before this one may have made the new one."""
        entry = addresses(state).get(address)
        return entry is not None and f"{self._plan.old}." in str(entry["instances"])

    def _fill(self) -> Filled:
        found = self._tools.terraform.output(self._stacks / f"region-{self._plan.new}")
        bucket = self._tools.open_bucket(self._plan.new, str(found["bucket_name"]))
        store = self._tools.store
        # Anew: what was published since the plan belongs to it.
        source = read_source(self._plan.source.buckets, store.read().routing)
        with self._tools.console.status(f"  {source.files:,} objects, {source.size_bytes / 1e6:,.1f} MB") as shown:
            copied = 0

            def note(_size: int) -> None:
                nonlocal copied
                copied += 1
                if copied % _OBJECTS_PER_LINE == 0:
                    shown.update(f"  {copied:,} objects copied")
                    if not self._tools.console.is_terminal:
                        self._tools.console.print(f"  {copied:,} of {source.files:,} objects copied")

            return fill(bucket, source, store, note, is_etag_md5=not self._plan.after.has_feature("kms"))

    def _change_drains(self, change: Callable[[Routing], Routing]) -> None:
        """Writes the drained regions; a publish that writes at the same moment is not undone."""
        if self._plan.after.entry != "cloudfront":
            return
        for left in range(_WRITES, -1, -1):
            current = self._tools.store.read()
            target = change(current.routing)
            if target == current.routing:
                return
            try:
                self._tools.store.write(target, expected_etag=current.etag)
            except AwsError as error:
                if error.code != _CONFLICT or not left:
                    raise
            else:
                return

    def _let_path_check_ask_who_stays(self) -> None:
        """The primary's own name goes before the new one is there; asked there, the path check would move the public name."""
        check_id = self._plan.deployment.health_check_ids.get("path")
        if check_id is None or not self._plan.is_primary:
            return
        hostname = f"{self._plan.staying[0]}.{self._plan.deployment.hostname}"
        with translated("UpdateHealthCheck", check_id):
            aws_client("route53", region=GLOBAL_REGION).update_health_check(
                HealthCheckId=check_id, FullyQualifiedDomainName=hostname
            )

    def _change_edge(self) -> None:
        """First the distribution and the new region's own records, then the rest: health checks ask names that are there."""
        terraform, stack = self._tools.terraform, self._stacks / "edge"
        before, after = (
            read_stack(each / "stacks" / "edge") for each in (self._plan.places.before, self._plan.places.after)
        )
        terraform.init(stack)
        state = terraform.pull(stack)
        newer = renamed(state or {}, renames(before, after, old=self._plan.old, new=self._plan.new)) if state else None
        if newer is not None:
            terraform.push(stack, newer)
        targets = own_records(after, self._plan.new)

        def act(folder: Path, tell: Callable[[str], None]) -> None:
            tell(f"{self._plan.new}'s own name")
            terraform.apply(folder, targets=targets, on_progress=lambda progress: tell(progress.doing[:60]))
            tell("the rest")
            terraform.apply(folder, on_progress=lambda progress: tell(progress.doing[:60]))

        run_waves(terraform, self._stacks, [["edge"]], self._tools.console, act)

    def _insist_on_answers(self) -> None:
        """Waits until every name serves, and the new region's own from its own bucket.

        Raises:
            EnvironmentFailureError: one does not; the site serves from the region that stays.
        """
        hostname = self._plan.deployment.hostname
        entries = [
            Entry(name="public name", hostname=hostname),
            *(Entry(name=region, hostname=f"{region}.{hostname}") for region in self._plan.after.regions),
        ]
        bad: list[str] = []
        for _ in range(_LOOKS):
            bad = [problem for answer in self._tools.ask(entries) if (problem := self._problem(answer))]
            if not bad:
                return
            asyncio.run(self._tools.clock.sleep(_PAUSE_SECONDS))
        raise EnvironmentFailureError(
            f"{self._plan.new} is made and filled, but not every name serves from it: {'; '.join(bad)}. Viewers are served by "
            f"{' and '.join(self._plan.staying)}. Run the same command again"
        )

    def _problem(self, answer: Answer) -> str | None:
        problem = answer.marker_problem or (answer.problem if self._plan.routing.active else None)
        if problem is None and answer.entry.name == self._plan.new and answer.region != self._plan.new:
            problem = f"answered by {answer.region}"
        return None if problem is None else f"{answer.entry.hostname}: {problem}"

    def _save_outputs(self) -> None:
        """The outputs of what was not applied now are those of before."""
        saved = load_outputs(self._outputs)
        names = [folder.name for folder in stack_folders(self._stacks)]
        applied = [name for name in names if (self._stacks / name / ".terraform").exists()]
        with ThreadPoolExecutor(_PARALLEL_OUTPUTS) as pool:
            told = pool.map(lambda name: self._tools.terraform.output(self._stacks / name), applied)
            found = {**{name: saved[name] for name in names if name in saved}, **dict(zip(applied, told, strict=True))}
        deployment_of(found, self._outputs)
        save_outputs(found, self._outputs)

    def _set_aside(self) -> tuple[str, ...]:
        left = left_states(self._tools.terraform, self._plan)
        with ThreadPoolExecutor(len(left) or 1) as pool:
            jobs = [
                pool.submit(set_aside, self._tools.terraform, self._plan.aside, name, folder, state)
                for name, (folder, state) in left.items()
            ]
            for job in jobs:
                job.result()
        return tuple(left)

    def _keep_stacks(self) -> None:
        """The output folder holds the stacks with the new region from now on; the folders of the work go."""
        shutil.rmtree(self._outdir / "stacks", ignore_errors=True)
        shutil.copytree(self._stacks, self._outdir / "stacks", ignore=shutil.ignore_patterns(".terraform*"))
        shutil.copy(self._plan.places.after / "manifest.json", self._outdir / "manifest.json")
        for folder in (self._plan.places.before, self._plan.places.after):
            shutil.rmtree(folder, ignore_errors=True)
