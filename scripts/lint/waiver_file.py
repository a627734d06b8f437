"""Waivers in a committed file, `.failover-lint.toml`, for configuration, plans, states and backends alike.

[[waive]]
rule = "FW292"
address = "terraform.backend.s3"  # may hold * and ?; without it any
path = "infra/prod/*"             # of the file, from the folder of this one; the same
reason = "we move to lock files in January"
expires = 2027-01-31              # if it is to end
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.lint.model import Configuration
from scripts.lint.rule import Violation

NAME = ".failover-lint.toml"
_KEYS = ("rule", "address", "path", "reason", "expires")
_INDEX = re.compile(r"\[[^\]]*\]")


class WaiverFileError(WrongUsageError):
    """A file of waivers that cannot be read, or holds something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWaiver:
    """One waiver; `file` is where it stands, `name` how to find it there, `problem` why it waives nothing, "" when it does."""

    file: Path
    rule: str
    address: str
    path: str
    reason: str
    name: str
    problem: str

    @property
    def is_valid(self) -> bool:
        """Whether it may waive anything."""
        return not self.problem

    def is_for(self, violation: Violation) -> bool:
        """Whether it waives this finding."""
        finding = violation.finding
        return violation.rule.id == self.rule and self._is_at(finding.path) and self._names(finding.address)

    def is_about(self, configuration: Configuration) -> bool:
        """Whether the place that it names is among what was given, so that it should waive something."""
        addresses = [
            address
            for document in configuration.documents
            for path, address in (
                (document.path, f"terraform.backend.{document.backend[0]}" if document.backend else "terraform"),
                *((resource.path, resource.address) for resource in document.resources),
            )
            if self._is_at(path)
        ]
        return any(map(self._names, addresses))

    def _is_at(self, path: str) -> bool:
        if self.path in ("", "*"):
            return True
        relative = os.path.relpath(Path(path).resolve(), self.file.resolve().parent)
        return any(fnmatch.fnmatchcase(Path(one).as_posix(), self.path) for one in (relative, path))

    def _names(self, address: str) -> bool:
        """An address without [...] stands for all instances; in a pattern only * and ? are special."""
        pattern = self.address.replace("[", "[[]")
        return any(fnmatch.fnmatchcase(one, pattern) for one in (address, _INDEX.sub("", address)))


def find(paths: Iterable[Path]) -> list[Path]:
    """Returns the files of waivers for some inputs: in the folder of each or the nearest above it, and in the current one."""
    found: dict[Path, Path] = {}
    for path in (*paths, Path()):
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        for one in (folder, *folder.parents):
            if (one / NAME).is_file():
                found.setdefault((one / NAME), one / NAME)
            if (one / NAME).is_file() or (one / ".git").exists():
                break
    return list(found.values())


def read(file: Path, today: dt.date) -> list[FileWaiver]:
    """Returns the waivers of a file.

    Raises:
        WaiverFileError: it is no TOML, or holds something else than waivers.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WaiverFileError(
            f"{file} cannot be read as TOML ({error}): write [[waive]] with {', '.join(_KEYS)}"
        ) from error
    entries = raw.get("waive", [])
    if set(raw) - {"waive"} or not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise WaiverFileError(f"{file} holds something else than [[waive]] tables: {', '.join(sorted(raw))}")
    return [_waiver(file, index, entry, today) for index, entry in enumerate(entries, start=1)]


def _waiver(file: Path, index: int, entry: Mapping[str, object], today: dt.date) -> FileWaiver:
    unknown = sorted(set(entry) - set(_KEYS))
    texts = {key: entry.get(key, "") for key in ("rule", "address", "path", "reason")}
    wrong = [key for key, value in texts.items() if not isinstance(value, str)]
    expires = entry.get("expires")
    if unknown or wrong or not (expires is None or isinstance(expires, dt.date)):
        named = ", ".join([*unknown, *wrong]) or "expires"
        raise WaiverFileError(
            f"{file}: waiver {index}: {named} is not understood; allowed are {', '.join(_KEYS)} (a date such as 2027-01-31)"
        )
    rule, reason = str(texts["rule"]), str(texts["reason"]).strip()
    name = f"{file.name}: waiver {index} of {rule or 'no rule'}"
    return FileWaiver(
        file=file,
        rule=rule,
        address=str(texts["address"]) or "*",
        path=str(texts["path"]),
        reason=reason,
        name=name,
        problem=_problem(name, rule, reason, expires if isinstance(expires, dt.date) else None, today),
    )


def _problem(name: str, rule: str, reason: str, expires: dt.date | None, today: dt.date) -> str:
    if not rule:
        return f"{name} names no rule"
    if not reason:
        return f"{name} has no reason"
    day = expires.date() if isinstance(expires, dt.datetime) else expires
    return f"{name} ended on {day}" if day is not None and day < today else ""


def read_all(files: Sequence[Path], today: dt.date) -> list[FileWaiver]:
    """Returns the waivers of all files; see `read`."""
    return [waiver for file in files for waiver in read(file, today)]
