"""The core modules, the tests that are to notice, and the survivors that are no hole, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A module and its tests.

    Attributes:
        module: path of the module.
        tests: paths of the tests.
        reasons: name of a mutant that may survive -> why that is no hole.
    """

    module: str
    tests: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)


_MODEL = "tests/unit/localcloud/model"

SUBJECTS = (
    Subject(module="localcloud/model/health.py", tests=(f"{_MODEL}/test_health.py",)),
    Subject(module="localcloud/model/cache.py", tests=(f"{_MODEL}/test_cache.py",)),
    Subject(module="localcloud/model/record_selection.py", tests=(f"{_MODEL}/test_record_selection.py",)),
    Subject(module="localcloud/model/origins.py", tests=(f"{_MODEL}/test_origins.py",)),
    Subject(
        module="scripts/drill/streaks.py",
        tests=("tests/unit/drill/test_streaks.py", "tests/unit/drill/test_measurement.py"),
    ),
    Subject(module="scripts/drill/verdict.py", tests=("tests/unit/drill/test_measurement.py",)),
    Subject(module="scripts/drill/measurement.py", tests=("tests/unit/drill/test_measurement.py",)),
    Subject(module="scripts/status/view.py", tests=("tests/unit/status/test_view.py",)),
    Subject(module="scripts/status/entries.py", tests=("tests/unit/status/test_entries.py",)),
    Subject(
        module="constructs_lib/functions/regional_endpoint/handler.py",
        tests=(
            "tests/contract/test_regional_endpoint.py",
            "tests/contract/test_any_request.py",
            "tests/contract/test_serving.py",
        ),
    ),
)
