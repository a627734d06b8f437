"""What the parts of the bill read: the resources of synthesized stacks, and the quantities that they make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Stacks = Mapping[str, Mapping[str, Any]]
"""Stack name -> its Terraform JSON."""
Resource = tuple[str, Mapping[str, Any]]
"""Type and body."""
Quantity = tuple[str, str, float, str]
"""Item, price, quantity and unit."""

GIGABYTE = 1024**3


def resources_of(stacks: Stacks) -> list[Resource]:
    """Returns every resource of these stacks."""
    return [
        (kind, body)
        for stack in stacks.values()
        for kind, bodies in stack.get("resource", {}).items()
        for body in bodies.values()
    ]


def bodies_of(resources: Sequence[Resource], wanted: str) -> list[Mapping[str, Any]]:
    """Returns the bodies of the resources of one type."""
    return [body for kind, body in resources if kind == wanted]
