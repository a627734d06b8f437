"""What people read of a fault against the truth: `failover status`, its exit code, the alerts, the runbook's sections.

`make test ARGS="--all-faults tests/local/test_deployment_statements.py"` breaks every target in every way, in about an hour;
`make test-slow` does three: one that layer 1 covers, one that layer 3 covers, and one that no visitor sees. What was seen is held
against the table of docs/FAILOVER_TESTING.md too.
"""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.local.test_deployment import SITE_SOURCE
from tests.worlds.deployment_world import DeploymentWorld
from tools.statements.__main__ import COPIES, PAGE
from tools.statements.faults import all_faults
from tools.statements.page import markdown
from tools.statements.rehearsal import Rehearsal, Row
from tools.statements.rehearsals import rehearsals, rows

pytestmark = [pytest.mark.local, pytest.mark.slow]

REGIONS = ("eu-central-1", "us-east-1")
EVERY = tuple(f"{place}/{kind}" for place, kind in all_faults(REGIONS))
FEW = ("s3:eu-central-1/status", "cloudfront/refuse", "apigateway:us-east-1/hang")


def wanted(config: pytest.Config) -> tuple[str, ...]:
    return EVERY if config.option.all_faults else FEW


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    assert set(FEW) <= set(EVERY)
    if "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", wanted(metafunc.config))


@pytest.fixture(scope="module")
def copies(
    deployment: DeploymentWorld, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Rehearsal]]:
    """Copies of the deployed site with something to serve, whichever test came before."""
    folder: Path = tmp_path_factory.mktemp("statements")
    write_site(make(SITE_SOURCE, ContentRules()).files, folder / "site")
    deployment.failover("sync-content", str(folder / "site"), "--apply", "--force")
    count = min(COPIES, len(wanted(pytestconfig)))
    with rehearsals(deployment.folder / "localcloud", deployment.folder / "outputs.json", folder, count) as copies:
        yield copies


@pytest.fixture(scope="module")
def seen(copies: list[Rehearsal], pytestconfig: pytest.Config) -> Mapping[str, Row]:
    """What every wanted fault turned out as."""
    faults = {fault.name: fault for fault in copies[0].faults()}
    assert set(faults) == set(EVERY)

    async def tried() -> list[Row]:
        return [row async for row in rows(copies, [faults[name] for name in wanted(pytestconfig)])]

    return {row.name: row for row in asyncio.run(tried())}


def test_nothing_that_is_said_of_a_fault_is_wrong(seen: Mapping[str, Row], fault: str) -> None:
    row = seen[fault]
    assert not row.inconclusive, f"{row.inconclusive}: run it again on a machine that does nothing else; {row.wrong}"
    assert list(row.wrong) == [], row


def test_table_of_the_page_says_what_was_seen(seen: Mapping[str, Row], fault: str) -> None:
    """`make statements ARGS=--page` writes it."""
    place, kind, *said = cells(markdown([seen[fault]]).splitlines()[-1])
    table = [cells(line) for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    shown = [line[2:] for line in table if line[0] == place and kind in line[1].split(", ")]
    assert shown == [said]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]
