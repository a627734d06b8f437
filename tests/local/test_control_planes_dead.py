"""Every control plane dead: what the runbook's commands still ask, by localcloud's log of calls."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.dataplane_world import (
    EDGE,
    HOSTNAME,
    PRIMARY,
    REGIONAL,
    SECONDARY,
    World,
    build_site,
    start_localcloud,
    stop_localcloud,
)

PAGE = '<!doctype html><html lang="en"><head><meta name="release" content="x"><title>{}</title></head><body>x</body></html>'
DEAD = ["api:us-east-1", f"api:{PRIMARY}", f"api:{SECONDARY}"]
DATA_PLANES = {"s3", "cloudfront-keyvaluestore"}


@dataclass
class Operated:
    """A site, and the commands of an operator of it."""

    world: World
    folder: Path

    def failover(self, *arguments: str, code: int | None = 0) -> str:
        folders = ("--localcloud", str(self.folder / "localcloud"), "--outputs", str(self.folder / "outputs.json"))
        done = subprocess.run(
            [str(Path(sys.executable).with_name("failover")), *arguments, *folders],
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "200", "XDG_CACHE_HOME": str(self.folder / "cache")},
            timeout=120,
            check=False,
        )
        assert code in (None, done.returncode), (arguments, done.stdout, done.stderr)
        return done.stdout

    def write(self, text: str) -> str:
        folder = self.folder / "site"
        folder.mkdir(exist_ok=True)
        for name in ("index.html", "404.html"):
            (folder / name).write_text(PAGE.format(text), encoding="utf-8")
        return str(folder)

    def calls(self) -> list[dict[str, Any]]:
        """Those of commands: neither localcloud's own nor its functions'."""
        lines = (self.folder / "localcloud" / "calls.jsonl").read_text(encoding="utf-8").splitlines()
        return [call for call in map(json.loads, lines) if "localcloud-data-plane" not in call["user_agent"]]


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    folder = tmp_path_factory.mktemp("operated")
    world = start_localcloud(folder / "localcloud", arguments=("--call-log",))
    try:
        build_site(world)
        (folder / "outputs.json").write_text(json.dumps({"edge": outputs(world)}), encoding="utf-8")
        yield Operated(world, folder)
    finally:
        stop_localcloud(world)


def outputs(world: World) -> dict[str, Any]:
    return {
        "hostname": HOSTNAME,
        "hosted_zone_id": world.ids["zone"],
        "key_value_store_arn": world.ids["key_value_store"],
        "health_check_ids": {"path": world.ids["health_check"]},
        "buckets": {region: world.bucket(region) for region in (PRIMARY, SECONDARY)},
        "roles": {PRIMARY: "primary", SECONDARY: "secondary"},
        "distributions": {
            region: {
                "id": each["Id"],
                "arn": each["ARN"],
                "domain_name": each["DomainName"],
                "hostname": f"{region}.{HOSTNAME}",
            }
            for region, each in world.distributions.items()
        },
        "objectives": {"rto_seconds": 1, "rpo_seconds": 1, "availability_ratio": 0.9, "monthly_cost_usd": 1},
    }


@pytest.mark.slow
def test_every_command_of_the_runbook_works_with_all_control_planes_dead(operated: Operated) -> None:
    """docs/DISASTER_RECOVERY.md: no step needs a control plane; the log shows that none was asked for what matters."""
    operated.failover("sync-content", operated.write("one"), "--no-probe", "--apply")
    dead = [operated.world.control("POST", "/faults", {"target": each, "kind": "refuse"})["id"] for each in DEAD]
    before = len(operated.calls())
    try:
        operated.failover("releases")
        operated.failover("evacuate", PRIMARY, "--apply")
        operated.failover("restore", PRIMARY, "--apply")
        operated.failover("sync-content", operated.write("two"), "--no-probe", "--apply")
        operated.failover("rollback", "--no-probe", "--apply")
        operated.failover("verify")
        operated.failover("verify", "--repair", "--apply")
        operated.failover("prune", "--apply")
        operated.failover("divert")
        operated.failover("divert", "--apply")
        operated.failover("divert", "--end")
    finally:
        for each in dead:
            operated.world.control("DELETE", f"/faults/{each}")
    asked = operated.calls()[before:]
    assert {call["service"] for call in asked} == DATA_PLANES, [
        call for call in asked if call["service"] not in DATA_PLANES
    ]
    assert 0 not in {call["status"] for call in asked}


def test_status_tells_what_it_could_not_ask_with_all_control_planes_dead(operated: Operated) -> None:
    """It asks Route 53 for the health checks, and says that it got no answer; users and content are told all the same."""
    operated.failover("sync-content", operated.write("one"), "--no-probe", "--apply", "--force")
    dead = [operated.world.control("POST", "/faults", {"target": each, "kind": "refuse"})["id"] for each in DEAD]
    try:
        told = json.loads(operated.failover("status", "--json", code=None))
    finally:
        for each in dead:
            operated.world.control("DELETE", f"/faults/{each}")
    assert told["exit_code"] in (1, 3)
    assert told["health_checks"]["path"]["is_healthy"] is None
    assert any("GetHealthCheckStatus" in line for line in told["unknown"])
    assert told["active_release_id"]
    assert {name: region["answers"] for name, region in told["regions"].items()} == {PRIMARY: True, SECONDARY: True}
    assert told["dns"] == [EDGE]


@pytest.mark.slow
def test_release_goes_out_without_a_dead_region_with_all_control_planes_dead(operated: Operated) -> None:
    """The whole of "Publishing while a region is down", while nothing can be changed either."""
    operated.failover("sync-content", operated.write("one"), "--no-probe", "--apply", "--force")
    targets = [*({"target": each, "kind": "refuse"} for each in DEAD), {"target": f"s3:{PRIMARY}", "kind": "refuse"}]
    *dead, region = [operated.world.control("POST", "/faults", each)["id"] for each in targets]
    before = len(operated.calls())
    publish = ("sync-content", operated.write("without a region"), "--no-probe", "--apply")
    try:
        operated.failover(*publish, code=3)
        told = json.loads(operated.failover(*publish, "--allow-degraded", "--json"))
        assert (told["left_out"], told["drains"]) == ([PRIMARY], [PRIMARY])
        operated.world.control("DELETE", f"/faults/{region}")
        operated.failover("verify", code=1)
        operated.failover("verify", "--repair", "--apply")
        operated.failover("restore", PRIMARY, "--apply")
    finally:
        for each in dead:
            operated.world.control("DELETE", f"/faults/{each}")
    assert {call["service"] for call in operated.calls()[before:]} == DATA_PLANES


def test_dead_control_plane_answers_nobody(operated: Operated) -> None:
    world = operated.world
    fault = world.control("POST", "/faults", {"target": "api:us-east-1", "kind": "status", "value": 503})["id"]
    try:
        with pytest.raises(Exception, match="ServiceUnavailable"):
            world.client("route53").list_hosted_zones()
        with pytest.raises(Exception, match="ServiceUnavailable"):
            world.client("iam").list_roles()
        assert "Topics" in world.client("sns", PRIMARY).list_topics()
        assert world.client("s3").list_objects_v2(Bucket=world.bucket(SECONDARY))["KeyCount"] > 0
    finally:
        world.control("DELETE", f"/faults/{fault}")
    assert world.client("route53").list_hosted_zones()["HostedZones"]


def test_control_plane_of_one_service_is_dead_in_every_region(operated: Operated) -> None:
    world = operated.world
    fault = world.control("POST", "/faults", {"target": "api:sns", "kind": "status", "value": 500})["id"]
    try:
        for region in (PRIMARY, SECONDARY):
            with pytest.raises(Exception, match="ServiceUnavailable"):
                world.client("sns", region).list_topics()
        assert world.client("route53").list_hosted_zones()["HostedZones"]
    finally:
        world.control("DELETE", f"/faults/{fault}")


def test_diversion_leads_viewers_to_the_regional_endpoint_and_back(operated: Operated) -> None:
    """Layer 3 by hand, as fast as by itself, while us-east-1 answers nothing."""
    world = operated.world
    for region in (PRIMARY, SECONDARY):
        s3, bucket = world.client("s3", region), world.bucket(region)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=bucket, Key="health/path.json", Body=b"{}")
    world.client("route53").update_health_check(
        HealthCheckId=world.ids["health_check"], ResourcePath="/health/path.json"
    )
    world.eventually(lambda: world.addresses(HOSTNAME) == [EDGE], seconds=60)
    dead = world.control("POST", "/faults", {"target": "api:us-east-1", "kind": "refuse"})["id"]
    try:
        operated.failover("divert", "--apply")
        world.eventually(lambda: world.addresses(HOSTNAME) == [REGIONAL[SECONDARY]], seconds=60)
        operated.failover("divert", "--end")
        world.eventually(lambda: world.addresses(HOSTNAME) == [EDGE], seconds=60)
    finally:
        world.control("DELETE", f"/faults/{dead}")
