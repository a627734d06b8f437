"""What `failover doctor --repository` says of a branch and of environments."""

from typing import Any

import pytest

from scripts.onboarding.readiness import Look, State
from scripts.onboarding.repository import ENVIRONMENTS, repository

GUARDED = {
    "protection_rules": [{"type": "required_reviewers", "reviewers": [{"type": "Team"}]}],
    "deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False},
}
RULES = [{"type": "pull_request"}, {"type": "non_fast_forward"}, {"type": "required_status_checks"}]


def looks(environment: Any = GUARDED, rules: Any = RULES) -> list[Look]:
    def get(path: str) -> Any:
        found = rules if "/rules/" in path else environment
        if isinstance(found, LookupError):
            raise found
        return found

    return list(repository("org/repo", get))


def test_guarded_repository_is_ready() -> None:
    assert [look.state for look in looks()] == [State.READY] * (1 + len(ENVIRONMENTS))


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_branch_without_one_of_the_rules_is_a_problem_that_names_it(lost: int) -> None:
    branch = looks(rules=[rule for number, rule in enumerate(RULES) if number != lost])[0]
    assert (branch.state, RULES[lost]["type"] in branch.detail) == (State.PROBLEM, True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"protection_rules": []}, "no required reviewers"),
        ({"protection_rules": [{"type": "required_reviewers", "reviewers": []}]}, "no required reviewers"),
        ({"protection_rules": [{"type": "wait_timer"}]}, "no required reviewers"),
        ({"deployment_branch_policy": None}, "any branch may deploy"),
    ],
)
def test_environment_without_a_guard_is_a_problem_with_its_remedy(change: dict[str, Any], words: str) -> None:
    found = looks(environment={**GUARDED, **change})[1]
    assert (found.state, words in found.detail) == (State.PROBLEM, True)
    assert found.remedy.startswith("Settings > Environments > production: ")


def test_what_cannot_be_asked_is_unknown_and_never_ready() -> None:
    refused = LookupError("HTTP 404: Not Found")
    found = looks(environment=refused, rules=refused)
    assert {look.state for look in found} == {State.UNKNOWN}
    assert "404" in found[0].detail
