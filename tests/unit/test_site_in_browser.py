"""The demo site's pages in Chromium: accessible as they are drawn, and nothing sticks out on a phone."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.worlds.browser import DESKTOP, PHONE, axe_violations, open_browser

ROOT = Path(__file__).parents[2]
SITE = make(ROOT / "site" / "src", ContentRules())
PAGES = sorted(path for path in SITE.files if path.endswith(".html"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The built site behind a web server on loopback."""
    folder = tmp_path_factory.mktemp("site") / "build"
    write_site(SITE.files, folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
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
