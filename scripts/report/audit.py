"""An audit of a drill's report: every figure again from the samples, and every byte against its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.drill.measurement import Marks, measure
from scripts.drill.verdict import Expectation
from scripts.errors import MissingOutputError
from scripts.probe.samples import Sample, from_json_line
from scripts.report.criteria import criteria, error_budget, findings, phases
from scripts.report.data import digest_of, figures_of
from scripts.report.runs import judged

_SUMMED = ("requests", "failed_requests", "wrong_content_requests")


def audit(path: Path) -> list[str]:
    """Return what is wrong with a report and its samples; nothing when every figure follows from them.

    Raises:
        MissingOutputError: there is no such report, or it is of another version of this command.
    """
    report = _read(path)
    problems = []
    if report["digest"] != digest_of(report):
        problems.append(f"{path.name} was changed after it was written: its digest is another one")
    try:
        for scenario in report["scenarios"]:
            problems += _scenario_problems(scenario, path.parent)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        unlike = f"{path.name} holds something that no drill writes ({type(error).__name__}: {error})"
        if not problems:
            raise MissingOutputError(f"{unlike}: drill again with this version") from error
        problems.append(f"{unlike}, so its figures cannot be calculated again")
    return problems


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingOutputError(f"{path} is not there: name the report.json of a drill") from error
    except ValueError as error:
        raise MissingOutputError(f"{path} is no report of a drill: {error}") from error
    if not isinstance(report, dict) or report.get("schema") != 1 or "digest" not in report:
        raise MissingOutputError(f"{path} is no report that can be audited: drill again with this version")
    return report


def _scenario_problems(scenario: Mapping[str, Any], folder: Path) -> list[str]:
    name = scenario["name"]
    try:
        content = (folder / scenario["samples_file"]).read_bytes()
    except FileNotFoundError:
        return [f"{name}: {scenario['samples_file']} is not beside the report"]
    problems = []
    if hashlib.sha256(content).hexdigest() != scenario["samples_sha256"]:
        problems.append(f"{name}: {scenario['samples_file']} was changed after it was written")
    try:
        samples = _by_variant(content.decode("utf-8"))
    except ValueError as error:
        return [*problems, f"{name}: {scenario['samples_file']}: {error}"]
    for variant in scenario["variants"]:
        problems += _variant_problems(scenario, variant, samples.get(variant["name"], []))
    for key in _SUMMED:
        if scenario[key] != sum(variant[key] for variant in scenario["variants"]):
            problems.append(f"{name}: {key} is not the sum of its faults")
    worst: Mapping[str, Any] = next(
        (each for each in scenario["variants"] if each["name"] == scenario["worst_variant"]), {}
    )
    if worst.get("verdict") != scenario["verdict"]:
        problems.append(f"{name}: the verdict is not that of its worst fault")
    return problems


def _by_variant(text: str) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for line in text.splitlines():
        variant, sample = from_json_line(line)
        found.setdefault(variant, []).append(sample)
    return found


def _variant_problems(scenario: Mapping[str, Any], variant: Mapping[str, Any], samples: list[Sample]) -> list[str]:
    marks, expected = Marks(**variant["marks"]), Expectation(**scenario["expectation"])
    measurement = measure(samples, marks, expected)
    again: dict[str, object] = {
        **figures_of(measurement),
        "page_views": len(samples),
        "criteria": criteria(measurement, samples, marks, expected),
        "phases": phases(samples, marks),
        "findings": findings(samples, marks, expected),
        "error_budget": error_budget(samples, marks, scenario["availability_ratio"]),
        "history": judged(variant["history"]),
    }
    return [
        f"{scenario['name']}/{variant['name']}: {key} is {variant[key]!r}, and the samples say {value!r}"
        for key, value in again.items()
        if variant[key] != value
    ]
