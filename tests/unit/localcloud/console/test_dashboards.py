"""Reading the metrics of a dashboard's widgets."""

from datetime import UTC, datetime
from typing import Any

import pytest

from localcloud.console.dashboards import calculated, expanded_metrics, field_of, options_region
from localcloud.model.errors import UnsupportedResource


@pytest.mark.parametrize(
    ("metrics", "parts"),
    [
        ([["AWS/X", "A", "Id", "1"], [".", "B", ".", "."]], ["AWS/X", "B", "Id", "1"]),
        ([["AWS/X", "A", "Id", "1"], ["...", "2"]], ["AWS/X", "A", "Id", "2"]),
        ([["AWS/X", "A", "Id", "1", "Z", "q"], ["...", "2", "Z", "r"]], ["AWS/X", "A", "Id", "2", "Z", "r"]),
        ([["AWS/X", "A", "Id", "1"], [{"expression": "m1"}], [".", "C", ".", "."]], ["AWS/X", "C", "Id", "1"]),
    ],
)
def test_dots_repeat_the_line_before(metrics: list[list[Any]], parts: list[str]) -> None:
    assert expanded_metrics(metrics)[-1][0] == parts


def test_options_of_a_line_stay_with_it() -> None:
    [(_, options), (_, none)] = expanded_metrics([["N", "A", {"stat": "Sum", "region": "eu-west-1"}], ["N", "B"]])
    assert options == {"stat": "Sum", "region": "eu-west-1"}
    assert none == {}
    assert options_region([([], none), ([], options)], "us-east-1") == "eu-west-1"
    assert options_region([([], none)], "us-east-1") == "us-east-1"


def test_a_first_line_of_dots_is_an_error() -> None:
    with pytest.raises(IndexError):
        expanded_metrics([[".", "A"]])


def test_metric_math_is_calculated_where_everything_that_it_names_is_known() -> None:
    first, second = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)
    found = {"m": {first: 2.0, second: 3.0}, "n": {second: 10.0}}
    assert calculated("m * 0.5", found) == {first: 1.0, second: 1.5}
    assert calculated("m + n * 2", found) == {second: 23.0}
    with pytest.raises(UnsupportedResource, match="FILL"):
        calculated("FILL(m, 0)", found)


def test_fields_of_a_log_event() -> None:
    message = '{"detail": {"state": {"value": "ALARM"}}}'
    assert field_of(message, "detail.state.value") == "ALARM"
    assert field_of(message, "detail.state.reason") == field_of("no JSON", "detail") == ""
    assert field_of("no JSON", "@message") == "no JSON"
