"""A plugin of pytest that writes down what became of each documented behaviour, with `--conformance=FILE`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documented import source_of

_MARK = "documented"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conformance", type=Path, help="write each documented behaviour and whether it passed, as JSON")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets the reports of a process of xdist's carry the mark to the process that writes."""
    for item in items:
        for mark in item.iter_markers(_MARK):
            test = item.nodeid.partition("[")[0]
            item.user_properties.append((_MARK, {**mark.kwargs, "test": test}))


class _Results:
    """What became of the behaviours so far, in the order of their first reports."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_rule: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == _MARK and (report.when == "call" or not report.passed):
                self._note(value, passed=report.passed)

    def _note(self, mark: Any, *, passed: bool) -> None:
        known = self._by_rule.setdefault(
            mark["rule"],
            {"behaviour": mark["rule"], "source": source_of(mark["page"]), "test": mark["test"], "passed": True},
        )
        known["passed"] = known["passed"] and passed

    def pytest_sessionfinish(self) -> None:
        found = sorted(self._by_rule.values(), key=lambda each: (each["test"], each["behaviour"]))
        self._path.write_text(json.dumps(found), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--conformance")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Results(path))
