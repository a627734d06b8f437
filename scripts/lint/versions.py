"""Version constraints of providers.

https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

from __future__ import annotations

import re

_PART = re.compile(r"(?P<operator>~>|>=|<=|!=|=|>|<)?\s*v?(?P<version>\d+(?:\.\d+){0,2})(?:-[\w.]+)?")
# Releases that stand for all after major version 5.
_LATER = tuple((major, minor, 0) for major in range(6, 20) for minor in (0, 1, 50, 999))
_Version = tuple[int, ...]


def is_provider_5_only(constraint: str) -> bool:
    """Whether a constraint certainly leaves no release after major version 5; False when it cannot be read."""
    parts = [_PART.fullmatch(part.strip()) for part in constraint.split(",")]
    known = [part for part in parts if part]
    if len(known) != len(parts):
        return False
    return not any(all(_admits(part, version) for part in known) for version in _LATER) and _allows_5(known)


def _allows_5(parts: list[re.Match[str]]) -> bool:
    releases = [(5, minor, 0) for minor in range(101)]
    return any(all(_admits(part, version) for part in parts) for version in releases)


def _admits(part: re.Match[str], version: _Version) -> bool:
    named = tuple(int(number) for number in part["version"].split("."))
    full = (*named, 0, 0)[:3]
    match part["operator"] or "=":
        case "~>":
            # Only the rightmost number given may grow.
            return version >= full and version[: len(named) - 1] == named[:-1]
        case ">=":
            return version >= full
        case "<=":
            return version <= full
        case ">":
            return version > full
        case "<":
            return version < full
        case "!=":
            return version != full
        case _:
            return version == full
