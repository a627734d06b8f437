"""Incidents as data: a time line of faults, each with how certain it is, and the sources. One TOML file an incident."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from scripts.drill.faults import Fault
from scripts.errors import WrongUsageError

FOLDER = Path(__file__).parent / "incidents"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Model):
    """Where it can be read. `kind` says who speaks: AWS itself, or somebody else."""

    url: str = Field(pattern=r"^https://")
    kind: Literal["AWS", "third party"]


class IncidentFault(_Model):
    """A fault in localcloud's words; `{primary}` and `{secondary}` in its target stand for the site's regions."""

    target: str
    kind: str
    value: int | None = None
    ratio: float | None = None

    def on(self, *, primary: str, secondary: str) -> Fault:
        """Return the fault for a site with these regions."""
        target = self.target.format(primary=primary, secondary=secondary)
        return Fault(target=target, kind=self.kind, value=self.value, ratio=self.ratio)


class Event(_Model):
    """What was so from a moment on.

    Attributes:
        at_minutes: since the incident began.
        certainty: stated by AWS, reported by others only, or assumed here because nobody says.
        faults: all that are in force from then on; none: what was broken is mended.
    """

    at_minutes: float = Field(ge=0)
    what: str
    certainty: Literal["stated", "reported", "assumed"]
    faults: tuple[IncidentFault, ...] = ()


class Incident(_Model):
    """One outage that happened.

    Attributes:
        id: the file's name.
        mapped: what stands for what, since the site is not in the region that was hit.
        not_played: what happened and has no fault here. Default: nothing.
    """

    id: str
    title: str
    began_at: datetime
    what_happened: str
    mapped: str
    not_played: str = ""
    source: tuple[Source, ...] = Field(min_length=1)
    event: tuple[Event, ...] = Field(min_length=2)


def incident_ids() -> tuple[str, ...]:
    """Return the known incidents, oldest first: their ids begin with the date."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_incident(incident_id: str) -> Incident:
    """Read one incident.

    Raises:
        WrongUsageError: there is none of this name.
    """
    if incident_id not in incident_ids():
        raise WrongUsageError(f"unknown incident {incident_id!r}; allowed: {', '.join(incident_ids())}")
    document = tomllib.loads((FOLDER / f"{incident_id}.toml").read_text(encoding="utf-8"))
    return Incident.model_validate({"id": incident_id, **document})
