"""What an auditor asks of one fault: hypothesis, criteria with pass or fail, before and after, what stands out. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TypedDict

from scripts.drill.measurement import Marks, Measurement, percentile
from scripts.drill.request import DrillRequest
from scripts.drill.streaks import has_failed, lasting_streak_at, served_by
from scripts.drill.verdict import Expectation
from scripts.probe.samples import Family, Sample

RUNBOOK = "docs/DISASTER_RECOVERY.md"
MONTH_SECONDS = 30 * 86_400


class CriterionReport(TypedDict):
    """One thing that was wanted; `passed` is None where it was not measured."""

    name: str
    wanted: str
    found: str
    passed: bool | None


class FindingReport(TypedDict):
    """One thing that stands out, and the section of the runbook to read on."""

    text: str
    section: str


class BudgetReport(TypedDict):
    """What the fault took of a month's error budget; a page view stands for the time between two of them."""

    lost_seconds: float
    budget_seconds: float
    spent_ratio: float


class PhaseReport(TypedDict):
    """Page views of one stretch of a drill."""

    name: str
    page_views: int
    failed_page_views: int
    p50_seconds: float | None
    p95_seconds: float | None
    regions: list[str]


def hypothesis(request: DrillRequest) -> str:
    """Return what the drill was to show, in a sentence that it may refute."""
    scenario, regions = request.scenario, {"primary": request.primary_region, "secondary": request.secondary_region}
    fault = f"{scenario.what_fails.format(**regions)} {scenario.variants[0].title}"
    if scenario.heals:
        return (
            f"When this happens: {fault}, then {scenario.takes_over.format(**regions)}, is served again within"
            f" {request.rto_seconds:g} s, before anybody undoes it."
        )
    if scenario.stays:
        return f"When this happens: {fault}, then {request.primary_region} serves on and not one page view fails."
    lost = "not one page view fails" if scenario.loses_nothing else "page views fail no longer than that"
    return (
        f"When this happens: {fault}, then {scenario.takes_over.format(**regions)}, serves within"
        f" {request.rto_seconds:g} s and until the fault ends, {lost}, and {request.primary_region} serves again afterwards."
    )


def criteria(
    measurement: Measurement, samples: Sequence[Sample], marks: Marks, expected: Expectation
) -> list[CriterionReport]:
    """Return everything that was wanted of one fault, in the order in which it happens."""
    after = [each for each in samples if each.scheduled_at_seconds >= marks.fault_at_seconds]
    lost = sum(has_failed(each) for each in after)
    wrong = measurement.wrong_content_requests
    found = []
    if expected.stays:
        others = [region for region in measurement.served_by if region != expected.primary]
        found.append(
            _row(
                "the fault worked",
                "seen",
                "seen" if marks.effect_at_seconds else "not seen",
                bool(marks.effect_at_seconds),
            )
        )
        found.append(
            _row(f"{expected.primary} served throughout", "nobody else", ", ".join(others) or "nobody else", not others)
        )
    elif expected.availability_ratio is not None:
        found.append(_share(samples, marks, expected.availability_ratio))
    else:
        if expected.heals:
            seen_failing = measurement.shares.failed_ratio > 0
            found.append(
                _row("the fault worked", "page views fail", "yes" if seen_failing else "none failed", seen_failing)
            )
        found.append(_recovery(measurement))
        found.append(_fail_back(measurement))
        order = expected.order
        seen = measurement.served_by
        found.append(_row("who served, in order", " → ".join(order), " → ".join(seen) or "nobody", seen == order))
    if expected.stays or expected.loses_nothing:
        found.append(_row("page views that failed", "0", str(lost), lost == 0))
    found.append(_row("requests with the wrong content", "0", str(wrong), wrong == 0))
    return found


def _share(samples: Iterable[Sample], marks: Marks, availability_ratio: float) -> CriterionReport:
    during = [s for s in samples if marks.fault_at_seconds <= s.scheduled_at_seconds < marks.undo_at_seconds]
    failed = sum(has_failed(each) for each in during) / len(during) if during else 0.0
    allowed = 1 - availability_ratio
    wanted = f"at most {allowed:.2%}"
    return _row("page views that failed while a share was hit", wanted, f"{failed:.2%}", failed <= allowed)


def _recovery(measurement: Measurement) -> CriterionReport:
    seconds, rto = measurement.recovery_time_seconds, measurement.rto_seconds
    told = "never" if seconds is None else f"{seconds:.1f} s"
    wanted = f"within {rto:g} s"
    return _row("recovered, and stayed so until the fault ended", wanted, told, seconds is not None and seconds <= rto)


