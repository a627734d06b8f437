"""Rows of page views for the tests of what is read from them."""

from __future__ import annotations

import dataclasses
import itertools

from scripts.probe.samples import ErrorKind, Family, Phases, Sample

P, S = "eu-central-1", "us-east-1"


def a_sample(sequence: int, region: str | None, *, took_seconds: float = 0.05, **changes: object) -> Sample:
    """One page view, ten a second; region None is a refused connection."""
    at_seconds = sequence / 10
    sample = Sample(
        sequence=sequence,
        client=0,
        family=Family.IPV4,
        scheduled_at_seconds=at_seconds,
        started_at_seconds=at_seconds,
        finished_at_seconds=at_seconds + took_seconds,
        phases=Phases(marker_seconds=took_seconds if region else None),
        region=region,
        error=None if region else ErrorKind.CONNECT_REFUSED,
        requests=2 if region else 1,
        failed_requests=0 if region else 1,
    )
    return dataclasses.replace(sample, **changes)  # type: ignore[arg-type]  # each test names fields of its own


def in_order(*stretches: tuple[str | None, int]) -> list[Sample]:
    """Page views in stretches of (region, how many)."""
    regions = itertools.chain.from_iterable(itertools.repeat(region, count) for region, count in stretches)
    return [a_sample(sequence, region) for sequence, region in enumerate(regions)]
