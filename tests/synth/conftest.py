"""Synthesizes every example site file once per test run: loading the bindings is the slow part."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import bindings
from constructs_lib.site_file import SiteFile, load_site_file

bindings.load()

from constructs_lib.website import synthesize  # noqa: E402  (the bindings come first)

ROOT = Path(__file__).parents[2]
EXAMPLES = tuple(sorted(path.stem for path in (ROOT / "config").glob("*.toml")))

Stacks = dict[str, dict[str, Any]]


@pytest.fixture(scope="session", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def site(example: str) -> SiteFile:
    return load_site_file(ROOT / "config" / f"{example}.toml")


# Kept by the example's name, not by a session's fixture: a module that has examples of its own would get another one's stacks.
@pytest.fixture(scope="session")
def synthesized_examples(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stacks]:
    @cache
    def synthesized(example: str) -> Stacks:
        site = load_site_file(ROOT / "config" / f"{example}.toml")
        outdir = synthesize(site, outdir=tmp_path_factory.mktemp("synth"))
        return {path.parent.name: json.loads(path.read_bytes()) for path in (outdir / "stacks").glob("*/cdk.tf.json")}

    return synthesized


@pytest.fixture
def stacks(example: str, synthesized_examples: Callable[[str], Stacks]) -> Stacks:
    """Stack name -> its Terraform JSON."""
    return synthesized_examples(example)
