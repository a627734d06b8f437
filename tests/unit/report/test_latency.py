"""Latencies of a window and their comparison."""

import dataclasses

import pytest

from scripts.probe.histogram import GROWTH
from scripts.probe.history import Period, View, _one
from scripts.report.latency import ALL, document, growth, latencies, rows
from tests.unit.probe.test_history import VIEW


def periods(*views: View) -> list[Period]:
    return [_one(view) for view in views]


def at(total: float, **changes: object) -> View:
    return dataclasses.replace(VIEW, total=total, **changes)  # type: ignore[arg-type]  # each test names fields of its own


def test_groups_are_those_asked_for_and_all() -> None:
    views = periods(at(0.1), at(0.3, region="us-east-1"), at(0.2, family="ipv6"))
    assert {name: group.views for name, group in latencies(views).items()} == {
        ALL: 3,
        "eu-central-1": 2,
        "us-east-1": 1,
    }
    assert set(latencies(views, "family")) == {ALL, "ipv4", "ipv6"}


def test_failed_page_views_have_no_latency() -> None:
    assert latencies(periods(at(0.1), at(9.9, error="timeout")))[ALL].views == 1


def test_hit_ratio_counts_only_answers_that_told() -> None:
    views = periods(at(0.1, is_cached=True), at(0.1, is_cached=False), at(0.1, is_cached=None))
    assert latencies(views)[ALL].hit_ratio == 0.5
    assert latencies(periods(at(0.1, is_cached=None)))[ALL].hit_ratio is None


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_growth_is_of_the_95th_percentile(factor: float) -> None:
    before, after = latencies(periods(*[at(0.1)] * 10)), latencies(periods(*[at(0.1 * factor)] * 10))
    found = growth(before[ALL], after[ALL])
    assert found is not None
    assert (factor / GROWTH) - 1.001 <= found <= factor * GROWTH - 0.999
    assert growth(before[ALL], latencies([])[ALL]) is None


def test_table_and_document_have_every_phase() -> None:
    found = latencies(periods(at(0.1)))
    assert [row[3] for row in rows(found)][:5] == ["dns", "connect", "tls", "first_byte", "total"]
    assert set(document(found)) == {ALL, "eu-central-1"}
