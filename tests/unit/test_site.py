"""The demo site as it is published: valid, accessible, whole without JavaScript, and fit for the router's rules."""

import re
import tomllib
from pathlib import Path

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.worlds.html_validate import complaints
from tools import measured_page

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "site" / "src"
HEALTH_PAGE = ROOT / "constructs_lib" / "functions" / "health_page.html"
SITE = make(SOURCE, ContentRules())
PAGES = {path: content.decode() for path, content in SITE.files.items() if path.endswith(".html")}

# https://www.w3.org/TR/WCAG22/#contrast-minimum
LEAST_CONTRAST = 4.5


def test_build_finds_nothing_to_mend() -> None:
    assert (SITE.findings, SITE.notes) == ((), ())


def test_pages_are_valid_and_accessible(tmp_path: Path) -> None:
    write_site(SITE.files, tmp_path / "site")
    assert complaints([*sorted((tmp_path / "site").rglob("*.html")), HEALTH_PAGE]) == ""


def test_the_check_finds_an_inaccessible_page(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<!doctype html>\n<html><head><title>x</title></head><body><img src='a'></body></html>\n", encoding="utf-8"
    )
    found = complaints([page])
    assert "alt" in found
    assert "lang" in found


@pytest.mark.parametrize("page", PAGES)
def test_page_carries_its_release(page: str) -> None:
    assert '<meta name="release" content="">' in PAGES[page]


@pytest.mark.parametrize("page", PAGES)
def test_page_needs_nothing_that_the_content_security_policy_forbids(page: str) -> None:
    assert not re.search(r"<style|<script>|\sstyle=|\son[a-z]+=", PAGES[page])
    loaded = re.sub(r'<(?:link rel="canonical"|meta property="og:)[^>]*>', "", PAGES[page])
    assert not re.search(r"https?://", loaded)


def test_addresses_for_search_and_sharing_are_of_the_demo_s_site() -> None:
    hostname = tomllib.loads((ROOT / "config" / "demo.toml").read_text(encoding="utf-8"))["site"]["hostname"]
    texts = {**PAGES, **{name: SITE.files[name].decode() for name in ("robots.txt", "sitemap.xml")}}
    for text in texts.values():
        named = re.findall(r"https://([^/\"<]+)([^\"<\n]*)", text)
        assert named
        assert {host for host, _ in named} == {hostname}
    found = {address for _, address in re.findall(r"<loc>https://([^/]+)(/[^<]*)</loc>", texts["sitemap.xml"])}
    indexed = {f"/{path.removesuffix('index.html')}" for path, page in PAGES.items() if "noindex" not in page}
    assert found == indexed


@pytest.mark.parametrize("page", PAGES)
def test_shared_page_has_a_title_words_and_a_picture_that_is_published(page: str) -> None:
    said = dict(re.findall(r'<meta property="og:([a-z:]+)" content="([^"]+)">', PAGES[page]))
    assert {"title", "description", "url", "image", "image:alt"} <= set(said)
    assert said["image"].rpartition("/")[2] in SITE.files


def test_measured_table_is_a_report_s(tmp_path: Path) -> None:
    variant = {"what_broke": "S3 is <gone>", "recovery_time_seconds": 2.44, "failed_requests": 1, "requests": 1234}
    never = {**variant, "recovery_time_seconds": None}
    scenario = {"took_over": "the origin group of CloudFront", "variants": [variant, never]}
    text = measured_page.render({"generated_at": "2026-11-30T18:00:00Z", "scenarios": [scenario]})
    assert "Measured on 2026-11-30 on localcloud" in text
    assert re.findall(r"<td[^>]*>([^<]*)</td>", text) == [
        "The origin group of CloudFront", "2.4\N{NO-BREAK SPACE}s", "1 of 1,234",
        "The origin group of CloudFront", "never", "1 of 1,234",
    ]  # fmt: skip
    assert "S3 is &lt;gone&gt;" in text
    wrong = tmp_path / "report.json"
    wrong.write_text("{}", encoding="utf-8")
    assert measured_page.main([str(wrong)]) == 2


@pytest.mark.parametrize("page", ["index.html", "how-it-fails-over/index.html"])
def test_page_says_in_its_menu_where_the_reader_is(page: str) -> None:
    address = f"/{page.removesuffix('index.html')}"
    assert re.findall(r'href="([^"]*)" aria-current="page"', PAGES[page]) == [address]


def test_index_tells_the_region_without_javascript() -> None:
    text = PAGES["index.html"]
    without_script = re.search(r"<noscript>(.*?)</noscript>", text, re.DOTALL)
    assert without_script is not None
    assert 'src="/health/"' in without_script[1]
    assert '<a href="/health/">' in text


def test_index_detects_the_region_with_javascript() -> None:
    script = re.search(r'<script src="/(region\.[0-9a-f]{16}\.js)" defer>', PAGES["index.html"])
    assert script is not None
    assert "/health/region.json" in SITE.files[script[1]].decode()


def test_colours_have_enough_contrast_in_both_schemes() -> None:
    css = (SOURCE / "styles.css").read_text(encoding="utf-8")
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
