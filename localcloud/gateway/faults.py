"""Faults that an operator injects into the data plane, and their effect on reads of S3 objects.

The data plane polls the board for the faults that it applies itself.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import ClassVar

from aws_facts.places import REGION_COORDINATES
from localcloud.gateway.clock import AwsClock
from localcloud.gateway.errors import ConnectionDropped, ServiceError
from localcloud.gateway.route53.health_checks import CHECKER_REGIONS
from localcloud.gateway.timeline import Note, unnoted
from localcloud.gateway.wire import JsonObject
from localcloud.model.addresses import AWS_EDGE
from localcloud.model.resolution import NameFailure

HANG_LIMIT_SECONDS = 180.0
"""AWS seconds after which a hanging read is dropped; no client here waits longer (origin read timeout: 120 s)."""

TARGETS = (
    "s3:<region>, cloudfront, cloudfront:<distribution id>, apigateway:<region>, aws-edge, server:<IP address>, "
    "origin:<domain name of a custom origin>, "
    f"health-checker:<one of {' '.join(CHECKER_REGIONS)}>, dns, api:<service>, api:<region>"
)
REGIONS_OF_TARGET = {
    "s3": frozenset(REGION_COORDINATES),
    "apigateway": frozenset(REGION_COORDINATES),
    "health-checker": frozenset(CHECKER_REGIONS),
}
"""The targets that a region follows, and the regions that there are."""

_API_SERVICES = """
acm apigateway budgets cloudfront cloudfront-keyvaluestore cloudtrail dynamodb ec2 events fis iam kms lambda logs monitoring rds
route53 s3 scheduler secretsmanager sns sqs ssm sts synthetics wafv2 xray
"""
API_SERVICES = frozenset(_API_SERVICES.split())
"""Services whose control plane can fail, by the names that requests are signed for (SigV4); `api:s3` spares objects."""

FIELDS = ("target", "kind", "value", "ratio", "seed")


class FaultKind(StrEnum):
    """What is broken."""

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


OF_CALLS = frozenset(
    {FaultKind.REFUSE, FaultKind.UNREACHABLE, FaultKind.HANG, FaultKind.STATUS, FaultKind.DELAY, FaultKind.RESET}
)
"""Kinds that a control plane knows."""

OF_NAMES = frozenset({FaultKind.NXDOMAIN, FaultKind.NODATA, FaultKind.SERVFAIL})
"""Kinds that make the names of AWS vanish from DNS, and the aliases that point at them; whoever has an address is served."""

OF_CERTIFICATES = frozenset({FaultKind.EXPIRED_CERTIFICATE, FaultKind.WRONG_CERTIFICATE})
"""Kinds that make an entry show a certificate that no visitor takes; Route 53's checkers validate none."""

ENTRIES = ("cloudfront", "apigateway", AWS_EDGE)
"""Services that visitors come to: the DNS answers for their names, and they show certificates."""


def effective_kinds(target: str) -> list[FaultKind]:
    """Return the kinds that break something on a target; the others are refused."""
    service = target.partition(":")[0]
    if service == "api":
        return [kind for kind in FaultKind if kind in OF_CALLS]
    if service == _SERVER:
        return [kind for kind in FaultKind if kind in _OF_SERVERS]
    without = set() if service in ENTRIES else {*OF_NAMES, *OF_CERTIFICATES}
    if service in {"dns", "health-checker"}:
        without |= {FaultKind.RESET, FaultKind.SLOW}
    if service == "dns":
        without.add(FaultKind.CORRUPT)
    return [kind for kind in FaultKind if kind not in without]


_SERVER = "server"
_ORIGIN = "origin"
_OF_SERVERS = frozenset({FaultKind.REFUSE, FaultKind.UNREACHABLE, FaultKind.HANG, FaultKind.STATUS, *OF_CERTIFICATES})

OF_REQUESTS = frozenset({FaultKind.STATUS, FaultKind.DELAY, FaultKind.HANG, FaultKind.RESET, FaultKind.SLOW})
"""Kinds that can hit a share of the requests."""

