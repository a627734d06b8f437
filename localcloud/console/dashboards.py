"""The CloudWatch dashboards that are deployed here, with their data from GetMetricData: seen before they are paid for.

Body structure: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.dataplane.clock import utc_now
from localcloud.dataplane.readers.clients import Clients
from localcloud.model.errors import UnsupportedResource
from localcloud.model.metric_math import evaluate_expression

logger = logging.getLogger(__name__)

Json = dict[str, Any]
SHOWN_AWS_SECONDS = 3600
"""How much of AWS's time a graph shows."""

DEFAULT_PERIOD_SECONDS = 300
"""Of a metric widget: CloudWatch-Dashboard-Body-Structure, `period`."""

_LISTED_EVENTS = 15
_SOURCE = re.compile(r"SOURCE '([^']+)'")
_FIELD = re.compile(r"([\w@.]+)(?:\s+as\s+(\w+))?")


class DashboardReader:
    """Reads dashboards and their data through AWS's APIs at the gateway; blocks, so call it in a thread."""

    def __init__(self, clients: Clients) -> None:
        """Read nothing yet."""
        self._clients = clients

    def read(self, *, speed: float) -> list[Json]:
        """Return every dashboard: name, widgets.

        Keys of a widget: type, title, x, y, width, height; and `series` (label, points: [seconds ago in AWS time, value]) of a
        metric, `markdown` of a text, `alarms` (name, state) of an alarm, `columns` and `rows` of a log, `problem` where it
        cannot be shown.
        """
        cloudwatch = self._clients.get("cloudwatch")
        names = [
            entry["DashboardName"]
            for page in cloudwatch.get_paginator("list_dashboards").paginate()
            for entry in page["DashboardEntries"]
        ]
        return [
            {"name": name, "widgets": list(self._widgets(cloudwatch.get_dashboard(DashboardName=name), speed))}
            for name in names
        ]

    def _widgets(self, dashboard: Json, speed: float) -> Iterator[Json]:
        for widget in json.loads(dashboard["DashboardBody"]).get("widgets", []):
            properties = widget.get("properties", {})
            shown: Json = {
                "type": widget.get("type", ""),
                "title": properties.get("title", ""),
                "x": widget.get("x", 0),
                "y": widget.get("y", 0),
                "width": widget.get("width", 6),
                "height": widget.get("height", 6),
            }
            try:
                yield shown | self._contents(shown["type"], properties, speed)
            except (
                ClientError, BotoCoreError, UnsupportedResource, KeyError, ValueError, IndexError, StopIteration,
            ) as error:  # fmt: skip
                logger.info("widget %s: %r", shown["title"], error)
                yield shown | {"problem": f"localcloud cannot show this widget: {error}"}

    def _contents(self, type_: str, properties: Json, speed: float) -> Json:
        if type_ == "text":
            return {"markdown": properties.get("markdown", "")}
        if type_ == "metric":
            return {"series": self._series(properties, speed)}
        if type_ == "alarm":
            return {"alarms": self._alarms(properties.get("alarms", []))}
        if type_ == "log":
            return self._events(properties)
        raise ValueError(f"widgets of type {type_!r} are not modelled")

    def _series(self, properties: Json, speed: float) -> list[Json]:
        """Ask GetMetricData, with each period as long on the wall as it is in AWS time."""
        region = properties.get("region", "us-east-1")
        lines = expanded_metrics(properties.get("metrics", []))
        now = utc_now()
        queries, shown, labels, expressions = [], [], {}, {}
        for index, (parts, options) in enumerate(lines):
            id_ = options.get("id") or f"line{index}"
            labels[id_] = options.get("label") or (parts[1] if len(parts) > 1 else id_)
            if options.get("visible", True):
                shown.append(id_)
            if "expression" in options:
                expressions[id_] = str(options["expression"])
                continue
            period = options.get("period") or properties.get("period") or DEFAULT_PERIOD_SECONDS
            query: Json = {"Id": id_}
            query["MetricStat"] = {
                "Metric": {
                    "Namespace": parts[0],
                    "MetricName": parts[1],
                    "Dimensions": [
                        {"Name": name, "Value": value} for name, value in zip(parts[2::2], parts[3::2], strict=True)
                    ],
                },
                "Period": max(1, round(min(int(period), SHOWN_AWS_SECONDS) / speed)),
                "Stat": options.get("stat") or properties.get("stat") or "Average",
            }
            queries.append(query)
        if not queries:
            return []
        answer = self._clients.get("cloudwatch", options_region(lines, region)).get_metric_data(
            MetricDataQueries=queries,
            StartTime=now - timedelta(seconds=SHOWN_AWS_SECONDS / speed),
            EndTime=now + timedelta(seconds=1),
            ScanBy="TimestampAscending",
        )
        found = {
            result["Id"]: dict(zip(result["Timestamps"], result["Values"], strict=True))
            for result in answer["MetricDataResults"]
        }
        found |= {id_: calculated(expression, found) for id_, expression in expressions.items()}
        return [
            {
                "label": labels[id_],
                "points": [
                    [max(0.0, round((now - moment).total_seconds() * speed, 1)), value]
                    for moment, value in found.get(id_, {}).items()
                ],
            }
            for id_ in shown
        ]

    def _alarms(self, arns: Sequence[str]) -> list[Json]:
        """Return name and state of alarms, whatever their region."""
        states: dict[str, str] = {}
        for region in sorted({arn.split(":")[3] for arn in arns}):
            pages = self._clients.get("cloudwatch", region).get_paginator("describe_alarms")
            for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
                for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])):
                    states[alarm["AlarmArn"]] = alarm["StateValue"]
        return [{"name": arn.split(":", 6)[6], "state": states.get(arn, "no such alarm")} for arn in arns]

    def _events(self, properties: Json) -> Json:
        """Return the newest events of a log group with the fields that the query names, and nothing else of Logs Insights."""
        query = properties.get("query", "")
        source = _SOURCE.search(query)
        if source is None:
            raise ValueError("the query names no log group")
        fields = next((part for part in query.split("|") if part.strip().startswith("fields ")), "fields @message")
        columns = [(path, name or path) for path, name in _FIELD.findall(fields.strip().removeprefix("fields "))]
        logs = self._clients.get("logs", properties.get("region", "us-east-1"))
        events = logs.filter_log_events(logGroupName=source[1])["events"]
        newest = sorted(events, key=lambda event: -event["timestamp"])[:_LISTED_EVENTS]
        rows = [[field_of(event["message"], path) for path, _ in columns] for event in newest]
        return {"columns": [name for _, name in columns], "rows": rows}


