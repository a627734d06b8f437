"""The roles of a recorded deployment: their policies as the provider sent them to IAM, and what each call needs of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tools.examples.access_check.actions import Need
from tools.examples.access_check.calls import Call
from tools.examples.access_check.evaluation import Policy, allows, together
from tools.examples.access_check.needs import needs
from tools.examples.access_check.resources import ACCOUNT

JOBS = ("plan", "deploy", "content", "drill", "takedown")

# What the deploy role is not to do: deletions of data and of the zone are an administrator's (docs/SECURITY.md).
ADMINISTRATORS_ACTIONS = frozenset(
    {
        "dynamodb:DeleteTable",
        "dynamodb:DeleteTableReplica",
        "rds:DeleteDBInstance",
        "route53:DeleteHostedZone",
        "s3:DeleteBucket",
    }
)


# Makes what policies know by its tag. If a single one carries none, the tag is presumed of nothing of its service.
_MAKES_WHAT_IS_KNOWN_BY_TAGS = frozenset(
    {
        "acm:RequestCertificate",
        "cloudfront:CreateDistribution",
        "cloudfront:CreateDistributionWithTags",
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateVpc",
        "kms:CreateKey",
        "kms:ReplicateKey",
    }
)
_KNOWN_BY_TAGS = re.compile(r"arn:aws:(?:(acm|ec2|kms):.*|(cloudfront):.*:distribution)/(?!new$)")


@dataclass(slots=True, kw_only=True)
class Role:
    """A role as the calls of a deployment made it.

    Attributes:
        policies: its own, by name, and those beside them, by ARN.
        boundary: ARN of its permissions boundary.
    """

    policies: dict[str, Policy] = field(default_factory=dict)
    boundary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One right that a role's work needs, and whether its policies give it.

    Attributes:
        role: plan, deploy, content, drill or takedown, or the name of a function's role.
        boundary_allows: whether the permissions boundary does; true where the role has none.
    """

    role: str
    operation: str
    need: Need
    is_allowed: bool
    boundary_allows: bool


class Deployment:
    """What the calls of a log tell of roles, functions and tags."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.roles: dict[str, Role] = {}
        self._managed: dict[str, Policy] = {}
        self._role_of_function: dict[str, str] = {}
        self.project = ""
        self._untagged: set[str] = set()
        for call in calls:
            if call.status < 300:
                self._note(call)

    def _note(self, call: Call) -> None:
        name = call.get("RoleName") or ""
        match f"{call.service}:{call.operation}":
            case "iam:CreateRole":
                self.roles[name] = Role(boundary=call.get("PermissionsBoundary"))
                self.project = call.tags.get("Project", self.project)
            case "iam:PutRolePolicy":
                self.roles[name].policies[str(call.get("PolicyName"))] = json.loads(call.parameters["PolicyDocument"])
            case "iam:CreatePolicy":
                arn = f"arn:aws:iam::{ACCOUNT}:policy/{call.get('PolicyName')}"
                self._managed[arn] = json.loads(call.parameters["PolicyDocument"])
            case "iam:AttachRolePolicy":
                arn = str(call.get("PolicyArn"))
                self.roles[name].policies[arn] = self._managed[arn]
            case "lambda:CreateFunction":
                self._role_of_function[str(call.get("FunctionName"))] = str(call.get("Role")).rpartition("/")[2]
            case operation if operation in _MAKES_WHAT_IS_KNOWN_BY_TAGS and "Project" not in call.tags:
                self._untagged.add(call.service)

    def role_of(self, caller: str) -> tuple[str, Role] | None:
        """Returns the role that a caller has; None for an administrator, localcloud itself and whoever it does not know."""
        if caller in JOBS:
            return caller, next(role for name, role in self.roles.items() if name.endswith(f"-ci-{caller}"))
        name = self._role_of_function.get(caller)
        return (name, self.roles[name]) if name else None

    def judged(self, calls: Iterable[Call]) -> list[Judgement]:
        """Returns what every call of a role needs, each need once, and whether it is allowed."""
        found: dict[tuple[str, str, str, str], Judgement] = {}
        for call in calls:
            known = self.role_of(call.caller)
            for need in needs(call) if known else ():
                role, policies = known or ("", Role())
                context = {**need.context, **self._of_resource(need)}
                key = (role, need.action, need.resource, json.dumps(context, sort_keys=True))
                if key in found or (role == "deploy" and need.action in ADMINISTRATORS_ACTIONS):
                    continue
                asked = Need(action=need.action, resource=need.resource, context=context)
                found[key] = self._judge(role, policies, f"{call.service}:{call.operation}", asked)
        return [found[key] for key in sorted(found)]

    def _judge(self, name: str, role: Role, operation: str, need: Need) -> Judgement:
        boundary = self._managed.get(role.boundary or "")
        return Judgement(
            role=name,
            operation=operation,
            need=need,
            is_allowed=allows(together(*role.policies.values()), need.action, need.resource, need.context),
            boundary_allows=boundary is None or allows(boundary, need.action, need.resource, need.context),
        )

    def _of_resource(self, need: Need) -> dict[str, str]:
        """Condition keys of the resource: the tag of what the stacks have made, and the boundary of their roles."""
        found: dict[str, str] = {}
        match, resource = _KNOWN_BY_TAGS.match(need.resource), need.resource
        if match and match[match.lastindex or 0] not in self._untagged:
            found["aws:ResourceTag/Project"] = self.project
        role = self.roles.get(resource.rpartition("/")[2]) if resource.startswith("arn:aws:iam:") else None
        if role and role.boundary and "iam:PermissionsBoundary" not in need.context:
            found["iam:PermissionsBoundary"] = role.boundary
        return found
