"""Every resource that can be tagged is: read from the states that the real provider wrote."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds.deployment_world import STACKS, DeploymentWorld

pytestmark = pytest.mark.local


def taggable(deployment: DeploymentWorld, stack: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields address and tags; the provider computes `tags_all` for whatever AWS lets be tagged."""
    state: Any = json.loads((deployment.folder / f"terraform.{stack}.tfstate").read_bytes())
    for resource in state["resources"]:
        for instance in resource["instances"]:
            if resource["mode"] == "managed" and "tags_all" in instance["attributes"]:
                yield f"{resource['type']}.{resource['name']}", instance["attributes"]["tags_all"] or {}


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_resource_says_whose_it_is(deployment: DeploymentWorld, stack: str) -> None:
    found = dict(taggable(deployment, stack))
    assert found
    for address, tags in found.items():
        expected = {"Project": "failover-site", "Environment": "demo", "ManagedBy": "terraform", "Stack": stack}
        assert expected.items() <= tags.items(), address
