"""What differs between two values, in words that fit a line: attributes by their path, policies by statement. Pure functions."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.review.plans import Change

_LONGEST_VALUE = 120
_LONGEST_CODE_LINES = 40
UNKNOWN = "(known after the apply)"
HIDDEN = "(sensitive)"
ABSENT = "(absent)"


def attributes(change: Change) -> Iterator[tuple[str, str, str]]:
    """Yields (attribute, before, after) of what an update or a replacement changes; secret values are not shown."""
    for name in sorted({*change.before, *change.after, *_marked(change.unknown)}):
        before, after = change.before.get(name), change.after.get(name)
        if _is_marked(change.unknown, name):
            yield name, shown(before), UNKNOWN
        elif before != after:
            if any(_is_marked(each, name) for each in change.hidden):
                yield name, HIDDEN, HIDDEN
            else:
                yield from _nested(name, _document(before), _document(after))


def code(change: Change) -> str:
    """Returns a unified diff of a function's source, "" when the resource has none that changes."""
    before, after = change.before.get("code"), change.after.get("code")
    if not (isinstance(before, str) and isinstance(after, str)) or before == after:
        return ""
    lines = [*difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2)]
    kept = lines[:_LONGEST_CODE_LINES]
    return "\n".join(kept if len(kept) == len(lines) else [*kept, f"... {len(lines) - len(kept)} more lines"])


def shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Returns a value as one short line."""
    if value is None:
        return ABSENT
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"


def _nested(path: str, before: Any, after: Any) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from _nested(f"{path}.{key}", before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(path, before, after)
    else:
        yield path, shown(before), shown(after)


def _lists(path: str, before: list[Any], after: list[Any]) -> Iterator[tuple[str, str, str]]:
    if len(before) == len(after) and all(isinstance(each, Mapping) for each in (*before, *after)):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                yield from _nested(path if len(before) == 1 else f"{path}[{number}]", old, new)
        return
    gone, new = [each for each in before if each not in after], [each for each in after if each not in before]
    yield from ((path, shown(each), ABSENT) for each in gone)
    yield from ((path, ABSENT, shown(each)) for each in new)
    if not gone and not new:
        yield path, shown(before), shown(after)  # another order


def _document(value: Any) -> Any:  # noqa: ANN401
    """A policy is a text of JSON; as a document its statements can be told apart."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _is_marked(marks: Any, name: str) -> bool:  # noqa: ANN401
    found = marks is True or (isinstance(marks, Mapping) and marks.get(name))
    return found is True


def _marked(marks: Any) -> list[str]:  # noqa: ANN401
    return [name for name, mark in marks.items() if mark is True] if isinstance(marks, Mapping) else []
