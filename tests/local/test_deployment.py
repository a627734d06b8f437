"""The whole product on localcloud: deployed by cdktf, planned clean, published, rolled back, drilled."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import pytest

from scripts.terraform_cli import PLAN_CLEAN
from tests.local.deployment_world import STACKS, DeploymentWorld

pytestmark = pytest.mark.local

SITE = Path(__file__).parents[2] / "site" / "src"


@pytest.fixture(scope="module")
def release_id(deployment: DeploymentWorld) -> str:
    """The site, published once."""
    document = json.loads(deployment.failover("sync-content", str(SITE), "--apply", "--json").stdout)
    assert document["applied"] is True
    return str(document["release_id"])


def test_second_plan_is_clean(deployment: DeploymentWorld) -> None:
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(deployment.terraform.plan_exit_code, [deployment.stacks / name for name in STACKS]))
    assert dict(zip(STACKS, codes, strict=True)) == dict.fromkeys(STACKS, PLAN_CLEAN)


def test_outputs_name_what_the_commands_need(deployment: DeploymentWorld) -> None:
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    assert set(outputs) == set(STACKS)
    assert len(outputs["dns"]["name_servers"]) == 4
    assert set(outputs["edge"]["health_check_ids"]) == {"path", "eu-central-1", "us-east-1"}


def test_publish_without_apply_is_a_plan(deployment: DeploymentWorld, release_id: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>other</title>", encoding="utf-8")
    document = json.loads(deployment.failover("sync-content", str(tmp_path), "--json").stdout)
    assert document["applied"] is False
    assert document["active_release_id"] == release_id
    assert document["uploads"] == {"eu-central-1": ["index.html"], "us-east-1": ["index.html"]}


def test_second_publish_has_nothing_to_do(deployment: DeploymentWorld, release_id: str) -> None:
    assert release_id in deployment.failover("sync-content", str(SITE), "--apply").stdout
    assert "Nothing to do" in deployment.failover("sync-content", str(SITE), "--apply").stdout


def test_rollback_goes_back_and_forth(deployment: DeploymentWorld, release_id: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>other</title>", encoding="utf-8")
    other = json.loads(deployment.failover("sync-content", str(tmp_path), "--apply", "--json").stdout)["release_id"]
    document = json.loads(deployment.failover("rollback", "--apply", "--json").stdout)
    assert document == {"from_release_id": other, "to_release_id": release_id, "applied": True}


@pytest.mark.parametrize("record_type", ["A", "AAAA"])
def test_public_name_is_answered_over_udp_and_tcp(deployment: DeploymentWorld, record_type: str) -> None:
    endpoint = deployment.endpoints.dns
    query = dns.message.make_query("www.example.test", record_type)
    for ask in (dns.query.udp, dns.query.tcp):
        answer = ask(query, endpoint.address, port=endpoint.port, timeout=5)
        (rrset,) = answer.answer
        assert rrset.rdtype == dns.rdatatype.from_text(record_type)
        assert rrset.ttl == 60


def test_origin_outage_drill_is_within_its_objective(
    deployment: DeploymentWorld, release_id: str, tmp_path: Path
) -> None:
    done = deployment.failover(
        "drill",
        "origin-outage",
        "--variant",
        "status-503",
        "--report",
        str(tmp_path),
        "--stacks",
        str(deployment.stacks),
        "--json",
    )
    (scenario,) = json.loads(done.stdout)["scenarios"]
    assert scenario["verdict"] == "within"
    assert scenario["served_by"] == ["eu-central-1", "us-east-1", "eu-central-1"]
    assert (scenario["failed_requests"], scenario["wrong_content_requests"]) == (0, 0)
    assert json.loads(done.stdout)["release"] == release_id
    assert (tmp_path / "report.html").is_file()


def test_unknown_scenario_is_refused(deployment: DeploymentWorld) -> None:
    assert "allowed: origin-outage, edge-outage" in deployment.failover("drill", "meteor", exit_code=2).stderr


def test_cost_of_the_synthesized_site_is_within_its_objective(deployment: DeploymentWorld) -> None:
    document = json.loads(deployment.failover("cost", "--stacks", str(deployment.stacks), "--json").stdout)
    assert 0 < document["usd_per_month"] <= document["objective_usd_per_month"]
