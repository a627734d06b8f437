"""`failover takedown` against the deployed site: a file that every entry and the edge's cache serve is nowhere any more."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from localcloud.model.addresses import api_gateway_address
from tests.local.test_deployment import EDGE, s3_client
from tests.local.test_deployment_addresses import view
from tests.worlds.deployment_world import PATIENCE_SECONDS, DeploymentWorld

pytestmark = pytest.mark.local

SECRET = b"name,city\nAda,London\n"
PATH = "downloads/customers.csv"


@pytest.fixture
def entries(deployment: DeploymentWorld) -> tuple[str, ...]:
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    return (
        EDGE,
        *(api_gateway_address(region, sorted(outputs["edge"]["buckets"])) for region in outputs["edge"]["buckets"]),
    )


def leaked(folder: Path) -> Path:
    """Make a site that has the file, which caches may keep for a day."""
    (folder / "downloads").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>leaked</title>", encoding="utf-8")
    (folder / PATH).write_bytes(SECRET)
    return folder


def await_status(deployment: DeploymentWorld, address: str, status: int) -> bytes:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := view(deployment, address, f"/{PATH}", ""))[0] != status:
        assert time.monotonic() < deadline, (address, found)
        time.sleep(0.1)
    return found[3]


def versions(deployment: DeploymentWorld) -> list[tuple[str, str]]:
    """Return region and key of every version, and of every delete marker, that a region has of the file."""
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    found = []
    for region, bucket in outputs["edge"]["buckets"].items():
        pages: Any = s3_client(deployment, region).get_paginator("list_object_versions").paginate(Bucket=bucket)
        found += [
            (region, each["Key"]) for page in pages for each in page.get("Versions", ()) if each["Key"].endswith(PATH)
        ]
    return found


def test_file_that_was_taken_down_is_at_no_entry_in_no_cache_and_in_no_version(
    deployment: DeploymentWorld, entries: tuple[str, ...], tmp_path: Path
) -> None:
    folder = leaked(tmp_path / "site")
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    outputs["edge"]["content"]["rule"] = [{"pattern": "/downloads/*", "cache_control": "public, max-age=86400"}]
    saved = tmp_path / "outputs.json"
    saved.write_text(json.dumps(outputs), encoding="utf-8")
    deployment.failover("sync-content", str(folder), "--apply", "--force", "--outputs", str(saved))
    for address in entries:  # from here on it is in the edge's cache, for a day
        assert await_status(deployment, address, 200) == SECRET
    # A later release without it keeps the version, and retains the increment for a rollback.
    (folder / "index.html").write_text("<!doctype html><title>leaked again</title>", encoding="utf-8")
    deployment.failover("sync-content", str(folder), "--apply", "--outputs", str(saved))

    plan = json.loads(deployment.failover("takedown", PATH, "--json").stdout)
    assert plan["applied"] is False
    assert {region for region, _ in versions(deployment)} == set(outputs["edge"]["buckets"])
    done = json.loads(deployment.failover("takedown", PATH, "--apply", "--json").stdout)

    assert (done["applied"], done["versions"]) == (True, plan["versions"])
    assert versions(deployment) == []
    for address in entries:
        assert SECRET not in await_status(deployment, address, 404)
    refused = deployment.failover("sync-content", str(folder), "--apply", "--outputs", str(saved), exit_code=None)
    assert refused.returncode == 1
    assert PATH in refused.stderr
    deployment.failover("rollback", "--apply", "--force", exit_code=None)
    for address in entries:
        assert SECRET not in await_status(deployment, address, 404)
    deployment.failover("takedown", PATH, "--lift", "--apply")
    deployment.failover("sync-content", str(folder), "--apply", "--force", "--outputs", str(saved))
    for address in entries:
        assert await_status(deployment, address, 200) == SECRET
    deployment.failover("takedown", PATH, "--apply")
    deployment.failover("takedown", PATH, "--lift", "--apply")
