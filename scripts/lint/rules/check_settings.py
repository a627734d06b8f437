"""Health checks that cannot fail, cannot pass, or are refused (trap 9)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.checks import HEALTH_CHECK, health_checks
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import records
from scripts.lint.rule import Finding, Rule, at
from scripts.lint.sources import route53


def _disabled(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        check = configuration.resource(record.body.value("health_check_id"), record.resource, HEALTH_CHECK)
        # Disabled and inverted counts as unhealthy: the lever that forces a switch.
        is_plain = check is not None and check.body.is_known("invert_healthcheck")
        if check and is_plain and check.body.flag("disabled") and not check.body.flag("invert_healthcheck"):
            yield at(check, f"is disabled, and decides {record.resource.address}")


def _calculated(configuration: Configuration) -> Iterator[tuple[Resource, list[Resource]]]:
    """Yields (calculated check, the children that are known)."""
    for check in health_checks(configuration):
        if check.body.text("type") == "CALCULATED":
            yield check, configuration.listed(check.body.items("child_healthchecks"), check, HEALTH_CHECK)


def _threshold(configuration: Configuration) -> Iterator[Finding]:
    for check, _ in _calculated(configuration):
        threshold, listed = check.body.number("child_health_threshold"), check.body.value("child_healthchecks")
        if threshold == 0:
            yield at(check, "child_health_threshold 0: always healthy")
        elif threshold and isinstance(listed, list) and threshold > len(listed):
            yield at(check, f"child_health_threshold {threshold:g} of {len(listed)} children: never healthy")


def _nested(configuration: Configuration) -> Iterator[Finding]:
    for check, children in _calculated(configuration):
        for child in children:
            if child.body.text("type") == "CALCULATED":
                yield at(check, f"counts {child.address}, a calculated check")


def _no_string(configuration: Configuration) -> Iterator[Finding]:
    for check in health_checks(configuration):
        if (check.body.text("type") or "").endswith("_STR_MATCH") and check.body.is_unset("search_string"):
            yield at(check, f"{check.body.text('type')} without search_string")


_VALUES = route53("health-checks-creating-values")

RULES = (
    Rule(
        id="FW095",
        slug="disabled-check",
        title="A disabled check that decides a record",
        why="A disabled check counts as healthy (and is billed): the record never fails over.",
        source=_VALUES,
        remedy="Set disabled = false. To force a switch set invert_healthcheck = true as well.",
        check=_disabled,
    ),
    Rule(
        id="FW096",
        slug="calculated-threshold",
        title="A calculated check that always has the same status",
        why="A threshold of 0 is always healthy, one above the number of children never.",
        source=_VALUES,
        remedy="Set child_health_threshold to 1 up to the number of child_healthchecks.",
        check=_threshold,
    ),
    Rule(
        id="FW097",
        slug="nested-calculated-check",
        title="A calculated check that counts a calculated check",
        why="Route 53 refuses it at apply; plan accepts it.",
        source=_VALUES,
        remedy="List the endpoint checks themselves.",
        check=_nested,
    ),
    Rule(
        id="FW098",
        slug="match-without-string",
        title="A string match without the string",
        why="Checks of a _STR_MATCH type need a string of 1 to 255 characters; plan accepts none, apply fails.",
        source=_VALUES,
        remedy="Set search_string to a text in the first 5,120 bytes of the answer, or take the type without _STR_MATCH.",
        check=_no_string,
    ),
)
