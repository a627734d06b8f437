"""What serves now, against what served before a rollout: a stage is good when nothing of its region is worse than it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.status.entries import Answer, EntryProbe
from scripts.status.watched import watched
from scripts.terraform.outputs import deployment_of, load_outputs, other_outputs_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The entries of a deployment as they answered before anything was applied."""

    probe: EntryProbe
    answers: tuple[Answer, ...]

    def worse(self, region: str | None) -> list[str]:
        """Returns what served before and does not serve now: the entries of a region, or all of them for None."""
        asked = [each for each in self.answers if each.is_good and (region is None or region in each.entry.name)]
        now = self.probe.ask([each.entry for each in asked])
        return [
            f"{after.entry.name}: {reason}"
            for before, after in zip(asked, now, strict=True)
            if (reason := _worse(before, after))
        ]

    def failing(self) -> list[str]:
        """Returns the entries that did not serve before, which a rollout is therefore not judged by."""
        return [
            f"{each.entry.name}: {each.problem or each.marker_problem}" for each in self.answers if not each.is_good
        ]


def look_before(outputs: Path, probe: EntryProbe) -> Before:
    """Asks every entry of the deployment whose outputs are saved.

    Raises:
        MissingOutputError: the file is not there, or not ours.
    """
    document = load_outputs(outputs)
    found = watched(deployment_of(document, outputs), other_outputs_of(document))
    return Before(probe=probe, answers=tuple(probe.ask((found.public, *found.entries))))


def _worse(before: Answer, after: Answer) -> str | None:
    if not after.is_good:
        return after.problem or after.marker_problem
    if before.region != after.region:
        return f"it is answered from {after.region}, before from {before.region}"
    return None


def nothing_before(_: str | None) -> Sequence[str]:
    """What is looked at where nothing was deployed before."""
    return ()
