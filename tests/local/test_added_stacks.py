"""Features that add a stack, on a site that is deployed: what can be known is planned, and nothing is left once it is applied."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.deployed_site import DeployedSite, running_site
from tests.worlds.deployment_world import ROOT

pytestmark = [pytest.mark.local, pytest.mark.slow]

DEMO = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
# The API's check costs what the demo's objective does not hold.
BEFORE = DEMO.replace("monthly_cost_usd = 7.50", "monthly_cost_usd = 20.00")
API = f"{BEFORE}\n[features]\napi = true\n"
# S3 answers no plain request for an object under a key.
KMS = BEFORE.replace("[health_check]", '[health_check]\nregion_check_protocol = "https"') + "\n[features]\nkms = true\n"
SPEED = 5.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[DeployedSite]:
    with running_site(tmp_path, speed=SPEED) as made:
        made.synthesize(BEFORE)
        made.deploy()
        made.publish("before")
        yield made


def plan(site: DeployedSite) -> dict[str, Any]:
    """Returns what `failover plan` printed; a stack that could not be planned ends it with 1."""
    text = site.failover("plan", "--json", "--stacks", str(site.stacks))
    found: dict[str, Any] = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    return found


def outcomes(planned: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["outcome"] for each in planned["stacks"]}


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (API, {"api-table", "api", "api-eu-central-1", "api-us-east-1"}),
        (KMS, {"keys-eu-central-1", "keys-us-east-1"}),
    ],
    ids=["api", "kms"],
)
def test_new_stacks_are_planned_and_applied_beside_what_is_deployed(
    site: DeployedSite, text: str, new: set[str]
) -> None:
    before = {folder.name for folder in site.stacks.iterdir()}
    site.synthesize(text)
    first = outcomes(plan(site))
    assert set(first) - before == new
    # What reads a stack that is not there yet is not guessed at: it is planned once that is applied.
    assert set(first.values()) <= {"changes", "waits", "unchanged"}
    assert {first[name] for name in new} & {"changes"}
    site.deploy()
    assert site.changed_stacks() == []
    site.publish(f"with {len(first)} stacks")
    assert "Every region holds all of it." in site.failover("verify")
