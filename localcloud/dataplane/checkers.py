"""The health checkers: a few for each region of each check, uncoordinated, and the health they add up to."""

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_facts.health_checks import CHECKERS_PER_REGION, HTTP_CONNECT_BUDGET_SECONDS, HTTP_RESPONSE_BUDGET_SECONDS
from localcloud.dataplane.clock import AwsClock, rfc3339_now
from localcloud.dataplane.faults import Fault, FaultBoard, FaultKind
from localcloud.dataplane.probe import Ports, probe
from localcloud.model.addresses import loopback_of
from localcloud.model.health import (
    CHECKER_REGIONS,
    PROBING_TYPES,
    CheckerState,
    CheckType,
    HealthCheck,
    ProbeFailure,
    ProbeResult,
    after_probe,
    health_by_check,
    judge_status,
)

logger = logging.getLogger(__name__)

# Real seconds between two reports of one check, unless its health changes.
REPORT_INTERVAL_REAL_SECONDS = 0.5


@dataclass(slots=True, kw_only=True)
class _Checker:
    region: str
    address: str
    phase: float
    state: CheckerState = field(default_factory=CheckerState)
    last: ProbeResult | None = None
    checked_time: str = ""

    def observation(self) -> dict[str, str]:
        return {
            "region": self.region,
            "ip_address": self.address,
            "status": self.last.status_text if self.last else "",
            "checked_time": self.checked_time,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one checker thinks; `seen` is its last observation in Route 53's words, empty before the first."""

    region: str
    is_healthy: bool
    seen: str


@dataclass(slots=True, kw_only=True)
class _Checked:
    check: HealthCheck
    checkers: list[_Checker]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    report_due: asyncio.Event = field(default_factory=asyncio.Event)


class HealthCheckers:
    """All checkers of all health checks."""

    def __init__(
        self,
        *,
        resolve_address: Callable[[str], str | None],
        report: Callable[[str, Mapping[str, Any]], Awaitable[None]],
        faults: FaultBoard,
        clock: AwsClock,
        ports: Ports,
        metric_health: Callable[[], Mapping[str, bool]] = dict,
    ) -> None:
        """Probe nothing yet; `follow` starts the checkers.

        Args:
            resolve_address: Name -> IPv4 address by the hosted zones, None without an A record.
            report: Called with a check's id and what its checkers saw.
            faults: Faults of the targets `health-checker:<region>`.
            clock: AWS time.
            ports: The real ports of localcloud's addresses.
            metric_health: Health of the checks that follow a metric: see `MetricChecks`; `refresh` tells of its changes.
        """
        self._metric_health = metric_health
        self._reports: set[asyncio.Future[None]] = set()
        self._resolve_address = resolve_address
        self._report = report
        self._faults = faults
        self._clock = clock
        self._ports = ports
        self._checked: dict[str, _Checked] = {}
        self._checks: Mapping[str, HealthCheck] = {}
        self._health: dict[str, bool] = {}
        self._reported: dict[str, dict[str, Any]] = {}

    @property
    def health(self) -> Mapping[str, bool]:
        """Health check id -> healthy, right now."""
        return self._health

    def follow(self, checks: Mapping[str, HealthCheck]) -> None:
        """Start, stop and restart checkers so that they match these checks; opinions of kept ones live on."""
        self._checks = checks
        for id_ in [id_ for id_, checked in self._checked.items() if checks.get(id_) != checked.check]:
            self._stop(self._checked[id_])
            if id_ not in checks:
                del self._checked[id_]
        for id_, check in checks.items():
            known = self._checked.get(id_)
            if check.type in PROBING_TYPES and (known is None or known.check != check):
                self._checked[id_] = self._start(check, known)
        self._update_health()

    def opinions(self) -> dict[str, list[Opinion]]:
        """Return what each checker of each probing check thinks now: health check id -> opinions."""
        return {
            id_: [
                Opinion(
                    region=checker.region,
                    is_healthy=checker.state.is_healthy,
                    seen=checker.last.status_text if checker.last else "",
                )
                for checker in checked.checkers
            ]
            for id_, checked in self._checked.items()
        }

    def refresh(self) -> None:
        """Take a metric's new health into account."""
        self._update_health()

    async def close(self) -> None:
        """Stop all checkers."""
        for checked in self._checked.values():
            self._stop(checked)
        tasks = [task for checked in self._checked.values() for task in checked.tasks]
        await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    def _stop(checked: _Checked) -> None:
        for task in checked.tasks:
            task.cancel()

    def _start(self, check: HealthCheck, known: _Checked | None) -> _Checked:
        opinions = {checker.address: checker for checker in known.checkers} if known else {}
        fresh = _make_checkers(check)
        checked = _Checked(check=check, checkers=[opinions.get(checker.address, checker) for checker in fresh])
        if not check.is_disabled:
            checked.tasks = [asyncio.create_task(self._check_forever(checked, item)) for item in checked.checkers]
            checked.tasks.append(asyncio.create_task(self._report_forever(checked)))
        return checked

    async def _check_forever(self, checked: _Checked, checker: _Checker) -> None:
        """Probe, wait the interval from the response, probe again: API_HealthCheckConfig, `RequestInterval`.

        A machine that pauses makes probes late, and the next is due as if they had not been: checkers whose probes waited
        together would stay together, as uncoordinated ones do not.
        """
        interval = checked.check.request_interval_seconds
        due = self._clock.now() + interval * checker.phase
        while True:
            await self._clock.sleep(due - self._clock.now())
            began = self._clock.now()
            try:
                result = await self._probe(checked.check, checker)
            except Exception:  # a bug in one probe must not silence the checker
                logger.exception("probe of %s", checked.check.id)
                result = ProbeResult(failure=ProbeFailure.RESPONSE_TIMEOUT)
            self._note(checked, checker, result)
            ended = self._clock.now()
            due = next_due(due + (ended - began), interval, now=ended)

    async def _probe(self, check: HealthCheck, checker: _Checker) -> ProbeResult:
        fault = self._faults.hit(f"health-checker:{checker.region}")
        if fault:
            blinded = await self._blinded(fault, check)
            if blinded:
                return blinded
        name = check.fully_qualified_domain_name
        address = check.ip_address or (self._resolve_address(name) if name else None)
        if address is None:
            return ProbeResult(failure=ProbeFailure.DNS)
        return await probe(check, loopback_of(address), ports=self._ports, clock=self._clock)

    async def _blinded(self, fault: Fault, check: HealthCheck) -> ProbeResult | None:
        """Return what a checker with a fault of its own sees; None = it may go on."""
        if fault.kind is FaultKind.REFUSE:
            return ProbeResult(failure=ProbeFailure.CONNECTION_REFUSED)
        if fault.kind is FaultKind.UNREACHABLE:
            await self._clock.sleep(HTTP_CONNECT_BUDGET_SECONDS)
            return ProbeResult(failure=ProbeFailure.CONNECT_TIMEOUT)
        if fault.kind is FaultKind.HANG:
            await self._clock.sleep(HTTP_RESPONSE_BUDGET_SECONDS)
            return ProbeResult(failure=ProbeFailure.RESPONSE_TIMEOUT)
        if fault.kind is FaultKind.STATUS:
            return judge_status(fault.value)
        if fault.kind is FaultKind.DELAY:
            await self._clock.sleep(fault.value / 1000)
        elif check.search_string:
            return ProbeResult(failure=ProbeFailure.STRING_NOT_FOUND)
        return None

    def _note(self, checked: _Checked, checker: _Checker, result: ProbeResult) -> None:
        threshold = checked.check.failure_threshold
        checker.state = after_probe(checker.state, is_success=result.is_success, failure_threshold=threshold)
        checker.last = result
        checker.checked_time = rfc3339_now()
        before = self._health.get(checked.check.id)
        self._update_health()
        after = self._health.get(checked.check.id)
        if before != after:
            logger.info("health check %s is %s", checked.check.id, "healthy" if after else "unhealthy")
            checked.report_due.set()

    def _update_health(self) -> None:
        states = {id_: [checker.state for checker in item.checkers] for id_, item in self._checked.items()}
        self._health = health_by_check(self._checks, states, self._metric_health())
        unprobed = [id_ for id_ in self._health if id_ not in self._checked or not self._checked[id_].tasks]
        self._reported = {id_: report for id_, report in self._reported.items() if id_ in unprobed}
        for id_ in unprobed:
            self._report_if_new(id_, self._checked.get(id_))

    def _report_if_new(self, id_: str, checked: _Checked | None) -> None:
        """Report a check that nobody probes: calculated, following a metric, or disabled."""
        check = self._checks[id_]
        report: dict[str, Any] = {
            "observations": [checker.observation() for checker in checked.checkers if checker.last] if checked else [],
            "is_healthy": self._health[id_],
        }
        if check.type is CheckType.CALCULATED:
            report["healthy_children"] = sum(self._health.get(child, False) for child in check.child_ids)
        if self._reported.get(id_) != report:
            self._reported[id_] = report
            task = asyncio.ensure_future(self._report(id_, report))
            self._reports.add(task)
            task.add_done_callback(self._reports.discard)

    async def _report_forever(self, checked: _Checked) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_INTERVAL_REAL_SECONDS):
                    await checked.report_due.wait()
            checked.report_due.clear()
            observations = [checker.observation() for checker in checked.checkers if checker.last]
            is_healthy = self._health.get(checked.check.id, True)
            report = {
                "observations": observations,
                "is_healthy": is_healthy,
                "percentage_healthy": _percentage_healthy(checked.checkers),
            }
            await self._report(checked.check.id, report)


def _percentage_healthy(checkers: list[_Checker]) -> float:
    """Return the metric HealthCheckPercentageHealthy; it is about the endpoint, whatever the check inverts.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    """
    return 100 * sum(checker.state.is_healthy for checker in checkers) / len(checkers)


def next_due(answered: float, interval: float, *, now: float) -> float:
    """Return when a checker probes next: an interval after the answer, or as many as have gone by in a pause of the machine.

    Args:
        answered: when the answer would have come, had its probe begun when it was due, AWS seconds.
        interval: of the check, AWS seconds.
        now: in the same seconds; what is returned lies in less than an interval from now.
    """
    return answered + interval * max(1, math.ceil((now - answered) / interval))


def _make_checkers(check: HealthCheck) -> list[_Checker]:
    """Return the checkers of a check; each begins at any moment of its round.

    A checker's address belongs to its region, so that it keeps its opinion when the check's regions change.
    """
    return [
        _Checker(
            region=region,
            address=f"203.0.113.{10 * CHECKER_REGIONS.index(region) + index + 1}",
            phase=random.random(),  # noqa: S311  spreads probes, hides nothing
        )
        for region in sorted(check.regions)
        for index in range(CHECKERS_PER_REGION)
    ]
