"""Asks another region whether its alarms are still there. A failed run is the message: CloudWatch counts it as an error.

Environment: WATCHED_REGION; ALARM_PREFIX, how the names of the alarms that must live there begin.
"""

import os
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})


def handler(_event: object, _context: object) -> dict[str, Any]:
    """Returns how many alarms the watched region holds.

    Raises:
        RuntimeError: the region's CloudWatch does not answer, or the alarms are gone.
    """
    region = os.environ["WATCHED_REGION"]
    try:
        count = _count_alarms(region)
    except Exception as error:
        raise RuntimeError(f"CloudWatch in {region} does not answer: {type(error).__name__}: {error}") from error
    if not count:
        raise RuntimeError(f"CloudWatch in {region} answers, but holds no alarm {os.environ['ALARM_PREFIX']}*")
    return {"region": region, "alarms": count}


def _count_alarms(region: str) -> int:
    client = boto3.client("cloudwatch", region_name=region, config=_CONFIG)
    answer = client.describe_alarms(AlarmNamePrefix=os.environ["ALARM_PREFIX"])
    return len(answer["MetricAlarms"])
