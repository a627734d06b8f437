"""The bill beside the estimate, from answers in Cost Explorer's own form."""

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts import cli
from scripts.cost import actual
from scripts.cost.actual import Bill, NoBillError, read_bill
from scripts.cost.estimate import CostLine
from scripts.errors import AwsError
from tests.worlds.priced_stacks import check, stacks, written

TAGS = {"Project": "failover-site", "Environment": "demo"}
TODAY = dt.date(2026, 11, 10)
ROUTE_53, CLOUDFRONT, S3 = "Amazon Route 53", "Amazon CloudFront", "Amazon Simple Storage Service"


def result(day: str, *groups: tuple[str, str, str]) -> dict[str, Any]:
    """Returns a day as GetCostAndUsage answers it: (service, region or tag, amount)."""
    after = dt.date.fromisoformat(day) + dt.timedelta(days=1)
    return {
        "TimePeriod": {"Start": day, "End": str(after)},
        "Total": {},
        "Groups": [
            {"Keys": [service, key], "Metrics": {"UnblendedCost": {"Amount": usd, "Unit": "USD"}}}
            for service, key, usd in groups
        ],
        "Estimated": False,
    }


BY_REGION = [
    result("2026-10-01", (ROUTE_53, "global", "2.5"), (S3, "eu-central-1", "0.01"), (S3, "us-east-1", "0.02")),
    result("2026-10-05", (CLOUDFRONT, "global", "0.4"), (S3, "eu-central-1", "0")),
    result("2026-11-02", (CLOUDFRONT, "global", "0.3")),
]
BY_STACK = [
    result("2026-10-01", (ROUTE_53, "Stack$dns", "2.5"), (S3, "Stack$region-eu-central-1", "0.03")),
    result("2026-10-05", (CLOUDFRONT, "Stack$", "0.4")),
]


