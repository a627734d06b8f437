"""What people read of a fault against the truth: `failover status`, its exit code, the alerts, the runbook's sections.

`make test ARGS="--all-faults tests/local/test_deployment_statements.py"` breaks every target in every way, in two hours;
`make test` does three: one that layer 1 covers, one that layer 3 covers, and one that no visitor sees.
"""

from pathlib import Path

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.local.test_deployment import SITE_SOURCE
from tests.worlds.deployment_world import DeploymentWorld
from tools.statements.rehearsal import Rehearsal, all_faults

pytestmark = [pytest.mark.local, pytest.mark.slow]

REGIONS = ("eu-central-1", "us-east-1")
FEW = ("s3:eu-central-1/status", "cloudfront/refuse", "apigateway:us-east-1/hang")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = [f"{place}/{kind}" for place, kind in all_faults(REGIONS)]
    assert set(FEW) <= set(every)
    metafunc.parametrize("fault", every if metafunc.config.option.all_faults else FEW)


@pytest.fixture(scope="module")
def published(deployment: DeploymentWorld, tmp_path_factory: pytest.TempPathFactory) -> DeploymentWorld:
    """The deployed site with something to serve, whichever test came before."""
    site: Path = tmp_path_factory.mktemp("statements") / "site"
    write_site(make(SITE_SOURCE, ContentRules()).files, site)
    deployment.failover("sync-content", str(site), "--apply", "--force")
    return deployment


def test_nothing_that_is_said_of_a_fault_is_wrong(published: DeploymentWorld, fault: str) -> None:
    rehearsal = Rehearsal(published.folder)
    (wanted,) = [each for each in rehearsal.faults() if each.name == fault]
    row = rehearsal.row(wanted)
    assert list(row.wrong) == [], row
