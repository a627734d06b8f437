"""An operator: real code that runs until its next request, from the answers that it has got so far.

Code between two requests depends on the answers alone, so what an operator does next is found once for each sequence of answers,
by running it anew: a tree of these grows beside the exploration. What runs in a pool runs in the order in which it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

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


class _Paused(BaseException):
    """The operator has asked for something that is not answered yet."""


class Step:
    """An operator before its next request, or at its end.

    Attributes:
        call: the request; None at the end.
        outcome: what the program returned, or Refused; only at the end.
    """

    __slots__ = ("_answers", "_next", "_program", "call", "outcome")

    def __init__(self, program: Program, answers: tuple[Any, ...] = ()) -> None:
        self._program = program
        self._answers = answers
        self._next: dict[Any, Step] = {}
        self.call: Call | None = None
        self.outcome: Any = None
        self._run()

    def after(self, answer: Any) -> Step:
        """Returns the operator after that answer."""
        if answer not in self._next:
            self._next[answer] = Step(self._program, (*self._answers, answer))
        return self._next[answer]

    def _run(self) -> None:
        answers = iter(self._answers)

        def ask(*call: Any) -> Any:
            if self.call is None:
                for answer in answers:
                    return answer
                self.call = call
            raise _Paused

        try:
            self.outcome = self._program(website(ask))
        except _Paused:
            return
        except OpsError as error:
            if self.call is None:
                self.outcome = Refused(str(error))


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
