"""Options and fixtures of all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.local.deployment_world import UNDER_WAY, DeploymentUnderWay

# `make test ARGS="--hypothesis-profile=thorough tests/synth/test_generated_site_files.py"`: half an hour of generated site files.
settings.register_profile("thorough", max_examples=4000, deadline=None)

# The gateway's tests hold moto in this process, before `mock_aws` of other tests changes it. What needs a finished deployment, or
# a quiet machine, comes last; the rest runs while the deployment is under way.
_FIRST = ("test_gateway", "test_state_bucket")
_LAST = ("test_demo", "test_deployment", "test_release_crash", "test_state_backend", "test_dataplane")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="rewrite the golden JSON in tests/synth/golden")


@pytest.fixture(scope="session")
def update_snapshots(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-snapshots"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _turn(item.path))


def _turn(path: Path) -> int:
    if path.name.startswith(_FIRST):
        return -1
    return next((turn for turn, prefix in enumerate(_LAST, start=1) if path.name.startswith(prefix)), 0)


def pytest_collection_finish(session: pytest.Session) -> None:
    is_wanted = any("deployment" in getattr(item, "fixturenames", ()) for item in session.items)
    if is_wanted and not session.config.option.collectonly:
        session.config.stash[UNDER_WAY] = DeploymentUnderWay()


def pytest_unconfigure(config: pytest.Config) -> None:
    under_way = config.stash.get(UNDER_WAY, None)
    if under_way is not None:
        under_way.close()
