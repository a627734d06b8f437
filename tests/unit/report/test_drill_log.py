"""The log of all drills: what a crash or a hand may have done to it."""

from pathlib import Path

import pytest

from scripts.drill.scenarios import ORIGIN_OUTAGE
from scripts.errors import EnvironmentFailureError
from scripts.report.data import Report, build_report
from scripts.report.drill_log import append, read
from tests.unit.report.test_report import CONTEXT
from tests.worlds.fake_site import a_request, drill_virtually


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    result, _ = drill_virtually(a_request(ORIGIN_OUTAGE, tmp_path_factory.mktemp("state")))
    return build_report([result], CONTEXT)


def test_every_fault_of_every_report_is_a_record(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "build" / "drills.jsonl"
    append(path, report)
    append(path, report)
    found = read(path)
    assert [(each.scenario, each.variant) for each in found] == [
        ("origin-outage", "unreachable"),
        ("origin-outage", "status-503"),
    ] * 2
    assert {each.verdict for each in found} == {"within"}
    variant = report["scenarios"][0]["variants"][0]
    assert found[0].recovery_time_seconds == variant["recovery_time_seconds"]


def test_no_log_yet_is_no_drill(tmp_path: Path) -> None:
    assert read(tmp_path / "drills.jsonl") == []


def test_line_that_a_crash_cut_off_is_left_out(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "drills.jsonl"
    append(path, report)
    path.write_bytes(path.read_bytes() + b'{"at": "2026-')
    assert len(read(path)) == 2


@pytest.mark.parametrize("before", [0, 1])
def test_what_is_added_after_a_cut_line_is_not_lost_with_it(report: Report, tmp_path: Path, before: int) -> None:
    path = tmp_path / "drills.jsonl"
    for _ in range(before):
        append(path, report)
    path.write_bytes((path.read_bytes() if before else b"") + b'{"at": "2026-')
    append(path, report)
    assert len(read(path)) == 2 * before + 2


@pytest.mark.parametrize("line", [b"{}", b"[]", b"half a l", b'{"verdict": "fine"}'])
def test_broken_line_is_named(report: Report, tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "drills.jsonl"
    path.write_bytes(line + b"\n")
    append(path, report)
    with pytest.raises(EnvironmentFailureError, match="line 1,"):
        read(path)
