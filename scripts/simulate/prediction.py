"""What is predicted of a scenario: distributions of a drill's figures, and what of them goes into a comment or a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from scripts.drill.drill import HEALTH_POLL_INTERVAL_SECONDS
from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.measurement import percentile
from scripts.drill.request import DrillRequest
from scripts.drill.result import FaultRun, ScenarioResult
from scripts.drill.scenarios import EDGE_OUTAGE, ORIGIN_OUTAGE, SCENARIOS, FaultVariant, Scenario
from scripts.errors import WrongUsageError
from scripts.simulate.checkers import Seconds
from scripts.simulate.conditions import Conditions, as_drilled, viewers_near
from scripts.simulate.drills import Drills, simulate
from scripts.simulate.site import SimulatedSite

DRILLS = 2000
"""Enough for a 1 and a 99 % figure that change by about 1 % from seed to seed."""
FIGURES = ("detect", "switch", "recover", "fail_back", "failed_ratio")
_ROUTING_LAYER = 2
RARE_RATIO = 0.01
"""A moment that fewer drills see counts as not seen."""
SIMULATED = {name: each for name, each in {**SCENARIOS, **LEVER_SCENARIOS}.items() if not each.heals}
"""What heals is ended by a publisher who rolls back, whom this does not play."""
_LAYERS = ((ORIGIN_OUTAGE, "unreachable"), (LEVER_SCENARIOS["evacuate-restore"], ""), (EDGE_OUTAGE, "refuse"))
"""What stands for each layer in a comment: the fault that a drill injects unasked."""


class Distribution(TypedDict):
    """Quantiles of one figure over all drills in which it was seen, None when in none; `seen_ratio`: in which share it was."""

    p01: float | None
    p05: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None
    seen_ratio: float


class LayerPrediction(TypedDict):
    """One layer's recovery, AWS seconds, None: never; `failed_ratio` is the median share of failed page views meanwhile."""

    layer: int
    scenario: str
    variant: str
    what_broke: str
    p50_seconds: float | None
    p95_seconds: float | None
    failed_ratio: float


def scenario_named(name: str) -> Scenario:
    """Return a scenario of `failover drill`, levers too.

    Raises:
        WrongUsageError: there is none of this name.
    """
    if name not in SIMULATED:
        raise WrongUsageError(f"unknown scenario {name!r}; allowed: {', '.join(SIMULATED)}")
    return SIMULATED[name]


def insist_on_layer(scenario: Scenario, site: SimulatedSite) -> None:
    """Refuse a scenario of CloudFront's layers for a site without CloudFront, and of its routing for one without a group.

    Raises:
        WrongUsageError: names the scenarios that are left.
    """
    if site.has_cloudfront and site.origins is None and scenario.layer == _ROUTING_LAYER:
        raise WrongUsageError(
            f"{scenario.name} leads CloudFront to the other region, and the distribution here has no origin group: there is none"
        )
    if site.has_cloudfront or scenario.layer == 3:
        return
    left = ", ".join(name for name, each in SIMULATED.items() if each.layer == 3)
    raise WrongUsageError(
        f"{scenario.name} is about CloudFront's origins, and this site has no CloudFront in its name; allowed: {left}"
    )


def usual_conditions(site: SimulatedSite) -> Conditions:
    """Return viewers near the primary region, resolvers that keep to the TTL, and probes that are not lost."""
    near = {site.primary: 1.0} if "-" in site.primary else {"us-east-1": 1.0}
    return Conditions(places=viewers_near(near, primary=site.primary, secondary=site.secondary))


def distributions(drills: Drills) -> dict[str, Distribution]:
    """Return the distribution of every figure."""
    return {name: distribution(getattr(drills, name)) for name in FIGURES}


def distribution(values: Seconds) -> Distribution:
    """Return the quantiles of what is not NaN: each the smallest value that so many do not exceed (nearest rank)."""
    seen = values[~np.isnan(values)]
    if not len(seen):
        return Distribution(p01=None, p05=None, p50=None, p95=None, p99=None, max=None, seen_ratio=0.0)
    found = np.percentile(seen, (1, 5, 50, 95, 99, 100), method="inverted_cdf")
    p01, p05, p50, p95, p99, most = (round(float(each), 4) for each in found)
    return Distribution(
        p01=p01, p05=p05, p50=p50, p95=p95, p99=p99, max=most, seen_ratio=round(len(seen) / len(values), 4)
    )


