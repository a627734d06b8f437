"""From facts to what a run says of each: held, refuted, undecided, or why nobody looked. And the page's content."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from scripts.clock import rfc3339, utc_now
from scripts.errors import OpsError
from scripts.prove.checks import AFTER_DRILLS, CHECKS
from scripts.prove.facts import Fact
from scripts.prove.target import DisprovedError, Sandbox


class Outcome(enum.StrEnum):
    """What a run says of a fact, the worst first."""

    REFUTED = "refuted"
    UNDECIDED = "undecided"
    HELD = "held"
    NOT_DRILLED = "not drilled"
    BY_HAND = "by hand"
    NEEDS_AWS = "needs AWS"


BAD = frozenset({Outcome.REFUTED, Outcome.UNDECIDED})


class FactReport(TypedDict):
    """One fact and what was found."""

    id: int
    statement: str
    how: str
    command: str
    outcome: str
    evidence: str
    at: str | None
    seconds: float | None


class DrillReport(TypedDict):
    """One drill of the run."""

    name: str
    verdict: str
    reasons: list[str]
    report: str | None


class ProofReport(TypedDict):
    """The whole of prove.json."""

    schema: int
    generated_at: str
    target: str
    confidence: str
    account: str
    hostname: str
    site_file: str
    stacks_sha256: str
    versions: dict[str, str]
    estimated_usd: float
    counts: dict[str, int]
    facts: list[FactReport]
    drills: list[DrillReport]
    teardown: str
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What one drill of the run came to: its verdict, or why there is none."""

    name: str
    verdict: str
    reasons: tuple[str, ...]
    report: str | None = None

    @property
    def is_within(self) -> bool:
        """Whether it showed what it was to show."""
        return self.verdict == "within"


class Proof:
    """The facts of one run.

    Args:
        facts: all of them.
        is_aws: the sandbox is in AWS; else only what is emulated is looked at.
        tell: is told what is looked at.
    """

    def __init__(self, facts: Iterable[Fact], *, is_aws: bool, tell: Callable[[str], None]) -> None:
        self._facts = tuple(facts)
        self._is_aws = is_aws
        self._tell = tell
        self._found: dict[int, FactReport] = {}
        self._evidence: dict[str, tuple[Outcome, str, float]] = {}

    def look(self, sandbox: Sandbox, *, after_drills: bool) -> None:
        """Make the checks that are due; each check once, whatever number of facts it proves."""
        clock = sandbox.network.clock()
        for fact in self._facts:
            if not fact.check or not self._is_looked_at(fact) or (fact.check in AFTER_DRILLS) is not after_drills:
                continue
            if fact.check not in self._evidence:
                self._tell(f"Fact {fact.id}: {fact.check}")
                began = clock.now_seconds()
                outcome, evidence = checked(fact.check, sandbox)
                self._evidence[fact.check] = (outcome, evidence, clock.now_seconds() - began)
                self._tell(f"  {outcome}: {evidence}")
            outcome, evidence, seconds = self._evidence[fact.check]
            self._note(fact, outcome, evidence, seconds)

    def judge_drills(self, drilled: Mapping[str, Drilled]) -> None:
        """Note what the drills prove."""
        for fact in self._facts:
            if not fact.drill or not self._is_looked_at(fact):
                continue
            if (drill := drilled.get(fact.drill)) is None:
                self._note(fact, Outcome.NOT_DRILLED, f"{fact.drill} was not among the drills of this run")
            else:
                reasons = "; ".join(drill.reasons)
                outcome = {"within": Outcome.HELD, "outside": Outcome.REFUTED}.get(drill.verdict, Outcome.UNDECIDED)
                self._note(fact, outcome, f"drill {drill.name} {drill.verdict}: {reasons}")

    def reports(self) -> list[FactReport]:
        """Return every fact, those that nobody looked at with the reason."""
        for fact in self._facts:
            if fact.id in self._found:
                continue
            if self._is_looked_at(fact):
                self._note(fact, Outcome.UNDECIDED, "the run ended before anybody looked")
            elif self._is_aws:
                self._note(fact, Outcome.BY_HAND, f"needs {fact.needs}")
            else:
                why = fact.needs or "localcloud does not model it; the check runs on AWS"
                self._note(fact, Outcome.NEEDS_AWS, why)
        return [self._found[fact.id] for fact in self._facts]

    def _is_looked_at(self, fact: Fact) -> bool:
        return not fact.needs and (self._is_aws or fact.emulated)

    def _note(self, fact: Fact, outcome: Outcome, evidence: str, seconds: float | None = None) -> None:
        is_seen = outcome not in (Outcome.BY_HAND, Outcome.NEEDS_AWS, Outcome.NOT_DRILLED)
        self._found[fact.id] = FactReport(
            id=fact.id,
            statement=fact.statement,
            how=fact.how,
            command=fact.command,
            outcome=outcome.value,
            evidence=evidence,
            at=rfc3339(utc_now()) if is_seen else None,
            seconds=None if seconds is None else round(seconds, 1),
        )


def checked(name: str, sandbox: Sandbox) -> tuple[Outcome, str]:
    """Make one check; an answer that has another form than AWS documents is no reason to leave a sandbox standing."""
    try:
        return Outcome.HELD, CHECKS[name](sandbox)
    except DisprovedError as error:
        return Outcome.REFUTED, str(error)
    except OpsError as error:
        return Outcome.UNDECIDED, str(error)
    except (KeyError, IndexError, StopIteration, ValueError) as error:
        return Outcome.UNDECIDED, f"the answer has not the form that was looked for ({type(error).__name__}: {error})"


def counts(facts: Iterable[FactReport]) -> dict[str, int]:
    """Return outcome -> number of facts, every outcome named."""
    found = Counter(each["outcome"] for each in facts)
    return {outcome.value: found[outcome.value] for outcome in Outcome}


def is_good(report: ProofReport) -> bool:
    """Whether nothing was refuted or left undecided, every drill was within its objective, and nothing was left behind."""
    return (
        not any(report["counts"][outcome.value] for outcome in BAD)
        and all(each["verdict"] == "within" for each in report["drills"])
        and report["problem"] is None
    )


def headline(report: ProofReport) -> str:
    """Return the run in a sentence."""
    found = report["counts"]
    told = ", ".join(f"{number} {outcome}" for outcome, number in found.items() if number)
    return f"{sum(found.values())} facts: {told}"
