"""What report.json says: the results of drills as plain data. Times are AWS seconds, durations None when not seen."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from typing import TypedDict

from scripts.clock import rfc3339, utc_now
from scripts.drill.measurement import Marks, Measurement, MissCost
from scripts.drill.result import DrillContext, FaultRun, ScenarioResult
from scripts.drill.verdict import Expectation
from scripts.probe.samples import to_json_lines
from scripts.report.criteria import (
    RUNBOOK,
    BudgetReport,
    CriterionReport,
    FindingReport,
    PhaseReport,
    criteria,
    error_budget,
    findings,
    hypothesis,
    phases,
)
from scripts.report.runs import RunRow

CONFIDENCE = {
    "localcloud": "laboratory: proven on localcloud, by AWS's documented rules; not proven on AWS",
    "aws": "proven on AWS itself, on the day of this report",
}


class MissCostReport(TypedDict):
    """What the fault added to a request that no cache answers, and what such a request took before."""

    steady_p50: float
    p50: float
    p95: float
    max: float


class TimelineReport(TypedDict):
    """When what happened, on the clock of the samples file."""

    started_at_seconds: float
    fault_at_seconds: float
    detected_at_seconds: float | None
    switched_at_seconds: float | None
    recovered_at_seconds: float | None
    undo_at_seconds: float
    failed_back_at_seconds: float | None


class Figures(TypedDict):
    """What one fault, or the worst of a scenario, came to."""

    verdict: str
    reasons: list[str]
    rto_seconds: float
    time_to_detect_seconds: float | None
    time_to_switch_seconds: float | None
    recovery_time_seconds: float | None
    time_to_fail_back_seconds: float | None
    time_to_alarm_seconds: float | None
    time_to_mail_seconds: float | None
    seen_recovery_point_seconds: float | None
    requests: int
    failed_requests: int
    wrong_content_requests: int
    served_by: list[str]
    failed_ratio: float
    slow_ratio: float
    covered_ratio: float


class MarksReport(TypedDict):
    """When the drill did what, unrounded: with the samples, all that the figures are made of."""

    fault_at_seconds: float
    undo_at_seconds: float
    detected_at_seconds: float | None
    effect_at_seconds: float | None
    alarm_at_seconds: float | None
    mail_at_seconds: float | None
    has_listener: bool
    release_age_seconds: float | None


class ExpectationReport(TypedDict):
    """What the drill was to show."""

    primary: str
    secondary: str
    rto_seconds: float
    detects_by_marker: bool
    fills_pages: bool
    stays: bool
    loses_nothing: bool
    heals: bool
    availability_ratio: float | None


class VariantReport(Figures):
    """One fault of a scenario."""

    criteria: list[CriterionReport]
    marks: MarksReport
    phases: list[PhaseReport]
    findings: list[FindingReport]
    error_budget: BudgetReport
    history: list[RunRow]

    name: str
    what_broke: str
    target: str
    kind: str
    value: int | None
    ratio: float | None
    page_views: int
    overloaded_page_views: int
    prober_lateness_p95_seconds: float
    miss_cost_seconds: MissCostReport | None
    timeline: TimelineReport


class ScenarioReport(Figures):
    """One scenario: the figures of its worst variant, the requests of all."""

    name: str
    layer: int
    what_broke: str
    took_over: str
    worst_variant: str
    recovery_point_seconds: float | None
    availability_ratio: float
    predicted_recovery_seconds: list[float] | None
    proven_on_aws_at: str | None
    variants: list[VariantReport]
    hypothesis: str
    expectation: ExpectationReport
    samples_file: str
    samples_sha256: str


class MachineReport(TypedDict):
    """Where the drill ran; it bounds what a speed above 1 can resolve."""

    platform: str
    python: str
    cpus: int


class Report(TypedDict):
    """The whole of report.json."""

    schema: int
    generated_at: str
    target: str
    speed: float
    site_file: str
    hostname: str
    release: str
    machine: MachineReport
    scenarios: list[ScenarioReport]
    cost_usd_per_month: float | None
    confidence: str
    stacks_sha256: str | None
    versions: dict[str, str]
    runbook: str
    digest: str


def build_report(results: Sequence[ScenarioResult], context: DrillContext) -> Report:
    """Return report.json's content."""
    report = Report(
        schema=1,
        generated_at=rfc3339(utc_now()),
        target=context.target,
        speed=context.speed,
        site_file=context.site_file,
        hostname=context.hostname,
        release=context.release,
        machine=MachineReport(platform=platform.platform(), python=platform.python_version(), cpus=os.cpu_count() or 1),
        scenarios=[_scenario(each, context.predicted.get(each.request.scenario.name)) for each in results],
        cost_usd_per_month=context.cost_usd_per_month,
        confidence=CONFIDENCE[context.target],
        stacks_sha256=context.stacks_sha256,
        versions=dict(context.versions),
        runbook=context.runbook or RUNBOOK,
        digest="",
    )
    report["digest"] = digest_of(report)
    return report


