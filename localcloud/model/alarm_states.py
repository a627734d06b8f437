"""CloudWatch alarms: what a row of data points makes of an alarm's state.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html, "Evaluating an alarm"
and "Configuring how CloudWatch alarms treat missing data".
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from localcloud.model.errors import UnsupportedResource

# CloudWatch looks further back than the evaluation periods; the page's examples look at 5 data points for 3 periods.
_MORE_PERIODS = 2


class AlarmState(Enum):
    """`StateValue`."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCondition:
    """When a metric alarm is in ALARM.

    Attributes:
        comparison: `ComparisonOperator`.
        datapoints_to_alarm: M of "M out of N".
        evaluation_periods: N.
        treat_missing_data: missing, ignore, breaching or notBreaching.
    """

    comparison: str
    threshold: float
    datapoints_to_alarm: int
    evaluation_periods: int
    treat_missing_data: str = "missing"

    def __post_init__(self) -> None:
        """Refuse anomaly detection.

        Raises:
            UnsupportedResource: a comparison with a band.
        """
        if self.comparison not in _COMPARISONS:
            raise UnsupportedResource(
                f"alarm with {self.comparison}", reason="anomaly detection bands are not modelled"
            )

    @property
    def evaluation_range(self) -> int:
        """How many periods back CloudWatch looks."""
        return self.evaluation_periods + _MORE_PERIODS

    def breaches(self, value: float) -> bool:
        """Whether a data point is on the wrong side of the threshold."""
        return _COMPARISONS[self.comparison](value, self.threshold)


def evaluate(condition: AlarmCondition, datapoints: Sequence[float | None]) -> AlarmState | None:
    """Return the state that the data points call for; None = the state is kept.

    Args:
        condition: the alarm.
        datapoints: one a period of the evaluation range, the newest last; None where there is no data.
    """
    wanted = condition.evaluation_periods
    real = [condition.breaches(value) for value in datapoints if value is not None]
    if len(real) >= wanted:
        return _judge(condition, real[-wanted:])
    missing = wanted - len(real)
    match condition.treat_missing_data:
        case "breaching":
            return _judge(condition, [*real, *[True] * missing])
        case "notBreaching":
            return _judge(condition, [*real, *[False] * missing])
        case "ignore":
            return _judge_without_missing(condition, real)
        case _:
            return _judge_premature(condition, real)


def _judge(condition: AlarmCondition, breaching: Sequence[bool]) -> AlarmState:
    return AlarmState.ALARM if sum(breaching) >= condition.datapoints_to_alarm else AlarmState.OK


def _judge_without_missing(condition: AlarmCondition, real: Sequence[bool]) -> AlarmState | None:
    """Change the state only when what is missing could not change the verdict."""
    if sum(real) >= condition.datapoints_to_alarm:
        return AlarmState.ALARM
    could_still_breach = condition.evaluation_periods - len(real)
    if sum(real) + could_still_breach < condition.datapoints_to_alarm:
        return AlarmState.OK
    return None


def _judge_premature(condition: AlarmCondition, real: Sequence[bool]) -> AlarmState:
    """Judge by the data there is: "premature alarm state" when all of it breaches."""
    if not real:
        return AlarmState.INSUFFICIENT_DATA
    return AlarmState.ALARM if all(real) or sum(real) >= condition.datapoints_to_alarm else AlarmState.OK
