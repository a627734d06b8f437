"""Errors of the synthesis: everything that can be wrong with a site file.

ConfigError
    every problem of one site file in one report
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a site file.

    Attributes:
        key: dotted path of the setting, such as `health_check.failure_threshold` or `region[1].name`.
        value: what the file holds there, as it would stand in TOML; None when the key is missing.
        allowed: the values that are accepted.
        remedy: what to do about it.
    """

    key: str
    value: str | None
    allowed: str
    remedy: str

    def __str__(self) -> str:
        """Returns the report line: key, value, what is allowed, what to do."""
        got = "is missing" if self.value is None else f"is {self.value}"
        return f"{self.key} {got}\n    allowed: {self.allowed}\n    to do:   {self.remedy}"


class ConfigError(Exception):
    """A site file that cannot be used; its text lists every problem found."""

    def __init__(self, path: str, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{path}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))