def calculated(expression: str, found: Mapping[str, Mapping[datetime, float]]) -> dict[datetime, float]:
    """Return metric math at every moment at which all that it names has a value; moto's GetMetricData does no arithmetic.

    Raises:
        UnsupportedResource: a function, or an operator other than + - * /.
    """
    moments = sorted({moment for points in found.values() for moment in points})
    values = (
        (moment, evaluate_expression(expression, {id_: points.get(moment) for id_, points in found.items()}))
        for moment in moments
    )
    return {moment: value for moment, value in values if value is not None}


def options_region(lines: Sequence[tuple[list[str], Json]], region: str) -> str:
    """Return the region that the lines name, or the widget's."""
    return next((str(options["region"]) for _, options in lines if "region" in options), region)


def expanded_metrics(metrics: Sequence[Sequence[Any]]) -> list[tuple[list[str], Json]]:
    """Return namespace, name and dimensions of each line, and its options; `.` and `...` repeat the line before.

    Source: CloudWatch-Dashboard-Body-Structure, "Metrics Array Format".
    """
    expanded: list[tuple[list[str], Json]] = []
    before: list[str] = []
    for line in metrics:
        options = line[-1] if line and isinstance(line[-1], dict) else {}
        parts = [str(part) for part in line if not isinstance(part, dict)]
        if parts and parts[0] == "...":
            parts = [*before[: len(before) - len(parts) + 1], *parts[1:]]
        parts = [before[index] if part == "." else part for index, part in enumerate(parts)]
        if "expression" not in options:
            before = parts
        expanded.append((parts, dict(options)))
    return expanded


def field_of(message: str, path: str) -> str:
    """Return a field of a JSON message by its dotted path, or the whole message for `@message`; empty when it is not there."""
    if path == "@message":
        return message
    try:
        found: Any = json.loads(message)
        for step in path.split("."):
            found = found[step]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(found)
