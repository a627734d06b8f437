"""The reports: JSON keys, valid and self-contained HTML, the terminal's table."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from pathlib import Path

import html5lib
import pytest
from rich.console import Console

from scripts.drill.result import DrillContext, ScenarioResult
from scripts.drill.scenarios import EDGE_OUTAGE, ORIGIN_DEGRADED, ORIGIN_OUTAGE
from scripts.report.data import build_report
from scripts.report.report import WrittenReports, headline, render_html, summary_table, write_reports
from scripts.report.timeline import chart
from tests.worlds.fake_site import PRIMARY, SECONDARY, a_request, drill_virtually
from tests.worlds.html_validate import complaints

CONTEXT = DrillContext(
    target="localcloud",
    speed=10.0,
    site_file="config/demo.toml",
    hostname="www.example.test",
    release="r1",
    cost_usd_per_month=1.83,
)
ISSUE_KEYS = ["schema", "target", "speed", "site_file", "release", "scenarios", "cost_usd_per_month"]
ISSUE_SCENARIO_KEYS = [
    "name",
    "layer",
    "verdict",
    "rto_seconds",
    "time_to_detect_seconds",
    "time_to_switch_seconds",
    "recovery_time_seconds",
    "time_to_fail_back_seconds",
    "requests",
    "failed_requests",
    "wrong_content_requests",
    "served_by",
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[ScenarioResult]:
    folder = tmp_path_factory.mktemp("state")
    return [drill_virtually(a_request(scenario, folder))[0] for scenario in (ORIGIN_OUTAGE, EDGE_OUTAGE)]


@pytest.fixture(scope="module")
def unhappy(tmp_path_factory: pytest.TempPathFactory) -> list[ScenarioResult]:
    request = a_request(EDGE_OUTAGE, tmp_path_factory.mktemp("state"))
    return [drill_virtually(request, never_fails_over=True)[0]]


@pytest.fixture(scope="module")
def written(results: list[ScenarioResult], tmp_path_factory: pytest.TempPathFactory) -> WrittenReports:
    return write_reports(results, CONTEXT, tmp_path_factory.mktemp("reports") / "demo")


def test_report_json_has_the_keys_of_the_contract(written: WrittenReports) -> None:
    report = json.loads(written.json_file.read_text())
    assert [key for key in ISSUE_KEYS if key not in report] == []
    assert [key for s in report["scenarios"] for key in ISSUE_SCENARIO_KEYS if key not in s] == []
    assert report["schema"] == 1
    assert report == json.loads(json.dumps(written.report))


def test_report_json_holds_the_figures(written: WrittenReports) -> None:
    origin, edge = json.loads(written.json_file.read_text())["scenarios"]
    assert (origin["layer"], edge["layer"]) == (1, 3)
    assert origin["served_by"] == edge["served_by"] == [PRIMARY, SECONDARY, PRIMARY]
    assert (origin["verdict"], edge["verdict"], edge["rto_seconds"]) == ("within", "within", 120.0)
    assert origin["requests"] == sum(variant["requests"] for variant in origin["variants"])
    assert [round(v["miss_cost_seconds"]["p95"], 1) for v in origin["variants"]] == [2.0, 0.0]


def test_scenario_speaks_through_its_worst_variant(results: list[ScenarioResult]) -> None:
    origin = build_report(results, CONTEXT)["scenarios"][0]
    assert origin["worst_variant"] == "unreachable"
    assert origin["recovery_time_seconds"] == origin["variants"][0]["recovery_time_seconds"]


def test_durations_that_were_not_seen_are_null(unhappy: list[ScenarioResult]) -> None:
    scenario = build_report(unhappy, CONTEXT)["scenarios"][0]
    assert scenario["verdict"] == "outside"
    assert scenario["recovery_time_seconds"] is None


def test_samples_file_has_a_line_for_each_page_view(written: WrittenReports, results: list[ScenarioResult]) -> None:
    lines = (written.json_file.parent / "samples-origin-outage.jsonl").read_text().splitlines()
    samples = [json.loads(line) for line in lines]
    assert len(samples) == sum(len(run.samples) for run in results[0].runs)
    assert {sample["variant"] for sample in samples} == {"unreachable", "status-503"}
    assert {"scheduled_at_seconds", "total_seconds", "phases", "region", "error"} <= samples[0].keys()


def test_html_is_valid(written: WrittenReports) -> None:
    html5lib.HTMLParser(strict=True).parse(written.html_file.read_text())


def test_html_is_accessible(written: WrittenReports) -> None:
    assert complaints([written.html_file]) == ""


def test_html_of_an_outage_without_end_is_valid(unhappy: list[ScenarioResult]) -> None:
    html5lib.HTMLParser(strict=True).parse(render_html(unhappy, build_report(unhappy, CONTEXT)))


def test_html_is_self_contained(written: WrittenReports) -> None:
    html = written.html_file.read_text()
    assert "<script" not in html
    assert re.findall(r'(?:src|href)="(?!#|samples-)[^"]*"', html) == []
    assert re.findall(r"url\((?!#)|@import", html) == []


def test_html_names_every_picture_and_heading(written: WrittenReports) -> None:
    html = written.html_file.read_text()
    assert '<html lang="en">' in html
    pictures = re.findall(r'role="img" aria-labelledby="(\S+) (\S+)"', html)
    assert len(pictures) == 3
    assert all(f'<title id="{title}">' in html and f'<desc id="{text}">' in html for title, text in pictures)
    assert [int(level) for level in re.findall(r"<h(\d)", html)] == [1, 2, 3, 2, 3, 3, 2, 3, 2]
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_html_says_what_the_seconds_are_and_what_is_proven(written: WrittenReports) -> None:
    text = re.sub(r"<[^>]+>|\s+", " ", written.html_file.read_text())
    text = re.sub(r"\s+", " ", text)
    assert "whose clock ran 10 times faster than the wall clock" in text
    assert "Proven on localcloud only" in text


def test_html_escapes_what_it_is_given(results: list[ScenarioResult]) -> None:
    context = dataclasses.replace(CONTEXT, site_file="<b>&")
    assert "&lt;b&gt;&amp;" in render_html(results, build_report(results, context))


def test_chart_flags_do_not_overlap(results: list[ScenarioResult]) -> None:
    for result in results:
        for run in result.runs:
            drawn = chart(run, primary=PRIMARY, secondary=SECONDARY)
            assert len(drawn.flags) == 6
            for level in {flag.y for flag in drawn.flags}:
                xs = sorted(flag.x for flag in drawn.flags if flag.y == level)
                assert all(right - left > 60 for left, right in itertools.pairwise(xs))


def test_chart_shows_failures_only_within_the_fault(results: list[ScenarioResult]) -> None:
    drawn = chart(results[1].worst, primary=PRIMARY, secondary=SECONDARY)
    failed = drawn.rows[2]
    assert failed.bars
    band = drawn.fault_band
    assert all(band.x - 3 <= bar.x and bar.x + bar.width <= band.x + band.width for bar in failed.bars)
    assert drawn.rows[0].bars and drawn.rows[1].bars


def test_summary_table_fits_a_terminal_and_tells_all(written: WrittenReports) -> None:
    console = Console(width=80, record=True, quiet=False, file=(written.json_file.parent / "table").open("w"))
    with console.file:
        console.print(summary_table(written.report))
    text = " ".join(re.sub(r"[^\w.,:()✓]+", " ", console.export_text()).split())
    for expected in (
        "2 of 2 drills within the objective",
        "who took over",
        "fail back",
        "✓ within",
        "1.83 USD per month",
    ):
        assert expected in text


def test_headline_of_a_drill_that_proves_nothing_says_why() -> None:
    document = build_report([], CONTEXT)
    reason = "this machine could not keep up: it began 10% of the page views late"
    document["scenarios"] = [{"name": "edge-outage", "verdict": "inconclusive", "reasons": [reason]}]  # type: ignore[typeddict-item]
    assert headline(document) == f"1 of 1 drills not within the objective. edge-outage: inconclusive: {reason}"


def test_headline_counts_drills_that_missed(unhappy: list[ScenarioResult]) -> None:
    assert headline(build_report(unhappy, CONTEXT)) == (
        "1 of 1 drills not within the objective. edge-outage: the secondary never took over while the fault lasted"
    )


def test_share_that_was_hit_is_told_in_every_form(tmp_path: Path) -> None:
    result, _ = drill_virtually(a_request(ORIGIN_DEGRADED, tmp_path, variant_names=("hang-30",)))
    written = write_reports([result], CONTEXT, tmp_path / "report")
    (variant,) = json.loads(written.json_file.read_text())["scenarios"][0]["variants"]
    assert (variant["ratio"], variant["failed_ratio"], round(variant["slow_ratio"], 1)) == (0.3, 0.0, 0.3)
    console = Console(width=80, record=True, file=(tmp_path / "table").open("w"))
    with console.file:
        console.print(summary_table(written.report))
    assert re.search(r"slow page views *│ (29|30)\.\d%", console.export_text())
    assert "Slow page views" in written.html_file.read_text()
