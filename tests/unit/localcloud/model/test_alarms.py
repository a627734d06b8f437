"""CloudWatch's documented alarm behaviour: missing data, M out of N, metric math, composite rules, schedules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.model.alarm_rules import MalformedRule, alarms_of_rule, rule_holds
from localcloud.model.alarm_states import AlarmCondition, AlarmState, evaluate
from localcloud.model.errors import UnsupportedResource
from localcloud.model.metric_math import evaluate_expression
from localcloud.model.schedules import rate_seconds

OK, ALARM, NO_DATA, KEPT = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, None
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html, the tables of "How alarm state is
# evaluated when data is missing": 0 is within the threshold, X breaches it, - is missing; the newest is last.
THREE_OF_THREE = [
    ("0 - X - X", OK, OK, OK, OK),
    ("0 - - - -", OK, OK, OK, OK),
    ("- - - - -", NO_DATA, KEPT, ALARM, OK),
    ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
    ("- - X - -", ALARM, KEPT, ALARM, OK),
]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def condition(treatment: str = "missing", *, datapoints: int = 3, periods: int = 3) -> AlarmCondition:
    return AlarmCondition(
        comparison="GreaterThanThreshold",
        threshold=0,
        datapoints_to_alarm=datapoints,
        evaluation_periods=periods,
        treat_missing_data=treatment,
    )


def points(row: str) -> list[float | None]:
    return [{"0": 0.0, "X": 1.0, "-": None}[point] for point in row.split()]


@pytest.mark.parametrize(
    ("row", "treatment", "state"),
    [
        (row, treatment, state)
        for row, *states in THREE_OF_THREE
        for treatment, state in zip(TREATMENTS, states, strict=True)
    ],
)
def test_missing_data_is_treated_as_documented(row: str, treatment: str, state: AlarmState | None) -> None:
    assert evaluate(condition(treatment), points(row)) is state


def test_m_out_of_n_needs_m_of_the_newest_n() -> None:
    assert evaluate(condition(datapoints=2), points("X X 0 0 X")) is OK
    assert evaluate(condition(datapoints=2), points("0 0 X 0 X")) is ALARM


def test_evaluation_range_is_wider_than_the_periods() -> None:
    assert condition().evaluation_range == 5


@given(st.lists(st.sampled_from([0.0, 1.0, None]), min_size=5, max_size=5))
def test_more_data_points_needed_never_turn_ok_into_alarm(row: list[float | None]) -> None:
    if evaluate(condition("notBreaching", datapoints=2), row) is OK:
        assert evaluate(condition("notBreaching", datapoints=3), row) is OK


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("GreaterThanThreshold", [False, False, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_comparison_breaches_on_its_side_of_the_threshold(comparison: str, breaching: list[bool]) -> None:
    alarm = AlarmCondition(comparison=comparison, threshold=1, datapoints_to_alarm=1, evaluation_periods=1)
    assert [alarm.breaches(value) for value in (0, 1, 2)] == breaching


def test_anomaly_detection_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedResource, match="LessThanLowerThreshold"):
        AlarmCondition(comparison="LessThanLowerThreshold", threshold=1, datapoints_to_alarm=1, evaluation_periods=1)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("path * (1 - region)", 1),
        ("path + region * 2", 1),
        ("-path", -1),
        ("path / region", None),
        ("path - gone", None),
    ],
)
def test_metric_math_is_arithmetic_over_what_has_data(expression: str, value: float | None) -> None:
    assert evaluate_expression(expression, {"path": 1, "region": 0, "gone": None}) == value


@pytest.mark.parametrize("expression", ["FILL(path, 0)", "path ** 2", "unknown + 1", "path *"])
def test_metric_math_beyond_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedResource, match="metric math"):
        evaluate_expression(expression, {"path": 1})


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('ALARM("ill")', True),
        ("ALARM(ill)", True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:ill)", True),
        ("OK(ill)", False),
        ("INSUFFICIENT_DATA(new)", True),
        ("ALARM(nobody)", False),
        ("NOT ALARM(well)", True),
        ("ALARM(ill) AND OK(well)", True),
        ("FALSE AND TRUE OR TRUE", True),
        ("FALSE AND (TRUE OR TRUE)", False),
        ("NOT FALSE AND FALSE", False),
        ('(ALARM("ill") OR ALARM("well")) AND NOT (ALARM("new"))', True),
    ],
)
def test_composite_rule_is_read_as_documented(rule: str, holds: bool) -> None:
    states = {"ill": ALARM, "well": OK, "new": NO_DATA}
    assert rule_holds(rule, states) is holds


@pytest.mark.parametrize("rule", ["", "ALARM()", "ALARM(a) OR", "(TRUE", "TRUE FALSE", "a AND b", "NOT"])
def test_composite_rule_rejects_what_is_none(rule: str) -> None:
    with pytest.raises(MalformedRule):
        rule_holds(rule, {})


def test_composite_rule_names_its_alarms() -> None:
    assert alarms_of_rule('ALARM("a b") AND NOT (OK(c) OR TRUE)') == {"a b", "c"}


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600), ("rate(2 days)", 172800)],
)
def test_schedule_rate_is_read(expression: str, seconds: int) -> None:
    assert rate_seconds(expression) == seconds


@pytest.mark.parametrize("expression", ["rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "cron(0 12 * * ? *)"])
def test_schedule_that_aws_or_we_refuse_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedResource, match="schedule"):
        rate_seconds(expression)
