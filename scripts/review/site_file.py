"""Which keys of the site file changed, by their dotted names. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.review.differences import ABSENT

# Each names every stack, and so every Terraform state.
_RENAMES = ("site.project", "site.environment")
_STATES = ("state.",)


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Returns (key, before, after) of every key that differs; list entries are told apart by their name."""
    old, new = dict(_flat("", before)), dict(_flat("", after))
    return [
        (key, old.get(key, ABSENT), new.get(key, ABSENT))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]


def orphans(keys: list[tuple[str, str, str]]) -> str:
    """Returns what is left behind when the change gives the stacks other states; "" when it does not."""
    renamed = [key for key, before, _ in keys if key in _RENAMES and before != ABSENT]
    moved = [key for key, before, _ in keys if key.startswith(_STATES) and before != ABSENT]
    if renamed:
        return (
            f"`{', '.join(renamed)}` names every stack and its state, so everything is made anew under the new name. "
            "**The old site stays deployed and billed**: no plan here knows of it, and only one of them can hold the name."
        )
    if moved:
        return (
            f"`{', '.join(moved)}` says where the states are. Move them first (`terraform init -migrate-state` in each stack): "
            "else Terraform starts from an empty state, and nobody's state holds what is deployed."
        )
    return ""


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any TOML value
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, each)
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value):
            yield from _flat(f"{prefix}[{each.get('name', number)}]", each)
    else:
        yield prefix, json.dumps(value, ensure_ascii=False, default=str)
