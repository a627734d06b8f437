"""What ten real generators made, and the profiles that docs/CONTENT.md gives for their policies."""

from pathlib import Path

import pytest

from scripts.release.folder import read_folder
from scripts.release.page_policy import policy_notes, read_texts
from scripts.release.serving.content_security import USUAL_POLICY
from scripts.release.serving.content_settings import parse_content
from tests.worlds.generator_sites import BUILT, CONTENTS, PROOFS, documented_profiles, unpack

LARGEST_BYTES = 2_000_000
ROWS = {
    "mkdocs-material": "mkdocs-material",
    "sphinx-furo": "Sphinx with furo",
    "astro": "Astro",
    "vitepress": "VitePress, Docusaurus",
    "docusaurus": "VitePress, Docusaurus",
    "next-export": "Next, exported",
    "vite": "Vite, single page",
    "hugo": "Hugo, Eleventy",
    "eleventy": "Hugo, Eleventy",
    "hexo": "Hexo",
}
"""Generator -> its row of the table."""


def noted(name: str, folder: Path, policy: str) -> list[str]:
    site = unpack(name, folder)
    manifest = read_folder(site, rules=parse_content(CONTENTS.get(name, {})))
    return policy_notes(read_texts(site, manifest.files), policy)


@pytest.mark.parametrize("name", PROOFS)
def test_documented_profile_leaves_hashes_of_inline_scripts_and_what_a_theme_loads_from_elsewhere(
    tmp_path: Path, name: str
) -> None:
    profile = documented_profiles()[ROWS[name]]
    notes = noted(name, tmp_path, f"{USUAL_POLICY}; {profile}" if profile else USUAL_POLICY)
    left = ("inline scripts", "refuses eval", "://")  # eval: as the page says below the table
    assert [note for note in notes[:-1] if not any(words in note for words in left)] == []


@pytest.mark.parametrize("name", PROOFS)
def test_policy_that_is_proposed_for_a_real_site_refuses_nothing_of_it(tmp_path: Path, name: str) -> None:
    notes = noted(name, tmp_path, USUAL_POLICY)
    policy = notes[-1].partition('content_security_policy = "')[2].rstrip('"') if notes else USUAL_POLICY
    assert noted(name, tmp_path, policy) == []


def test_ten_sites_are_kept_and_stay_small() -> None:
    assert {path.stem for path in BUILT.glob("*.zip")} == set(PROOFS) == set(ROWS)
    assert sum(path.stat().st_size for path in BUILT.glob("*.zip")) < LARGEST_BYTES