def digest_of(report: Mapping[str, object]) -> str:
    """Return the SHA-256 of a report without its own digest, in one canonical form."""
    content = {key: value for key, value in report.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def samples_text(result: ScenarioResult) -> str:
    """Return the content of a scenario's samples file."""
    return "".join(to_json_lines(run.samples, variant=run.variant.name) for run in result.runs)


def samples_file_name(result: ScenarioResult) -> str:
    """Return the name of the file that holds a scenario's samples, beside report.json."""
    return f"samples-{result.request.scenario.name}.jsonl"


def _scenario(result: ScenarioResult, predicted: tuple[float, float] | None) -> ScenarioReport:
    scenario = result.request.scenario
    regions = {"primary": result.request.primary_region, "secondary": result.request.secondary_region}
    variants = [_variant(run, result) for run in result.runs]
    figures = figures_of(result.worst.measurement)
    for key in ("requests", "failed_requests", "wrong_content_requests"):
        figures[key] = sum(variant[key] for variant in variants)
    return ScenarioReport(
        name=scenario.name,
        layer=scenario.layer,
        what_broke=scenario.what_fails.format(**regions),
        took_over=scenario.takes_over.format(**regions),
        worst_variant=result.worst.variant.name,
        recovery_point_seconds=_rounded(result.recovery_point_seconds),
        availability_ratio=result.request.availability_ratio,
        predicted_recovery_seconds=None if predicted is None else [round(each, 1) for each in predicted],
        proven_on_aws_at=None,
        **figures,
        variants=variants,
        hypothesis=hypothesis(result.request),
        expectation=_expectation(result.request.expectation),
        samples_file=samples_file_name(result),
        samples_sha256=hashlib.sha256(samples_text(result).encode()).hexdigest(),
    )


def _variant(run: FaultRun, result: ScenarioResult) -> VariantReport:
    request = result.request
    regions = {"primary": request.primary_region, "secondary": request.secondary_region}
    return VariantReport(
        name=run.variant.name,
        what_broke=f"{request.scenario.what_fails.format(**regions)} {run.variant.title}",
        target=request.scenario.target.format(**regions),
        kind=run.variant.kind,
        value=run.variant.value,
        ratio=run.variant.ratio,
        **figures_of(run.measurement),
        criteria=criteria(run.measurement, run.samples, run.marks, request.expectation),
        marks=_marks(run.marks),
        phases=phases(run.samples, run.marks),
        findings=findings(run.samples, run.marks, request.expectation),
        error_budget=error_budget(run.samples, run.marks, request.availability_ratio),
        history=[],
        page_views=len(run.samples),
        overloaded_page_views=run.measurement.overloaded_page_views,
        prober_lateness_p95_seconds=round(run.measurement.prober_lateness_p95_seconds, 3),
        miss_cost_seconds=_miss_cost(run.measurement.miss_cost),
        timeline=_timeline(run),
    )


def figures_of(measurement: Measurement) -> Figures:
    """Return what one fault came to, rounded as a report has it."""
    return Figures(
        verdict=measurement.verdict.value,
        reasons=list(measurement.reasons),
        rto_seconds=measurement.rto_seconds,
        time_to_detect_seconds=_rounded(measurement.time_to_detect_seconds),
        time_to_switch_seconds=_rounded(measurement.time_to_switch_seconds),
        recovery_time_seconds=_rounded(measurement.recovery_time_seconds),
        time_to_fail_back_seconds=_rounded(measurement.time_to_fail_back_seconds),
        time_to_alarm_seconds=_rounded(measurement.time_to_alarm_seconds),
        time_to_mail_seconds=_rounded(measurement.time_to_mail_seconds),
        seen_recovery_point_seconds=_rounded(measurement.seen_recovery_point_seconds),
        requests=measurement.requests,
        failed_requests=measurement.failed_requests,
        wrong_content_requests=measurement.wrong_content_requests,
        served_by=list(measurement.served_by),
        failed_ratio=round(measurement.shares.failed_ratio, 5),
        slow_ratio=round(measurement.shares.slow_ratio, 5),
        covered_ratio=round(measurement.shares.covered_ratio, 5),
    )


def _marks(marks: Marks) -> MarksReport:
    return MarksReport(
        fault_at_seconds=marks.fault_at_seconds,
        undo_at_seconds=marks.undo_at_seconds,
        detected_at_seconds=marks.detected_at_seconds,
        effect_at_seconds=marks.effect_at_seconds,
        alarm_at_seconds=marks.alarm_at_seconds,
        mail_at_seconds=marks.mail_at_seconds,
        has_listener=marks.has_listener,
        release_age_seconds=marks.release_age_seconds,
    )


def _expectation(expected: Expectation) -> ExpectationReport:
    return ExpectationReport(
        primary=expected.primary,
        secondary=expected.secondary,
        rto_seconds=expected.rto_seconds,
        detects_by_marker=expected.detects_by_marker,
        fills_pages=expected.fills_pages,
        stays=expected.stays,
        loses_nothing=expected.loses_nothing,
        heals=expected.heals,
        availability_ratio=expected.availability_ratio,
    )


def _miss_cost(cost: MissCost | None) -> MissCostReport | None:
    if cost is None:
        return None
    return MissCostReport(
        steady_p50=round(cost.steady_p50_seconds, 3),
        p50=round(cost.p50_seconds, 3),
        p95=round(cost.p95_seconds, 3),
        max=round(cost.max_seconds, 3),
    )


def _timeline(run: FaultRun) -> TimelineReport:
    moments = run.measurement.moments
    return TimelineReport(
        started_at_seconds=round(run.started_at_seconds, 3),
        fault_at_seconds=round(run.marks.fault_at_seconds, 3),
        detected_at_seconds=_rounded(moments.detected_at_seconds),
        switched_at_seconds=_rounded(moments.switched_at_seconds),
        recovered_at_seconds=_rounded(moments.recovered_at_seconds),
        undo_at_seconds=round(run.marks.undo_at_seconds, 3),
        failed_back_at_seconds=_rounded(moments.failed_back_at_seconds),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
