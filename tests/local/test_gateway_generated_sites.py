"""A few generated site files, each planned as a whole by the real AWS provider: what it refuses, no other test sees so early.

A run takes other files than the last one; `SITE_FILES_SEED=<the number printed>` takes the same ones again, and
`SITE_FILES_PLANNED=100` takes more of them.
"""

import json
import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from constructs_lib import bindings
from constructs_lib.site_file.loader import load_site_file
from localcloud.supervisor import client_environment
from scripts.terraform.cli import from_this_machine
from tests.one_module import copy_assets, one_module
from tests.worlds.gateway_world import GatewayWorld
from tests.worlds.site_files import Document, site_documents, to_toml, write_toml

bindings.load()

from constructs_lib.website import synthesize  # noqa: E402  (the bindings come first)

pytestmark = pytest.mark.local

# Where hypothesis is told to take the same examples every time, as it is in CI, so does this.
SEED = int(os.environ.get("SITE_FILES_SEED", 0 if settings().derandomize else random.randrange(10**6)))
COUNT = int(os.environ.get("SITE_FILES_PLANNED", "2"))
# Hypothesis begins with the smallest examples, and the one with most keys of four says most.
_CANDIDATES = 4


def generated(number: int, count: int) -> list[Document]:
    """Returns the same site files for the same seed and version of hypothesis."""
    found: list[Document] = []

    @seed(number)
    @settings(
        max_examples=count * _CANDIDATES,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(site_documents())
    def collect(document: Document) -> None:
        found.append(document)

    collect()
    return [max(found[start::count], key=lambda document: len(to_toml(document))) for start in range(count)]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return generated(SEED, COUNT)


@pytest.mark.parametrize("index", [0, *(pytest.param(index, marks=pytest.mark.slow) for index in range(1, COUNT))])
def test_generated_site_plans_with_the_real_provider(
    gateway_world: GatewayWorld, documents: list[Document], index: int, tmp_path: Path
) -> None:
    document = documents[index]
    document["site"].pop("hosted_zone_id", None)  # a plan reads the zone, and none is there
    errors = plan_errors(write_toml(tmp_path, document), gateway_world.gateway.url, tmp_path)
    assert errors == [], f"SITE_FILES_SEED={SEED} gives this file again:\n{to_toml(document)}"


def plan_errors(site_file: Path, url: str, folder: Path) -> list[str]:
    outdir = synthesize(load_site_file(site_file), outdir=folder / "cdktf.out")
    stacks = {path.parent.name: json.loads(path.read_bytes()) for path in outdir.glob("stacks/*/cdk.tf.json")}
    module = folder / "module"
    module.mkdir()
    (module / "main.tf.json").write_text(json.dumps(one_module(stacks)), encoding="utf-8")
    copy_assets(outdir / "stacks", module)
    terraform = from_this_machine(folder, client_environment(url, "localcloud"))
    terraform.init(module)
    done = subprocess.run(
        [str(terraform.binary), f"-chdir={module}", "plan", "-json", "-input=false", "-lock=false"],
        env={**os.environ, **terraform.environment},
        capture_output=True,
        text=True,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    diagnostics = [message["diagnostic"] for message in messages if message.get("type") == "diagnostic"]
    errors = [f"{one.get('address')}: {one['summary']}" for one in diagnostics if one["severity"] == "error"]
    assert done.returncode == 0 or errors, done.stderr
    return errors


def test_same_seed_gives_the_same_site_files() -> None:
    assert generated(7, 2) == generated(7, 2) != generated(8, 2)
