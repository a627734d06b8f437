"""The facts: what the design rests on, how each is proven, what that costs. docs/SANDBOX.md is written from them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FACTS = Path(__file__).parent / "facts.toml"


class Fact(BaseModel):
    """One fact. Exactly one of `check`, `drill` and `needs` is given.

    Attributes:
        id: its number, never used again.
        statement: what is claimed, in Markdown.
        command: what proves it by hand, in Markdown.
        check: name of a check of `scripts.prove.checks`; "" for none.
        drill: name of the lever whose drill proves it by being within its objective; "" for none.
        needs: what a run of `failover prove` has not, so that it is proven by hand; "" for nothing.
        emulated: localcloud models what the check or the drill looks at, so that it runs there too.
        cost_usd: of the proof, at most, beyond the sandbox itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: int = Field(gt=0)
    statement: str = Field(min_length=1)
    command: str = Field(min_length=1)
    check: str = ""
    drill: str = ""
    needs: str = ""
    emulated: bool = False
    cost_usd: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _is_proven_in_one_way(self) -> Self:
        if sum(bool(each) for each in (self.check, self.drill, self.needs)) != 1:
            raise ValueError(f"fact {self.id}: give exactly one of check, drill and needs")
        if self.needs and self.emulated:
            raise ValueError(f"fact {self.id}: what is proven by hand is not emulated")
        return self

    @property
    def how(self) -> str:
        """Return how it is proven, for a reader."""
        if self.check:
            return f"check `{self.check}`"
        return f"drill `{self.drill}`" if self.drill else f"by hand: {self.needs}"


def load_facts() -> tuple[Fact, ...]:
    """Return all facts, by number."""
    document = tomllib.loads(FACTS.read_text(encoding="utf-8"))
    return tuple(sorted((Fact.model_validate(each) for each in document["fact"]), key=lambda fact: fact.id))
