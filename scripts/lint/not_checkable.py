"""The parts of traps that no Terraform JSON shows; said so, rather than guessed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCheckable:
    """A trap, or a part of it, that is not checkable from JSON; `instead` says what finds it."""

    trap: int
    what: str
    because: str
    instead: str


NOT_CHECKABLE = (
    NotCheckable(
        trap=24,
        what="An origin group on a flat-rate plan that was bought in the console",
        because="it is in no resource; FW242 reads aws_pricingplanmanager_subscription",
        instead="stay on pay-as-you-go; ask the account's owner",
    ),
    NotCheckable(
        trap=25,
        what="Key value store writes without ETag, by SigV4, or with global STS tokens",
        because="writes are made by programs, not by Terraform",
        instead="the tests of the program that writes",
    ),
    NotCheckable(
        trap=26,
        what="Answers above Lambda's 6 MB",
        because="the size of what a function answers is not in its resource",
        instead="a test of the function, and a limit on the files of a release",
    ),
    NotCheckable(
        trap=27,
        what="A recovery step of people that needs a control plane",
        because="their steps are in runbooks and commands; FW271 and FW272 read what alarms start, and documents",
        instead="read the runbook against docs/ARCHITECTURE.md; rehearse with `failover drill`",
    ),
)
