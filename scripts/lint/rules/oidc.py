"""Trust in GitHub's tokens (trap 30)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.policies import Statement, statements
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.values import Value

_ISSUER = "token.actions.githubusercontent.com"
_SUBJECT = f"{_ISSUER}:sub"
# repo:ORG/REPO:rest, where the newer form has ORG@ORGID/REPO@REPOID.
_OLD_SUBJECT = re.compile(r"repo:[^@/:]+/[^@/:]+:.+")
# A wildcard before the repository's name has begun; what the pattern starts with may be one too.
_ANY_REPOSITORY = re.compile(r"[*?].*|repo:[^/]*[*?].*|repo:[^/]+/[*?].*")


def _trusts(configuration: Configuration) -> Iterator[tuple[Resource, Statement]]:
    for role in configuration.of_type("aws_iam_role"):
        for statement in statements(configuration, role.body.value("assume_role_policy"), role) or []:
            if statement.is_allow and any(
                kind == "Federated" and _is_github(configuration, role, name) for kind, name in statement.principals
            ):
                yield role, statement


def _is_github(configuration: Configuration, role: Resource, provider: Value) -> bool:
    """Whether a principal is GitHub's provider: by its ARN, or by the resource or data source that it is a reference to."""
    found = configuration.resource(provider, role, "aws_iam_openid_connect_provider")
    text = getattr(provider, "text", provider) if found is None else found.body.text("url")
    return isinstance(text, str) and _ISSUER in text


def _any_repository(configuration: Configuration) -> Iterator[Finding]:
    for role, statement in _trusts(configuration):
        subjects = _subjects(statement)
        if statement.knows_conditions and not subjects and not _has_other_binding(statement):
            yield at(role, "trusts every repository on GitHub: no condition that the subject has to meet")
        for subject, takes_wildcards in subjects:
            if isinstance(subject, str) and takes_wildcards and _ANY_REPOSITORY.fullmatch(subject):
                yield at(role, f"trusts subject {subject}")


def _subjects(statement: Statement) -> list[tuple[Value, bool]]:
    """Returns (subject, whether wildcards in it count) of the comparisons that a token's subject has to meet.

    StringNotLike and its like let everybody else in, and so does ForAllValues for a token without the claim.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return [
        (value, operator == "stringlike")
        for condition in statement.conditions
        for operator in [condition.operator.lower().removeprefix("foranyvalue:")]
        if condition.key == _SUBJECT and operator in ("stringequals", "stringequalsignorecase", "stringlike")
        for value in condition.values
    ]


def _has_other_binding(statement: Statement) -> bool:
    """Whether another claim than the audience is compared, such as repository_id."""
    return any(condition.key not in (f"{_ISSUER}:aud", _SUBJECT) for condition in statement.conditions)


def _old_subject_only(configuration: Configuration) -> Iterator[Finding]:
    for role, statement in _trusts(configuration):
        subjects = [subject for subject, _ in _subjects(statement)]
        known = [subject for subject in subjects if isinstance(subject, str)]
        named = [subject for subject in known if not _ANY_REPOSITORY.fullmatch(subject)]
        if named and len(known) == len(subjects) and all(_OLD_SUBJECT.fullmatch(subject) for subject in named):
            yield at(role, f"trusts only the old subject form: {named[0]}")


_HARDENING = "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws"

RULES = (
    Rule(
        id="FW301",
        severity=Severity.WARNING,
        slug="oidc-any-repository",
        title="OIDC trust in every repository of an organisation",
        why="Any repository, also a new or forked one, can then take the role.",
        source=_HARDENING,
        remedy="Name the repository and the branch or environment, and compare aud with sts.amazonaws.com.",
        check=_any_repository,
    ),
    Rule(
        id="FW302",
        severity=Severity.WARNING,
        slug="oidc-old-subject",
        title="OIDC trust in the old subject form only",
        why="Repositories made, renamed or moved after 2026-07-15 send repo:ORG@ORGID/REPO@REPOID: the role cannot "
        "be taken any more.",
        source="https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims",
        remedy="List both forms of the subject.",
        check=_old_subject_only,
    ),
)
