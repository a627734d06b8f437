"""Synthesizes every example site file once per test run: loading the bindings is the slow part."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import bindings
from constructs_lib.site_file import SiteFile, load_site_file

bindings.load()

from constructs_lib.website import synthesize  # noqa: E402  (the bindings come first)

ROOT = Path(__file__).parents[2]
EXAMPLES = ("demo", "prod.example", "hardened.example")

Stacks = dict[str, dict[str, Any]]


@pytest.fixture(scope="session", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def site(example: str) -> SiteFile:
    return load_site_file(ROOT / "config" / f"{example}.toml")


@pytest.fixture(scope="session")
def stacks(site: SiteFile, tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """Stack name -> its Terraform JSON."""
    outdir = synthesize(site, outdir=tmp_path_factory.mktemp("synth"))
    return {path.parent.name: json.loads(path.read_bytes()) for path in (outdir / "stacks").glob("*/cdk.tf.json")}