OF_ANSWERS = frozenset({FaultKind.STATUS, FaultKind.CORRUPT, FaultKind.SLOW})
"""Kinds that change an answer."""

OF_EDGE = frozenset({FaultKind.REFUSE, FaultKind.UNREACHABLE, FaultKind.HANG, FaultKind.RESET, FaultKind.SLOW})
"""Kinds of faults of S3 that the edge applies to its own reads."""

LIMITS = {FaultKind.STATUS: (400, 599), FaultKind.DELAY: (1, 600_000), FaultKind.SLOW: (1, 1_000_000_000)}
"""The kinds that take a value, and its least and greatest."""

UNITS = {FaultKind.STATUS: "HTTP status", FaultKind.DELAY: "AWS milliseconds", FaultKind.SLOW: "bytes in an AWS second"}

OUTAGES = frozenset({FaultKind.REFUSE, FaultKind.UNREACHABLE, FaultKind.HANG, FaultKind.STATUS, FaultKind.RESET})
"""Kinds under which a region's S3 serves nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One injected fault.

    Attributes:
        id: names it for removal.
        target: what it acts on.
        kind: what it does.
        value: the HTTP status of `status`, the AWS milliseconds of `delay`, the bytes in an AWS second of `slow`, else None.
        ratio: the share of the requests that it hits, above 0 to 1.
        seed: the same seed hits the same requests, counted in their order of arrival.
    """

    id: str
    target: str
    kind: FaultKind
    value: int | None = None
    ratio: float = 1.0
    seed: int = 0

    def to_json(self) -> JsonObject:
        """Return the fault as the control API shows it."""
        document: JsonObject = {"id": self.id, "target": self.target, "kind": self.kind.value}
        share: JsonObject = {} if self.ratio == 1 else {"ratio": self.ratio, "seed": self.seed}
        return document | share | ({} if self.value is None else {"value": self.value})

    def __str__(self) -> str:
        value = "" if self.value is None else f" {self.value}"
        share = "" if self.ratio == 1 else f" for {self.ratio:.0%} of the requests"
        return f"{self.target} {self.kind}{value}{share}"


