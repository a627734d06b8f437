"""What a bench measures: a number and the bound that it has to keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with the bound that it has to keep: at most the limit, or with `is_least` at least."""

    name: str
    value: float
    unit: str
    limit: float
    is_least: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the number is within its bound."""
        return self.value >= self.limit if self.is_least else self.value <= self.limit


def aws_figure(name: str, seconds: float, limit: float) -> Figure:
    """Return a figure in AWS seconds."""
    return Figure(name=name, value=seconds, unit="AWS s", limit=limit)
