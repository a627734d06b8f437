"""A report beside the runs before it: what got worse since, and how old the last proof on AWS is."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from scripts.report.data import Report, digest_of
from scripts.report.runs import SHOWN, DrillRecord, judged, proven_on_aws_at, row_of, same_drill


def records_of(report: Report) -> list[DrillRecord]:
    """Return what a report says, a record for each fault."""
    return [
        DrillRecord.model_validate(
            {
                **variant,
                "at": report["generated_at"],
                "hostname": report["hostname"],
                "target": report["target"],
                "scenario": scenario["name"],
                "variant": variant["name"],
                "release": report["release"],
                "recovery_point_seconds": scenario["recovery_point_seconds"],
            }
        )
        for scenario in report["scenarios"]
        for variant in scenario["variants"]
    ]


def with_history(report: Report, earlier: Iterable[DrillRecord]) -> Report:
    """Return the report with each fault's last runs, this one the last of them, and a digest over all."""
    told, known = copy.deepcopy(report), [*earlier, *records_of(report)]
    own = iter(records_of(report))
    for scenario in told["scenarios"]:
        scenario["proven_on_aws_at"] = proven_on_aws_at(known, hostname=report["hostname"], scenario=scenario["name"])
        for variant in scenario["variants"]:
            rows = [row_of(each) for each in same_drill(known, like=next(own))]
            variant["history"] = judged(rows[-SHOWN:])
    told["digest"] = digest_of(told)
    return told
