"""Health checks: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_facts import health_checks
from localcloud.model.errors import UnsupportedResource
from localcloud.model.health import (
    CheckerState,
    CheckType,
    HealthCheck,
    ProbeFailure,
    ProbeResult,
    after_probe,
    health_by_check,
    health_check_from_api,
    is_endpoint_healthy,
    judge_body,
    judge_status,
)


def check(id_: str = "c", type_: CheckType = CheckType.HTTPS, **fields: Any) -> HealthCheck:
    return HealthCheck(id=id_, type=type_, **fields)


def opinions(healthy: int, sick: int) -> list[CheckerState]:
    return [CheckerState(is_healthy=True)] * healthy + [CheckerState(is_healthy=False)] * sick


def run(results: str, threshold: int, state: CheckerState | None = None) -> CheckerState:
    """Feed results: `+` success, `-` failure."""
    state = state or CheckerState()
    for result in results:
        state = after_probe(state, is_success=result == "+", failure_threshold=threshold)
    return state


@pytest.mark.parametrize(
    ("results", "threshold", "expected"),
    [
        ("", 3, True),
        ("--", 3, True),
        ("---", 3, False),
        ("--+--", 3, True),
        ("---++", 3, False),
        ("---+++", 3, True),
        ("---++-++", 3, False),
        ("-", 1, False),
        ("-+", 1, True),
    ],
)
def test_checker_flips_after_threshold_equal_results_both_ways(results: str, threshold: int, expected: bool) -> None:
    assert run(results, threshold).is_healthy is expected


@given(st.text("+-"), st.integers(1, 10))
def test_checker_opinion_is_that_of_the_last_run_of_threshold_equal_results(results: str, threshold: int) -> None:
    expected = True
    for end in range(len(results) + 1):
        window = results[max(0, end - threshold) : end]
        if len(window) == threshold and len(set(window)) == 1:
            expected = window[0] == "+"
    assert run(results, threshold).is_healthy is expected


@given(st.text("+-"), st.integers(1, 10))
def test_checker_is_symmetric(results: str, threshold: int) -> None:
    mirrored = results.translate(str.maketrans("+-", "-+"))
    sick_start = CheckerState(is_healthy=False)
    assert run(results, threshold).is_healthy is not run(mirrored, threshold, sick_start).is_healthy


@pytest.mark.parametrize(
    ("healthy", "sick", "expected"),
    [(18, 82, False), (19, 81, True), (1, 5, False), (2, 14, False), (3, 13, True), (2, 4, True), (0, 6, False)],
)
def test_endpoint_is_healthy_when_more_than_18_percent_say_so(healthy: int, sick: int, expected: bool) -> None:
    assert is_endpoint_healthy(opinions(healthy, sick)) is expected


def test_endpoint_without_checkers_is_healthy() -> None:
    assert is_endpoint_healthy([]) is True


@given(st.integers(0, 30), st.integers(1, 30))
def test_endpoint_one_more_healthy_checker_never_makes_it_sick(healthy: int, sick: int) -> None:
    before, after = opinions(healthy, sick), opinions(healthy + 1, sick - 1)
    assert is_endpoint_healthy(after) or not is_endpoint_healthy(before)


@pytest.mark.parametrize(
    ("inverted", "disabled", "endpoint_healthy", "expected"),
    [
        (False, False, True, True),
        (False, False, False, False),
        (True, False, True, False),
        (True, False, False, True),
        (False, True, False, True),
        (True, True, True, False),
        (True, True, False, False),
    ],
)
def test_check_levers_disabled_is_healthy_inverted_flips_both_force_unhealthy(
    inverted: bool, disabled: bool, endpoint_healthy: bool, expected: bool
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html"""
    item = check(is_inverted=inverted, is_disabled=disabled)
    checkers = opinions(6 if endpoint_healthy else 0, 0 if endpoint_healthy else 6)
    assert health_by_check({"c": item}, {"c": checkers}) == {"c": expected}


def test_check_starts_healthy_and_inverted_unhealthy() -> None:
    checks = {"plain": check("plain"), "inverted": check("inverted", is_inverted=True)}
    assert health_by_check(checks, {}) == {"plain": True, "inverted": False}


@pytest.mark.parametrize(
    ("threshold", "sick", "expected"),
    [(0, "a b", True), (1, "a", True), (1, "a b", False), (2, "a", False), (2, "", True), (3, "", False)],
)
def test_calculated_check_wants_threshold_healthy_children(threshold: int, sick: str, expected: bool) -> None:
    """0 is always healthy, more than there are children never."""
    checks = {
        "a": check("a"),
        "b": check("b"),
        "sum": check("sum", CheckType.CALCULATED, child_ids=("a", "b"), health_threshold=threshold),
    }
    assert health_by_check(checks, {id_: opinions(0, 6) for id_ in sick.split()})["sum"] is expected


@pytest.mark.parametrize(("is_inverted", "expected"), [(False, True), (True, False)])
def test_calculated_check_counts_a_disabled_child_as_healthy_unless_it_is_inverted(
    is_inverted: bool, expected: bool
) -> None:
    checks = {
        "a": check("a", is_disabled=True, is_inverted=is_inverted),
        "sum": check("sum", CheckType.CALCULATED, child_ids=("a",), health_threshold=1),
    }
    assert health_by_check(checks, {"a": opinions(0, 6)})["sum"] is expected


