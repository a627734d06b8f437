"""The state of our own services: a class that keeps any names it in `STATE`, and they are found by walking the objects."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

_OURS = "localcloud."


def walk(root: object) -> Iterator[object]:
    """Yield every object of localcloud's classes that attributes, containers and bound methods lead to, each once."""
    waiting, seen = [root], set()
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if not type(found).__module__.startswith(_OURS):
            continue
        yield found
        for value in attributes(found).values():
            waiting += [owner for each in _members(value) if (owner := _owner(each)) is not None]


def attributes(found: object) -> dict[str, Any]:
    """Return an object's own attributes, of slots too."""
    names = {name for kind in type(found).__mro__ for name in getattr(kind, "__slots__", ())}
    slotted = {name: getattr(found, name) for name in names if hasattr(found, name)}
    return {**slotted, **getattr(found, "__dict__", {})}


def _members(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return [*value.values()]
    return [*value] if isinstance(value, list | tuple | set | deque) else [value]


def _owner(value: object) -> object | None:
    """Return an object of ours, or whose method a value is."""
    owner = getattr(value, "__self__", value)
    return owner if type(owner).__module__.startswith(_OURS) else None


def stateful(root: object) -> dict[str, object]:
    """Return what keeps state, by the name of its class.

    Raises:
        RuntimeError: two of the same class, which this does not tell apart.
    """
    found: dict[str, object] = {}
    for each in walk(root):
        if getattr(type(each), "STATE", ()):
            name = f"{type(each).__module__}.{type(each).__qualname__}"
            if name in found:
                raise RuntimeError(f"two objects of {name} keep state")
            found[name] = each
    return found


def read(root: object) -> dict[str, dict[str, Any]]:
    """Return class name -> attribute -> value of everything that keeps state; the values are the live ones."""
    return {
        name: {attribute: getattr(each, attribute) for attribute in type(each).STATE}  # type: ignore[attr-defined]
        for name, each in stateful(root).items()
    }


def write(root: object, state: Mapping[str, Mapping[str, Any]]) -> None:
    """Put values back; a container keeps its identity, and so do those in it, for others may hold them.

    Raises:
        KeyError: the state names a class that keeps no state any more.
    """
    found = stateful(root)
    for name, values in state.items():
        for attribute, value in values.items():
            current = getattr(found[name], attribute)
            if not _fill(current, value):
                setattr(found[name], attribute, value)


def _fill(current: object, value: object) -> bool:
    """Give a container the content of another one of its kind; return whether they are such."""
    if type(current) is not type(value):
        return False
    if isinstance(current, dict) and isinstance(value, dict):
        for key in current.keys() - value.keys():
            del current[key]
        for key, new in value.items():
            if not (key in current and _fill(current[key], new)):
                current[key] = new
        return True
    if isinstance(current, set) and isinstance(value, set):
        current.clear()
        current.update(value)
        return True
    if isinstance(current, list | deque) and isinstance(value, list | deque):
        current.clear()
        current.extend(value)
        return True
    return False
