"""Replication that is refused, overwritten, or copies nothing (trap 21)."""

from __future__ import annotations

import fnmatch
from collections import Counter, defaultdict
from collections.abc import Iterator

from scripts.lint.buckets import BUCKET, bucket_statements
from scripts.lint.model import Configuration, Resource
from scripts.lint.policies import Statement, statements
from scripts.lint.replication import REPLICATION, ReplicationRule, prefix_of, replication_rules, replications
from scripts.lint.roles import ROLE, rights
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import s3
from scripts.lint.values import Block, Expression, Value

# What a bucket has one of: a second resource writes over the first.
_ONE_PER_BUCKET = (
    REPLICATION,
    "aws_s3_bucket_policy",
    "aws_s3_bucket_versioning",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_notification",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_website_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_cors_configuration",
)
_OBJECT_ACTIONS = (
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersion",
)


def _markers_without_filter(configuration: Configuration) -> Iterator[Finding]:
    for rule in replication_rules(configuration):
        has_filter = rule.body.value("filter") not in (None, [])
        if not has_filter and rule.body.blocks("delete_marker_replication"):
            yield at(rule.holder, f"rule {rule.name} has delete_marker_replication and no filter")


def _setting_twice(configuration: Configuration) -> Iterator[Finding]:
    for type_ in _ONE_PER_BUCKET:
        by_bucket: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in configuration.of_type(type_):
            if key := _bucket_key(configuration, resource):
                by_bucket[key].append(resource)
        for sharing in by_bucket.values():
            for resource in sharing[1:]:
                yield at(resource, f"is for the same bucket as {sharing[0].address}")


def _bucket_key(configuration: Configuration, resource: Resource) -> tuple[str, str] | None:
    """Returns what tells a resource's bucket from others, None when it is not known."""
    value = resource.body.value("bucket")
    bucket = configuration.resource(value, resource, BUCKET)
    if bucket is not None:
        is_one = not bucket.body.values.keys() & {"for_each", "count"}
        return bucket.key if is_one else None
    return ("", value) if isinstance(value, str) else None


def _priority_twice(configuration: Configuration) -> Iterator[Finding]:
    by_holder: dict[tuple[str, str], list[ReplicationRule]] = defaultdict(list)
    for rule in replication_rules(configuration):
        if rule.body.value("filter") not in (None, []) and rule.body.is_known("priority"):
            by_holder[rule.holder.key].append(rule)
    for rules in by_holder.values():
        priorities = Counter(rule.body.number("priority") or 0 for rule in rules)
        for priority in sorted(priority for priority, count in priorities.items() if count > 1):
            yield at(rules[0].holder, f"{priorities[priority]} rules have priority {priority:g}")


def _all_disabled(configuration: Configuration) -> Iterator[Finding]:
    for holder, _ in replications(configuration):
        is_inline = holder.type == BUCKET
        body = holder.body.block("replication_configuration") if is_inline else holder.body
        rules = body.items("rules" if is_inline else "rule")
        known = [Block(rule) for rule in rules if isinstance(rule, dict)]
        if rules and len(known) == len(rules) and all(rule.text("status") == "Disabled" for rule in known):
            yield at(holder, "every rule is Disabled")


def _role_cannot(configuration: Configuration) -> Iterator[Finding]:
    for rule in replication_rules(configuration):
        role = configuration.resource(rule.role, rule.holder, ROLE)
        if role is not None and not role.is_data and (reason := _missing_right(configuration, rule, role)):
            yield at(rule.holder, f"{role.address} {reason}")


def _missing_right(configuration: Configuration, rule: ReplicationRule, role: Resource) -> str | None:
    trust = statements(configuration, role.body.value("assume_role_policy"), role)
    if trust is not None and not any(one.is_for("Service", "s3.amazonaws.com") for one in trust if one.is_allow):
        return "does not let s3.amazonaws.com take it"
    held = rights(configuration, role)
    if not held.is_everything or held.managed:
        return None
    copies_markers = rule.body.block("delete_marker_replication").text("status") == "Enabled"
    writes = ("s3:ReplicateObject", *(("s3:ReplicateDelete",) if copies_markers else ()))
    wanted: list[tuple[tuple[str, ...], Resource | None]] = [(("s3:GetReplicationConfiguration",), rule.source)]
    wanted += [(("s3:GetObjectVersionForReplication", "s3:GetObjectVersion"), rule.source)]
    wanted += [((action,), rule.destination) for action in writes if _needs_the_role(configuration, rule.destination)]
    key = prefix_of(rule.body)
    for actions, bucket in wanted:
        if not any(_is_allowed(configuration, held.statements, action, bucket, role, key) for action in actions):
            return f"may not {actions[0]}{f' in {bucket.address}' if bucket else ''}"
    return None


