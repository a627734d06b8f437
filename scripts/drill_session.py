"""Drills of one deployment: fills a drill's request from Terraform's outputs and the live routing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from scripts.aws import key_value_store_client
from scripts.deployment import Deployment
from scripts.drill import ScenarioResult
from scripts.drill_request import DrillRequest
from scripts.endpoints import Endpoints
from scripts.errors import MissingOutputError
from scripts.progress import progress_on
from scripts.rehearsal import run_drill
from scripts.release.routing import RoutingStore
from scripts.report import WrittenReports, write_reports
from scripts.report_data import ReportContext
from scripts.scenarios import Scenario

_LOCALCLOUD = "localcloud"
_AWS = "aws"


class DrillSession:
    """Runs scenarios against one deployment and reports on them together.

    Args:
        deployment: what Terraform made.
        endpoints: the running localcloud; None on AWS.
        state_folder: where the undo journal is kept; the same for all drills of one target.
    """

    def __init__(self, deployment: Deployment, endpoints: Endpoints | None, *, state_folder: Path) -> None:
        self._deployment = deployment
        self._endpoints = endpoints
        self._state_folder = state_folder
        self._release_id = self._active_release()

    def run(self, scenario: Scenario, variant_names: tuple[str, ...] = ()) -> ScenarioResult:
        """Runs one scenario with progress on stderr. Raises what `run_drill` raises."""
        deployment = self._deployment
        request = DrillRequest(
            scenario=scenario,
            variant_names=variant_names,
            hostname=deployment.hostname,
            primary_region=deployment.primary,
            secondary_region=deployment.secondary,
            release_id=self._release_id,
            rto_seconds=deployment.objectives.rto_seconds,
            path_health_check_id=deployment.health_check_ids["path"],
            state_folder=self._state_folder,
        )
        with progress_on(Console(stderr=True)) as progress:
            return run_drill(request, self._endpoints, target=self._target, progress=progress)

    def write_reports(
        self, results: Sequence[ScenarioResult], *, folder: Path, site_file: str, cost_usd_per_month: float
    ) -> WrittenReports:
        """Writes report.json, report.html and the samples of all results."""
        context = ReportContext(
            target=self._target,
            speed=1.0 if self._endpoints is None else self._endpoints.speed,
            site_file=site_file,
            hostname=self._deployment.hostname,
            release=self._release_id,
            cost_usd_per_month=cost_usd_per_month,
        )
        return write_reports(results, context, folder)

    @property
    def _target(self) -> str:
        return _AWS if self._endpoints is None else _LOCALCLOUD

    def _active_release(self) -> str:
        store = RoutingStore(key_value_store_client(), self._deployment.key_value_store_arn)
        release_id = store.read().routing.release_id
        if release_id is None:
            raise MissingOutputError("nothing is published yet: run `failover sync-content --apply` before a drill")
        return release_id