def test_calculated_check_does_not_count_a_missing_child() -> None:
    checks = {"sum": check("sum", CheckType.CALCULATED, child_ids=("gone",), health_threshold=1)}
    assert health_by_check(checks, {})["sum"] is False


def test_calculated_check_rejects_a_calculated_child() -> None:
    checks = {
        "inner": check("inner", CheckType.CALCULATED),
        "outer": check("outer", CheckType.CALCULATED, child_ids=("inner",)),
    }
    with pytest.raises(UnsupportedResource, match="calculated check"):
        health_by_check(checks, {})


@pytest.mark.parametrize(("status", "expected"), [("Healthy", True), ("Unhealthy", False), ("LastKnownStatus", True)])
def test_metric_check_has_insufficient_data(status: str, expected: bool) -> None:
    item = check("m", CheckType.CLOUDWATCH_METRIC, insufficient_data_status=status)
    assert health_by_check({"m": item}, {}) == {"m": expected}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(199, False), (200, True), (299, True), (301, True), (399, True), (400, False), (503, False)],
)
def test_probe_passes_2xx_and_3xx(status: int, expected: bool) -> None:
    assert judge_status(status).is_success is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"all OK here", None),
        (b"all ok here", ProbeFailure.STRING_NOT_FOUND),
        (b"x" * 5118 + b"OK", None),
        (b"x" * 5119 + b"OK", ProbeFailure.STRING_NOT_FOUND),
    ],
)
def test_probe_string_is_case_sensitive_and_whole_in_the_first_5120_bytes(
    body: bytes, expected: ProbeFailure | None
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html"""
    assert judge_body(judge_status(200), body, "OK").failure is expected


def test_probe_status_text_is_what_aws_shows() -> None:
    assert judge_status(200, "OK").status_text == "Success: HTTP Status Code 200, OK"
    assert judge_status(503, "Service Unavailable").status_text == (
        "Failure: HTTP Status Code 503, Service Unavailable"
    )
    assert ProbeResult().status_text == "Success: connected"


@pytest.mark.parametrize(
    ("type_", "port", "expected"),
    [("HTTP", None, "a.test"), ("HTTPS", 443, "a.test"), ("HTTPS", 8443, "a.test:8443"), ("HTTP", 443, "a.test:443")],
)
def test_health_check_host_header_has_the_port_unless_it_is_the_default(
    type_: str, port: int | None, expected: str
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html"""
    config = {"Type": type_, "FullyQualifiedDomainName": "a.test", **({"Port": port} if port else {})}
    assert health_check_from_api({"Id": "c", "HealthCheckConfig": config}).host_header == expected


def test_health_check_defaults_are_aws_defaults() -> None:
    item = health_check_from_api({"Id": "c", "HealthCheckConfig": {"Type": "HTTPS"}})
    assert (item.request_interval_seconds, item.failure_threshold, len(item.regions)) == (30, 3, 8)
    assert (item.resource_path, item.endpoint_port, item.enable_sni) == ("/", 443, True)


def test_health_check_rejects_a_type_that_is_not_modelled() -> None:
    with pytest.raises(UnsupportedResource, match="RECOVERY_CONTROL"):
        health_check_from_api({"Id": "c", "HealthCheckConfig": {"Type": "RECOVERY_CONTROL"}})


@pytest.mark.parametrize("value", [True, False])
def test_levers_of_a_check_are_read_from_the_api(value: bool) -> None:
    config = {"Type": "HTTPS", "Inverted": value, "Disabled": value, "EnableSNI": not value}
    item = health_check_from_api({"Id": "c", "HealthCheckConfig": config})
    assert (item.is_inverted, item.is_disabled, item.enable_sni) == (value, value, not value)


def test_what_a_check_leaves_out_has_route_53s_defaults() -> None:
    # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    item = health_check_from_api(
        {"Id": "c", "HealthCheckConfig": {"Type": "CALCULATED", "InsufficientDataHealthStatus": "Healthy"}}
    )
    assert (item.health_threshold, item.insufficient_data_status) == (0, "Healthy")
    assert HealthCheck(id="c", type=CheckType.CALCULATED).health_threshold == 0


def test_budgets_of_a_probe_are_the_documented_ones() -> None:
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
    budgets = (health_checks.TCP_CONNECT_BUDGET_SECONDS, health_checks.HTTP_CONNECT_BUDGET_SECONDS)
    assert budgets == (10.0, 4.0)
    assert (health_checks.HTTP_RESPONSE_BUDGET_SECONDS, health_checks.HTTP_BODY_BUDGET_SECONDS) == (2.0, 2.0)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (ProbeResult(status_code=200, reason="OK"), "Success: HTTP Status Code 200, OK"),
        (ProbeResult(), "Success: connected"),
        (ProbeResult(failure=ProbeFailure.DNS), ProbeFailure.DNS.value),
    ],
)
def test_observation_is_told_as_route_53_tells_it(result: ProbeResult, text: str) -> None:
    assert result.status_text == text
