"""What a drill proved: within the objective, outside it, or nothing. Pure; measurement.py makes the evidence of samples."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence

MAX_OVERLOAD_RATIO = 0.01
LATE_SECONDS = 0.5
"""A page view that begins later than this after its time was held up by this machine: the rate is ten a second."""
MAX_LATE_RATIO = 0.05
_BUSY = "this machine could not keep up"


class Verdict(enum.StrEnum):
    """What a drill proved about its objective, best first."""

    WITHIN = "within"
    OUTSIDE = "outside"
    INCONCLUSIVE = "inconclusive"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the drill is to show.

    Args:
        primary: the region that serves before and after.
        secondary: the region that is to take over.
        rto_seconds: the objective.
        detects_by_marker: detection is the first page view that the secondary answered, as when CloudFront itself
            retries another origin; else it is the health check's flip in the marks.
        fills_pages: the edge caches are emptied during the fault, so the secondary is to be seen filling a page anew; without
            that the drill shows only that caches work. Default: not expected.
        availability_ratio: the objective where the fault hits a share of the requests, so that nobody takes over for good.
            Default None: the fault hits all of them.
        stays: the primary is to serve throughout, whatever the fault breaks behind it. Default: no.
        loses_nothing: not one page view is to fail. Default: some may, within the objective.
        heals: page views are to fail and then to succeed again from the primary, before the fault is undone. Default: no.
    """

    primary: str
    secondary: str
    rto_seconds: float
    detects_by_marker: bool
    fills_pages: bool = False
    availability_ratio: float | None = None
    stays: bool = False
    loses_nothing: bool = False
    heals: bool = False

    @property
    def taker(self) -> str:
        """Who is to serve while the fault lasts."""
        return self.primary if self.heals or self.stays else self.secondary

    @property
    def order(self) -> tuple[str, ...]:
        """Who is to be seen serving, in turn."""
        return (self.primary,) if self.taker == self.primary else (self.primary, self.secondary, self.primary)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen of one fault.

    Attributes:
        recovery_time_seconds: from the fault on; None: the secondary was not seen serving for good.
        has_failed_back: the primary was seen serving for good after the undo.
        has_failed: a page view failed while the fault was in force.
        has_relapsed: the secondary served a while and then page views failed.
        has_filled_page: the secondary answered a page that no edge cache held.
        fail_back_loss_seconds: from the undo to the end of the last page view that failed after it.
        wrong_content_requests: requests that were answered with something else.
        overload_ratio: page views that this machine was too busy to make, of all.
        late_ratio: page views that this machine began more than LATE_SECONDS late, of all.
        latest_seconds: the longest delay of such a beginning.
        seen: the regions that served, in order.
        failed_ratio: page views that failed while the fault was in force, of all in that time.
        slow_ratio: those that were good, but more than a second slower than usual.
        covered_ratio: those that were good and that the secondary answered.
        lost_page_views: all that failed from the fault on, after the undo too.
        has_effect: the fault was seen to work, where that is not what visitors see. Default: it is.
    """

    recovery_time_seconds: float | None
    has_failed_back: bool
    has_failed: bool
    has_relapsed: bool
    has_filled_page: bool
    fail_back_loss_seconds: float
    wrong_content_requests: int
    overload_ratio: float
    seen: tuple[str, ...]
    late_ratio: float = 0.0
    latest_seconds: float = 0.0
    failed_ratio: float = 0.0
    slow_ratio: float = 0.0
    covered_ratio: float = 0.0
    lost_page_views: int = 0
    has_effect: bool = True


def judge(evidence: Evidence, expected: Expectation) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict and its reasons.

    A machine that cannot keep up makes a site look slower than it is, never faster. So it takes nothing from "within", and from
    "outside" only where nothing but time was missed.
    """
    verdict, reasons = _judged(evidence, expected)
    if verdict is not Verdict.OUTSIDE or evidence.wrong_content_requests or not _is_busy(evidence):
        return verdict, reasons
    return Verdict.INCONCLUSIVE, (_busy(evidence), *reasons)


def _is_busy(evidence: Evidence) -> bool:
    return evidence.late_ratio > MAX_LATE_RATIO or evidence.overload_ratio > MAX_OVERLOAD_RATIO


def _busy(evidence: Evidence) -> str:
    return (
        f"{_BUSY}: it began {evidence.late_ratio:.0%} of the page views late, by up to {evidence.latest_seconds:.1f} s, and left "
        f"{evidence.overload_ratio:.0%} out; run the drill on an idle machine, or with a slower clock"
    )


