"""Origin attempts: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.model.errors import UnsupportedResource
from localcloud.model.origins import (
    DEFAULT_CONNECTION_ATTEMPTS,
    DEFAULT_CONNECTION_TIMEOUT_SECONDS,
    DEFAULT_READ_TIMEOUT_SECONDS,
    FAILOVER_METHODS,
    FAILOVER_STATUS_CODES,
    READ_RETRY_METHODS,
    Attempt,
    AttemptOutcome,
    FinalAnswer,
    Origin,
    OriginFailure,
    OriginPlan,
    attempt_seconds,
    failure_status,
    next_step,
)


def test_constants_are_those_of_the_documentation() -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginGroupFailoverCriteria.html and API_Origin.html"""
    assert sorted(FAILOVER_STATUS_CODES) == [400, 403, 404, 416, 429, 500, 502, 503, 504]
    assert (DEFAULT_CONNECTION_ATTEMPTS, DEFAULT_CONNECTION_TIMEOUT_SECONDS, DEFAULT_READ_TIMEOUT_SECONDS) == (
        3,
        10,
        30,
    )
    assert (sorted(FAILOVER_METHODS), sorted(READ_RETRY_METHODS)) == (["GET", "HEAD", "OPTIONS"], ["GET", "HEAD"])


CODES = frozenset({403, 500, 502, 503, 504})
Outcome = int | OriginFailure


def origin(id_: str = "o", attempts: int = 1) -> Origin:
    return Origin(id=id_, domain_name=f"{id_}.s3.eu-central-1.amazonaws.com", connection_attempts=attempts)


def group(attempts: int = 1) -> OriginPlan:
    return OriginPlan(members=(origin("a", attempts), origin("b", attempts)), failover_status_codes=CODES)


def play(plan: OriginPlan, method: str, *outcomes: Outcome) -> tuple[list[int], FinalAnswer]:
    """Return the members that were asked and the final answer."""
    seen: list[AttemptOutcome] = []
    while isinstance(step := next_step(plan, method, seen), Attempt):
        outcome = outcomes[len(seen)]
        if isinstance(outcome, int):
            seen.append(AttemptOutcome(member=step.member, status_code=outcome))
        else:
            seen.append(AttemptOutcome(member=step.member, failure=outcome))
    return [outcome.member for outcome in seen], step


@pytest.mark.parametrize(
    ("outcomes", "asked", "status"),
    [
        ((200,), [0], 200),
        ((404,), [0], 404),
        ((302,), [0], 302),
        ((503, 200), [0, 1], 200),
        ((403, 404), [0, 1], 404),
        ((503, 500), [0, 1], 500),
        ((OriginFailure.CONNECT_TIMEOUT, 200), [0, 1], 200),
        ((OriginFailure.REFUSED, 200), [0, 1], 200),
        ((OriginFailure.READ_TIMEOUT, 200), [0, 1], 200),
        ((OriginFailure.RESET, 200), [0, 1], 200),
        ((OriginFailure.RESET, OriginFailure.RESET), [0, 1], 502),
        ((503, OriginFailure.READ_TIMEOUT), [0, 1], 504),
        ((OriginFailure.CONNECT_TIMEOUT, OriginFailure.REFUSED), [0, 1], 502),
    ],
)
def test_origin_group_moves_on_listed_codes_and_failures_and_returns_the_secondarys_error(
    outcomes: tuple[Outcome, ...], asked: list[int], status: int
) -> None:
    members, answer = play(group(), "GET", *outcomes)
    assert (members, answer.status_code) == (asked, status)


@pytest.mark.parametrize(("method", "asked"), [("GET", 2), ("HEAD", 2), ("OPTIONS", 2), ("POST", 1), ("PUT", 1)])
def test_origin_group_fails_over_for_reading_methods_only(method: str, asked: int) -> None:
    members, _ = play(group(), method, 503, 200)
    assert len(members) == asked


def test_origin_single_origin_never_fails_over() -> None:
    assert play(OriginPlan(members=(origin(),), failover_status_codes=CODES), "GET", 503)[0] == [0]


@pytest.mark.parametrize(
    ("failure", "method", "asked"),
    [
        (OriginFailure.CONNECT_TIMEOUT, "GET", [0, 0, 0, 1]),
        (OriginFailure.CONNECT_TIMEOUT, "OPTIONS", [0, 0, 0, 1]),
        (OriginFailure.READ_TIMEOUT, "GET", [0, 0, 0, 1]),
        (OriginFailure.READ_TIMEOUT, "OPTIONS", [0, 1]),
    ],
)
def test_origin_attempts_are_used_up_before_the_second_member(
    failure: OriginFailure, method: str, asked: list[int]
) -> None:
    """Read timeouts are retried for GET and HEAD only:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html"""
    outcomes = [failure] * (len(asked) - 1)
    assert play(group(attempts=3), method, *outcomes, 200)[0] == asked


def test_origin_error_status_is_not_retried_on_the_same_origin() -> None:
    assert play(group(attempts=3), "GET", 503, 200)[0] == [0, 1]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (OriginFailure.READ_TIMEOUT, 504),
        (OriginFailure.CONNECT_TIMEOUT, 504),
        (OriginFailure.REFUSED, 502),
        (OriginFailure.TLS, 502),
        (OriginFailure.DNS, 502),
    ],
)
def test_origin_silence_is_504_and_the_rest_502(failure: OriginFailure, status: int) -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-504-gateway-timeout.html"""
    assert failure_status(failure) == status


@pytest.mark.parametrize(
    ("policy", "from_http", "from_https"),
    [("http-only", False, False), ("https-only", True, True), ("match-viewer", False, True)],
)
def test_custom_origin_is_asked_by_the_protocol_of_its_policy(policy: str, from_http: bool, from_https: bool) -> None:
    """RequestAndResponseBehaviorCustomOrigin.html"""
    asked = replace(origin(), is_s3=False, protocol_policy=policy)
    assert asked.is_asked_over_tls(viewer_is_secure=False) is from_http
    assert asked.is_asked_over_tls(viewer_is_secure=True) is from_https


def test_origin_attempt_lasts_its_timeout() -> None:
    assert attempt_seconds(origin(), OriginFailure.CONNECT_TIMEOUT) == 10
    assert attempt_seconds(origin(), OriginFailure.READ_TIMEOUT) == 30
    assert attempt_seconds(origin(), OriginFailure.REFUSED) == 0


@pytest.mark.parametrize("count", [0, 3])
def test_origin_plan_rejects_a_group_without_two_members(count: int) -> None:
    with pytest.raises(UnsupportedResource, match="exactly two"):
        OriginPlan(members=tuple(origin() for _ in range(count)))


OUTCOMES = st.one_of(st.sampled_from([200, 302, 404, 403, 500, 503]), st.sampled_from(OriginFailure))


@given(st.lists(OUTCOMES, min_size=8, max_size=8), st.integers(1, 3), st.sampled_from(["GET", "OPTIONS", "POST"]))
def test_origin_attempts_end_and_never_go_back(outcomes: list[Outcome], attempts: int, method: str) -> None:
    members, answer = play(group(attempts), method, *outcomes)
    assert members == sorted(members)
    assert len(members) <= 2 * attempts
    last = outcomes[len(members) - 1]
    assert answer.status_code == (last if isinstance(last, int) else failure_status(last))
    assert answer.is_from_origin is isinstance(last, int)