@dataclass(slots=True)
class FaultBoard:
    """The active faults. Its revision increases with every change, and `note` hears of each."""

    STATE: ClassVar[tuple[str, ...]] = ("revision", "_faults", "_draws", "_last_id")

    clock: AwsClock
    has_distribution: Callable[[str], bool]
    note: Note = unnoted
    has_origin: Callable[[str], bool] = lambda _name: False
    revision: int = 0
    _followed: int = -1
    _faults: dict[str, Fault] = field(default_factory=dict)
    _draws: dict[str, random.Random] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _last_id: int = 0

    def __post_init__(self) -> None:
        self.clock.on_change(self._wake)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def snapshot(self) -> JsonObject:
        """Return the revision, the one that the data plane has in force, and the faults."""
        with self._changed:
            return {
                "revision": self.revision,
                "followed": self._followed,
                "faults": [fault.to_json() for fault in self._faults.values()],
            }

    def note_followed(self, revision: int) -> None:
        """Note which revision the data plane has in force."""
        with self._changed:
            self._followed = revision

    def add(self, document: JsonObject) -> Fault:
        """Add a fault.

        Raises:
            ServiceError: 400 InvalidFault; the message lists what is allowed.
        """
        if unknown := sorted(document.keys() - set(FIELDS)):
            raise _invalid(f"a fault has no field {', '.join(unknown)}, allowed are {', '.join(FIELDS)}")
        target = str(document.get("target"))
        self._check_target(target)
        kind = _checked_kind(target, document.get("kind"))
        value = _checked_value(kind, document.get("value"))
        ratio, seed = _checked_share(kind, document)
        with self._changed:
            self._last_id += 1
            id_ = f"fault-{self._last_id}"
            fault = Fault(id=id_, target=target, kind=kind, value=value, ratio=ratio, seed=seed)
            self._faults[fault.id] = fault
            self._draws[fault.id] = random.Random(seed)  # noqa: S311  spreads faults, hides nothing
            self._note_change()
        self.note("fault", f"Broken: {fault}.")
        return fault

    def _check_target(self, target: str) -> None:
        service, _, identifier = target.partition(":")
        if target in {"cloudfront", "dns", AWS_EDGE}:
            return
        if service == _SERVER:
            if not _is_address(identifier):
                raise _invalid(f"target is '{target}', but that is no IP address; allowed are {TARGETS}")
            return
        if service == _ORIGIN:
            if not self.has_origin(identifier):
                raise _invalid(
                    f"target is '{target}', but no distribution has such a custom origin; allowed are {TARGETS}"
                )
            return
        if service == "api":
            if identifier not in API_SERVICES | REGION_COORDINATES.keys():
                services = ", ".join(sorted(API_SERVICES))
                raise _invalid(
                    f"target is '{target}', but that is no service or region; allowed are a region and {services}"
                )
        elif service == "cloudfront":
            if not self.has_distribution(identifier):
                raise _invalid(f"target is '{target}', but there is no such distribution; allowed are {TARGETS}")
        elif service not in REGIONS_OF_TARGET:
            raise _invalid(f"target is '{target}', allowed are {TARGETS}")
        elif identifier not in REGIONS_OF_TARGET[service]:
            regions = ", ".join(sorted(REGIONS_OF_TARGET[service]))
            raise _invalid(f"target is '{target}', but there is no such region; allowed are {TARGETS}, with {regions}")

    def remove(self, fault_id: str) -> None:
        """Remove one fault.

        Raises:
            ServiceError: 404 NoSuchFault.
        """
        with self._changed:
            self._draws.pop(fault_id, None)
            fault = self._faults.pop(fault_id, None)
            if fault is None:
                raise ServiceError(404, "NoSuchFault", f"There is no fault {fault_id}")
            self._note_change()
        self.note("fault", f"Healed: {fault}.")

    def clear(self) -> None:
        """Remove all faults."""
        with self._changed:
            healed = list(self._faults.values())
            self._faults.clear()
            self._draws.clear()
            self._note_change()
        for fault in healed:
            self.note("fault", f"Healed: {fault}.")

    def _note_change(self) -> None:
        self.revision += 1
        self._changed.notify_all()

    def on(self, target: str) -> list[Fault]:
        """Return the faults on a target, oldest first."""
        if not self._faults:
            return []
        with self._changed:
            return [fault for fault in self._faults.values() if fault.target == target]

    def has_outage(self, target: str) -> bool:
        """Return whether the target serves nobody; whoever asks again gets past a fault on a share of the requests."""
        return any(fault.kind in OUTAGES and fault.ratio == 1 for fault in self.on(target))

    def hits(self, target: str) -> Iterator[Fault]:
        """Yield the faults on a target that hit the request which has just arrived, oldest first."""
        return (fault for fault in self.on(target) if self._hits(fault))

    def _hits(self, fault: Fault) -> bool:
        """Return whether the fault hits the request that has just arrived."""
        if fault.ratio == 1:
            return True
        with self._changed:
            draw = self._draws.get(fault.id)
            return draw is not None and draw.random() < fault.ratio

    def failing_names(self) -> dict[str, NameFailure]:
        """Return the targets whose names do not answer, and how; the newest fault of a target counts."""
        with self._changed:
            faults = [fault for fault in self._faults.values() if fault.kind in OF_NAMES]
        return {fault.target: NameFailure(fault.kind.value) for fault in faults}

    def hold(self, fault: Fault, seconds: float) -> None:
        """Wait for AWS seconds, or until the fault is removed."""
        deadline = self.clock.now_seconds() + seconds
        with self._changed:
            while fault.id in self._faults and (left := deadline - self.clock.now_seconds()) > 0:
                self._changed.wait(self.clock.real_seconds(left))

    def apply_before_read(self, region: str, *, has_connected: bool) -> Fault | None:
        """Apply the faults of a region's S3 to a read that has arrived.

        Args:
            region: whose S3 is read.
            has_connected: the reader applies the faults of the connection itself, before it connects (the edge does). One that
                it had not heard of yet when it sent this read was not in force for it: the read is answered.

        Returns:
            A fault that changes the answer (`status`, `corrupt` or `slow`), or None.

        Raises:
            ConnectionDropped: the read gets no answer.
        """
        answer_fault = None
        for fault in self.on(f"s3:{region}"):
            if (has_connected and fault.kind in OF_EDGE) or not self._hits(fault):
                continue
            if fault.kind is FaultKind.DELAY:
                self.hold(fault, (fault.value or 0) / 1000)
            elif fault.kind in OF_ANSWERS:
                answer_fault = answer_fault or fault
            else:
                if fault.kind not in {FaultKind.REFUSE, FaultKind.RESET}:
                    self.hold(fault, HANG_LIMIT_SECONDS)
                raise ConnectionDropped(f"{fault.kind} on {fault.target}")
        return answer_fault


