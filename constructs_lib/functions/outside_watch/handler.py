"""Asks another region whether it is still there. A failed run is the message: CloudWatch counts it as an error.

Environment: WATCHED_REGION; ALARM_PREFIX, how the names of the alarms that must live there begin; BUCKET and KEY, the region's
own health object, if the region serves the site.
"""

import os
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})


def handler(_event: object, _context: object) -> dict[str, Any]:
    """Returns how many alarms the watched region holds.

    Raises:
        RuntimeError: the region's CloudWatch or S3 does not answer, or the alarms are gone.
    """
    region = os.environ["WATCHED_REGION"]
    count = _asked("CloudWatch", region, _count_alarms)
    if not count:
        raise RuntimeError(f"CloudWatch in {region} answers, but holds no alarm {os.environ['ALARM_PREFIX']}*")
    if "BUCKET" in os.environ:
        _asked("S3", region, _read_marker)
    return {"region": region, "alarms": count}


def _asked(service: str, region: str, question: Any) -> Any:  # noqa: ANN401  what the question returns
    try:
        return question(region)
    except Exception as error:
        raise RuntimeError(f"{service} in {region} does not answer: {type(error).__name__}: {error}") from error


def _count_alarms(region: str) -> int:
    client = boto3.client("cloudwatch", region_name=region, config=_CONFIG)
    answer = client.describe_alarms(AlarmNamePrefix=os.environ["ALARM_PREFIX"])
    return len(answer["MetricAlarms"])


def _read_marker(region: str) -> None:
    client = boto3.client("s3", region_name=region, config=_CONFIG)
    client.get_object(Bucket=os.environ["BUCKET"], Key=os.environ["KEY"])["Body"].read()
