"""A foreign site of one bucket and one distribution becomes ours while visitors look: docs/MIGRATING.md, step by step."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.worlds import foreign_site
from tests.worlds.deployed_site import DeployedSite, running_site
from tests.worlds.deployment_world import ROOT

pytestmark = [pytest.mark.local, pytest.mark.slow]

DEMO = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
PRIMARY = "eu-central-1"
SPEED = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The old site's folder and outputs, and ours beside it."""

    old: Path
    outputs: dict[str, Any]
    site: DeployedSite

    def text(self, *, takes_name: bool) -> str:
        zone = f'hosted_zone_id = "{self.outputs["hosted_zone_id"]}"'
        waiting = "" if takes_name else "\ntakes_name = false"
        return DEMO.replace('project = "failover-site"', f'project = "failover-site"\n{zone}{waiting}')

    def records(self) -> dict[tuple[str, str], str]:
        """Returns type and set identifier of the name's records -> what they lead to."""
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
        client = session.client("route53", region_name="us-east-1", endpoint_url=self.site.endpoints.gateway_url)
        found = client.list_resource_record_sets(HostedZoneId=self.outputs["hosted_zone_id"])["ResourceRecordSets"]
        return {
            (each["Type"], each.get("SetIdentifier", "")): each.get("AliasTarget", {}).get("DNSName", "")
            for each in found
            if each["Name"].rstrip(".") == foreign_site.HOSTNAME
        }

    def take_name(self, *arguments: str, exit_code: int = 0) -> str:
        return self.site.failover("take-name", "--stacks", str(self.site.stacks), *arguments, exit_code=exit_code)


@pytest.fixture(scope="module")
def move(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Move]:
    folder = tmp_path_factory.mktemp("migrating")
    with running_site(folder, speed=SPEED) as site:
        old = foreign_site.write(folder / "old")
        site.terraform.init(old)
        site.terraform.apply(old)
        made = Move(old=old, outputs=site.terraform.output(old), site=site)
        site.synthesize(made.text(takes_name=False))
        site.deploy()
        yield made


def test_everything_is_made_and_published_while_the_old_site_serves(move: Move) -> None:
    assert set(move.records()) == {("A", ""), ("AAAA", "")}
    move.site.synthesize(move.text(takes_name=True))
    assert "nothing is published yet" in move.take_name("--apply", exit_code=1)
    move.site.publish("ours")
    status = move.site.failover("status", exit_code=None)
    assert "another distribution still serves" in " ".join(status.split())


def test_drill_would_measure_the_old_site(move: Move) -> None:
    said = move.site.failover("drill", "edge-outage", exit_code=2)
    assert "failover take-name" in said


def test_plan_says_what_moves_and_moves_nothing(move: Move) -> None:
    document = json.loads(move.take_name("--json"))
    assert document["from_distribution"] == move.outputs["distribution_id"]
    assert (document["deletes"], len(document["creates"])) == (["A", "AAAA"], 4)
    assert (document["moves_alias"], document["applied"]) == (True, False)
    assert set(move.records()) == {("A", ""), ("AAAA", "")}


@pytest.fixture(scope="module")
def seen(move: Move) -> dict[str, Any]:
    """What the prober saw while the name moved."""
    with move.site.probed(rate=5.0) as found:
        move.take_name("--apply")
        move.site.failover(
            "outputs", "--stacks", str(move.site.stacks), "--save", str(move.site.folder / "outputs.json")
        )
        move.site.publish("after the move")
    return found


def test_nobody_loses_a_page_while_the_name_moves(seen: dict[str, Any]) -> None:
    assert seen["page_views"] > 200
    assert seen["good"] == seen["page_views"]


def test_name_leads_to_our_distribution_and_our_endpoint_behind_it(move: Move, seen: dict[str, Any]) -> None:
    assert seen
    found = move.records()
    assert sorted(found) == [(kind, role) for kind in ("A", "AAAA") for role in ("primary", "secondary")]
    assert f"users are served by CloudFront from {PRIMARY}" in move.site.failover("status", exit_code=None)


def test_terraform_has_nothing_left_to_do_and_the_proof_is_gone(move: Move, seen: dict[str, Any]) -> None:
    assert seen
    assert move.site.terraform.plan_exit_code(move.site.stacks / "edge") == 0
    assert "it has the name already" in move.take_name(exit_code=1)


def test_site_survives_an_outage_of_cloudfront_now(move: Move, seen: dict[str, Any]) -> None:
    assert seen
    drill = ("drill", "origin-outage", "--variant", "status-503", "--stacks", str(move.site.stacks))
    move.site.failover(*drill, "--report", str(move.site.folder / "drill"))
