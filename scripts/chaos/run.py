"""Runs an experiment with Chaos Toolkit's engine, rollbacks always, and keeps its journal."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from scripts.errors import EnvironmentFailureError, WrongUsageError
from scripts.files import write_atomically
from scripts.processes import own_programs

ALWAYS = {"runtime": {"rollbacks": {"strategy": "always"}}}
"""https://chaostoolkit.org/reference/api/experiment/#runtime"""


def load_experiment(path: Path) -> dict[str, Any]:
    """Read an experiment and check it against the modules that it names.

    Raises:
        WrongUsageError: no such file, no JSON, or it names an action or an argument that does not exist.
        EnvironmentFailureError: Chaos Toolkit is not installed.
    """
    if importlib.util.find_spec("chaoslib") is None:
        raise EnvironmentFailureError(f"Chaos Toolkit is not installed: {own_programs.how_to_install('chaos')}")
    from chaoslib.exceptions import ChaosException
    from chaoslib.experiment import ensure_experiment_is_valid

    try:
        experiment = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(experiment, dict):
            raise WrongUsageError(f"{path} is no experiment: JSON with title, method and rollbacks is wanted")
        ensure_experiment_is_valid(experiment)
    except FileNotFoundError as error:
        raise WrongUsageError(
            f"{path} is not there: name an experiment, such as those in config/experiments"
        ) from error
    except (ValueError, ChaosException) as error:
        raise WrongUsageError(
            f"{path} is no experiment that can run: {error}; docs/CHAOS.md lists actions and probes"
        ) from error
    return experiment


def run(experiment: dict[str, Any], journal_file: Path) -> list[str]:
    """Run it and write its journal; return what went wrong, nothing when the hypothesis held and every activity succeeded."""
    from chaoslib.experiment import run_experiment

    journal = run_experiment(experiment, settings=ALWAYS)
    write_atomically(journal_file, json.dumps(journal, indent=2, default=str) + "\n")
    return problems_of(journal)


def problems_of(journal: dict[str, Any]) -> list[str]:
    """Return what went wrong in a run."""
    problems = []
    if journal.get("deviated"):
        problems.append("the steady state did not hold after the method")
    if journal.get("status") != "completed":
        problems.append(f"the experiment ended as {journal.get('status')}")
    for activity in (*journal.get("run", []), *journal.get("rollbacks", [])):
        if activity["status"] != "succeeded":
            told = (activity.get("exception") or [activity["status"]])[-1].strip()
            problems.append(f"{activity['activity']['name']}: {told}")
        elif activity.get("tolerance_met") is False:
            problems.append(f"{activity['activity']['name']}: {activity.get('output')!r} was not expected")
    return problems
