"""All rules, one module per subject. A new rule goes into its subject's RULES and nowhere else."""

from __future__ import annotations

from scripts.lint.rule import Rule
from scripts.lint.rules import (
    alarms,
    aliases,
    buckets,
    caching,
    certificates,
    dns,
    encryption,
    endpoint,
    failover_records,
    health_checks,
    oidc,
    origins,
    replication,
    router,
    state,
)

_SUBJECTS = (
    aliases,
    failover_records,
    health_checks,
    caching,
    origins,
    buckets,
    encryption,
    replication,
    certificates,
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
