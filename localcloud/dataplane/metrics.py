"""What the data plane observes, counted up and sent to the gateway's CloudWatch.

AWS publishes a data point a minute; here they leave more often, and alarms see the same sums, rates and extremes.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

REPORT_INTERVAL_REAL_SECONDS = 0.5
CLOUDFRONT_REGION = "us-east-1"
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html"""

Send = Callable[[list[dict[str, Any]]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(slots=True, kw_only=True)
class _Observed:
    count: int
    sum: float
    minimum: float
    maximum: float


class Metrics:
    """Counts what happens until it is sent."""

    def __init__(self) -> None:
        self._observed: dict[_Series, _Observed] = {}
        self._requests: Counter[tuple[str, int]] = Counter()

    def request_served(self, distribution_id: str, status_code: int) -> None:
        """Count a viewer's request. The rates are percentages of all requests.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html
        """
        self._requests[distribution_id, status_code // 100] += 1

    def api_answered(self, region: str, api_id: str, status_code: int) -> None:
        """Count a request to an HTTP API.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
        """
        values = {
            "Count": 1.0,
            "4xx": float(400 <= status_code < 500),
            "5xx": float(500 <= status_code < 600),
        }
        for name, value in values.items():
            self._add(region, "AWS/ApiGateway", name, {"ApiId": api_id}, value)

    def function_ran(self, function_arn: str, *, is_error: bool) -> None:
        """Count an invocation, and an error or its absence.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        region, name = function_arn.split(":")[3], function_arn.split(":")[6]
        for metric, value in {"Invocations": 1.0, "Errors": float(is_error)}.items():
            self._add(region, "AWS/Lambda", metric, {"FunctionName": name}, value)

    def function_throttled(self, function_arn: str) -> None:
        """Count an invocation that Lambda refused; it is neither an invocation nor an error (same source)."""
        region, name = function_arn.split(":")[3], function_arn.split(":")[6]
        self._add(region, "AWS/Lambda", "Throttles", {"FunctionName": name}, 1.0)

    def taken(self) -> list[dict[str, Any]]:
        """Return what was counted since the last call, as the gateway takes it."""
        self._add_requests()
        observed, self._observed = self._observed, {}
        return [
            {
                "region": series.region,
                "namespace": series.namespace,
                "name": series.name,
                "dimensions": dict(series.dimensions),
                "count": found.count,
                "sum": found.sum,
                "minimum": found.minimum,
                "maximum": found.maximum,
            }
            for series, found in observed.items()
        ]

    async def report_forever(self, send: Send) -> None:
        """Send what was counted, now and then, until cancelled."""
        while True:
            await asyncio.sleep(REPORT_INTERVAL_REAL_SECONDS)
            data = self.taken()
            if data:
                await send(data)

    def _add_requests(self) -> None:
        """Turn the counted requests into the metrics of their distributions."""
        requests, self._requests = self._requests, Counter()
        for (distribution_id, hundreds), count in requests.items():
            dimensions = {"DistributionId": distribution_id, "Region": "Global"}
            values = {
                "Requests": 1.0,
                "4xxErrorRate": 100.0 * (hundreds == 4),
                "5xxErrorRate": 100.0 * (hundreds == 5),
            }
            for name, value in values.items():
                self._add(CLOUDFRONT_REGION, "AWS/CloudFront", name, dimensions, value, count=count)

    def _add(
        self, region: str, namespace: str, name: str, dimensions: Mapping[str, str], value: float, *, count: int = 1
    ) -> None:
        series = _Series(region=region, namespace=namespace, name=name, dimensions=tuple(sorted(dimensions.items())))
        found = self._observed.get(series)
        if found is None:
            self._observed[series] = _Observed(count=count, sum=count * value, minimum=value, maximum=value)
            return
        found.count += count
        found.sum += count * value
        found.minimum = min(found.minimum, value)
        found.maximum = max(found.maximum, value)
