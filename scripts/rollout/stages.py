"""The order of a rollout: what all regions share, each secondary region, the primary, then what stands before them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.terraform.deploy import stack_order
from scripts.terraform.synthesis import CONFIGURATION, read_stack

_EDGE = "edge"
ADMINISTRATORS = ("access", "audit")
"""Applied by an administrator, never by the deploy role: they hold its rights and the record of what it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Stacks that are applied one after another before anything is looked at.

    Attributes:
        name: how it is shown.
        stacks: their names.
        region: the region that they belong to alone; None for what several share.
    """

    name: str
    stacks: tuple[str, ...]
    region: str | None = None


def stages(stacks_folder: Path) -> list[Stage]:
    """Returns the stages in order, without the administrator's stacks.

    Raises:
        StacksError: nothing is synthesized there.
    """
    waves = stack_order(stacks_folder)
    roles = _roles(stacks_folder)
    return [stage for wave in waves for stage in _of_wave(wave, roles)]


def _of_wave(wave: Sequence[str], roles: dict[str, str]) -> Iterator[Stage]:
    names = [name for name in wave if name not in ADMINISTRATORS]
    shared = tuple(name for name in names if _region(name, roles) is None)
    if shared:
        yield Stage(name=", ".join(shared), stacks=shared)
    for region in sorted(roles, key=lambda one: (roles[one] == "primary", one)):
        own = tuple(name for name in names if _region(name, roles) == region)
        if own:
            yield Stage(name=f"{region} ({roles[region]})", stacks=own, region=region)


def _region(stack: str, roles: dict[str, str]) -> str | None:
    """Returns the region at the end of a stack's name, such as region-eu-central-1."""
    return next((region for region in roles if stack.endswith(f"-{region}")), None)


def _roles(stacks_folder: Path) -> dict[str, str]:
    """Returns region -> role; nothing for a team's own stacks without our `edge`, which come in the order of what they read."""
    edge = stacks_folder / _EDGE
    if not (edge / CONFIGURATION).is_file():
        return {}
    found: dict[str, Any] = read_stack(edge).get("output", {}).get("roles", {}).get("value", {})
    return {str(region): str(role) for region, role in found.items()}
