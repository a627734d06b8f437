"""What is broken, one after the other, and how long each fault lasts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from localcloud.gateway.faults import FaultKind, effective_kinds

VALUES = {FaultKind.STATUS: 503, FaultKind.DELAY: 30_000, FaultKind.SLOW: 100}
"""The status of `status`, the AWS milliseconds of `delay`: longer than anybody waits; the bytes a second of `slow`."""
# Detection, three minutes of the region's alarm, and a minute of evaluation: docs/MONITORING.md
_SECONDS = 300.0
# A silent control plane is told after two runs of five minutes: the same page, global-region-silent
_SILENCE_SECONDS = 780.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is broken.

    Attributes:
        target: as localcloud knows it.
        place: as people read it: a distribution by its region, not by its id.
    """

    target: str
    place: str
    kind: str

    @property
    def name(self) -> str:
        """How it is asked for and shown."""
        return f"{self.place}/{self.kind}"

    @property
    def aws_seconds(self) -> float:
        """How long it lasts before anything is judged: until the slowest alarm that it can set off is on."""
        return _SILENCE_SECONDS if self.place.startswith("api:") else _SECONDS

    def order(self) -> dict[str, object]:
        """Returns what localcloud is told."""
        value = VALUES.get(FaultKind(self.kind))
        return {"target": self.target, "kind": self.kind} | ({} if value is None else {"value": value})


def all_faults(regions: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields place and kind of every fault of a site in these regions: every kind that localcloud knows of every target.

    One kind of all places comes after the other: who breaks off has seen every place.
    """
    places = [f"s3:{region}" for region in regions] + ["cloudfront"] + [f"cloudfront:{region}" for region in regions]
    places += [f"apigateway:{region}" for region in regions] + ["health-checker:us-east-1", "dns"]
    places += [f"api:{region}" for region in sorted({*regions, "us-east-1"})]
    for kind in FaultKind:
        for place in places:
            if kind in effective_kinds(place):
                yield place, kind.value


def faults_of(regions: Sequence[str], distribution_ids: Mapping[str, str]) -> list[Fault]:
    """Returns every fault of `all_faults` on a site.

    Args:
        regions: the site's.
        distribution_ids: region -> id of its distribution.
    """
    ids = {f"cloudfront:{region}": f"cloudfront:{id_}" for region, id_ in distribution_ids.items()}
    return [Fault(target=ids.get(place, place), place=place, kind=kind) for place, kind in all_faults(regions)]
