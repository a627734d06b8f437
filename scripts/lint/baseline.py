"""A baseline: the findings of the day on which a large code base began, accepted until somebody mends them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.lint.rule import Violation
from scripts.lint.waivers import Place

_VERSION = 1


class BaselineError(WrongUsageError):
    """A file that is no baseline."""


def read(file: Path) -> list[Place]:
    """Returns the places of the findings that a baseline accepts.

    Raises:
        BaselineError: it is none.
    """
    try:
        raw = json.loads(file.read_bytes())
        if raw["version"] != _VERSION:
            raise ValueError(f"version {raw['version']}")
        return [(str(one["document"]), str(one["address"]), str(one["rule"])) for one in raw["findings"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BaselineError(
            f"{file} is no baseline ({error}): delete it, and the next run with --baseline writes today's findings"
        ) from error


def write(file: Path, violations: Iterable[Violation]) -> None:
    """Writes the places of findings, in an order that keeps a diff small."""
    places = sorted({violation.place for violation in violations})
    findings = [{"document": document, "address": address, "rule": rule} for document, address, rule in places]
    file.write_text(json.dumps({"version": _VERSION, "findings": findings}, indent=1) + "\n", encoding="utf-8")