def _needs_the_role(configuration: Configuration, destination: Resource | None) -> bool:
    """Whether the destination's own policy certainly does not let others write: it has none, or says nothing of it."""
    if destination is None:
        return True
    if not configuration.users(destination, "aws_s3_bucket_policy", "bucket"):
        return True
    policy = bucket_statements(configuration, destination)
    return policy is not None and not any(statement.allows("s3:ReplicateObject") for statement in policy)


def _is_allowed(
    configuration: Configuration,
    held: tuple[Statement, ...],
    action: str,
    bucket: Resource | None,
    near: Resource,
    prefix: str | None,
) -> bool:
    """Whether a statement allows an action for a bucket and the keys below a prefix, or may: an unknown one may be any."""
    return any(
        statement.allows(action)
        and (
            not statement.resources
            or any(_may_cover(configuration, one, action, bucket, near, prefix) for one in statement.resources)
        )
        for statement in held
    )


def _may_cover(
    configuration: Configuration,
    resource: Value,
    action: str,
    bucket: Resource | None,
    near: Resource,
    prefix: str | None,
) -> bool:
    is_object = action in _OBJECT_ACTIONS
    if isinstance(resource, Expression):
        if bucket is None or not resource.is_whole:
            return True
        named = configuration.listed([resource], near, BUCKET)
        is_other = bool(named) and bucket not in named
        return not is_other and not (is_object and resource.text.endswith(".arn}"))
    if not isinstance(resource, str) or bucket is None or (name := bucket.body.text("bucket")) is None:
        return True
    if is_object and prefix is None:
        return resource.startswith(f"arn:aws:s3:::{name}/") or "*" in resource
    arn = f"arn:aws:s3:::{name}{f'/{prefix}key' if is_object else ''}"
    return fnmatch.fnmatchcase(arn, resource.replace("[", "[[]").replace("arn:aws-cn:", "arn:aws:"))


_PERMISSIONS = s3("setting-repl-config-perm-overview")
_DOCUMENTATION = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources"

RULES = (
    Rule(
        id="FW215",
        slug="markers-without-filter",
        title="Delete markers set in a rule without a filter",
        why="A rule without a filter is of the first form, which knows no such setting: S3 answers InvalidRequest at apply, "
        "plan accepts it.",
        source=s3("replication-add-config"),
        remedy="Add filter {} (all objects), or leave delete_marker_replication out.",
        check=_markers_without_filter,
    ),
    Rule(
        id="FW216",
        slug="bucket-setting-twice",
        title="Two resources for the one setting of a bucket",
        why="A bucket has one replication configuration, one policy, and one of each other setting: each apply lets one "
        "resource write over the other.",
        source=f"{_DOCUMENTATION}/s3_bucket_replication_configuration",
        remedy="Put all rules, or statements, into one resource.",
        check=_setting_twice,
    ),
    Rule(
        id="FW217",
        severity=Severity.ERROR,
        slug="role-cannot-replicate",
        title="A replication role without the rights to replicate",
        why="S3 takes the configuration and then copies nothing: the second region stays empty or old, and nothing fails until "
        "it is needed.",
        source=_PERMISSIONS,
        remedy="Let the role s3:GetReplicationConfiguration, s3:ListBucket and s3:GetObjectVersionForReplication at the source, "
        "and s3:ReplicateObject, s3:ReplicateDelete, s3:ReplicateTags at DESTINATION/*; trust s3.amazonaws.com.",
        check=_role_cannot,
    ),
    Rule(
        id="FW218",
        slug="priority-twice",
        title="Two replication rules with the same priority",
        why="Rules with a filter need a priority each, and 0 is what is left out: S3 answers InvalidRequest at apply, plan "
        "accepts it.",
        source=f"{_DOCUMENTATION}/s3_bucket_replication_configuration",
        remedy="Give each rule a priority of its own.",
        check=_priority_twice,
    ),
    Rule(
        id="FW219",
        severity=Severity.WARNING,
        slug="replication-disabled",
        title="Replication of which every rule is switched off",
        why="Nothing is copied: the second region serves what it had when the rules were switched off.",
        source=s3("replication-add-config"),
        remedy='Set status = "Enabled", or take the configuration out.',
        check=_all_disabled,
    ),
)
