"""The demo site: valid, accessible, whole without JavaScript, and fit for the router's rules."""

import re
from pathlib import Path

import pytest

from tests.unit.html_validate import complaints

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site" / "src"
HEALTH_PAGE = ROOT / "constructs_lib" / "functions" / "health_page.html"
PAGES = sorted(SITE.rglob("*.html"))

# https://www.w3.org/TR/WCAG22/#contrast-minimum
LEAST_CONTRAST = 4.5


def test_pages_are_valid_and_accessible() -> None:
    assert complaints([*PAGES, HEALTH_PAGE]) == ""


def test_the_check_finds_an_inaccessible_page(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<!doctype html>\n<html><head><title>x</title></head><body><img src='a'></body></html>\n", encoding="utf-8"
    )
    found = complaints([page])
    assert "alt" in found
    assert "lang" in found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SITE)))
def test_page_carries_its_release(page: Path) -> None:
    assert '<meta name="release" content="">' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SITE)))
def test_links_inside_the_site_lead_somewhere(page: Path) -> None:
    for target in re.findall(r'(?:href|src)="(/[^"]*)"', page.read_text(encoding="utf-8")):
        if target.startswith("/health/"):
            continue  # Terraform puts it into each bucket
        path = SITE / target.lstrip("/")
        assert (path / "index.html" if target.endswith("/") else path).is_file(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SITE)))
def test_page_needs_nothing_that_the_content_security_policy_forbids(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"<style|<script>|\sstyle=|\son[a-z]+=|https?://", text)


def test_index_tells_the_region_without_javascript() -> None:
    text = (SITE / "index.html").read_text(encoding="utf-8")
    without_script = re.search(r"<noscript>(.*?)</noscript>", text, re.DOTALL)
    assert without_script is not None
    assert 'src="/health/"' in without_script[1]
    assert '<a href="/health/">' in text


def test_index_detects_the_region_with_javascript() -> None:
    assert 'src="/region.js"' in (SITE / "index.html").read_text(encoding="utf-8")
    assert "/health/region.json" in (SITE / "region.js").read_text(encoding="utf-8")


def test_colours_have_enough_contrast_in_both_schemes() -> None:
    css = (SITE / "styles.css").read_text(encoding="utf-8")
    schemes = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", scheme))
        for text in ("text", "muted", "accent"):
            for ground in ("page", "card"):
                assert contrast(colours[text], colours[ground]) >= LEAST_CONTRAST, (text, ground)


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
