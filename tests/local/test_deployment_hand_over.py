"""The public name moved between the two deployed distributions, and back: AssociateAlias by AWS's rules."""

import json

import boto3
import pytest

from scripts.terraform.cli import PLAN_HAS_CHANGES
from tests.local.test_deployment import await_region
from tests.local.test_deployment import release_id as release_id
from tests.local.test_deployment import site as site
from tests.worlds.deployment_world import DeploymentWorld

pytestmark = pytest.mark.local

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"


def test_hand_over_is_a_plan_until_it_is_applied(deployment: DeploymentWorld) -> None:
    document = json.loads(deployment.failover("hand-over", SECONDARY, "--json").stdout)
    assert (document["from_region"], document["changes"], document["applied"]) == (PRIMARY, True, False)


@pytest.mark.slow
def test_handed_over_name_is_answered_by_the_other_distribution_and_leaves_no_proof_behind(
    deployment: DeploymentWorld, release_id: str
) -> None:
    assert release_id
    deployment.failover("hand-over", SECONDARY, "--apply")
    try:
        await_region(deployment, SECONDARY)
        assert "Nothing to do" in deployment.failover("hand-over", SECONDARY, "--apply").stdout
        assert "TXT" not in record_types(deployment)
        # Terraform would move it back until the roles are swapped in the site file: the command says so.
        assert deployment.terraform.plan_exit_code(deployment.stacks / "edge") == PLAN_HAS_CHANGES
    finally:
        deployment.failover("hand-over", PRIMARY, "--apply")
    await_region(deployment, PRIMARY)


def record_types(deployment: DeploymentWorld) -> set[str]:
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
    client = session.client("route53", region_name="us-east-1", endpoint_url=deployment.endpoints.gateway_url)
    pages = client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=outputs["edge"]["hosted_zone_id"])
    return {str(record["Type"]) for page in pages for record in page["ResourceRecordSets"]}
