"""Drills of one deployment: fills a drill's request from Terraform's outputs and the live routing.

Before each drill both buckets are compared with the active release, and a drill of CloudFront's origins empties the edge
caches: else a page that an edge still holds would hide a secondary that has nothing to serve.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from rich.console import Console

from scripts.aws.clients import key_value_store_client, s3_client
from scripts.aws.invalidation import cloudfront_client, invalidate_all
from scripts.clock import utc_now
from scripts.drill.guard import StopConditions
from scripts.drill.journal import recover_journal
from scripts.drill.levers.bad_release import BROKEN_RELEASE
from scripts.drill.levers.effects import LeverEffects
from scripts.drill.levers.lever import Lever
from scripts.drill.levers.news import News, Newsroom
from scripts.drill.progress import progress_on
from scripts.drill.rehearsal import run_drill, run_lever_drill
from scripts.drill.request import DrillRequest, DrillSettings
from scripts.drill.result import DrillContext, ScenarioResult
from scripts.drill.scenarios import Scenario
from scripts.errors import MissingOutputError, NotSteadyError, WrongUsageError
from scripts.exits.aws_entries import insist_that_none_answers
from scripts.exits.exits import open_exits
from scripts.local.endpoints import Endpoints
from scripts.local.network import network_of
from scripts.release.bucket import ContentBucket
from scripts.release.canary_guard import end_canary, release_view, watch_canary
from scripts.release.parity import RegionParity, check_parity, find_manifest
from scripts.release.routing import Routing, RoutingStore
from scripts.release.switching import Switcher
from scripts.terraform.outputs import Deployment, one_region_words
from scripts.terraform.outputs import Routing as SiteRouting

_LOCALCLOUD = "localcloud"
_AWS = "aws"
CANARY_WATCH_SECONDS = 60.0
_USUAL = DrillSettings()


class DrillSession:
    """Runs scenarios against one deployment.

    Args:
        deployment: what Terraform made.
        endpoints: the running localcloud; None on AWS.
        newsroom: what operators hear during a drill; default: nobody listens.
        state_folder: where the undo journal is kept; the same for all drills of one target, so localcloud's own state folder
            where there is one.

    Raises:
        WrongUsageError: the site's entry or policy is one that no drill measures yet.
        MissingOutputError: nothing is published yet.
    """

    def __init__(
        self,
        deployment: Deployment,
        endpoints: Endpoints | None,
        *,
        state_folder: Path,
        newsroom: Newsroom | None = None,
    ) -> None:
        require_one_region_first(deployment.hostname, deployment.routing, deployment.roles)
        if not deployment.takes_name:
            raise WrongUsageError(
                f"another distribution still serves {deployment.hostname}, so a drill would measure that one: failover take-name "
                "moves the name (docs/MIGRATING.md)"
            )
        self._deployment = deployment
        self._endpoints = endpoints
        self._state_folder = state_folder
        self._newsroom = newsroom
        self._network = network_of(endpoints)
        self._console = Console(stderr=True, soft_wrap=True)
        self._routing, self._release_id = self._active_release()

    def run(
        self, scenario: Scenario, variant_names: tuple[str, ...] = (), settings: DrillSettings = _USUAL
    ) -> ScenarioResult:
        """Runs one scenario with progress on stderr, after undoing what a crashed drill left broken on this target.

        Raises:
            NotSteadyError: a region does not hold all of the active release; nothing was broken.
            RegionUnavailableError: a region's S3 does not answer; nothing was broken.
            OpsError: what `run_drill` raises.
        """
        if self._endpoints is None:
            raise WrongUsageError(
                f"{scenario.name} breaks localcloud's data plane, which AWS has no call for: run it with --localcloud DIR, or"
                " drill by a lever of AWS's own (`failover drill --help`)"
            )
        request = self._prepared(scenario, variant_names, settings)
        with progress_on(self._console) as progress:
            return run_drill(
                request,
                self._endpoints,
                progress=progress,
                after_fault=self._after_fault_of(scenario),
                news=None if self._newsroom is None else self._newsroom.read,
            )

    def _after_fault_of(self, scenario: Scenario) -> Callable[[], Awaitable[None]] | None:
        if scenario.leaves_aws:
            return self._insist_that_aws_is_silent
        return self._empty_edge_caches if scenario.fills_pages else None

    def run_lever(
        self, scenario: Scenario, lever: Lever, *, effects: LeverEffects, stop: StopConditions, settings: DrillSettings
    ) -> ScenarioResult:
        """Runs one scenario by a lever of AWS's own.

        Args:
            scenario: one with a lever.
            lever: that lever, for this deployment.
            effects: how the lever's effect is seen.
            stop: when to end before the time.
            settings: how to probe and how long to wait.

        Raises:
            OpsError: as `run`, and what `run_lever_drill` raises.
        """
        request = self._prepared(scenario, (), settings)
        with progress_on(self._console) as progress:
            return run_lever_drill(
                request,
                self._network,
                lever,
                progress=progress,
                after_fault=self._after(scenario),
                effect=effects.effect_of(scenario.lever),
                news=self._heard_with(effects),
                stop=stop,
            )

    def _after(self, scenario: Scenario) -> Callable[[], Awaitable[None]] | None:
        if scenario.fills_pages:
            return self._empty_edge_caches
        return self._watch_canary if scenario.heals else None

    async def _watch_canary(self) -> None:
        """Watches the canary as `failover sync-content --canary --watch` does, and ends it when it is bad."""
        clock = self._network.clock()
        view = release_view(self._network, clock, hostname=self._deployment.hostname, release_ids={self._release_id})
        if await watch_canary(view, clock, seconds=CANARY_WATCH_SECONDS):
            buckets = self._buckets()
            store = RoutingStore(key_value_store_client(), self._deployment.key_value_store_arn)
            await asyncio.to_thread(end_canary, Switcher(buckets, store), BROKEN_RELEASE)

    def _heard_with(self, effects: LeverEffects) -> Callable[[], Awaitable[News]] | None:
        newsroom = self._newsroom
        if newsroom is None:
            return None

        async def read() -> News:
            news = await newsroom.read()
            return news if effects.has_mail is None else dataclasses.replace(news, mail=effects.has_mail)

        return read

    def _prepared(self, scenario: Scenario, variant_names: tuple[str, ...], settings: DrillSettings) -> DrillRequest:
        """Undoes what a crash left, insists on parity, and says what is to be drilled."""
        if (leftover := recover_journal(self._state_folder)) is not None:
            self._console.print(
                f"Undone first: {leftover}, which a drill that did not end had left in force", highlight=False
            )
        self._insist_on_parity()
        deployment = self._deployment
        last_exit = self._ready_last_exit() if scenario.leaves_aws else None
        return DrillRequest(
            scenario=scenario,
            variant_names=variant_names,
            hostname=deployment.hostname,
            primary_region=deployment.primary,
            secondary_region=last_exit or deployment.secondary,
            release_id=self._release_id,
            rto_seconds=deployment.objectives.rto_seconds,
            availability_ratio=deployment.objectives.availability_ratio,
            path_health_check_id=deployment.health_check_ids["path"],
            release_age_seconds=self._release_age_seconds(),
            standby_health_check_ids=tuple(deployment.external_endpoints[last_exit].health_check_ids.values())
            if last_exit is not None
            else (),
            state_folder=self._state_folder,
            settings=settings,
        )

    @property
    def deployment(self) -> Deployment:
        """What Terraform made."""
        return self._deployment

    @property
    def speed(self) -> float:
        """How many AWS seconds pass in a real one."""
        return self._network.speed

    @property
    def release_id(self) -> str:
        """The release that is live."""
        return self._release_id

    def context(
        self,
        *,
        site_file: str,
        cost_usd_per_month: float | None,
        stacks_sha256: str | None = None,
        versions: Mapping[str, str] | None = None,
        predicted: Mapping[str, tuple[float, float]] | None = None,
        runbook: str = "",
    ) -> DrillContext:
        """Returns what the drills ran against, for their report.

        Args:
            site_file: the site file as the operator named it, "" when not known.
            cost_usd_per_month: the estimate, None when there is none.
            stacks_sha256: of what was deployed; default None, not known.
            versions: of what made and applied it; default: not known.
            predicted: scenario -> shortest and longest recovery, in AWS seconds; default: none.
            runbook: URL of the team's runbook; default: the page in this repository.
        """
        return DrillContext(
            target=self._target,
            speed=self._network.speed,
            site_file=site_file,
            hostname=self._deployment.hostname,
            release=self._release_id,
            cost_usd_per_month=cost_usd_per_month,
            stacks_sha256=stacks_sha256,
            versions=versions or {},
            predicted=predicted or {},
            runbook=runbook,
        )

    @property
    def _target(self) -> str:
        return _AWS if self._endpoints is None else _LOCALCLOUD

    async def _empty_edge_caches(self) -> None:
        distribution_id = self._deployment.distributions[self._deployment.primary].id
        await asyncio.to_thread(lambda: invalidate_all(cloudfront_client(), distribution_id))

    async def _insist_that_aws_is_silent(self) -> None:
        names = tuple(each.hostname for each in self._deployment.distributions.values())
        names = (*names, self._deployment.endpoint_hostname)
        await insist_that_none_answers(names, self._network, self._network.clock())
        self._console.print(f"0 of {len(names)} entries of AWS answer: {', '.join(names)}", highlight=False)

    def _ready_last_exit(self) -> str:
        """Returns the last exit, which holds the active release.

        Raises:
            WrongUsageError: the site has none.
            NotSteadyError: its visitors would not get the active release.
        """
        name = self._deployment.last_exit
        if name is None:
            raise WrongUsageError(
                "aws-edge-outage needs a last exit, a server outside AWS, and this site has none: add an [[endpoint]] to the "
                "site file and deploy it (docs/ROUTING.md)"
            )
        contents = {each: endpoint.content for each, endpoint in self._deployment.external_endpoints.items()}
        manifest = find_manifest(self._buckets(), self._release_id)
        for state in open_exits(contents).compare(manifest):
            if not state.is_whole:
                raise NotSteadyError(
                    f"{state.name} does not serve the active release {self._release_id} ({state.error or state.active}), so "
                    "nothing was broken. Run: failover verify --repair --apply"
                )
        return name

    def _insist_on_parity(self) -> None:
        buckets = self._buckets()
        parity = check_parity(buckets, find_manifest(buckets, self._release_id), self._routing)
        parity.raise_unavailable()
        lacking = [f"{found.region} lacks {_lacks(found)}" for found in parity.regions.values() if not found.is_whole]
        if lacking:
            raise NotSteadyError(
                f"{'; '.join(lacking)} of the active release {self._release_id}, so nothing was broken."
                " Run: failover verify --repair --apply"
            )

    def _release_age_seconds(self) -> float | None:
        """How long ago the active release's manifest was written to the primary, on the site's clock."""
        primary = next(each for each in self._buckets() if each.region == self._deployment.primary)
        published_at = primary.manifest_times().get(self._release_id)
        if published_at is None:
            return None
        return max(0.0, (utc_now() - published_at).total_seconds() * self._network.speed)

    def _buckets(self) -> list[ContentBucket]:
        return [
            ContentBucket(s3_client(region, is_hasty=True), region=region, name=name)
            for region, name in self._deployment.buckets.items()
        ]

    def _active_release(self) -> tuple[Routing, str]:
        routing = RoutingStore(key_value_store_client(), self._deployment.key_value_store_arn).read().routing
        if routing.release_id is None:
            raise MissingOutputError("nothing is published yet: run `failover sync-content --apply` before a drill")
        return routing, routing.release_id


def _lacks(found: RegionParity) -> str:
    lacks = [file.path for file in found.missing[:3]]
    lacks += [f"{len(found.missing) - 3} more files"] if len(found.missing) > 3 else []
    lacks += [] if found.has_manifest else ["the manifest"]
    return ", ".join([*lacks, *[f"the new {key}" for key in found.outdated_keys]])


def require_one_region_first(hostname: str, routing: SiteRouting, roles: Mapping[str, str]) -> None:
    """A drill's steady state is the primary region serving everybody; under another policy several regions do.

    Raises:
        WrongUsageError: names entry or policy, or the one region.
    """
    if len(roles) == 1:
        raise WrongUsageError(one_region_words(*roles))
    if routing.entry != "cloudfront":
        raise WrongUsageError(
            f'a drill needs routing.entry = "cloudfront", but {hostname} has "{routing.entry}": its '
            "faults and measurements are those of CloudFront's layers"
        )
    if routing.policy != "failover":
        raise WrongUsageError(
            f'a drill needs routing.policy = "failover", but {hostname} has "{routing.policy}": '
            "no region serves everybody there, so nothing would be seen to switch"
        )
