"""An entry shows a certificate that no visitor takes: who notices, and what an operator is told."""

import json

import pytest

from tests.local.test_deployment import await_region
from tests.local.test_deployment import release_id as release_id
from tests.local.test_deployment import site as site
from tests.local.test_deployment_outage import fault_on
from tests.worlds.deployment_world import DeploymentWorld

# Without a release no entry serves, and the advice would be another.
pytestmark = [pytest.mark.local, pytest.mark.usefixtures("release_id")]


@pytest.mark.parametrize(
    ("kind", "why"), [("expired-certificate", "certificate has expired"), ("wrong-certificate", "Hostname mismatch")]
)
def test_status_tells_what_no_health_check_notices(deployment: DeploymentWorld, kind: str, why: str) -> None:
    with fault_on(deployment, "cloudfront", kind):
        told = json.loads(deployment.failover("status", "--json", exit_code=1).stdout)
    assert why in told["users"]["sentence"]
    assert "Route 53's checkers validate no certificate" in told["users"]["sentence"]
    assert "failover divert --apply" in told["users"]["sentence"]
    assert told["health_checks"]["path"]["is_healthy"] is True
    days = {entry["name"]: entry["certificate_days_left"] for entry in told["entries"]}
    assert days["regional endpoint in us-east-1"] > 0
    assert days["distribution in eu-central-1"] is None


def test_status_is_content_with_a_certificate_that_is_young(deployment: DeploymentWorld) -> None:
    # An alarm of the fault before may still be on.
    told = json.loads(deployment.failover("status", "--json", exit_code=None).stdout)
    assert not [problem for problem in told["problems"] if "certificate" in problem]


@pytest.mark.slow
def test_drill_finds_that_nobody_takes_over(deployment: DeploymentWorld, tmp_path: object) -> None:
    await_region(deployment, "eu-central-1")
    done = deployment.failover(
        *("drill", "certificate-expired", "--rate", "1", "--report", str(tmp_path)),
        *("--stacks", str(deployment.stacks), "--json"),
        exit_code=1,
    )
    (drill,) = json.loads(done.stdout)["scenarios"]
    assert drill["verdict"] == "outside"
    assert "the secondary never took over while the fault lasted" in json.dumps(drill)
    assert drill["time_to_detect_seconds"] is None
