"""Where a site bends and breaks, and how many viewers there are when."""

import dataclasses

import pytest

from scripts.load.knee import Step, breaking_point, knee
from scripts.load.plan import LoadPlan

PLAN = LoadPlan(
    hostname="www.example.test",
    dns_name="www.example.test",
    https_port=443,
    nameserver=("127.0.0.1", 53),
    ca_certificate="",
    first_viewers=5,
    most_viewers=30,
    step_seconds=10,
    max_failed_ratio=0.05,
    output="steps.jsonl",
)


def step(viewers: int, *, good: float = 1.0, failed: float = 0.0, p95: float = 0.1) -> Step:
    """`good`: page views that ended, of those that were to be made in 10 s; `failed`: of these."""
    views = round(viewers * 10 * good)
    return Step(
        viewers=viewers,
        seconds=10,
        views=views,
        failed=round(views * failed),
        p50_seconds=p95 / 2,
        p95_seconds=p95,
        served_by={"eu-central-1": views},
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([step(5), step(10), step(20)], 20),
        ([step(5), step(10), step(20, good=0.8)], 10),
        ([step(5), step(10, p95=0.31), step(20)], 5),
        ([step(5), step(10, failed=0.2), step(20)], 5),
        ([step(5, good=0.5), step(10)], None),
    ],
)
def test_knee_is_the_last_step_before_the_first_that_does_not_keep_up(steps: list[Step], expected: int | None) -> None:
    found = knee(steps)
    assert (found and found.viewers) == expected


@pytest.mark.parametrize(("failed", "breaks"), [(0.05, False), (0.06, True)])
def test_site_breaks_above_the_allowed_share(failed: float, breaks: bool) -> None:
    assert (breaking_point([step(5), step(10, failed=failed)], 0.05) is not None) == breaks


def test_step_in_which_not_one_page_view_ended_is_broken() -> None:
    assert breaking_point([dataclasses.replace(step(5), views=0, failed=0)], 0.5) is not None


def test_viewers_double_up_to_the_most_and_then_it_is_over() -> None:
    assert [PLAN.viewers(seconds) for seconds in (0, 9.9, 10, 20, 30, 39.9, 40)] == [5, 5, 10, 20, 30, 30, 0]


def test_plan_survives_the_environment() -> None:
    assert LoadPlan.from_json(PLAN.to_json()) == PLAN