class CostExplorer:
    """Answers with these days, one a page, and notes what it was asked."""

    def __init__(self, by_region: list[dict[str, Any]], by_stack: list[dict[str, Any]]) -> None:
        self._answers = {"REGION": by_region, "Stack": by_stack}
        self.asked: list[dict[str, Any]] = []

    def get_cost_and_usage(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        pages = self._answers[request["GroupBy"][1]["Key"]]
        number = int(request.get("NextPageToken", "0"))
        more = {"NextPageToken": str(number + 1)} if number + 1 < len(pages) else {}
        return {"ResultsByTime": pages[number : number + 1], "DimensionValueAttributes": [], **more}


@pytest.fixture
def cost_explorer(monkeypatch: pytest.MonkeyPatch) -> CostExplorer:
    made = CostExplorer(BY_REGION, BY_STACK)
    monkeypatch.setattr(actual, "aws_client", lambda service, *, region: {("ce", "us-east-1"): made}[(service, region)])
    return made


@pytest.fixture
def bill(cost_explorer: CostExplorer) -> Bill:
    assert cost_explorer
    return read_bill(TAGS, today=TODAY)


def test_bill_is_asked_by_tags_from_the_first_of_the_month_before(bill: Bill, cost_explorer: CostExplorer) -> None:
    assert (bill.start, bill.end) == (dt.date(2026, 10, 1), TODAY)
    first = cost_explorer.asked[0]
    assert first["TimePeriod"] == {"Start": "2026-10-01", "End": "2026-11-10"}
    assert first["Filter"] == {
        "And": [
            {"Tags": {"Key": "Project", "Values": ["failover-site"]}},
            {"Tags": {"Key": "Environment", "Values": ["demo"]}},
        ]
    }
    assert len(cost_explorer.asked) == len(BY_REGION) + len(BY_STACK)


def test_money_adds_up_by_month_week_region_and_stack(bill: Bill) -> None:
    assert bill.months == pytest.approx({"2026-10": 2.93, "2026-11": 0.3})
    assert bill.weeks == pytest.approx({"2026-09-28": 2.53, "2026-10-05": 0.4, "2026-11-02": 0.3})
    regions = bill.of_month("2026-10", lambda each: each.group, bill.by_region)
    assert list(regions.items()) == [("global", 2.9), ("us-east-1", 0.02), ("eu-central-1", 0.01)]
    assert bill.of_month("2026-10", lambda each: each.group, bill.by_stack) == {
        "dns": 2.5, "not tagged": 0.4, "region-eu-central-1": 0.03,
    }  # fmt: skip


def line(service: str, usd: float) -> CostLine:
    return CostLine(item=service, service=service, quantity=1, unit="x", usd=usd, verified=True)


def test_only_a_difference_of_more_than_a_fifth_and_a_few_cents_is_large(bill: Bill) -> None:
    found = bill.against([line(ROUTE_53, 2.0), line(ROUTE_53, 0.4), line(CLOUDFRONT, 0.33), line(S3, 0)], "2026-10")
    assert [(each.service, each.is_large) for each in found] == [(ROUTE_53, False), (CLOUDFRONT, True), (S3, False)]


@pytest.mark.parametrize(
    ("days", "today", "expected"),
    [
        (["2026-10-01", "2026-11-02"], "2026-11-10", "2026-10"),
        (["2026-10-02", "2026-11-01"], "2026-11-10", None),  # deployed on the second
        (["2026-10-01"], "2026-10-31", None),
        (["2026-10-01"], "2026-11-01", "2026-10"),
        (["2026-12-01"], "2027-01-01", "2026-12"),
    ],
)
def test_month_is_whole_when_it_is_over_and_had_costs_from_its_first_day(
    days: list[str], today: str, expected: str | None
) -> None:
    amounts = tuple(actual.Amount(day=dt.date.fromisoformat(day), service=S3, group="global", usd=1.0) for day in days)
    made = Bill(start=amounts[0].day, end=dt.date.fromisoformat(today), by_region=amounts, by_stack=())
    assert made.whole_month == expected


@pytest.mark.parametrize(
    ("today", "months", "start"),
    [("2026-11-10", 1, "2026-11-01"), ("2026-11-01", 1, "2026-10-01"), ("2027-01-31", 14, "2025-12-01")],
)
def test_months_are_counted_with_the_current_one(
    cost_explorer: CostExplorer, today: str, months: int, start: str
) -> None:
    read_bill(TAGS, today=dt.date.fromisoformat(today), months=months)
    assert cost_explorer.asked[0]["TimePeriod"] == {"Start": start, "End": today}


def test_no_cost_names_the_tags_to_activate(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = CostExplorer([result("2026-10-01", (S3, "global", "0"))], [])
    monkeypatch.setattr(actual, "aws_client", lambda *_, **__: empty)
    with pytest.raises(NoBillError, match=r"Project = failover-site and Environment = demo.*cost allocation tags"):
        read_bill(TAGS, today=TODAY)
    assert len(empty.asked) == 1  # the second request would cost for nothing


def test_refusal_names_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def get_cost_and_usage(self, **_: object) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetCostAndUsage")

    monkeypatch.setattr(actual, "aws_client", lambda *_, **__: Refusing())
    with pytest.raises(AwsError, match="GetCostAndUsage"):
        read_bill(TAGS, today=TODAY)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stacks of a zone and three checks, in a folder, on the tenth of November."""
    monkeypatch.setattr("scripts.commands.cost.utc_now", lambda: dt.datetime(2026, 11, 10, 7, tzinfo=dt.UTC))
    document = stacks(*[check("HTTPS")] * 3, zones=1)
    document["edge"]["provider"] = {"aws": [{"default_tags": [{"tags": {**TAGS, "Stack": "edge"}}]}]}
    return written(tmp_path / "stacks", document)


def failover(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["failover", *arguments])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.usefixtures("cost_explorer")
def test_command_names_large_differences_and_says_the_price_first(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = failover(monkeypatch, "cost", "--stacks", str(site), "--actual", "--yes")
    shown = capsys.readouterr()
    assert code == 0  # 3.50 are estimated, above the objective; 2.93 were billed
    assert "0.02 USD" in shown.err
    assert "Amazon CloudFront: 0.40 USD more than estimated" in " ".join(shown.out.split())
    assert "2.93 USD were billed for 2026-10, within the objective of 3.00 USD" in " ".join(shown.out.split())


@pytest.mark.usefixtures("cost_explorer")
def test_document_has_the_bill(site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failover(monkeypatch, "cost", "--stacks", str(site), "--actual", "--yes", "--json")
    found = json.loads(capsys.readouterr().out)["actual"]
    assert found["whole_month"] == "2026-10"
    assert found["usd_by_stack"] == {"dns": 2.5, "not tagged": 0.4, "region-eu-central-1": 0.03}
    assert {each["service"] for each in found["services"] if each["is_large_difference"]} >= {CLOUDFRONT}


def test_nobody_to_ask_means_nothing_is_spent(
    site: Path, cost_explorer: CostExplorer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failover(monkeypatch, "cost", "--stacks", str(site), "--actual") == 2
    assert "--yes" in capsys.readouterr().err
    assert cost_explorer.asked == []