def layers(site: SimulatedSite, *, drills: int = DRILLS) -> list[LayerPrediction]:
    """Return the predicted recovery of every layer that the site has.

    Without an origin group that of layer 1 is "never", which a reader is to see; layer 2 is not asked for then.
    """
    conditions = usual_conditions(site)
    found = []
    for scenario, name in _LAYERS:
        if site.has_cloudfront and site.origins is None and scenario.layer == _ROUTING_LAYER:
            continue
        if site.has_cloudfront or scenario.layer == 3:
            (variant,) = scenario.select((name,) if name else ())
            found.append(_layer(scenario, variant, site, conditions, drills))
    return found


def _layer(
    scenario: Scenario, variant: FaultVariant, site: SimulatedSite, conditions: Conditions, drills: int
) -> LayerPrediction:
    played = distributions(simulate(scenario, variant, site, conditions, drills=drills))
    return LayerPrediction(
        layer=scenario.layer,
        scenario=scenario.name,
        variant=variant.name,
        what_broke=f"{scenario.what_fails} {variant.title}".format(primary=site.primary, secondary=site.secondary),
        p50_seconds=played["recover"]["p50"],
        p95_seconds=played["recover"]["p95"],
        failed_ratio=played["failed_ratio"]["p50"] or 0.0,
    )


def in_words(found: LayerPrediction) -> str:
    """Return one layer's recovery for a reader."""
    if found["p95_seconds"] is None:
        return "never"
    return f"{found['p50_seconds']:.1f} s, in 95 of 100 outages within {found['p95_seconds']:.1f} s"


def drilled_recovery(result: ScenarioResult, site: SimulatedSite, *, speed: float) -> tuple[float, float] | None:
    """Return within what times 98 of 100 drills like these recover; None where a drill of this kind sees nobody take over.

    Of the drills it knows how they were made and how long page views took before the fault, not what came of it.
    """
    request = result.request
    if request.scenario.stays or request.scenario.heals or request.scenario.degrades:
        return None
    bands = [_band(run, request, site, speed) for run in result.runs]
    found = [band for band in bands if band is not None]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _band(run: FaultRun, request: DrillRequest, site: SimulatedSite, speed: float) -> tuple[float, float] | None:
    before = [s.total_seconds for s in run.samples if s.finished_at_seconds < run.marks.fault_at_seconds and s.is_good]
    if not before:
        return None
    conditions = as_drilled(
        request.settings,
        speed=speed,
        page_view=[percentile(before, ratio) for ratio in (0.05, 0.5, 0.95)],
        health_poll_seconds=HEALTH_POLL_INTERVAL_SECONDS,
    )
    found = distributions(simulate(request.scenario, run.variant, site, conditions, drills=DRILLS))["recover"]
    if found["p01"] is None or found["p99"] is None or found["seen_ratio"] < RARE_RATIO:
        return None
    return found["p01"], found["p99"]


def lies_within(found: Distribution, measured: float | None, resolution_seconds: float) -> bool:
    """Return whether a measured figure lies in its 1 to 99 % band.

    Args:
        found: the distribution.
        measured: None: the moment was not seen, which must not have been rarer than 1 in 100.
        resolution_seconds: what a drill cannot tell apart: the time between two page views.
    """
    if measured is None:
        return found["seen_ratio"] <= 1 - RARE_RATIO
    if found["p01"] is None or found["p99"] is None or found["seen_ratio"] < RARE_RATIO:
        return False
    return found["p01"] - resolution_seconds <= measured <= found["p99"] + resolution_seconds


def within_ratio(recover: Seconds, rto_seconds: float) -> float:
    """Return the share of all drills that recovered within the objective."""
    return float(np.mean(np.nan_to_num(recover, nan=np.inf) <= rto_seconds))


def is_within(played: Mapping[str, Distribution], scenario: Scenario, site: SimulatedSite) -> bool | None:
    """Return whether the objective is met in 95 of 100 drills; None without one, or where nothing is to move."""
    if scenario.stays:
        return None
    if scenario.degrades:
        allowed = None if site.availability_ratio is None else 1 - site.availability_ratio
        return None if allowed is None else (played["failed_ratio"]["p95"] or 0.0) <= allowed
    if site.rto_seconds is None:
        return None
    recover = played["recover"]
    return recover["p95"] is not None and recover["seen_ratio"] >= 0.95 and recover["p95"] <= site.rto_seconds
