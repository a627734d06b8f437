"""What the parts of the bill read: the resources of synthesized stacks, and the quantities that they make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Stacks = Mapping[str, Mapping[str, Any]]
"""Stack name -> its Terraform JSON."""
Resource = tuple[str, Mapping[str, Any]]
"""Type and body."""
Quantity = tuple[str, str, float, str]
"""Item, price, quantity and unit."""

GIGABYTE = 1024**3


def resources_of(stacks: Stacks) -> list[Resource]:
    """Returns every resource of these stacks, which may be anybody's: each level is an object or an array of objects.

    https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping
    """
    return [
        (kind, body)
        for stack in stacks.values()
        for kinds in _objects(stack.get("resource"))
        for kind, named in kinds.items()
        for names in _objects(named)
        for bodies in names.values()
        for body in _objects(bodies)
    ]


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each


def bodies_of(resources: Sequence[Resource], wanted: str) -> list[Mapping[str, Any]]:
    """Returns the bodies of the resources of one type."""
    return [body for kind, body in resources if kind == wanted]
