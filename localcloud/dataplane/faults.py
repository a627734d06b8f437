"""The faults that are in force, and who they hit. They are made at the gateway and copied here by polling."""

import asyncio
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from localcloud.model.addresses import AWS_EDGE
from localcloud.model.resolution import NameFailure


class FaultKind(Enum):
    """What a fault does; see the gateway's control API."""

    REFUSE = "refuse"
    UNREACHABLE = "unreachable"
    HANG = "hang"
    STATUS = "status"
    DELAY = "delay"
    CORRUPT = "corrupt"
    RESET = "reset"
    SLOW = "slow"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    SERVFAIL = "servfail"
    EXPIRED_CERTIFICATE = "expired-certificate"
    WRONG_CERTIFICATE = "wrong-certificate"


OF_NAMES = frozenset({FaultKind.NXDOMAIN, FaultKind.NODATA, FaultKind.SERVFAIL})
"""Kinds that act on AWS's names in DNS alone: who knows the address is served."""

OF_CERTIFICATES = frozenset({FaultKind.EXPIRED_CERTIFICATE, FaultKind.WRONG_CERTIFICATE})
"""Kinds that act in the TLS handshake alone: who does not look at the certificate is served."""

_OF_NO_REQUEST = OF_NAMES | OF_CERTIFICATES

_OF_AWS_EDGE = ("cloudfront", "apigateway")

UNANSWERED = frozenset({FaultKind.REFUSE, FaultKind.UNREACHABLE, FaultKind.HANG, FaultKind.RESET})
"""Kinds under which a request that has arrived gets no answer; its connection ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        target: `s3:<region>`, `cloudfront`, `cloudfront:<id>`, `apigateway:<region>`, `aws-edge`, `server:<address>`,
            `health-checker:<region>`, `dns`.
        value: The status code of STATUS, milliseconds of AWS time of DELAY, the body's bytes in an AWS second of SLOW.
        ratio: The share of the requests that it hits.
        seed: The same seed hits the same requests, counted in their order of arrival.
    """

    id: str
    target: str
    kind: FaultKind
    value: int = 0
    ratio: float = 1.0
    seed: int = 0


def fault_from_api(fault: Mapping[str, Any]) -> Fault:
    """Build a fault from one item of `GET /_localcloud/faults`."""
    return Fault(
        id=str(fault["id"]),
        target=str(fault["target"]),
        kind=FaultKind(fault["kind"]),
        value=int(fault.get("value") or 0),
        ratio=float(fault.get("ratio", 1)),
        seed=int(fault.get("seed", 0)),
    )


class FaultBoard:
    """The faults in force; whoever serves asks it for each connection and request.

    A fault with a ratio hits requests, not connections: `find` tells that it is there, `hit` whether this request is hit.
    """

    def __init__(self) -> None:
        self._faults: tuple[Fault, ...] = ()
        self._draws: dict[str, random.Random] = {}
        self._changed = asyncio.Event()

    def replace(self, faults: Iterable[Fault]) -> None:
        """Put this set of faults in force and wake everybody who waits for a change."""
        self._faults = tuple(faults)
        fresh = {fault.id: random.Random(fault.seed) for fault in self._faults}  # noqa: S311  spreads faults
        self._draws = {id_: self._draws.get(id_, draw) for id_, draw in fresh.items()}
        self._changed.set()
        self._changed = asyncio.Event()

    def find(self, *targets: str) -> Fault | None:
        """Return the newest fault that hits one of these targets; see `failing_names` and `of_certificate` for the others."""
        hits = (each for each in reversed(self._faults) if _aims(each, targets) and each.kind not in _OF_NO_REQUEST)
        return next(hits, None)

    def hit(self, *targets: str) -> Fault | None:
        """Return the newest fault that hits a request to one of these targets which has just arrived; call it once a request."""
        aimed = [each for each in reversed(self._faults) if _aims(each, targets) and each.kind not in _OF_NO_REQUEST]
        return next((each for each in aimed if each.ratio == 1 or self._draws[each.id].random() < each.ratio), None)

    def of_certificate(self, *targets: str) -> FaultKind | None:
        """Return what is wrong with the certificate that these targets show; the newest fault counts."""
        kinds = (each.kind for each in reversed(self._faults) if _aims(each, targets))
        return next((kind for kind in kinds if kind in OF_CERTIFICATES), None)

    def failing_names(self) -> dict[str, NameFailure]:
        """Return the targets whose names do not answer, and how; the newest fault of a target counts."""
        return {fault.target: NameFailure(fault.kind.value) for fault in self._faults if fault.kind in OF_NAMES}

    async def wait_for_change(self) -> None:
        """Wait until the faults change."""
        await self._changed.wait()

    async def wait_until_lifted(self, fault: Fault) -> None:
        """Wait until this fault is no longer in force."""
        while fault in self._faults:
            await self.wait_for_change()


def _aims(fault: Fault, targets: Iterable[str]) -> bool:
    """Whether a fault is aimed at one of these targets; that of AWS's edge is at both services that visitors come to."""
    if fault.target == AWS_EDGE:
        return any(target.partition(":")[0] in _OF_AWS_EDGE for target in targets)
    return fault.target in targets


def corrupted(body: bytes) -> bytes:
    """Return the body with every 64th byte altered, length unchanged: what a bad copy looks like."""
    altered = bytearray(body)
    altered[::64] = bytes(byte ^ 0xFF for byte in altered[::64])
    return bytes(altered)
