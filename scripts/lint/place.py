"""Where a finding is in its file, for formats that show it there."""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

_KEY = re.compile(r'"([^"\\]*)"\s*:|^[ \t]*([A-Za-z0-9]+):[ \t]*(?:#.*)?\r?$', re.MULTILINE)


def line_of(path: str, address: str, line: int | None) -> int:
    """Returns the line of a finding, 1 when nobody can tell, as in a plan that is one line, or from stdin.

    Args:
        path: the file.
        address: the resource's, as in the plan or the configuration.
        line: where HCL has it, None in JSON.
    """
    if line is not None:
        return line
    text = _text(path)
    if "\n" not in text:
        return 1
    place = _in_configuration(text, address)
    if place < 0:
        place = text.find(f'"address": {json.dumps(address)}')  # as a plan that somebody formatted holds it
    return text.count("\n", 0, place) + 1 if place >= 0 else 1


def _in_configuration(text: str, address: str) -> int:
    *_, type_, name = ("", *re.sub(r"\[[^\]]*\]", "", address).split("."))
    keys = _keys(text)
    types, names = keys.get(type_, ()), keys.get(name, ())
    if not names and not types:  # a group of CloudFormation's records numbers them
        names = keys.get(re.sub(r"_\d+$", "", name), ())
    index = bisect(names, types[0]) if types else 0  # a template of CloudFormation has the names alone
    return names[index] if index < len(names) else -1


@lru_cache(maxsize=8)
def _keys(text: str) -> Mapping[str, Sequence[int]]:
    """Returns the places of each key of an object in a text of JSON, or of YAML's blocks, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for match in _KEY.finditer(text):
        found[match[1] or match[2]].append(match.end())
    return found


@lru_cache(maxsize=8)
def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""
