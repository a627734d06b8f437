"""Sites in the shape of ten generators' outputs: every file comes whole at both entries, and what their pages need is said."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from scripts.release.folder import read_folder
from scripts.release.increments import on_increments
from scripts.release.page_policy import policy_notes, read_texts
from scripts.release.serving.clean_urls import canonical
from scripts.release.serving.content_security import USUAL_POLICY
from scripts.release.serving.content_settings import parse_content
from tests.contract.generator_shapes import CONTENTS, SHAPES
from tests.worlds.published import Published

LEFT_OUT = {".nojekyll", ".buildinfo"}
LOADED = (".js", ".css", ".woff2", ".wasm", ".svg", ".webp", ".png")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    made = {}
    for name, files in SHAPES.items():
        made[name] = tmp_path_factory.mktemp(name)
        for path, content in files.items():
            (made[name] / path).parent.mkdir(parents=True, exist_ok=True)
            (made[name] / path).write_bytes(content)
    return made


@pytest.mark.parametrize("name", SHAPES)
def test_every_file_of_a_generator_comes_whole_at_both_entries(folders: Mapping[str, Path], name: str) -> None:
    site = Published(folders[name], CONTENTS.get(name, {}))
    for path, content in SHAPES[name].items():
        if path in LEFT_OUT:
            continue
        is_index = PurePosixPath(path).name == "index.html"
        addresses = [f"/{path}", *([f"/{path.removesuffix('index.html')}"] if is_index else [])]
        for address in map(canonical, addresses):
            edge, regional = site.through_cloudfront(address), site.through_regional_endpoint(address)
            assert (edge.status, edge.body, edge) == (200, content, regional), address
            assert edge.content_type != "application/octet-stream" or path.endswith(".inv")


def test_sitemap_of_mkdocs_comes_compressed_where_a_viewer_takes_it(folders: Mapping[str, Path]) -> None:
    site = Published(folders["mkdocs-material"], {})
    found = site.through_cloudfront("/sitemap.xml", headers={"accept-encoding": "gzip"})
    assert (found.content_encoding, gzip.decompress(found.body)) == ("gzip", SHAPES["mkdocs-material"]["sitemap.xml"])


@pytest.mark.parametrize(
    ("name", "address", "body"),
    [
        ("hugo", "/posts/v1.2", "posts/v1.2/index.html"),
        ("vitepress", "/guide/start", "guide/start.html"),
        ("vite", "/users/7", "index.html"),
        ("hexo", "/2026/11/30/hello-world", "2026/11/30/hello-world/index.html"),
    ],
)
def test_clean_address_of_a_page_answers(folders: Mapping[str, Path], name: str, address: str, body: str) -> None:
    site = Published(folders[name], CONTENTS.get(name, {}))
    headers = {"sec-fetch-mode": "navigate"}
    for found in (
        site.through_cloudfront(address, headers=headers),
        site.through_regional_endpoint(address, headers=headers),
    ):
        assert (found.status, found.body) == (200, SHAPES[name][body])


NEEDY = {"mkdocs-material", "sphinx-furo", "astro", "vitepress", "docusaurus", "next-export", "vite"}


@pytest.mark.parametrize("name", SHAPES)
def test_policy_that_is_proposed_refuses_nothing_of_the_site(folders: Mapping[str, Path], name: str) -> None:
    manifest = read_folder(folders[name], rules=parse_content(CONTENTS.get(name, {})))
    texts = read_texts(folders[name], manifest.files)
    notes = policy_notes(texts, USUAL_POLICY)
    assert bool(notes) == (name in NEEDY)
    if notes:
        policy = notes[-1].partition('content_security_policy = "')[2].rstrip('"')
        assert policy_notes(texts, policy) == []


@pytest.mark.parametrize("name", SHAPES)
def test_open_tab_keeps_what_its_page_loads(folders: Mapping[str, Path], name: str) -> None:
    """The next release has none of them: a generator gave them all other names."""
    first = read_folder(folders[name])
    kept = [file for file in first.files if PurePosixPath(file.path).suffix not in LOADED]
    second = replace(first, release_id="f" * 16, files=tuple(replace(file, increment="f" * 16) for file in kept))
    found = on_increments(second, first, now=datetime(2026, 11, 30, tzinfo=UTC))
    dropped = {file.path for file in first.files if PurePosixPath(file.path).suffix in LOADED}
    assert {each.file.path for each in found.retained} == dropped != set()
