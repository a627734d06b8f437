"""What the site did cost, from AWS's own bill, and how that compares with the estimate.

Cost Explorer is asked twice: by service and region, and by service and stack, each day by day. Each request costs 0.01 USD, a
further page another one: https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/. Amounts are unblended, as on the
bill, in USD. A day is missing for up to 24 hours, and the current month is estimated by AWS:
https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.aws.clients import aws_client, translated
from scripts.cost.estimate import CostLine
from scripts.errors import OpsError

REQUESTS = 2
LARGEST_DIFFERENCE = 0.20
"""Share of the estimate by which a bill may differ without a word."""
_SMALLEST_DIFFERENCE_USD = 0.05
_NO_TAG = "not tagged"


class NoBillError(OpsError):
    """Cost Explorer knows no cost with these tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What one service cost on one day, in USD; `group` is its region or its stack."""

    day: dt.date
    service: str
    group: str
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A service in a whole month: estimated and billed, in USD."""

    service: str
    estimated_usd: float
    actual_usd: float

    @property
    def is_large(self) -> bool:
        """Whether it is worth a word: more than a fifth of the estimate, and more than a few cents."""
        difference = abs(self.actual_usd - self.estimated_usd)
        return difference > max(LARGEST_DIFFERENCE * self.estimated_usd, _SMALLEST_DIFFERENCE_USD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The site's costs from `start` to before `end`.

    Attributes:
        by_region: each service's days by region; `global` and `NoRegion` are AWS's own words.
        by_stack: the same money by the tag Stack.
    """

    start: dt.date
    end: dt.date
    by_region: tuple[Amount, ...]
    by_stack: tuple[Amount, ...]

    @property
    def months(self) -> dict[str, float]:
        """USD by month, such as 2026-10, in order."""
        return _sums((f"{each.day:%Y-%m}", each.usd) for each in self.by_region)

    @property
    def weeks(self) -> dict[str, float]:
        """USD by the Monday that begins the week, in order."""
        return _sums((str(each.day - dt.timedelta(days=each.day.weekday())), each.usd) for each in self.by_region)

    def of_month(self, month: str, key: Callable[[Amount], str], amounts: Iterable[Amount]) -> dict[str, float]:
        """Returns USD by `key` in that month, the largest first."""
        found = _sums((key(each), each.usd) for each in amounts if f"{each.day:%Y-%m}" == month)
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def whole_month(self) -> str | None:
        """The last month that is over and had costs from its first day on; None without.

        Fixed fees are billed for the month, use by the day, so a part of a month is no measure of either.
        """
        days = {each.day for each in self.by_region if each.usd > 0}
        whole = [f"{day:%Y-%m}" for day in sorted(days) if day.day == 1 and _next_month(day) <= self.end]
        return whole[-1] if whole else None

    def against(self, lines: Iterable[CostLine], month: str) -> list[Difference]:
        """Returns each service of the estimate or the bill, the largest bill first."""
        estimated = _sums((line.service, line.usd) for line in lines)
        actual = self.of_month(month, lambda each: each.service, self.by_region)
        services = sorted({*estimated, *actual}, key=lambda name: (-actual.get(name, 0), -estimated.get(name, 0), name))
        return [
            Difference(service=name, estimated_usd=estimated.get(name, 0.0), actual_usd=actual.get(name, 0.0))
            for name in services
        ]


def read_bill(tags: Mapping[str, str], *, today: dt.date, months: int = 2) -> Bill:
    """Returns the bill of the current month and those before it.

    Args:
        tags: tag -> value that every resource of the site carries.
        today: the day in UTC; it is not over, so it is not asked for. Cost Explorer answers for 14 months at most.
        months: how many, the current one included.

    Raises:
        NoBillError: there is no cost with these tags.
        AwsError: Cost Explorer refused, or does not answer.
    """
    start = today.replace(day=1)
    for _ in range(months - 1):
        start = (start - dt.timedelta(days=1)).replace(day=1)
    if start == today:  # on the first day of a month nothing of it is known
        start = (start - dt.timedelta(days=1)).replace(day=1)
    client = aws_client("ce", region="us-east-1")
    wanted = {
        "TimePeriod": {"Start": str(start), "End": str(today)},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "Filter": {"And": [{"Tags": {"Key": key, "Values": [value]}} for key, value in tags.items()]},
    }
    service = {"Type": "DIMENSION", "Key": "SERVICE"}
    by_region = tuple(_amounts(client, wanted, [service, {"Type": "DIMENSION", "Key": "REGION"}]))
    if not any(each.usd for each in by_region):
        named = " and ".join(f"{key} = {value}" for key, value in tags.items())
        raise NoBillError(
            f"Cost Explorer knows no cost from {start} to {today} with the tags {named}. Either nothing was billed yet (a day "
            "appears within 24 hours), or the tags Project, Environment and Stack are not activated as cost allocation tags: do "
            "so in the Billing console of the account that pays. What was billed before is not tagged afterwards."
        )
    by_stack = tuple(_amounts(client, wanted, [service, {"Type": "TAG", "Key": "Stack"}]))
    return Bill(start=start, end=today, by_region=by_region, by_stack=by_stack)


def _amounts(client: Any, wanted: Mapping[str, Any], groups: list[dict[str, str]]) -> Iterator[Amount]:  # noqa: ANN401
    """Yields every amount that is not nothing, page by page.

    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
    """
    token: dict[str, str] = {}
    while True:
        with translated("GetCostAndUsage", "the account's costs"):
            answer = client.get_cost_and_usage(**wanted, GroupBy=groups, **token)
        for result in answer["ResultsByTime"]:
            day = dt.date.fromisoformat(result["TimePeriod"]["Start"])
            for group in result["Groups"]:
                service, key = group["Keys"]
                usd = float(group["Metrics"]["UnblendedCost"]["Amount"])
                if usd:
                    yield Amount(day=day, service=service, group=_name(key), usd=usd)
        if "NextPageToken" not in answer:
            return
        token = {"NextPageToken": answer["NextPageToken"]}


def _name(key: str) -> str:
    """Returns a region as it is; of a tag, which comes as `Stack$value`, its value."""
    return (key.partition("$")[2] or _NO_TAG) if "$" in key else key


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


def _sums(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for key, usd in pairs:
        found[key] += usd
    return dict(sorted(found.items()))