def _judged(evidence: Evidence, expected: Expectation) -> tuple[Verdict, tuple[str, ...]]:
    if expected.availability_ratio is not None:
        return _judge_share(evidence, expected, expected.availability_ratio)
    if expected.stays:
        return _judge_standing(evidence, expected)
    # A drill that broke the site and never saw it recover, from the fault or from its undo, is outside, whatever else was
    # seen. One in which primary, then secondary, then primary again was not seen proves nothing.
    if evidence.recovery_time_seconds is None and evidence.has_failed:
        return Verdict.OUTSIDE, (_never_recovered(evidence, expected),)
    if expected.heals and not evidence.has_failed:
        return Verdict.INCONCLUSIVE, ("the fault had no effect that a visitor could see",)
    misses = _misses(evidence, expected)
    if evidence.fail_back_loss_seconds > expected.rto_seconds:
        return Verdict.OUTSIDE, misses
    doubts = _doubts(evidence, expected)
    if evidence.recovery_time_seconds is None or doubts:
        return Verdict.INCONCLUSIVE, doubts or ("the fault had no effect that a visitor could see",)
    if misses:
        return Verdict.OUTSIDE, misses
    return Verdict.WITHIN, (f"recovery took {evidence.recovery_time_seconds:.1f} s of {expected.rto_seconds:g} s",)


def _judge_share(
    evidence: Evidence, expected: Expectation, availability_ratio: float
) -> tuple[Verdict, tuple[str, ...]]:
    shares = f"{evidence.failed_ratio:.1%} of the page views failed, {evidence.slow_ratio:.1%} were slow"
    allowed_ratio = 1 - availability_ratio
    misses = _misses(evidence, expected)
    if evidence.failed_ratio > allowed_ratio:
        misses += (f"{shares}; objectives.availability_ratio allows {allowed_ratio:.2%} to fail",)
    if misses:
        return Verdict.OUTSIDE, misses
    doubts = []
    if not evidence.covered_ratio and not evidence.slow_ratio:
        doubts.append("the fault had no effect that a visitor could see")
    if not evidence.has_failed_back:
        doubts.append("the primary was not seen serving for good after the fault was undone")
    if evidence.overload_ratio > MAX_OVERLOAD_RATIO:
        doubts.append(_busy(evidence))
    return (Verdict.INCONCLUSIVE, tuple(doubts)) if doubts else (Verdict.WITHIN, (shares,))


def _never_recovered(evidence: Evidence, expected: Expectation) -> str:
    if expected.heals:
        return "nothing ended it while the fault lasted, and page views failed until the undo"
    if evidence.has_relapsed:
        return "page views failed again after the secondary had taken over, and the fault ended before that did"
    return "the secondary never took over while the fault lasted"


def _judge_standing(evidence: Evidence, expected: Expectation) -> tuple[Verdict, tuple[str, ...]]:
    """Judges a fault for which nothing may move."""
    moved = tuple(region for region in evidence.seen if region != expected.primary)
    misses = _losses(evidence)
    misses += [f"visitors were moved to {_arrows(moved)}, and nothing was to move"] if moved else []
    if misses:
        return Verdict.OUTSIDE, tuple(misses)
    if not evidence.has_effect:
        return Verdict.INCONCLUSIVE, (
            "the fault had no effect that could be seen, so that nothing moved proves nothing",
        )
    if evidence.overload_ratio > MAX_OVERLOAD_RATIO or not evidence.seen:
        return Verdict.INCONCLUSIVE, _doubts(evidence, expected)
    return Verdict.WITHIN, (f"{expected.primary} served throughout, and no page view failed",)


def _losses(evidence: Evidence) -> list[str]:
    losses = [f"{evidence.lost_page_views} page views failed, and none was to"] if evidence.lost_page_views else []
    wrong = evidence.wrong_content_requests
    return losses + ([f"{wrong} requests were answered with the wrong content"] if wrong else [])


def _misses(evidence: Evidence, expected: Expectation) -> tuple[str, ...]:
    rto_seconds = expected.rto_seconds
    misses = []
    if expected.loses_nothing and evidence.lost_page_views:
        misses.append(f"{evidence.lost_page_views} page views failed, and none was to")
    if evidence.recovery_time_seconds is not None and evidence.recovery_time_seconds > rto_seconds:
        misses.append(f"recovery took {evidence.recovery_time_seconds:.1f} s, the objective is {rto_seconds:g} s")
    if evidence.fail_back_loss_seconds > rto_seconds:
        loss_seconds = evidence.fail_back_loss_seconds
        misses.append(
            f"page views failed until {loss_seconds:.1f} s after the undo, the objective is {rto_seconds:g} s"
        )
    if evidence.wrong_content_requests:
        misses.append(f"{evidence.wrong_content_requests} requests were answered with the wrong content")
    return tuple(misses)


def _doubts(evidence: Evidence, expected: Expectation) -> tuple[str, ...]:
    doubts = []
    regions = expected.order
    if expected.fills_pages and evidence.recovery_time_seconds is not None and not evidence.has_filled_page:
        doubts.append(f"every page came from an edge cache, so none was read from the bucket in {expected.secondary}")
    if evidence.recovery_time_seconds is not None and not evidence.has_failed_back:
        doubts.append("the primary was not seen serving again after the fault was undone")
    if evidence.seen != regions:
        doubts.append(f"visitors saw {_arrows(evidence.seen)}, expected {_arrows(regions)}")
    if evidence.overload_ratio > MAX_OVERLOAD_RATIO:
        doubts.append(_busy(evidence))
    return tuple(doubts)


def _arrows(regions: Sequence[str]) -> str:
    return " → ".join(regions) or "nobody"
