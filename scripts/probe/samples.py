"""What one page view was like: the raw material of every measurement. No sockets, no clock."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Iterable, Mapping
from typing import Any


class Family(enum.StrEnum):
    """The two address families a browser asks DNS for."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"

    @property
    def record_type(self) -> str:
        """Return the DNS record type that holds this family's addresses."""
        return "A" if self is Family.IPV4 else "AAAA"


class ErrorKind(enum.StrEnum):
    """Why a page view was not good. The first thing that went wrong names it."""

    DNS_ERROR = "dns_error"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_ERROR = "connect_error"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    MALFORMED_RESPONSE = "malformed_response"
    BAD_STATUS = "bad_status"
    WRONG_CONTENT = "wrong_content"
    OVERLOAD = "overload"
    """The prober itself was too busy to make the page view: says nothing about the site."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """AWS seconds that each step took; None when the step was never finished.

    `first_byte` and `page` count from the request for the page, `marker` from the request for the region marker.
    """

    dns_seconds: float | None = None
    connect_seconds: float | None = None
    tls_seconds: float | None = None
    first_byte_seconds: float | None = None
    page_seconds: float | None = None
    marker_seconds: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One page view: the page, then the uncached region marker, on one fresh connection.

    Times are AWS seconds of the drill's clock. `total_seconds` counts from `scheduled_at_seconds`, so a prober that
    starts late cannot hide it. A request is failed, or its content is wrong, or it is good: the counts do not overlap.
    """

    sequence: int
    client: int
    family: Family
    scheduled_at_seconds: float
    started_at_seconds: float
    finished_at_seconds: float
    address: str | None = None
    phases: Phases = Phases()
    status: int | None = None
    release: str | None = None
    region: str | None = None
    cache: str | None = None
    error: ErrorKind | None = None
    error_detail: str | None = None
    requests: int = 0
    failed_requests: int = 0
    wrong_content_requests: int = 0

    @property
    def is_good(self) -> bool:
        """Whether the visitor got the expected release, and a region said it served it."""
        return self.error is None and self.region is not None

    @property
    def total_seconds(self) -> float:
        """Return how long the visitor waited."""
        return self.finished_at_seconds - self.scheduled_at_seconds


_SAMPLE_FIELDS, _PHASES_FIELDS = (tuple(field.name for field in dataclasses.fields(each)) for each in (Sample, Phases))


def to_json_lines(samples: Iterable[Sample], *, variant: str) -> str:
    """Return the samples as JSON lines in order of schedule, each with the fault variant it belongs to."""
    ordered = sorted(samples, key=lambda sample: sample.sequence)
    return "".join(json.dumps(_as_record(sample, variant), separators=(",", ":")) + "\n" for sample in ordered)


def _as_record(sample: Sample, variant: str) -> dict[str, object]:
    record = {"variant": variant, **_fields_of(sample, _SAMPLE_FIELDS), "total_seconds": _rounded(sample.total_seconds)}
    return record | {"phases": _fields_of(sample.phases, _PHASES_FIELDS)}


def as_written(sample: Sample) -> Sample:
    """Return the sample with its times as a file of samples holds them, so that both give the same figures."""
    return from_record(_as_record(sample, ""))


def from_json_line(line: str) -> tuple[str, Sample]:
    """Return the fault variant and the sample of one line of `to_json_lines`.

    Raises:
        ValueError: the line is none.
    """
    try:
        record = json.loads(line)
        return str(record["variant"]), from_record(record)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a sample: {line[:60]!r}") from error


def from_record(record: Mapping[str, Any]) -> Sample:
    """Return the sample of one object of a samples file."""
    kept = {name: record[name] for name in _SAMPLE_FIELDS}
    error = kept["error"]
    kept |= {
        "family": Family(kept["family"]),
        "phases": Phases(**kept["phases"]),
        "error": None if error is None else ErrorKind(error),
    }
    return Sample(**kept)


def _fields_of(value: Sample | Phases, names: Iterable[str]) -> dict[str, object]:
    """As `dataclasses.asdict`, which copies deeply and takes four times as long: a drill writes thousands of samples."""
    return {name: _rounded(getattr(value, name)) for name in names}


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
