"""The page of a drill region-lost: its headline says why, its picture has every page view, and it fits a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from scripts.regions.lost_region import LostRegion
from scripts.report.lost_region_page import columns_of, headline, render_lost_region, staying_of
from tests.worlds.browser import DESKTOP, PHONE, axe_violations
from tests.worlds.browser import page as page
from tests.worlds.html_validate import complaints
from tests.worlds.page_views import in_order

LOST, STAYING, NEW = "eu-central-1", "us-east-1", "eu-west-1"
STEPS = [
    {"name": f"make {NEW}, prove its name", "seconds": 61.2},
    {"name": "change CloudFront, health checks and records in place", "seconds": 90.0},
]


def lost(**changes: Any) -> LostRegion:
    figures: dict[str, Any] = {
        "lost": LOST, "new": NEW, "fault_at_seconds": 10.0, "recovered_seconds": 0.4, "failed_before": 20, "failed_after": 0,
        "page_views": 1100, "new_region_seconds": 80.0,
        "replacement": {"seconds": 151.2, "verified": 10_002, "objects": 10_002, "steps": STEPS},
        "samples": tuple(in_order((LOST, 100), (None, 20), (STAYING, 680), (NEW, 400))),
    }  # fmt: skip
    return LostRegion(**{**figures, **changes})


def rendered(found: LostRegion) -> str:
    return render_lost_region(found, hostname="www.example.test", speed=2, generated_at="2026-11-30T21:00:00.000Z")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "no page view failed once the first failover was done"),
        ({"recovered_seconds": None}, "Nobody took over from eu-central-1 for good"),
        ({"failed_after": 3}, "3 page views failed after the first failover"),
        ({"new_region_seconds": None}, "eu-west-1 never served every visitor"),
    ],
)
def test_headline_says_what_came_of_it_and_why(changes: dict[str, Any], said: str) -> None:
    found = lost(**changes)
    assert said in headline(found)
    assert said in rendered(found)
    assert (' within">' in rendered(found)) is found.is_good


def test_picture_has_every_page_view_once() -> None:
    found = lost()
    columns = columns_of(found)
    assert sum(column.total for column in columns) == len(found.samples)
    totals = {name: sum(column.counts.get(name, 0) for column in columns) for name in (LOST, STAYING, NEW, "failed")}
    assert totals == {LOST: 100, STAYING: 680, NEW: 400, "failed": 20}
    assert columns[0].at_seconds == -10


def test_page_without_page_views_or_steps_is_one() -> None:
    empty = lost(samples=(), replacement={})
    assert (staying_of(empty), columns_of(empty)) == ("another region", ())
    assert "0 s by this machine" in rendered(empty)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_page_is_valid_accessible_and_fits(page: Page, tmp_path: Path, viewport: dict[str, int]) -> None:
    path = tmp_path / "region-lost.html"
    path.write_text(rendered(lost()), encoding="utf-8")
    assert complaints([path]) == ""
    page.set_viewport_size(viewport)  # type: ignore[arg-type]
    page.goto(path.as_uri())
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    box = page.locator(".headline").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < viewport["height"]
