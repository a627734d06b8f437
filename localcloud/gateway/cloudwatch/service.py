"""CloudWatch as the gateway sees it: requests go to moto, and a thread does what AWS does by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from localcloud.gateway.clock import AwsClock, utc_now
from localcloud.gateway.cloudwatch.alarm_board import EVALUATION_SECONDS, AlarmBoard
from localcloud.gateway.cloudwatch.deliveries import Deliveries
from localcloud.gateway.cloudwatch.event_rules import EventRules
from localcloud.gateway.cloudwatch.metric_store import MetricKey, MetricStore, StatisticSet, single_value
from localcloud.gateway.cloudwatch.moto_alarms import (
    patch_cloudwatch,
    patch_composite_alarms,
    patch_metric_reads,
    patch_sns,
)
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.snapshots.gate import Gate
from localcloud.gateway.timeline import Note, unnoted
from localcloud.gateway.wire import JsonObject

LOG = logging.getLogger(__name__)

GLOBAL_REGION = "us-east-1"
_TICK_AWS_SECONDS = 2.0
_SHORTEST_TICK_REAL_SECONDS = 0.02
_LONGEST_TICK_REAL_SECONDS = 0.5


class CloudWatchService:
    """Metrics, alarms, event rules and their deliveries."""

    STATE: ClassVar[tuple[str, ...]] = ("_sampled_until_seconds",)

    def __init__(
        self,
        *,
        clock: AwsClock,
        route53: Route53Store,
        regions: Callable[[], list[str]],
        gate: Gate,
        note: Note = unnoted,
    ) -> None:
        self._gate = gate
        self.deliveries = Deliveries(note)
        self._clock = clock
        self._route53 = route53
        self._regions = regions
        self._metrics = MetricStore()
        self._rules = EventRules(self.deliveries)
        self._board = AlarmBoard(self._metrics, self._rules, note)
        self._sampled_until_seconds = 0.0
        self._install_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def install(self) -> None:
        """Patch moto and start the clockwork, with the first request to CloudWatch, SNS or EventBridge: it imports them all."""
        with self._install_lock:
            if self._thread is not None:
                return
            patch_cloudwatch(self._board, self.record)
            patch_composite_alarms()
            patch_metric_reads(self._service_data)
            patch_sns(self.deliveries)
            self._thread = threading.Thread(target=self._run, name="cloudwatch", daemon=True)
            self._thread.start()

    @property
    def is_installed(self) -> bool:
        """Whether the clockwork runs."""
        return self._thread is not None

    def close(self) -> None:
        """Stop the clockwork."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def record(self, key: MetricKey, point: StatisticSet) -> None:
        """Add a data point, now."""
        self._metrics.put(key, point, at_seconds=self._clock.now_seconds())

    def record_all(self, data: Iterable[JsonObject]) -> None:
        """Add what the data plane observed.

        Raises:
            KeyError: an entry lacks one of region, namespace, name, dimensions, count, sum, minimum, maximum.
        """
        for entry in data:
            dimensions = frozenset((str(name), str(value)) for name, value in entry["dimensions"].items())
            key = MetricKey(
                region=entry["region"], namespace=entry["namespace"], name=entry["name"], dimensions=dimensions
            )
            point = StatisticSet(
                count=entry["count"], sum=entry["sum"], minimum=entry["minimum"], maximum=entry["maximum"]
            )
            self.record(key, point)

    def _service_data(
        self, region: str, names: Collection[tuple[str, str]] | None
    ) -> list[tuple[MetricKey, datetime, StatisticSet]]:
        """Return the points of AWS's own metrics, at the wall-clock time at which they came."""
        now = utc_now()
        return [
            (key, now - timedelta(seconds=self._clock.real_seconds_ago(moment)), point)
            for key, moment, point in self._metrics.service_points(region, names)
        ]

    def alarm_states(self) -> list[JsonObject]:
        """Return the state of every alarm, see `AlarmBoard.states`; none before the first request to CloudWatch."""
        with self._install_lock:
            return [] if self._thread is None else self._board.states(self._regions())

    def publish_event(self, region: str, event: JsonObject) -> None:
        """Send a service's event to the rules of a region."""
        self._rules.publish(region, event)

    def tick(self) -> None:
        """Do what is due: sample the health checks, run schedules, evaluate alarms."""
        now = self._clock.now_seconds()
        self._sample_health_checks(now)
        regions = self._regions()
        self._rules.run_schedules(regions, now_seconds=now)
        self._board.evaluate_all(regions, now_seconds=now)

    def _run(self) -> None:
        while not self._stopped.wait(self._pause_real_seconds()):
            try:
                with self._gate.passing():
                    self.tick()
            except Exception:  # the next tick may work; a silent stop would look like health
                LOG.exception("CloudWatch's clockwork")

    def _pause_real_seconds(self) -> float:
        pause = self._clock.real_seconds(_TICK_AWS_SECONDS)
        return min(max(pause, _SHORTEST_TICK_REAL_SECONDS), _LONGEST_TICK_REAL_SECONDS)

    def _sample_health_checks(self, now_seconds: float) -> None:
        """Add each check's status and percentage, one data point a minute, those of minutes that were slept through included.

        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
        """
        with self._route53.lock:
            reports = dict(self._route53.health_reports)
        moment = max(self._sampled_until_seconds, now_seconds - 10 * EVALUATION_SECONDS)
        while moment <= now_seconds:
            for id_, report in reports.items():
                self._sample("HealthCheckStatus", id_, float(report.is_healthy), moment)
                if report.percentage_healthy is not None:
                    self._sample("HealthCheckPercentageHealthy", id_, report.percentage_healthy, moment)
                if report.healthy_children is not None:
                    self._sample("ChildHealthCheckHealthyCount", id_, float(report.healthy_children), moment)
            moment += EVALUATION_SECONDS / 4
        self._sampled_until_seconds = moment

    def _sample(self, name: str, health_check_id: str, value: float, at_seconds: float) -> None:
        dimensions = frozenset({("HealthCheckId", health_check_id)})
        key = MetricKey(region=GLOBAL_REGION, namespace="AWS/Route53", name=name, dimensions=dimensions)
        self._metrics.put(key, single_value(value), at_seconds=at_seconds)
