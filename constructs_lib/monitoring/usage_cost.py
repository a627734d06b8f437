"""What the use of a region costs a day, as metric math on metrics that AWS keeps free of charge. An estimate, before free tiers.

`AWS/Billing EstimatedCharges` knows services and accounts and no region
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html). What has no free
metric is left out: requests to S3 (request metrics cost 0.30 USD each), replication, and what costs the same whatever happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.monitoring.alarms import metrics
from constructs_lib.monitoring.alarms.metric_alarm import Metric

DAY_SECONDS = 86_400
_DAYS_A_MONTH = 30
_GIGABYTE = 1024**3
_MILLISECONDS = 1000

# USD. scripts/cost/prices.toml has the same ones with their sources; tests/synth/test_monitoring.py compares them.
PRICES = {
    "s3_gigabyte_month": 0.0245,
    "http_api_request": 0.0000012,
    "lambda_request": 0.0000002,
    "lambda_gigabyte_second": 0.0000133334,
    "internet_gigabyte": 0.09,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a graph.

    Attributes:
        label: what it costs.
        factors: metrics, each with USD for a unit of it; the line is their sum.
    """

    label: str
    factors: Sequence[tuple[Metric, float]]


def usage_cost(bucket_name: str, api_id: str, function_name: str, *, memory_megabytes: int) -> Sequence[Line]:
    """Returns the lines of a region in USD a day: its bucket, and its endpoint's API, function and bytes."""
    gigabyte_second = PRICES["lambda_gigabyte_second"] * memory_megabytes / 1024 / _MILLISECONDS
    api, function = metrics.http_api, metrics.function
    return (
        Line(
            label="stored in S3",
            factors=[(_stored_bytes(bucket_name), PRICES["s3_gigabyte_month"] / _GIGABYTE / _DAYS_A_MONTH)],
        ),
        Line(
            label="endpoint's requests",
            factors=[(api(api_id, "Count", "Sum", period_seconds=DAY_SECONDS), PRICES["http_api_request"])],
        ),
        Line(
            label="endpoint's function",
            factors=[
                (function(function_name, "Invocations", "Sum", period_seconds=DAY_SECONDS), PRICES["lambda_request"]),
                (function(function_name, "Duration", "Sum", period_seconds=DAY_SECONDS), gigabyte_second),
            ],
        ),
        Line(
            label="endpoint's bytes",
            factors=[
                (
                    api(api_id, "DataProcessed", "Sum", period_seconds=DAY_SECONDS),
                    PRICES["internet_gigabyte"] / _GIGABYTE,
                )
            ],
        ),
    )


def expression(line: Line, ids: Sequence[str]) -> str:
    """Returns the line as metric math, `ids` being those of its metrics; prices have no exponent, which AWS does not document."""
    priced = zip(ids, line.factors, strict=True)
    return " + ".join(f"{id_} * {price:.18f}".rstrip("0") for id_, (_, price) in priced)


def _stored_bytes(bucket_name: str) -> Metric:
    """Returns what a bucket holds, older versions too, once a day.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
    """
    return Metric(
        namespace="AWS/S3",
        name="BucketSizeBytes",
        dimensions={"BucketName": bucket_name, "StorageType": "StandardStorage"},
        statistic="Average",
        period_seconds=DAY_SECONDS,
    )
