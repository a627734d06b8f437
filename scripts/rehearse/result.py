"""What a rehearsal found, as data; `document` is what `--json` prints."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = 1


class Missing(StrEnum):
    """Why a resource is not in the rehearsal."""

    NOT_MODELLED = "localcloud does not model it"
    REFUSED = "refused, as AWS refuses it"
    FAILED = "Terraform could not make it"
    NOT_REACHED = "it needs one of the others"


BROKEN = frozenset({Missing.REFUSED, Missing.FAILED})
"""What is the configuration's fault and not localcloud's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A resource that was not made."""

    address: str
    type: str
    why: Missing
    detail: str = ""


class Outcome(StrEnum):
    """What became of viewers in a drill."""

    NOTHING_LOST = "nothing lost"
    RECOVERED = "recovered"
    LOST = "lost until it was healed"
    NOT_DRILLED = "not drilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """The views of one page while something was broken.

    Attributes:
        failed: of `count`: no answer within the limit, an invalid certificate, or a status of 400 and above.
        recovered_after_seconds: AWS seconds from the fault to the first good view after which none failed; None without failures,
            or if they went on.
        slowest_seconds: of the good views.
        example: what a viewer saw that failed.
    """

    count: int
    failed: int
    outcome: Outcome
    recovered_after_seconds: float | None = None
    slowest_seconds: float = 0.0
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """One drill.

    Attributes:
        fault: target and kind, as localcloud's control API names them.
        cached: of a page that the edge held before.
        uncached: of pages that nobody had asked for.
        back_after_seconds: AWS seconds from the healing until every page was good again; None if that did not happen in time.
        reason: of NOT_DRILLED.
    """

    drill: str
    hostname: str
    distribution: str
    fault: str
    outcome: Outcome
    seconds: float = 0.0
    cached: Views | None = None
    uncached: Views | None = None
    back_after_seconds: float | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the linter found."""

    rule: str
    severity: str
    address: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Everything.

    Attributes:
        made: addresses of the resources that were applied.
        replaced: what of the configuration was replaced, a phrase each.
        assumed: what was made up beside it: zones and certificates that it looks up, stand-ins of its web servers, pages.
    """

    directory: str
    speed: float
    made: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    findings: tuple[Finding, ...] = ()
    drills: tuple[DrillResult, ...] = ()
    replaced: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def is_good(self) -> bool:
        """Whether all was made that is modelled, the linter found no error, and viewers lost the site in no drill for good."""
        bad = {Outcome.LOST, Outcome.NOT_DRILLED}
        return not (
            any(each.why in BROKEN for each in self.left_out)
            or any(each.severity == "error" for each in self.findings)
            or any(each.outcome in bad for each in self.drills)
            or not self.drills
        )

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {
            "schema": SCHEMA,
            "directory": self.directory,
            "speed": self.speed,
            "is_good": self.is_good,
            "resources": {
                "made": list(self.made),
                "left_out": [asdict(each) for each in self.left_out],
            },
            "lint": [asdict(each) for each in self.findings],
            "drills": [asdict(each) for each in self.drills],
            "replaced": list(self.replaced),
            "assumed": list(self.assumed),
            "notes": list(self.notes),
        }
