"""Breaking things on purpose, and seeing what the health checks make of it.

A fault is named by target and kind in localcloud's words (`s3:<region>`, `cloudfront`; `unreachable`, `status` ...).
The drill knows only the two protocols; what AWS itself can break is in `levers`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from scripts.errors import EnvironmentFailureError
from scripts.local.control import ControlApi

SEED = 1
"""Two drills hit the same requests, counted in their order of arrival."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What to break and how.

    Args:
        target: such as "s3:eu-central-1" or "cloudfront".
        kind: one of localcloud's, such as "refuse", "status" or "nxdomain": docs/LOCALCLOUD.md lists them.
        value: the HTTP status for "status", AWS milliseconds for "delay", bytes in an AWS second for "slow", else None.
        ratio: the share of the requests that it hits. Default None: all.
    """

    target: str
    kind: str
    value: int | None = None
    ratio: float | None = None

    def __str__(self) -> str:
        """Return it as an operator would say it."""
        share = "" if self.ratio is None else f", {self.ratio:.0%} of the requests"
        return f"{self.target} {self.kind}" + ("" if self.value is None else f" {self.value}") + share


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ActiveFault:
    """A fault that is in force, with the id that ends it."""

    fault_id: str
    fault: Fault


class JournaledLever(BaseModel):
    """How to put back what one of AWS's own levers changes; all that a recovery needs.

    Attributes:
        kind: the lever's name.
        where: what it acts on.
        before: what was there.
        account: whose it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str
    where: dict[str, str]
    before: dict[str, Any]
    account: str


class FaultInjector(Protocol):
    """Breaks and mends."""

    async def prepare(self, fault: Fault) -> JournaledLever | None:
        """Return what the journal must hold before the fault is in force; None where `undo` needs nothing of it."""

    async def inject(self, fault: Fault) -> str:
        """Put a fault in force and return its id."""

    async def undo(self, fault: Fault, fault_id: str | None) -> None:
        """End a fault; safe to repeat.

        Without an id (a crash came before it was known) end every active fault like it.
        """

    async def active(self) -> list[ActiveFault]:
        """Return the faults in force, whoever injected them."""


class HealthReader(Protocol):
    """Tells what Route 53 makes of the site."""

    async def is_healthy(self, health_check_id: str) -> bool | None:
        """Return the health check's state, or None when nothing is known of it yet."""


class LocalcloudFaults:
    """Faults in localcloud's data plane, through its control API."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control

    async def prepare(self, fault: Fault) -> JournaledLever | None:  # noqa: ARG002  (as every injector)
        """Nothing: localcloud itself knows which faults are in force."""
        return None

    async def inject(self, fault: Fault) -> str:
        """Put a fault in force; it acts from the answer on."""
        body: dict[str, object] = {"target": fault.target, "kind": fault.kind}
        if fault.value is not None:
            body["value"] = fault.value
        if fault.ratio is not None:
            body |= {"ratio": fault.ratio, "seed": SEED}
        answer = await self._control.post("/faults", body)
        if not isinstance(answer, dict) or "id" not in answer:
            raise EnvironmentFailureError(f"POST {self._control.url}/faults answered without an id: {answer!r}")
        return str(answer["id"])

    async def undo(self, fault: Fault, fault_id: str | None) -> None:
        """End a fault; one that is gone already is fine.

        Its id alone is not trusted: a localcloud that was started anew counts from 1 again.
        """
        for each in await self.active():
            if each.fault == fault and fault_id in (None, each.fault_id):
                await self._control.delete(f"/faults/{each.fault_id}")

    async def active(self) -> list[ActiveFault]:
        """Return the faults in force."""
        answer = await self._control.get("/faults")
        faults = answer.get("faults") if isinstance(answer, dict) else None
        if not isinstance(faults, list):
            raise EnvironmentFailureError(f"GET {self._control.url}/faults answered without faults: {answer!r}")
        return [
            ActiveFault(
                fault_id=str(each["id"]),
                fault=Fault(target=each["target"], kind=each["kind"], value=each.get("value"), ratio=each.get("ratio")),
            )
            for each in faults
        ]


class LocalcloudHealthChecks:
    """The state of health checks, as localcloud's own checkers pushed it."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control

    async def is_healthy(self, health_check_id: str) -> bool | None:
        """Return the state of one health check, or None when no checker reported yet."""
        answer = await self._control.get("/health-checks")
        state = answer.get(health_check_id) if isinstance(answer, dict) else None
        return bool(state["is_healthy"]) if isinstance(state, dict) and "is_healthy" in state else None
