"""Reading the metrics of a dashboard's widgets."""

from typing import Any

import pytest

from localcloud.console.dashboards import expanded_metrics, field_of, options_region


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


def test_fields_of_a_log_event() -> None:
    message = '{"detail": {"state": {"value": "ALARM"}}}'
    assert field_of(message, "detail.state.value") == "ALARM"
    assert field_of(message, "detail.state.reason") == field_of("no JSON", "detail") == ""
    assert field_of("no JSON", "@message") == "no JSON"
