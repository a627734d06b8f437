"""Health checks that follow a CloudWatch alarm: reads the metric through AWS's API and keeps each check's last verdict.

Metrics are kept in real time, whatever localcloud's speed: a period of 60 s is 60 real seconds.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.dataplane.readers.clients import Clients
from localcloud.model.errors import UnsupportedResource
from localcloud.model.health import CheckType, HealthCheck
from localcloud.model.metric_alarm import AlarmSettings, alarm_from_api, follows_metric, with_insufficient_data

logger = logging.getLogger(__name__)

READ_INTERVAL_REAL_SECONDS = 1.0


class MetricChecks:
    """Follows the metric of every CLOUDWATCH_METRIC check."""

    def __init__(self, *, clients: Clients, on_change: Callable[[], None]) -> None:
        """Read nothing yet. `on_change` is called when a check's health changed."""
        self._clients = clients
        self._on_change = on_change
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._checks: dict[str, HealthCheck] = {}
        self._health: dict[str, bool] = {}
        self._last_known: dict[str, bool] = {}

    @property
    def health(self) -> Mapping[str, bool]:
        """Health check id -> whether its metric is healthy, before the check's own levers; missing until it was read."""
        return self._health

    def follow(self, checks: Mapping[str, HealthCheck]) -> None:
        """Start and stop readers so that they match these checks."""
        wanted = {id_: check for id_, check in checks.items() if check.type is CheckType.CLOUDWATCH_METRIC}
        for id_ in [id_ for id_ in self._tasks if wanted.get(id_) != self._checks[id_]]:
            self._tasks.pop(id_).cancel()
        for id_ in self._health.keys() - wanted.keys():
            del self._health[id_]
        self._checks = wanted
        for id_, check in wanted.items():
            if id_ not in self._tasks:
                self._tasks[id_] = asyncio.create_task(self._read_forever(check))

    async def close(self) -> None:
        """Stop reading."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_forever(self, check: HealthCheck) -> None:
        while True:
            try:
                self._note(check, await asyncio.to_thread(self._verdict, check))
            except (BotoCoreError, ClientError, UnsupportedResource, KeyError) as error:
                logger.error("health check %s: %s", check.id, error)
                self._note(check, None)
            await asyncio.sleep(READ_INTERVAL_REAL_SECONDS)

    def _note(self, check: HealthCheck, verdict: bool | None) -> None:
        if verdict is not None:
            self._last_known[check.id] = verdict
        health = with_insufficient_data(
            verdict, status=check.insufficient_data_status, last_known=self._last_known.get(check.id, True)
        )
        if self._health.get(check.id) != health:
            self._health[check.id] = health
            logger.info("metric of health check %s is %s", check.id, "healthy" if health else "unhealthy")
            self._on_change()

    def _verdict(self, check: HealthCheck) -> bool | None:
        client = self._clients.get("cloudwatch", check.alarm_region or "us-east-1")
        found = client.describe_alarms(AlarmNames=[check.alarm_name])["MetricAlarms"]
        if not found:
            return None
        alarm = alarm_from_api(found[0])
        return follows_metric(alarm, _values(client, alarm, datetime.now(UTC)))


def _values(client: object, alarm: AlarmSettings, now: datetime) -> list[float | None]:
    """Return the metric's values of the last whole periods, the oldest first."""
    period = alarm.period_seconds
    end = _period_start(now, period)
    starts = [end - timedelta(seconds=period * back) for back in range(alarm.evaluation_periods, 0, -1)]
    answer = client.get_metric_statistics(  # type: ignore[attr-defined]  # boto3 makes clients at run time
        Namespace=alarm.namespace,
        MetricName=alarm.metric_name,
        Dimensions=[{"Name": name, "Value": value} for name, value in alarm.dimensions],
        StartTime=starts[0],
        EndTime=end,
        Period=period,
        Statistics=[alarm.statistic],
    )
    # moto gives a period's point the time of its first datum, AWS the period's start.
    by_start = {
        _period_start(point["Timestamp"], period): float(point[alarm.statistic]) for point in answer["Datapoints"]
    }
    return [by_start.get(start) for start in starts]


def _period_start(moment: datetime, period_seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // period_seconds * period_seconds, UTC)