def catalogue(distributions: Iterable[str], regions: Iterable[str], origins: Iterable[str] = ()) -> list[JsonObject]:
    """Return what can be broken in this cloud, for somebody who chooses.

    Args:
        distributions: ids of those that there are.
        regions: that hold something.
        origins: domain names of custom origins.

    Returns:
        Keys of each: target, kinds; of each kind: kind, takes_ratio, and low, high and unit where it takes a value.
    """
    regions = sorted(set(regions) & REGION_COORDINATES.keys())
    targets = [
        *(f"s3:{region}" for region in regions),
        "cloudfront",
        *(f"cloudfront:{id_}" for id_ in distributions),
        *(f"apigateway:{region}" for region in regions),
        *(f"{_ORIGIN}:{name}" for name in sorted(set(origins))),
        "dns",
        *(f"health-checker:{region}" for region in CHECKER_REGIONS),
        *(f"api:{name}" for name in (*sorted(API_SERVICES), *regions)),
    ]
    return [{"target": target, "kinds": [_kind_entry(kind) for kind in effective_kinds(target)]} for target in targets]


def _kind_entry(kind: FaultKind) -> JsonObject:
    entry: JsonObject = {"kind": kind.value, "takes_ratio": kind in OF_REQUESTS}
    if kind in LIMITS:
        low, high = LIMITS[kind]
        entry |= {"low": low, "high": high, "unit": UNITS[kind]}
    return entry


def _checked_kind(target: str, kind: object) -> FaultKind:
    effective = effective_kinds(target)
    if not isinstance(kind, str) or kind not in effective:
        raise _invalid(f"kind is '{kind}', allowed on {target} are {', '.join(effective)}")
    return FaultKind(kind)


def _checked_value(kind: FaultKind, value: object) -> int | None:
    if kind not in LIMITS:
        if value is not None:
            raise _invalid(f"{kind} takes no value, but got {value}")
        return None
    low, high = LIMITS[kind]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _invalid(f"value of {kind} is {value}, allowed is an integer from {low} to {high}")
    return value


def _checked_share(kind: FaultKind, document: JsonObject) -> tuple[float, int]:
    """Return ratio and seed; without a ratio every request is hit."""
    ratio, seed = document.get("ratio"), document.get("seed")
    if ratio is None:
        if seed is not None:
            raise _invalid("seed says which requests a ratio hits, so it needs a ratio")
        return 1.0, 0
    if kind not in OF_REQUESTS:
        raise _invalid(
            f"{kind} takes no ratio, a share of the requests is allowed for {', '.join(sorted(OF_REQUESTS))}"
        )
    if not isinstance(ratio, int | float) or isinstance(ratio, bool) or not 0 < ratio <= 1:
        raise _invalid(f"ratio is {ratio}, allowed is a number above 0, up to 1")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise _invalid(f"seed is {seed}, allowed is an integer")
    return float(ratio), seed or 0


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _invalid(message: str) -> ServiceError:
    return ServiceError(400, "InvalidFault", message)


def corrupted(body: bytes) -> bytes:
    """Return the body with every 16th byte inverted, the first included; the length stays."""
    altered = bytearray(body)
    altered[::16] = bytes(byte ^ 0xFF for byte in altered[::16])
    return bytes(altered)
