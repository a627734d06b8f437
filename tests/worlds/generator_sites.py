"""The sites of ten real generators: what each made of our small source, as `make generator-sites` keeps it, and how a page shows
that its scripts run."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "tests" / "sites" / "built"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What is done on a page and what is there afterwards only if its scripts ran.

    Attributes:
        path: the page.
        click: selectors that are clicked, one after the other.
        type_into: selector -> what is written there.
        until: JavaScript that becomes true.
    """

    path: str = "/"
    click: tuple[str, ...] = ()
    type_into: Mapping[str, str] = field(default_factory=dict)
    until: str


PROOFS: Mapping[str, Proof] = {
    # Its search is a worker of its own.
    "mkdocs-material": Proof(
        type_into={"[data-md-component=search-query]": "wordfresnel"},
        until="!!document.querySelector('.md-search-result__item a[href*=lens]')",
    ),
    "sphinx-furo": Proof(
        path="/search.html?q=wordfresnel", until="!!document.querySelector('#search-results a[href*=lens]')"
    ),
    "hugo": Proof(
        path="/posts/v1.2/",
        until="document.body.dataset.ran === 'menu' && document.documentElement.dataset.theme === 'light'",
    ),
    "eleventy": Proof(path="/about/", until="document.body.dataset.ran === 'module'"),
    "astro": Proof(click=("#more",), until="document.body.dataset.more === 'loaded'"),
    # A link that its router follows: the page of `window.kept` is not left.
    "vitepress": Proof(
        click=("main a[href='/guide/lens']",),
        until="location.pathname === '/guide/lens' && window.kept && document.body.innerText.includes('wordfresnel')",
    ),
    "docusaurus": Proof(click=("#count",), until="document.querySelector('#count').innerText === '1'"),
    "next-export": Proof(click=("#count",), until="document.querySelector('#count').innerText === '1'"),
    "vite": Proof(path="/users/7", until="document.querySelector('#app').innerText === 'Lighthouse at /users/7'"),
    "hexo": Proof(click=(".nav-search-btn",), until="document.querySelector('#search-form-wrap').classList.contains('on')"),
}  # fmt: skip
CONTENTS: Mapping[str, dict[str, Any]] = {"vitepress": {"clean_urls": "file"}, "vite": {"fallback": "/index.html"}}
"""`[content]` of the sites that need other than the usual."""


def unpack(name: str, folder: Path) -> Path:
    """Writes a generator's output as it made it; returns the folder."""
    with zipfile.ZipFile(BUILT / f"{name}.zip") as archive:
        archive.extractall(folder / name)
    return folder / name


def documented_profiles() -> dict[str, str]:
    """Returns the directives of the table in docs/CONTENT.md that it gives in full, by generator; hashes come from the notes."""
    text = (ROOT / "docs" / "CONTENT.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text.partition("| Generator | Add")[2], re.MULTILINE)
    return {generator.strip(): "; ".join(re.findall(r"`([a-z]+-src [^`]*)`", cell)) for generator, cell in rows}
