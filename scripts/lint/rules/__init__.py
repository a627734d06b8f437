"""All rules, one module per subject. A new rule goes into its subject's RULES and nowhere else."""

from __future__ import annotations

from scripts.lint.rule import Rule
from scripts.lint.rules import (
    alarms,
    aliases,
    buckets,
    caching,
    certificates,
    check_settings,
    dns,
    encryption,
    endpoint,
    failover_records,
    health_checks,
    oidc,
    origins,
    record_sets,
    replication,
    router,
    signing,
    state,
    timeouts,
    validation,
)

_SUBJECTS = (
    aliases,
    failover_records,
    record_sets,
    health_checks,
    check_settings,
    caching,
    timeouts,
    origins,
    buckets,
    signing,
    encryption,
    replication,
    certificates,
    validation,
    router,
    endpoint,
    alarms,
    state,
    oidc,
    dns,
)

ALL_RULES: tuple[Rule, ...] = tuple(
    sorted((rule for subject in _SUBJECTS for rule in subject.RULES), key=lambda rule: rule.id)
)
