"""The part of the control API that somebody who looks on asks: what happened, what can be broken, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localcloud.gateway.clock import FASTEST, SLOWEST, AwsClock
from localcloud.gateway.cloudwatch.service import CloudWatchService
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.faults import FaultBoard, catalogue
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.timeline import Timeline
from localcloud.gateway.wire import Request, Response, json_response


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """Answers `/onlooker`, `/fault-catalogue` and `/clock`."""

    clock: AwsClock
    timeline: Timeline
    faults: FaultBoard
    cloudwatch: CloudWatchService
    regions: Callable[[], list[str]]
    distributions: Callable[[], list[str]]
    origins: Callable[[], set[str]]

    def routes(self, prefix: str) -> list[Route]:
        """Return the routes below the control API's prefix."""
        return [
            route("GET", f"{prefix}/onlooker", self._look),
            route("GET", f"{prefix}/fault-catalogue", self._catalogue),
            route("GET", f"{prefix}/clock", lambda _, __: json_response({"speed": self.clock.speed})),
            route("POST", f"{prefix}/clock", self._set_clock),
        ]

    def _look(self, request: Request, _: Parameters) -> Response:
        """Return events, alarms, mails and faults; `?after=N` leaves out the events up to number N."""
        after = int(request.query.get("after") or 0)
        return json_response(
            {
                "events": self.timeline.after(after),
                "alarms": self.cloudwatch.alarm_states(),
                "mails": self.cloudwatch.deliveries.mails()[-20:],
                "faults": self.faults.snapshot()["faults"],
            }
        )

    def _catalogue(self, _: Request, __: Parameters) -> Response:
        return json_response({"targets": catalogue(self.distributions(), self.regions(), self.origins())})

    def _set_clock(self, request: Request, _: Parameters) -> Response:
        speed = request.json().get("speed")
        if not isinstance(speed, int | float) or isinstance(speed, bool) or not SLOWEST <= speed <= FASTEST:
            message = f"speed is {speed}, allowed is a number from {SLOWEST:g} to {FASTEST:g}"
            raise ServiceError(400, "InvalidSpeed", message)
        if speed != self.clock.speed:
            self.clock.set_speed(float(speed))
            self.timeline.note("clock", f"The clock runs {speed:g} times as fast as AWS's.")
        return json_response({"speed": self.clock.speed})
