"""Whether GitHub guards what the roles trust: the branch, and the environments with their reviewers and branches.

https://docs.github.com/en/rest/deployments/environments and https://docs.github.com/en/rest/repos/rules
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scripts.onboarding.readiness import Look, State

BRANCH = "main"
ENVIRONMENTS = ("production", "content", "drill", "takedown")
"""Those that the roles of the access stack trust (docs/SECURITY.md)."""
_SETTINGS = "Settings > Environments"

Get = Callable[[str], Any]
"""From a path of GitHub's API to its answer. Raises LookupError with the reason."""


def repository(name: str, get: Get) -> Iterator[Look]:
    """Looks at the branch and at each environment.

    Args:
        name: ORG/REPO.
        get: asks GitHub.
    """
    yield _branch(name, get)
    for environment in ENVIRONMENTS:
        yield _environment(name, environment, get)


def ask_github(path: str) -> Any:  # noqa: ANN401  (a JSON edge)
    """Returns GitHub's answer by its own command line, which knows who asks.

    Raises:
        LookupError: `gh` is missing, not signed in, or GitHub refused; the message says which.
    """
    try:
        done = subprocess.run(["gh", "api", path], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LookupError(f"gh cannot be run ({error}): install GitHub's command line and sign in") from error
    if done.returncode != 0:
        raise LookupError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "gh failed")
    return json.loads(done.stdout)


def _branch(name: str, get: Get) -> Look:
    subject = f"branch {BRANCH}"
    try:
        rules = {str(rule["type"]) for rule in get(f"repos/{name}/rules/branches/{BRANCH}")}
    except LookupError as error:
        return _unknown(subject, error)
    missing = sorted({"pull_request", "non_fast_forward", "required_status_checks"} - rules)
    if not missing:
        return Look(subject=subject, state=State.READY, detail="pull requests, status checks, no force push")
    return Look(
        subject=subject,
        state=State.PROBLEM,
        detail=f"no ruleset has {', '.join(missing)}",
        remedy=f"Settings > Rules > Rulesets: require pull requests and the check ci on {BRANCH}, and block force pushes",
    )


def _environment(name: str, environment: str, get: Get) -> Look:
    subject = f"environment {environment}"
    try:
        found = get(f"repos/{name}/environments/{environment}")
    except LookupError as error:
        return _unknown(subject, error)
    faults = list(_faults(found))
    if not faults:
        return Look(subject=subject, state=State.READY, detail="reviewers, and branches are limited")
    return Look(
        subject=subject,
        state=State.PROBLEM,
        detail=", ".join(fault for fault, _ in faults),
        remedy=f"{_SETTINGS} > {environment}: {'; '.join(remedy for _, remedy in faults)}",
    )


def _faults(environment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rules = environment.get("protection_rules") or []
    if not any(rule.get("type") == "required_reviewers" and rule.get("reviewers") for rule in rules):
        yield "no required reviewers: whoever can push takes its role", "add required reviewers"
    if not environment.get("deployment_branch_policy"):
        yield "any branch may deploy", f"limit the deployment branches to {BRANCH}"


def _unknown(subject: str, error: LookupError) -> Look:
    return Look(
        subject=subject,
        state=State.UNKNOWN,
        detail=str(error),
        remedy="sign in with `gh auth login` as somebody who may read the repository's settings; it may also not exist yet",
    )
