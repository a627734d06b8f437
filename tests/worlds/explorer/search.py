"""The search: every order of the operators' requests, a crash of any operator after any write, each state looked at once.

Two orders that lead to the same cloud and the same places of all operators have the same future: it is explored once and counted
for both. `interleavings` is therefore the number of different complete orders, crashes included, that the states stand for. (A
crash elsewhere leaves what the crash after the last write leaves, or before the first what there is without the operator.)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.worlds.explorer.cloud import READS, Cloud
from tests.worlds.explorer.operators import Program, Step

CRASHED = "crashed"
Outcomes = Mapping[str, Any]
"""Operator -> what it returned, a Refused, or CRASHED."""
_DEEPEST = 10_000
_SHOWN_CHARACTERS = 160


class BrokenPromiseError(AssertionError):
    """Something that must never be is; the message says what, and the requests that led there."""


@dataclass(kw_only=True)
class Search:
    """One exploration.

    Attributes:
        programs: name -> operator.
        always: raises AssertionError for a cloud that must never be; asked for each.
        at_end: the same for the end of an order, with what became of every operator.
        crashes: how many operators may crash in one order.
        switches: how often an order may leave an operator that could go on for another one; None: as often as there are requests.
            Most mistakes show with two (Musuvathi and Qadeer, Iterative Context Bounding, PLDI 2007).
        interleavings: how many orders were covered.
        states: in how many states.
    """

    programs: Mapping[str, Program]
    always: Callable[[Cloud], None]
    at_end: Callable[[Cloud, Outcomes], None]
    crashes: int = 1
    switches: int | None = None
    interleavings: int = 0
    _orders: dict[Any, int] = field(default_factory=dict)
    _good: set[int] = field(default_factory=set)
    _path: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def states(self) -> int:
        """How many states were looked at."""
        return len(self._orders)

    def run(self, cloud: Cloud) -> int:
        """Explores; returns the number of interleavings.

        Raises:
            BrokenPromiseError: by the first order that was found.
        """
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEPEST)
        try:
            places: tuple[Step | None, ...] = tuple(Step(program) for program in self.programs.values())
            self._insist(cloud)
            self.interleavings = self._explore(cloud, places, None, self.switches)
        finally:
            sys.setrecursionlimit(usual)  # other tests of this process count on it
        return self.interleavings

    def _explore(self, cloud: Cloud, places: tuple[Step | None, ...], last: int | None, left: int | None) -> int:
        """Returns how many orders lead from here to an end; None is the place of an operator that crashed.

        Args:
            cloud: what is stored.
            places: where the operators are.
            last: who made the last request, where switches are counted.
            left: how many switches may follow.
        """
        state = (cloud.digest, last, left, *map(id, places))
        known = self._orders.get(state)
        if known is not None:
            return known
        live = [(at, place, place.call) for at, place in enumerate(places) if place is not None and place.call]
        if left == 0 and any(at == last for at, *_ in live):
            live = [each for each in live if each[0] == last]
        is_switch = any(at == last for at, *_ in live)
        orders = sum(
            self._after(cloud, places, each, left if left is None or at == last or not is_switch else left - 1)
            for each in live
            for at in each[:1]
        )
        if not live:
            self._end(cloud, places)
            orders = 1
        self._orders[state] = orders
        return orders

    def _after(
        self,
        cloud: Cloud,
        places: tuple[Step | None, ...],
        live: tuple[int, Step, tuple[Any, ...]],
        left: int | None,
    ) -> int:
        """Returns how many orders go on with that operator's request."""
        at, place, call = live
        name, *arguments = call
        last = None if left is None else at
        after, answer = getattr(cloud, name)(*arguments)
        self._path.append((at, call, answer))
        self._insist(after)
        orders = self._explore(after, (*places[:at], place.after(answer), *places[at + 1 :]), last, left)
        if name not in READS and places.count(None) < self.crashes:
            self._path.append((at, ("crashes",), ""))
            orders += self._explore(after, (*places[:at], None, *places[at + 1 :]), last, left)
            self._path.pop()
        self._path.pop()
        return orders

    def _insist(self, cloud: Cloud) -> None:
        if cloud.digest not in self._good:
            self._telling(lambda: self.always(cloud))
            self._good.add(cloud.digest)

    def _end(self, cloud: Cloud, places: tuple[Step | None, ...]) -> None:
        became = [CRASHED if place is None else place.outcome for place in places]
        self._telling(lambda: self.at_end(cloud, dict(zip(self.programs, became, strict=True))))

    def _telling(self, claim: Callable[[], None]) -> None:
        try:
            claim()
        except AssertionError as error:
            names = tuple(self.programs)
            steps = [f"{names[at]}: {_shown(call)} -> {_shown((answer,))}" for at, call, answer in self._path]
            raise BrokenPromiseError("\n  ".join([str(error), *steps])) from error


def _shown(call: tuple[Any, ...]) -> str:
    text = " ".join(str(each) for each in call)
    return text if len(text) < _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
