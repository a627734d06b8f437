"""A region's S3 is away while a release is published."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.commands.build import make
from scripts.local.control import ControlApi
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.local.test_deployment import SITE_SOURCE
from tests.worlds.deployment_world import DeploymentWorld

pytestmark = pytest.mark.local


@contextmanager
def fault_on(deployment: DeploymentWorld, target: str, kind: str, value: int | None = None) -> Iterator[None]:
    control = ControlApi(deployment.endpoints.control_url)
    given = {} if value is None else {"value": value}
    fault = _ended(control.post("/faults", {"target": target, "kind": kind, **given}))
    assert isinstance(fault, dict)
    try:
        yield
    finally:
        _ended(control.delete(f"/faults/{fault['id']}"))


def _ended(call: Coroutine[Any, Any, object]) -> object:
    """Runs a call of the control API to its end; in a thread, because a browser's event loop may run in the test's own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, call).result()


def answer(deployment: DeploymentWorld, *arguments: str) -> Any:
    return json.loads(deployment.failover(*arguments, "--json").stdout)


def test_publish_during_an_outage_leaves_the_region_out_until_it_is_restored(
    deployment: DeploymentWorld, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    write_site(make(SITE_SOURCE, ContentRules()).files, site)
    publish = ("sync-content", str(site), "--apply", "--force")
    before = answer(deployment, *publish)["release_id"]
    (site / "news.txt").write_text("published during an outage", encoding="utf-8")
    with fault_on(deployment, "s3:us-east-1", "refuse"):
        assert "add --allow-degraded" in deployment.failover(*publish, exit_code=3).stderr
        assert answer(deployment, *publish, "--allow-degraded")["drains"] == ["us-east-1"]
    deployment.failover("restore", "us-east-1", "--apply", exit_code=1)
    deployment.failover("verify", "--repair", "--apply")
    deployment.failover("restore", "us-east-1", "--apply")
    status = deployment.failover("status", "--json", exit_code=None)  # the outage's alarm may still be on
    assert json.loads(status.stdout)["drained_regions"] == []
    assert answer(deployment, "rollback", "--apply")["to_release_id"] == before
