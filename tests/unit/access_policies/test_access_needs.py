"""GitHub's roles and the boundary allow every AWS call that the work makes, as `make access ARGS="--save"` recorded them."""

import pytest

from constructs_lib.access_policies import boundary
from tests.worlds.access_scope import ACCOUNT, POLICIES, SCOPE, with_database
from tools.examples.access_check.evaluation import Policy, allows
from tools.examples.access_check.needs_file import FUNCTION, NEEDS_FILE, STACK_OF_THE_DEPLOY_ROLE

LINES = NEEDS_FILE.read_text(encoding="utf-8").splitlines()
# Nothing but the database's stacks calls these, and deploy_database is there with them alone.
OF_THE_DATABASE = ("ec2:", "rds:")
BOUNDARY = boundary.permissions_boundary(SCOPE)


def need(line: str, region: str) -> tuple[str, str, str, dict[str, str]]:
    """Returns role, action, resource and context of a line, of the site that SCOPE describes."""
    values = {
        "prefix": SCOPE.prefix,
        "project": SCOPE.project,
        "account": ACCOUNT,
        "region": region,
        "state_region": SCOPE.state_region,
        "state_bucket": SCOPE.state_bucket,
        "state_prefix": SCOPE.state_prefix,
        "stack": STACK_OF_THE_DEPLOY_ROLE,
        "name": "anything",
        "id": "1",
    }
    role, action, resource, *pairs = line.format_map(values).split(" ")
    return role, action, resource, dict(pair.split("=", 1) for pair in pairs)


def policy_of(role: str, action: str) -> Policy:
    if role == FUNCTION:
        return BOUNDARY
    return with_database() if role == "deploy" and action.startswith(OF_THE_DATABASE) else POLICIES[role]


def denied(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        for region in SCOPE.regions:
            role, action, resource, context = need(line, region)
            if not allows(policy_of(role, action), action, resource, context):
                found.append(line)
    return found


def test_roles_allow_every_call_that_was_recorded() -> None:
    assert denied(LINES) == []


@pytest.mark.parametrize("role", ["plan", "deploy", "content", "drill", "takedown", FUNCTION])
def test_recordings_hold_calls_of_every_role(role: str) -> None:
    assert sum(line.startswith(f"{role} ") for line in LINES) >= 5


def test_list_is_sorted_and_has_no_line_twice() -> None:
    assert sorted(set(LINES)) == LINES


@pytest.mark.parametrize(
    "line",
    [
        "plan s3:PutObject arn:aws:s3:::{state_bucket}/{state_prefix}{stack}.tfstate aws:RequestedRegion={state_region}",
        "deploy s3:DeleteBucket arn:aws:s3:::{prefix}-{region}-{account} aws:RequestedRegion={region}",
        "deploy sns:Unsubscribe arn:aws:sns:{region}:{account}:other-{name} aws:RequestedRegion=ap-south-1",
        "function iam:CreateRole arn:aws:iam::{account}:role/{prefix}-{name} aws:RequestedRegion=us-east-1",
    ],
)
def test_a_call_that_no_policy_allows_is_found(line: str) -> None:
    assert denied([line])
