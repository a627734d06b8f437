"""What a site file's text synthesizes to, once per process: a synthesis takes 0.3 to 0.5 s, and many tests ask for the same.

The documents are shared by every test that asks for them, so a test changes a copy only; `changed` tells if one did not.
What a test must synthesize afresh (twice the same, refusals, folders with odd names) does not belong here.
"""

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from constructs_lib import bindings
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile

bindings.load()

from constructs_lib.website import synthesize  # noqa: E402  (the bindings come first)

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLES = tuple(sorted(path.stem for path in CONFIG.glob("*.toml")))

Stacks = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """One site's stacks, by their names.

    Attributes:
        stacks: the Terraform JSON of each.
        dependencies: the stacks that each is applied after, as cdktf's manifest says.
        files: the bytes that `stacks` was read from.
    """

    stacks: Stacks
    dependencies: dict[str, list[str]]
    files: dict[str, bytes]


# By what the site file says, not how: a comment, a default or another order of the tables make the same site.
_BY_SITE: dict[str, Synthesis] = {}


@cache
def example_text(stem: str) -> str:
    return (CONFIG / f"{stem}.toml").read_text(encoding="utf-8")


def replaced(text: str, *replacements: tuple[str, str]) -> str:
    """Returns the text with every old part replaced; one that is not in it would test nothing."""
    for old, new in replacements:
        assert old in text, f"not in the site file: {old!r}"
        text = text.replace(old, new)
    return text


@cache
def site_of(text: str) -> SiteFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "site.toml")
        path.write_text(text, encoding="utf-8")
        return load_site_file(path)


def synthesis_of(site: SiteFile) -> Synthesis:
    key = site.model_dump_json()
    if key not in _BY_SITE:
        _BY_SITE[key] = _synthesis(site)
    return _BY_SITE[key]


def stacks_of(text: str) -> Stacks:
    """Returns stack name -> its Terraform JSON."""
    return synthesis_of(site_of(text)).stacks


def _synthesis(site: SiteFile) -> Synthesis:
    with tempfile.TemporaryDirectory() as folder:
        outdir = synthesize(site, outdir=Path(folder))
        files = {path.parent.name: path.read_bytes() for path in outdir.glob("stacks/*/cdk.tf.json")}
        manifest = json.loads((outdir / "manifest.json").read_bytes())["stacks"]
    return Synthesis(
        stacks={name: json.loads(content) for name, content in files.items()},
        dependencies={name: stack["dependencies"] for name, stack in manifest.items()},
        files=files,
    )


def changed() -> list[str]:
    """Returns the stacks of which a test changed the shared document."""
    return [
        name
        for synthesis in _BY_SITE.values()
        for name in synthesis.files.keys() | synthesis.stacks.keys()
        if name not in synthesis.stacks or synthesis.stacks[name] != json.loads(synthesis.files.get(name, b"null"))
    ]
