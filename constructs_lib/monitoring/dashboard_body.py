"""Dashboards as dictionaries: widgets and how they lie on the grid. Pure functions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.monitoring.alarms.metric_alarm import Metric
from constructs_lib.monitoring.usage_cost import Line, expression

Widget = dict[str, Any]
_GRID_WIDTH = 24
_HEIGHT = 6


def text(markdown: str) -> Widget:
    """Returns a text across the whole width."""
    return {"type": "text", "width": _GRID_WIDTH, "height": 3, "properties": {"markdown": markdown}}


def alarm_states(title: str, arns: Sequence[str]) -> Widget:
    """Returns the states of alarms, of whatever region."""
    return {"type": "alarm", "width": _GRID_WIDTH, "height": 4, "properties": {"title": title, "alarms": list(arns)}}


def graph(title: str, *, region: str, metrics: Mapping[str, Metric]) -> Widget:
    """Returns a graph of metrics of one region, label -> metric."""
    lines = [_line(metric, {"label": label}) for label, metric in metrics.items()]
    return _graph({"title": title, "region": region, "view": "timeSeries", "metrics": lines})


def stacked_sums(title: str, *, region: str, lines: Sequence[Line]) -> Widget:
    """Returns a stacked graph of priced metrics of one region: only the sums are drawn."""
    drawn: list[list[Any]] = []
    for index, line in enumerate(lines):
        ids = [f"m{index}_{part}" for part in range(len(line.factors))]
        drawn.append([{"id": f"e{index}", "expression": expression(line, ids), "label": line.label}])
        for id_, (metric, _) in zip(ids, line.factors, strict=True):
            drawn.append(_line(metric, {"id": id_, "visible": False}))
    return _graph({"title": title, "region": region, "view": "timeSeries", "stacked": True, "metrics": drawn})


def _line(metric: Metric, options: Mapping[str, Any]) -> list[Any]:
    """Returns an element of a widget's `metrics`."""
    return [
        metric.namespace,
        metric.name,
        *(part for pair in metric.dimensions.items() for part in pair),
        {**options, "stat": metric.statistic, "period": metric.period_seconds},
    ]


def _graph(properties: dict[str, Any]) -> Widget:
    return {"type": "metric", "width": _GRID_WIDTH // 2, "height": _HEIGHT, "properties": properties}


def event_list(title: str, *, region: str, log_group_name: str) -> Widget:
    """Returns the newest alarm state changes of a log group, as a table.

    A query reads a few kilobytes: Logs Insights charges 0.005 USD a GB.
    """
    query = (
        f"SOURCE '{log_group_name}' | fields time, detail.alarmName as alarm, detail.previousState.value as before, "
        "detail.state.value as after, detail.state.reason as reason | sort @timestamp desc | limit 100"
    )
    return {
        "type": "log",
        "width": _GRID_WIDTH,
        "height": _HEIGHT,
        "properties": {"title": title, "region": region, "query": query, "view": "table"},
    }


def body(widgets: Sequence[Widget]) -> dict[str, Any]:
    """Returns the dashboard: widgets from left to right, a new row when one does not fit."""
    placed, x, y, row_height = [], 0, 0, 0
    for widget in widgets:
        if x + widget["width"] > _GRID_WIDTH:
            x, y, row_height = 0, y + row_height, 0
        placed.append({**widget, "x": x, "y": y})
        x, row_height = x + widget["width"], max(row_height, widget["height"])
    return {"widgets": placed}
