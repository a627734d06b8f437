"""Our own examples fall into none of the traps that `failover lint` knows."""

from typing import Any

from scripts.lint.distributions import distributions
from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES
from scripts.lint.unread import unread

Stacks = dict[str, dict[str, Any]]


def _configuration(stacks: Stacks) -> Configuration:
    return Configuration([read_document(name, document) for name, document in stacks.items()])


def test_example_lints_clean(stacks: Stacks) -> None:
    found = lint(_configuration(stacks), ALL_RULES)
    assert [(violation.rule.id, violation.finding.address, violation.finding.detail) for violation in found] == []


def test_linter_sees_the_buckets_of_other_stacks_behind_every_origin(stacks: Stacks) -> None:
    """Clean would mean little if references between the stacks led nowhere."""
    for distribution in distributions(_configuration(stacks)):
        assert all(distribution.bucket_of(origin) for origin in distribution.origins.values())


def test_linter_can_look_into_all_of_an_example(stacks: Stacks) -> None:
    assert list(unread(_configuration(stacks))) == []
