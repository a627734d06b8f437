"""An example without all that does not matter for its rule: what the page of rules shows."""

import copy
from collections.abc import Iterator
from typing import Any

from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rule import Rule
from tests.unit.lint.examples import Example, Json

Path = tuple[str | int, ...]


def minimal(rule: Rule, example: Example) -> Example:
    """Returns the example with every resource, block and argument left out, from both sides, that its rule does without."""
    for path in list(_paths(example.failing["resource"])):
        smaller = Example(
            rule_id=example.rule_id,
            failing=_without(example.failing, path),
            passing=_without(example.passing, path),
        )
        if smaller.failing != example.failing and _tells(rule, smaller):
            example = smaller
    return example


def _tells(rule: Rule, example: Example) -> bool:
    return _is_found(rule, example.failing) and not _is_found(rule, example.passing)


def _is_found(rule: Rule, raw: Json) -> bool:
    return any(True for _ in rule.check(Configuration([read_document("example", raw)])))


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yields the places in a document, the last and the outer ones first; a type's own level is none."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    for key in reversed(keys):
        here = (*path, key)
        if len(here) > 1:
            yield here
        yield from _paths(value[key], here)


def _without(document: Json, path: Path) -> Json:
    """Returns the document without a place; one that has no such place is left as it is."""
    changed = copy.deepcopy(document)
    body: Any = changed["resource"]
    for key in path[:-1]:
        if not _has(body, key):
            return changed
        body = body[key]
    if _has(body, path[-1]):
        del body[path[-1]]
    changed["resource"] = {type_: named for type_, named in changed["resource"].items() if named}
    return changed


def _has(body: Any, key: str | int) -> bool:
    return key in body if isinstance(body, dict) else isinstance(body, list) and int(key) < len(body)
