"""An object that one region has lost while the edge still answers for it: a publish notices, before its switch or after it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.release.changes import Changes
from scripts.release.held_sample import held_sample
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.samples import sample
from tests.local.test_deployment import EDGE, s3_client
from tests.local.test_deployment_addresses import view
from tests.worlds.deployment_world import DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

SECONDARY = "us-east-1"
FILES = 40


def asked_after_the_switch_only(release_id: str, paths: list[str]) -> str:
    """Return an unchanged file that the look before the switch leaves out: it asks for few of many."""
    files = [
        ReleaseFile(path=path, increment="0" * 16, size_bytes=1, md5="", content_type="", cache_control="")
        for path in sorted(paths)
    ]
    files = [replace(each, increment=release_id) if each.path == "index.html" else each for each in files]
    manifest = Manifest(release_id=release_id, base=None, files=tuple(files))
    before = held_sample(manifest, {each.key for each in files if each.increment == release_id})
    after = sample(manifest, Changes(new=(), changed=("index.html",), removed=()))
    return next(each.path for each in after if each not in before and each.path != "index.html")


@pytest.fixture
def _no_parity_check(deployment: DeploymentWorld) -> Iterator[None]:
    """Lets nobody put back what is lost: the region's parity check would, within seconds."""
    keys = deployment.endpoints.environment
    session: Any = boto3.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    )
    client = session.client("lambda", region_name=SECONDARY, endpoint_url=deployment.endpoints.gateway_url)
    functions = [each["FunctionName"] for each in client.list_functions()["Functions"]]
    (parity,) = [name for name in functions if "parity" in name]
    client.put_function_concurrency(FunctionName=parity, ReservedConcurrentExecutions=0)
    yield
    client.delete_function_concurrency(FunctionName=parity)


@pytest.mark.usefixtures("_no_parity_check")
def test_object_that_only_the_edge_still_has_takes_the_release_back(
    deployment: DeploymentWorld, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    page = folder / "index.html"
    page.write_text("<!doctype html><title>lost</title>", encoding="utf-8")
    for number in range(FILES):
        (folder / f"{number:02}.txt").write_text(f"file {number}", encoding="utf-8")
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    outputs["edge"]["content"]["rule"] = [{"pattern": "*.txt", "cache_control": "public, max-age=86400"}]
    saved = tmp_path / "outputs.json"
    saved.write_text(json.dumps(outputs), encoding="utf-8")
    options = ("--outputs", str(saved), "--json")
    first = json.loads(deployment.failover("sync-content", str(folder), "--apply", "--force", *options).stdout)
    page.write_text("<!doctype html><title>lost, changed</title>", encoding="utf-8")
    plan = json.loads(deployment.failover("sync-content", str(folder), *options).stdout)
    lost = asked_after_the_switch_only(plan["release_id"], [each.name for each in folder.iterdir()])
    assert view(deployment, EDGE, f"/{lost}", "")[0] == 200  # from here on the edge has it, for a day

    client: Any = s3_client(deployment, SECONDARY)
    key = f"releases/{first['base_release_id']}/{lost}"
    client.delete_object(Bucket=outputs["edge"]["buckets"][SECONDARY], Key=key)
    refused = deployment.failover("sync-content", str(folder), "--apply", *options, exit_code=1)
    assert view(deployment, EDGE, f"/{lost}", "")[0] == 200
    assert f"S3 of {SECONDARY} does not hold {lost}" in refused.stderr
    assert f"Rolled back to {first['release_id']}" in refused.stderr

    deployment.failover("verify", "--repair", "--apply", *options)
    again = json.loads(deployment.failover("sync-content", str(folder), "--apply", *options).stdout)
    assert set(again["asked"]["regions"]) == set(outputs["edge"]["buckets"])
    assert lost in again["asked"]["files"]
