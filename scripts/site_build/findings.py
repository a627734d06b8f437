"""What a build has against a site: one line a problem, all of them in one report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Finding:
    """One problem.

    Attributes:
        path: file of the source, relative with `/`.
        line: line in it, from 1; 0 when the problem is the file's as a whole.
        message: what is wrong, what is allowed, what to do.
    """

    path: str
    line: int = 0
    message: str

    def __str__(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line else ''}: {self.message}"
