"""An operator: real code that runs until its next request, from the answers that it has got so far.

Code between two requests depends on the answers alone, so what an operator does next is found once for each sequence of answers:
a tree of these grows beside the exploration. The first answer goes to the run that waits for it, in a greenlet of its own; any
other one to a new run, which gets the same answers up to there. What runs in a pool runs in the order in which it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from scripts.errors import OpsError
from scripts.release.bucket import ContentBucket
from scripts.release.routing import RoutingStore
from scripts.release.website import Website
from tests.worlds.explorer.clients import RegionClient, StoreClient
from tests.worlds.explorer.cloud import Cloud

REGIONS = ("eu-central-1", "us-east-1")
Call = tuple[Any, ...]
"""Name of a method of Cloud, and its arguments."""
Program = Callable[[Website], Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """An operator ended with an error that its user reads."""

    told: str


class _Abandoned(BaseException):
    """Nobody wants to know any more what the operator does next."""


@dataclass(frozen=True, slots=True)
class _End:
    """What became of an operator."""

    outcome: Any


class Step:
    """An operator before its next request, or at its end.

    Attributes:
        call: the request; None at the end.
        outcome: what the program returned, or Refused; only at the end.
    """

    __slots__ = ("_answers", "_next", "_program", "_waiting", "call", "outcome")

    def __init__(self, program: Program, answers: tuple[Any, ...] = (), waiting: Any = None) -> None:
        """Runs the program to its next request.

        Args:
            program: the operator's.
            answers: what its requests were answered so far.
            waiting: a run of the program that waits for the last of the answers; None begins one.
        """
        self._program = program
        self._answers = answers
        self._next: dict[Any, Step] = {}
        self._waiting, reached = _begun(program, answers) if waiting is None else (waiting, waiting.switch(answers[-1]))
        self.call: Call | None = None if isinstance(reached, _End) else reached
        self.outcome: Any = reached.outcome if isinstance(reached, _End) else None

    def after(self, answer: Any) -> Step:
        """Returns the operator after that answer."""
        if answer not in self._next:
            waiting, self._waiting = self._waiting, None
            self._next[answer] = Step(self._program, (*self._answers, answer), waiting)
        return self._next[answer]


def _begun(program: Program, answers: tuple[Any, ...]) -> tuple[Any, Call | _End]:
    """Returns a run of the program that has got these answers, and its next request or its end."""
    given = iter(answers)
    is_abandoned = False

    def ask(*call: Any) -> Any:
        nonlocal is_abandoned
        if is_abandoned:
            raise _Abandoned
        for answer in given:
            return answer
        try:
            return getcurrent().parent.switch(call)
        except GreenletExit:  # who would have answered is gone
            is_abandoned = True
            raise _Abandoned from None

    def run() -> _End:
        try:
            return _End(program(website(ask)))
        except OpsError as error:
            return _End(Refused(str(error)))
        except _Abandoned:
            return _End(None)

    waiting = greenlet(run)
    return waiting, waiting.switch()


def website(ask: Callable[..., Any]) -> Website:
    """Returns a website whose every request is asked for."""
    buckets: dict[str, ContentBucket] = {}
    for region in REGIONS:
        client: Any = RegionClient(ask, region)
        buckets[region] = ContentBucket(client, region=region, name=f"content-{region}")
    store: Any = StoreClient(ask)
    return Website(hostname="www.example.test", buckets=buckets, routing=RoutingStore(store, "arn:store"))


def run_alone(cloud: Cloud, program: Program) -> tuple[Cloud, Any]:
    """Runs a program with nobody else; returns the cloud afterwards and what it returned or raised."""

    def ask(name: str, *arguments: Any) -> Any:
        nonlocal cloud
        cloud, answer = getattr(cloud, name)(*arguments)
        return answer

    outcome = program(website(ask))
    return cloud, outcome


class InTurn:
    """A ThreadPoolExecutor that runs what it gets at once, in the thread that hands it over."""

    def __init__(self, *_arguments: object) -> None:
        pass

    def __enter__(self) -> InTurn:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(function(*arguments))
        except Exception as error:  # noqa: BLE001  (as a pool does)
            done.set_exception(error)
        return done

    def map(self, function: Callable[..., Any], *each: Iterable[Any]) -> Iterator[Any]:
        done = [self.submit(function, *arguments) for arguments in zip(*each, strict=False)]
        return (future.result() for future in done)

    def shutdown(self, **_named: bool) -> None:
        pass
