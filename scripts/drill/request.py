"""What to drill, on which site, how patiently."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

from scripts.drill.scenarios import Scenario
from scripts.drill.verdict import Expectation
from scripts.probe.samples import Family
from scripts.probe.schedule import DEFAULT_RATE_PER_SECOND

_ROUNDING = 1e-9
"""What floating point may lack of a whole number of visitors."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DrillSettings:
    """How a drill probes and how long it waits; all in AWS seconds.

    Args:
        rate_per_second: page views started per second. Default 10.
        families: asked of DNS in turn. Default A and AAAA.
        clients: visitors that take turns, each with its own resolver whose first answer has another age. Default 5:
            with two families, ten page views in a row are then one of each visitor and family.
        error_keeping_ratio: the share of the visitors whose resolver keeps negative answers (RFC 2308) and failures (RFC 9520);
            the others ask anew for each page view. Default 1.
        probe_timeout_seconds: how long a visitor waits for one page view. Default 10.
        steady_seconds: how long the primary must have served flawlessly before anything is broken. Default 10.
        steady_timeout_seconds: how long to wait for that. Default 180: after a deploy the path check turns healthy first (22 s at
            10 s x 3), then the answers that resolvers hold run out (60 s).
        recovery_timeout_seconds: how long the fault stays when nobody takes over. Default 300.
        degraded_seconds: how long a fault stays that hits a share of the requests. Default 60.
        hold_seconds: how long the fault stays after recovery, and again after a relapse. Default 10.
        fail_back_timeout_seconds: how long to wait for the primary after the undo. Default 300.
        stand_seconds: how long a fault stays that nothing may move for, after its effect was seen. Default 90: a DNS answer's
            60 s and more.
        tail_seconds: how long to go on probing after the primary is back. Default 5.
    """

    rate_per_second: float = DEFAULT_RATE_PER_SECOND
    families: tuple[Family, ...] = tuple(Family)
    clients: int = 5
    error_keeping_ratio: float = 1.0
    probe_timeout_seconds: float = 10.0
    steady_seconds: float = 10.0
    steady_timeout_seconds: float = 180.0
    recovery_timeout_seconds: float = 300.0
    degraded_seconds: float = 60.0
    hold_seconds: float = 10.0
    fail_back_timeout_seconds: float = 300.0
    stand_seconds: float = 90.0
    tail_seconds: float = 5.0

    def keeps_errors(self, client: int) -> bool:
        """Return whether this visitor's resolver keeps negative answers; those that do are spread over all visitors."""
        ratio = self.error_keeping_ratio
        return math.floor((client + 1) * ratio + _ROUNDING) > math.floor(client * ratio + _ROUNDING)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DrillRequest:
    """What to drill on which site.

    Args:
        scenario: what breaks.
        variant_names: which of the scenario's variants, in that order. Default those it marks as default.
        hostname: the site's public name.
        primary_region: serves before and after.
        secondary_region: is to take over.
        release_id: the release that every page view must show.
        rto_seconds: the objective, from the site file.
        availability_ratio: the objective, from the site file, for a fault on a share of the requests. Default 0.999.
        path_health_check_id: the health check that decides the failover record, from the Terraform outputs. Needed where
            detection is the health check's; default none.
        release_age_seconds: how long the release has been published when the drill begins; default None, not known.
        standby_health_check_ids: checks of what is to take over, which must be healthy before anything is broken. Default none.
        state_folder: where the undo journal is kept; the same for all drills on one target, whatever they report where.
        settings: how to probe and how long to wait.
    """

    scenario: Scenario
    variant_names: tuple[str, ...] = ()
    hostname: str
    primary_region: str
    secondary_region: str
    release_id: str
    rto_seconds: float
    availability_ratio: float = 0.999
    path_health_check_id: str | None = None
    release_age_seconds: float | None = None
    standby_health_check_ids: tuple[str, ...] = ()
    state_folder: Path
    settings: DrillSettings = DrillSettings()

    @property
    def expectation(self) -> Expectation:
        """Return what the drill is to show."""
        return Expectation(
            primary=self.primary_region,
            secondary=self.secondary_region,
            rto_seconds=self.rto_seconds,
            detects_by_marker=self.scenario.detects_by_marker,
            fills_pages=self.scenario.fills_pages,
            availability_ratio=self.availability_ratio if self.scenario.degrades else None,
            stays=self.scenario.stays,
            loses_nothing=self.scenario.loses_nothing,
            heals=self.scenario.heals,
        )
