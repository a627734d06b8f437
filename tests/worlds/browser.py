"""A headless Chromium for one test, and axe in its pages.

Playwright's synchronous interface keeps an event loop running in its thread, in which `asyncio.run` of other tests would be
refused: so a browser lives for one test, not for a session.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tools.setup import chromium
from tools.setup.npm_install import TOOLS, install

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 740}
# Chromium asks its maker's hosts of its own accord; the sandbox needs a user other than root.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def open_browser(*, resolve: Mapping[str, str] | None = None) -> Iterator[Browser]:
    """Yields a running Chromium.

    Args:
        resolve: address, or `address:port`, by hostname, asked instead of DNS.
    """
    rules = [f"MAP {name} {place}" for name, place in (resolve or {}).items()]
    arguments = [*_ARGUMENTS, *([f"--host-resolver-rules={','.join(rules)}"] if rules else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.install(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def page() -> Iterator[Page]:
    """An empty page of desktop size; certificates are not asked for, as localcloud's are its own."""
    with open_browser() as browser:
        yield browser.new_page(viewport=DESKTOP, ignore_https_errors=True)  # type: ignore[arg-type]


def axe_violations(page: Page, *, rules_off: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Returns what axe finds wrong with the page as it is now: id, help and the elements of each violation."""
    install(TOOLS / "site-check")
    source = (TOOLS / "site-check" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    options = json.dumps({"rules": {name: {"enabled": False} for name in rules_off}})
    # Evaluated by the debugger, so that the page's own Content-Security-Policy does not stop it.
    found = page.evaluate(f"async () => {{ {source}; return (await axe.run(document, {options})).violations; }}")
    return [
        {"id": each["id"], "help": each["help"], "elements": [node["html"] for node in each["nodes"]]} for each in found
    ]
