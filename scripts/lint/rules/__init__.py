"""All rules, one module per subject. A new rule goes into its subject's RULES and nowhere else."""

from __future__ import annotations

from scripts.lint.rule import Rule
from scripts.lint.rules import (
    access,
    alarms,
    aliases,
    buckets,
    caching,
    certificates,
    check_kinds,
    check_settings,
    copying,
    dns,
    encryption,
    endpoint,
    failover_records,
    groups,
    health_checks,
    oidc,
    origins,
    record_sets,
    recovery,
    replication,
    router,
    signing,
    state,
    switching,
    timeouts,
    validation,
    virginia,
)

_SUBJECTS = (
    aliases,
    failover_records,
    record_sets,
    switching,
    health_checks,
    check_settings,
    check_kinds,
    caching,
    timeouts,
    origins,
    groups,
    buckets,
    signing,
    access,
    encryption,
    replication,
    copying,
    certificates,
    validation,
    virginia,
    router,
    endpoint,
    alarms,
    recovery,
    state,
    oidc,
    dns,
)

ALL_RULES: tuple[Rule, ...] = tuple(
    sorted((rule for subject in _SUBJECTS for rule in subject.RULES), key=lambda rule: rule.id)
)
