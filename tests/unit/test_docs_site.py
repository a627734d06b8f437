"""docs/ as a website: every page is in its menu, every link and anchor leads somewhere, and it can be published as it is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.release.digests import RELEASE_META
from scripts.release.folder import read_folder
from scripts.release.page_policy import policy_notes
from scripts.release.serving.content_security import USUAL_POLICY
from scripts.release.serving.file_rules import ContentRules

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def build(docs: Path, output: Path) -> subprocess.CompletedProcess[str]:
    """Runs mkdocs as `make docs` does, on a copy of the settings that names these folders."""
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    settings = settings.replace("docs_dir: docs", f"docs_dir: {docs}").replace("[tools/", f"[{ROOT}/tools/")
    (output.parent / "mkdocs.yml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(output)]
    return subprocess.run(command, cwd=output.parent, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("docs") / "site"
    done = build(DOCS, output)
    assert done.returncode == 0, done.stderr
    return output


def test_every_page_is_there_and_reads_nothing_from_elsewhere(site: Path) -> None:
    pages = [path for path in DOCS.rglob("*.md") if path.name != "README.md"]
    for page in pages:
        assert (site / page.relative_to(DOCS).with_suffix("") / "index.html").is_file(), page
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert 'src="http' not in text, path
        assert 'rel="stylesheet" href="http' not in text, path


def test_the_usual_policy_refuses_no_page(site: Path) -> None:
    """But for pictures that Bootstrap holds as data: addresses; the one that a page shows, the menu's, is a file here."""
    texts = {
        path: path.read_text(encoding="utf-8") for path in site.rglob("*") if path.suffix in (".html", ".css", ".js")
    }
    refused, remedy = policy_notes(((str(path.relative_to(site)), text) for path, text in texts.items()), USUAL_POLICY)
    assert refused == "the Content-Security-Policy refuses data: addresses (img-src) of css/bootstrap.min.css"
    assert remedy.endswith("img-src 'self' data:\"")
    assert "url(../img/menu.svg)" in texts[site / "css" / "docs.css"]
    assert (site / "img" / "menu.svg").is_file()


def test_every_page_finds_what_was_inline_and_is_stamped(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert RELEASE_META.search(text.encode()), path
        base = site if path.name == "404.html" else path.parent
        named = re.findall(r'(?:src|href)="([^"]*(?:js/page-[0-9a-f]{8}\.js|css/docs\.css))"', text)
        assert len(named) == 2, path
        for name in named:
            assert (base / name.lstrip("/")).resolve().is_file(), (path, name)


def test_a_link_that_leads_nowhere_fails(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for page in DOCS.rglob("*.md"):
        copy = docs / page.relative_to(DOCS)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text("# A page\n", encoding="utf-8")
    assert build(docs, tmp_path / "site").returncode == 0
    (docs / "FAQ.md").write_text("# A page\n\n[gone](TOUR.md#nowhere)\n", encoding="utf-8")
    done = build(docs, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere" in done.stderr


def test_it_is_a_release_as_it_is(site: Path) -> None:
    built = read_folder(site, rules=ContentRules())
    assert {"index.html", "404.html", "TOUR/index.html"} <= {each.path for each in built.files}
