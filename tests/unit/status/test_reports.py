"""Health checks and alarms as AWS reports them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.status.reports import alarm_report, check_report

SUCCESS, FAILURE = "Success: HTTP Status Code 200, OK", "Failure: Connection timed out"
NAMES = ("site-a-alarm-path-unhealthy", "site-a-alarm-region-unhealthy.eu-central-1")


class Route53:
    """Answers with these statuses; none: it refuses."""

    def __init__(self, *statuses: str) -> None:
        self._statuses = statuses

    def get_health_check_status(self, *, HealthCheckId: str) -> dict[str, Any]:  # noqa: N803
        assert HealthCheckId == "id-path"
        if not self._statuses:
            raise refusal("GetHealthCheckStatus")
        return {"HealthCheckObservations": [{"StatusReport": {"Status": each}} for each in self._statuses]}


def refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


# "more than 18% of health checkers": 1 of 5 is enough, 1 of 6 is not.
@pytest.mark.parametrize(
    ("succeeding", "failing", "is_healthy"), [(3, 0, True), (1, 4, True), (1, 5, False), (0, 3, False)]
)
def test_check_is_healthy_while_enough_checkers_get_an_answer(succeeding: int, failing: int, is_healthy: bool) -> None:
    found = check_report(Route53(*[SUCCESS] * succeeding, *[FAILURE] * failing), "path", "id-path")
    assert (found.succeeding, found.checkers, found.is_healthy) == (succeeding, succeeding + failing, is_healthy)
    assert found.reason == (FAILURE if failing else None)


def test_check_that_cannot_be_asked_is_unknown() -> None:
    found = check_report(Route53(), "path", "id-path")
    assert (found.is_healthy, found.error is not None) == (None, True)
    assert "GetHealthCheckStatus on the health check path (id-path) failed: AccessDenied" in str(found.error)


class CloudWatch:
    """Has these alarms on."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def get_paginator(self, operation: str) -> "CloudWatch":
        assert operation == "describe_alarms"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        if not self._names:
            raise refusal("DescribeAlarms")
        assert asked["AlarmNamePrefix"] == "site-a-alarm-"
        assert asked["StateValue"] == "ALARM"
        on = [{"AlarmName": name, "StateValue": "ALARM"} for name in self._names]
        return [
            {"MetricAlarms": [{"AlarmName": f"{name}-over", "StateValue": "OK"} for name in self._names]},
            {"MetricAlarms": on},
        ]


def test_alarms_that_are_on_are_the_sites_own() -> None:
    names = (*NAMES, f"{NAMES[0]}-over")
    found = alarm_report(lambda _region: CloudWatch("site-a-alarm-of-somebody-else", *NAMES), "us-east-1", names)
    assert (found.names, found.error) == (NAMES, None)


def test_region_whose_alarms_cannot_be_asked_is_unknown() -> None:
    found = alarm_report(lambda _region: CloudWatch(), "us-east-1", NAMES)
    assert found.names == ()
    assert "site-a-alarm-* in us-east-1 failed: AccessDenied" in str(found.error)
