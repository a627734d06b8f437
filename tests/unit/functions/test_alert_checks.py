"""The health checks as the alert formatter sees them: healthy at Route 53's own limit, who stands in, and what is known."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from alerts.checks import Checks, ask_route53

A, B, C = "eu-central-1", "us-east-1", "ap-southeast-1"


@dataclass(frozen=True)
class Checkers:
    """A Route 53 client: so many checkers of a check get an answer, of so many."""

    succeeding: int
    of: int

    def get_health_check_status(self, *, HealthCheckId: str) -> dict[str, Any]:  # noqa: N803
        assert HealthCheckId == "id-a"
        statuses = ["Success: HTTP Status Code 200, OK"] * self.succeeding
        statuses += ["Failure: no connection"] * (self.of - self.succeeding)
        return {"HealthCheckObservations": [{"StatusReport": {"Status": status}} for status in statuses]}


@pytest.mark.parametrize(
    ("succeeding", "of", "is_healthy"),
    [(10, 50, True), (9, 50, False), (0, 50, False), (50, 50, True), (3, 16, True), (2, 16, False)],
)
def test_check_is_healthy_while_more_than_18_percent_of_its_checkers_get_an_answer(
    succeeding: int, of: int, is_healthy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html"""
    monkeypatch.setenv("CHECKS", json.dumps({A: "id-a"}))
    monkeypatch.delenv("EXTERNAL_CHECKS", raising=False)
    monkeypatch.setattr(boto3, "client", lambda *_, **__: Checkers(succeeding, of))
    found = ask_route53()
    assert (found.regions, found.has_path) == ((A,), False)
    assert found.states == {A: is_healthy}
    assert found.reasons == ({} if is_healthy else {A: "Failure: no connection"})


def checks(*regions: str, has_path: bool = True, **states: bool) -> Checks:
    """Names in keywords without their hyphens."""
    known = {"path": "path", "a": A, "b": B, "c": C, "dc": "dc-a"}
    return Checks(
        regions=regions, states={known[each]: value for each, value in states.items()}, reasons={}, has_path=has_path
    )


@pytest.mark.parametrize(
    ("found", "stands_in"),
    [
        (checks(A, B, C, a=False, b=True, c=True), B),
        (checks(A, B, C, a=False, b=False, c=True), C),
        (checks(A, B, C, a=False), B),
        (checks(A, B, C, a=False, b=False, c=False), B),
        (checks(A), A),
    ],
    ids=["first", "first that answers", "nothing known of the others", "none answers", "only one"],
)
def test_region_that_stands_in_is_the_first_other_one_that_is_not_known_to_fail(found: Checks, stands_in: str) -> None:
    assert found.other(A) == stands_in


@pytest.mark.parametrize(
    ("found", "knows_all"),
    [
        (checks(A, B, path=True, a=True, b=False), True),
        (checks(A, B, path=True, a=True, b=False, dc=True), True),
        (checks(A, B, a=True, b=True), False),
        (checks(A, B, path=True, a=True), False),
        (checks(A, B, has_path=False, a=True, b=True), True),
    ],
    ids=["all", "one more", "path unknown", "a region unknown", "no CloudFront in the name"],
)
def test_everything_is_known_when_path_and_regions_could_be_read(found: Checks, knows_all: bool) -> None:
    assert found.knows_all is knows_all
