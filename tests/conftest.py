"""Options and fixtures of all tests, and the one deployment, which the process that started the others owns."""

import gc
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.shared_out import Groups, in_turn, is_left_out
from tests.worlds.deployment_world import FOLDER, UNDER_WAY, DeploymentUnderWay, UsedDeployment

# No deadline: an example takes longer on a machine that does something else, and says nothing by it.
# In CI the same examples every time: a merge is not stopped by what it did not touch. Elsewhere every run tries others.
settings.register_profile("usual", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("usual")
# `make test ARGS="--hypothesis-profile=thorough tests/synth/test_generated_site_files.py"`: half an hour of generated site files.
settings.register_profile("thorough", max_examples=4000, deadline=None)

gc.disable()  # ten thousand tests are collected and kept: a walk through them finds nothing to free

LIVE = Path(__file__).parent / "live"
_WANTED = "wanted"
_NEW_OBJECTS_PER_COLLECTION = 50_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="rewrite the golden JSON in tests/synth/golden")
    parser.addoption(
        "--explore-all", action="store_true", help="explore every pair of operators, with two changes of turn"
    )
    parser.addoption(
        "--all-faults", action="store_true", help="break the deployed site in every way, not in three: an hour"
    )
    parser.addoption("--slow", action="store_true", help="also run the tests that take minutes")
    parser.addoption("--fresh-deployment", action="store_true", help="deploy the site anew, without its snapshot")
    live = parser.getgroup("live", "tests/live: a deployed site, with -m live")
    live.addoption("--site-file", type=Path, help="the site file of the deployment; without it tests/live is left out")
    live.addoption("--outputs", type=Path, default=Path("build/outputs.json"), help="saved by `failover outputs`")
    live.addoption("--localcloud", type=Path, help="state folder of a localcloud; without it AWS is meant")
    live.addoption("--drill", action="append", help="a lever to drill with; may be given more than once")


@pytest.fixture(scope="session")
def update_snapshots(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-snapshots"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    is_live = collection_path.is_relative_to(LIVE)
    return True if is_left_out(collection_path, config) or (is_live and not config.option.site_file) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what takes minutes unless it is asked for, which pytest counts as deselected, and sorts the rest."""
    named = {Path(argument.partition("::")[0]).resolve() for argument in config.args}
    is_too_slow = {
        item: not config.option.slow and item.get_closest_marker("slow") is not None and item.path not in named
        for item in items
    }
    if any(is_too_slow.values()):
        config.hook.pytest_deselected(items=[item for item in items if is_too_slow[item]])
    items[:] = in_turn([item for item in items if not is_too_slow[item]])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begins the deployment if a test wants it; a process of xdist's asks its controller, which outlives it."""
    gc.enable()
    gc.freeze()  # the bindings are a heap that the collector need not walk a thousand times
    gc.set_threshold(_NEW_OBJECTS_PER_COLLECTION)
    is_wanted = any("deployment" in getattr(item, "fixturenames", ()) for item in session.items)
    if not is_wanted or session.config.option.collectonly:
        return
    if FOLDER in (given := getattr(session.config, "workerinput", {})):
        Path(given[FOLDER], _WANTED).touch()
    else:
        session.config.stash[UNDER_WAY] = under_way = _deployment(session.config)
        under_way.begin()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a process of xdist's where the one deployment will be, and begins it at once when all tests run."""
    if UNDER_WAY not in node.config.stash:
        node.config.stash[UNDER_WAY] = under_way = _deployment(node.config)
        if _runs_all_tests(node.config):
            under_way.begin()
    node.workerinput[FOLDER] = str(node.config.stash[UNDER_WAY].folder)


def _deployment(config: pytest.Config) -> DeploymentUnderWay:
    return DeploymentUnderWay(is_fresh=config.getoption("--fresh-deployment"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says how the deployed site came to be."""
    under_way = config.stash.get(UNDER_WAY, None)
    if isinstance(under_way, DeploymentUnderWay) and under_way.story:
        terminalreporter.write_line(f"The site of the tests was {under_way.story}.")


def _runs_all_tests(config: pytest.Config) -> bool:
    is_narrowed = config.option.keyword or config.option.markexpr or config.option.collectonly
    return not is_narrowed and config.args_source is pytest.Config.ArgsSource.TESTPATHS


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    under_way = node.config.stash[UNDER_WAY]
    if isinstance(under_way, DeploymentUnderWay) and (under_way.folder / _WANTED).exists():
        under_way.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    under_way = config.stash.get(UNDER_WAY, None)
    if under_way is not None:
        under_way.close()


def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr == "live" and not config.option.site_file:
        raise pytest.UsageError("-m live needs --site-file FILE: the site file of the deployment to look at")
    if FOLDER in (given := getattr(config, "workerinput", {})):
        config.stash[UNDER_WAY] = UsedDeployment(Path(given[FOLDER]))
