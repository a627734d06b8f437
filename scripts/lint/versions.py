"""Version constraints of providers.

https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

from __future__ import annotations

import re

_PART = re.compile(r"(?P<operator>~>|>=|<=|!=|=|>|<)?\s*v?(?P<version>\d+(?:\.\d+){0,2})(?:-[\w.]+)?")
_Version = tuple[int, ...]
# Releases that stand for all there are and may come: no constraint of use tells more minor versions apart.
_RELEASES = tuple((major, minor, patch) for major in range(1, 20) for minor in range(121) for patch in (0, 1))


def lacks_release_since(constraint: str, first: _Version) -> bool:
    """Whether a constraint certainly leaves only releases before `first`; False when it cannot be read, or leaves none."""
    admitted = _admitted(constraint)
    return bool(admitted) and not any(release >= first for release in admitted)


def admits_release_before(constraint: str, first: _Version) -> bool:
    """Whether a constraint certainly leaves a release before `first`; False when it cannot be read, or there is none."""
    return any(release < first for release in _admitted(constraint))


def _admitted(constraint: str) -> list[_Version]:
    """Returns the releases that a constraint leaves, none when it is absent or cannot be read."""
    parts = [_PART.fullmatch(part.strip()) for part in constraint.split(",")]
    known = [part for part in parts if part]
    if len(known) != len(parts):
        return []
    named = [(*map(int, part["version"].split(".")), 0, 0)[:3] for part in known]
    return [release for release in (*_RELEASES, *named) if all(_admits(part, release) for part in known)]


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
