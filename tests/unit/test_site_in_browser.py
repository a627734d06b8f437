"""The demo site's pages in Chromium: accessible as they are drawn, nothing sticks out on a phone, and the health page is true."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from scripts.site_build.templates import SiteFacts
from tests.worlds.browser import DESKTOP, PHONE, axe_violations, open_browser

ROOT = Path(__file__).parents[2]
SITE = make(ROOT / "site" / "src", ContentRules(), SiteFacts(regions=("eu-central-1", "us-east-1")))
RELEASE = "248ca5eff4cf257a"
PAGES = sorted(path for path in SITE.files if path.endswith(".html"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The built site behind a web server on loopback."""
    folder = tmp_path_factory.mktemp("site") / "build"
    write_site(SITE.files, folder)
    for path in folder.rglob("*.html"):
        path.write_bytes(
            path.read_bytes().replace(b'name="release" content=""', f'name="release" content="{RELEASE}"'.encode())
        )
    health = folder / "health"
    health.mkdir()
    page = (ROOT / "constructs_lib" / "functions" / "health_page.html").read_text(encoding="utf-8")
    (health / "index.html").write_text(page.replace("{region}", "us-east-1"), encoding="utf-8")
    for name, region in (("region", "us-east-1"), ("path", "us-east-1"), ("us-east-1", "us-east-1")):
        (health / f"{name}.json").write_text(f'{{"region": "{region}"}}\n', encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    """The files, and a bucket of eu-central-1 that answers nothing good."""

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # of a frame that the script took away
            super().handle()

    def do_GET(self) -> None:
        if self.path == "/health/eu-central-1.json":
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(DESKTOP, "light", id="desktop-light"),
        pytest.param(PHONE, "dark", id="phone-dark"),
        pytest.param(DESKTOP, "dark", id="desktop-dark", marks=pytest.mark.slow),
        pytest.param(PHONE, "light", id="phone-light", marks=pytest.mark.slow),
    ],
)
def test_pages_are_accessible_and_fit_the_screen(address: str, size: dict[str, int], scheme: str) -> None:
    with open_browser() as browser:
        page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        for path in PAGES:
            page.goto(f"{address}/{path}")
            assert axe_violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


def test_axe_finds_a_picture_without_words(address: str) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{address}/index.html")
        page.evaluate("document.body.append(document.createElement('img'))")
        assert "image-alt" in [each["id"] for each in axe_violations(page)]


def test_health_page_says_what_each_check_would_get_from_here(address: str) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{address}/status/")
        page.wait_for_selector("#facts:not([hidden])")
        answers = page.locator(".answer")
        words = [answers.nth(index).inner_text() for index in range(answers.count())]
        assert [re.sub(r"\d+\sms", "N ms", each) for each in words] == [
            "✓ came from us-east-1 in N ms", "✗ status 503", "✓ came from us-east-1 in N ms",
        ]  # fmt: skip
        assert page.inner_text("#region-now") == "us-east-1"
        assert page.inner_text("#release") == RELEASE
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", page.inner_text("#published"))
        assert axe_violations(page) == []
        assert page.locator("iframe").count() == 0
        page.route("**/health/us-east-1.json", lambda route: route.fulfill(status=200, body='{"region": "eu-west-1"}'))
        page.get_by_role("button", name="Ask again").click()
        page.get_by_text("✗ names eu-west-1").wait_for()


def test_health_page_shows_the_files_and_the_release_without_javascript(address: str) -> None:
    with open_browser() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{address}/status/")
        texts = [frame.inner_text("body") for frame in page.frames[1:]]
        assert ["us-east-1" in text for text in texts] == [True, True, False, True]
        shown = page.locator('meta[name="release"]')
        assert shown.is_visible()
        box = shown.bounding_box()
        footer = page.locator("footer").bounding_box()
        assert box is not None
        assert footer is not None
        assert box["y"] > footer["y"]
        assert not page.get_by_role("button").is_visible()


@pytest.mark.parametrize(
    ("site", "asked"),
    [
        (SiteFacts(), ["/health/path.json"]),
        (SiteFacts(regions=("a", "b"), entry="regional"), ["/health/region.json"]),
        (SiteFacts(regions=("a", "b")), ["/health/path.json", "/health/a.json", "/health/b.json"]),
    ],
)
def test_health_page_asks_for_what_the_site_has(site: SiteFacts, asked: list[str]) -> None:
    page = make(ROOT / "site" / "src", ContentRules(), site).files["status/index.html"].decode()
    assert re.findall(r'<iframe src="([^"]+)" title', page) == asked