def _fail_back(measurement: Measurement) -> CriterionReport:
    seconds = measurement.time_to_fail_back_seconds
    told = "not seen" if seconds is None else f"after {seconds:.1f} s"
    return _row("the primary served again after the undo", "seen", told, seconds is not None)


def _row(name: str, wanted: str, found: str, passed: bool | None) -> CriterionReport:
    return CriterionReport(name=name, wanted=wanted, found=found, passed=passed)


def phases(samples: Sequence[Sample], marks: Marks) -> list[PhaseReport]:
    """Return before, during and after the fault."""
    parts = {
        "before the fault": [s for s in samples if s.scheduled_at_seconds < marks.fault_at_seconds],
        "fault in force": [
            s for s in samples if marks.fault_at_seconds <= s.scheduled_at_seconds < marks.undo_at_seconds
        ],
        "after the undo": [s for s in samples if s.scheduled_at_seconds >= marks.undo_at_seconds],
    }
    return [_phase(name, part) for name, part in parts.items()]


def _phase(name: str, samples: Sequence[Sample]) -> PhaseReport:
    good = [each.total_seconds for each in samples if each.is_good]
    return PhaseReport(
        name=name,
        page_views=len(samples),
        failed_page_views=sum(has_failed(each) for each in samples),
        p50_seconds=round(percentile(good, 0.5), 3) if good else None,
        p95_seconds=round(percentile(good, 0.95), 3) if good else None,
        regions=list(served_by(samples)),
    )


def error_budget(samples: Sequence[Sample], marks: Marks, availability_ratio: float) -> BudgetReport:
    """Return what visitors lost from the fault on, as a share of what `availability_ratio` allows in 30 days."""
    after = [each for each in samples if each.scheduled_at_seconds >= marks.fault_at_seconds]
    lost = sum(has_failed(each) for each in after)
    first, last = (
        min((s.scheduled_at_seconds for s in after), default=0.0),
        max((s.scheduled_at_seconds for s in after), default=0.0),
    )
    interval = (last - first) / (len(after) - 1) if len(after) > 1 else 0.0
    budget = (1 - availability_ratio) * MONTH_SECONDS
    return BudgetReport(
        lost_seconds=round(lost * interval, 3),
        budget_seconds=round(budget, 1),
        spent_ratio=round(lost * interval / budget, 5) if budget else 0.0,
    )


def findings(samples: Sequence[Sample], marks: Marks, expected: Expectation) -> list[FindingReport]:
    """Return what stands out in the data, each with where to read on."""
    during = [s for s in samples if marks.fault_at_seconds <= s.scheduled_at_seconds < marks.undo_at_seconds]
    found: list[FindingReport] = []
    if good := [each for each in during if each.is_good]:
        slowest = max(good, key=lambda each: each.total_seconds)
        since = slowest.scheduled_at_seconds - marks.fault_at_seconds
        text = (
            f"The slowest good page view took {slowest.total_seconds:.1f} s: visitor {slowest.client},"
            f" {slowest.family.record_type}, {since:.1f} s after the fault, served by {slowest.region}."
        )
        found.append(FindingReport(text=text, section="origin-latency"))
    if not (expected.stays or expected.heals):
        found += _families(during, marks, expected)
        if not expected.detects_by_marker and marks.detected_at_seconds is None:
            found.append(FindingReport(text="The health check never turned unhealthy.", section="path-unhealthy"))
    if marks.has_listener and marks.alarm_at_seconds is None and not expected.stays:
        text = "No alarm went off before the drill ended: nobody would have been told of this."
        found.append(FindingReport(text=text, section="metrics-are-missing"))
    return found


def _families(during: Iterable[Sample], marks: Marks, expected: Expectation) -> list[FindingReport]:
    """Compares A with AAAA: each has a failover pair of its own, and one may lag."""
    ordered = sorted(during, key=lambda each: each.sequence)
    told = []
    for family in Family:
        own = [each for each in ordered if each.family is family]
        numbered = [_renumbered(each, number) for number, each in enumerate(own)]
        at = lasting_streak_at(numbered, region=expected.secondary)
        told.append(f"{family.record_type} {'never' if at is None else f'{at - marks.fault_at_seconds:.1f} s'}")
    return [FindingReport(text=f"Recovery by record type: {', '.join(told)}.", section="look-first")]


def _renumbered(sample: Sample, number: int) -> Sample:
    return dataclasses.replace(sample, sequence=number)
