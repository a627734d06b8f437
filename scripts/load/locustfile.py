"""The viewers, as Locust runs them: `locust -f` this file, with the plan in the environment. Nothing else imports it.

Each viewer makes a page view a second: it resolves the name (TTL respected), connects, reads the page and the region marker.
https://docs.locust.io/en/stable/custom-load-shape.html
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
from collections import Counter
from typing import Any

import dns.message
import dns.query
import locust.runners
from locust import HttpUser, LoadTestShape, constant_pacing, task
from locust.stats import StatsEntry, calculate_response_time_percentile

from scripts.clock import AwsClock
from scripts.load.knee import Step
from scripts.load.plan import ENVIRONMENT, LoadPlan

# Workers tell what they counted every 3 s by themselves, and a step may last 2 s: its views would be counted in the next one.
locust.runners.WORKER_REPORT_INTERVAL = 0.3
PLAN = LoadPlan.from_json(os.environ[ENVIRONMENT])
VIEW = "VIEW"
_CLOCK = AwsClock()
Counted = dict[str, tuple[int, int, Counter[int]]]
"""Region -> requests, failures and response times in milliseconds."""
NOBODY = "nobody"
_PHASES_TIMEOUT_SECONDS = 10
_SYSTEM_LOOKUP = socket.getaddrinfo
_answer: tuple[list[str], float] = ([], 0.0)


def _addresses() -> list[str]:
    global _answer  # noqa: PLW0603  one resolver's cache a process
    if _CLOCK.now_seconds() >= _answer[1]:
        query = dns.message.make_query(PLAN.dns_name, "A")
        reply = dns.query.udp(query, PLAN.nameserver[0], port=PLAN.nameserver[1], timeout=5)
        chain = reply.resolve_chaining()  # type: ignore[attr-defined]  # a QueryMessage
        _answer = ([record.address for record in chain.answer or ()], _CLOCK.now_seconds() + chain.minimum_ttl)
    return _answer[0]


def _look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  as socket.getaddrinfo
    if host != PLAN.hostname:
        return _SYSTEM_LOOKUP(host, port, *arguments, **options)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in _addresses()]


socket.getaddrinfo = _look_up


class Viewer(HttpUser):  # type: ignore[misc]  # as below
    """One viewer."""

    host = f"https://{PLAN.hostname}:{PLAN.https_port}"
    wait_time = constant_pacing(1)

    def on_start(self) -> None:
        """Believe the plan's root only."""
        self.client.verify = PLAN.ca_certificate or True

    @task  # type: ignore[untyped-decorator]  # as below
    def view(self) -> None:
        """Make one page view; the whole of it is one request of the kind VIEW, under the region that served it."""
        began, region, problem = _CLOCK.now_seconds(), NOBODY, None
        try:
            for path in ("/", "/health/region.json"):
                headers = {"Host": PLAN.hostname, "Accept-Encoding": "identity"}
                answer = self.client.get(path, headers=headers, timeout=_PHASES_TIMEOUT_SECONDS)
                answer.raise_for_status()
            region = str(answer.json()["region"])
        except Exception as error:  # noqa: BLE001  whatever stops a viewer is a failed page view
            problem = error
        self.client.close()  # the next page view connects anew
        self.environment.events.request.fire(
            request_type=VIEW,
            name=region,
            response_time=(_CLOCK.now_seconds() - began) * 1000,
            response_length=0,
            exception=problem,
            context={},
        )


class Doubling(LoadTestShape):  # type: ignore[misc]  # locust has no types here
    """Twice as many viewers at each step, until the site breaks or the plan ends; a JSON line a step."""

    def __init__(self) -> None:
        super().__init__()
        self._viewers = 0
        self._began = 0.0
        self._before: Counted = {}
        self._is_broken = False

    def tick(self) -> tuple[int, float] | None:
        """Return viewers and how many may start a second, as Locust asks for it once a second."""
        viewers = PLAN.viewers(self.get_run_time())
        if viewers != self._viewers:
            self._end_step()
            viewers = 0 if self._is_broken else viewers
            self._viewers, self._began, self._before = (
                viewers,
                _CLOCK.now_seconds(),
                _counted(self.runner.stats.entries),
            )
        return (viewers, max(1.0, float(viewers))) if viewers else None

    def _end_step(self) -> None:
        if not self._viewers:
            return
        step = _step(
            self._viewers, _CLOCK.now_seconds() - self._began, self._before, _counted(self.runner.stats.entries)
        )
        with open(PLAN.output, "a", encoding="utf-8") as file:  # noqa: PTH123  a line in one write
            file.write(json.dumps(dataclasses.asdict(step)) + "\n")
        self._is_broken = step.failed_ratio > PLAN.max_failed_ratio


def _counted(entries: dict[tuple[str, str], StatsEntry]) -> Counted:
    return {
        name: (entry.num_requests, entry.num_failures, Counter(entry.response_times))
        for (name, method), entry in entries.items()
        if method == VIEW
    }


def _step(viewers: int, seconds: float, before: Counted, after: Counted) -> Step:
    served: dict[str, int] = {}
    times: Counter[int] = Counter()
    failed = 0
    for name, (count, failures, durations) in after.items():
        earlier = before.get(name, (0, 0, Counter()))
        failed += failures - earlier[1]
        if name != NOBODY:
            served[name] = count - earlier[0] - (failures - earlier[1])
            times += durations - earlier[2]
    good = sum(served.values())
    percentile = [
        calculate_response_time_percentile(times, good, ratio) / 1000 if good else 0.0 for ratio in (0.5, 0.95)
    ]
    return Step(
        viewers=viewers,
        seconds=seconds,
        views=good + failed,
        failed=failed,
        p50_seconds=percentile[0],
        p95_seconds=percentile[1],
        served_by={name: count for name, count in served.items() if count},
    )
