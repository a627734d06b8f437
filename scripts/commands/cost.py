"""`failover cost`: what the synthesized site costs a month, and what it did cost."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from scripts.clock import utc_now
from scripts.commands.shared.options import JsonOption
from scripts.commands.shared.tables import results_console, results_table
from scripts.cost.actual import LARGEST_DIFFERENCE, REQUESTS, Bill, read_bill
from scripts.cost.coverage import not_priced
from scripts.cost.estimate import (
    CostLine,
    estimate,
    load_prices,
    load_stacks,
    monthly_cost_usd,
    objective_usd,
    tags_of,
)
from scripts.errors import WrongUsageError
from scripts.simulate.prediction import LayerPrediction, in_words, layers
from scripts.simulate.site import site_of_stacks
from scripts.terraform.synthesis import synthesize

_MOST_MONTHS = 14
"""What Cost Explorer keeps, the current month included: https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html"""


def cost(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    site_file: Annotated[
        Path | None, typer.Option("--site-file", help="Synthesize this site file and price it, instead of --stacks.")
    ] = None,
    actual: Annotated[
        bool, typer.Option("--actual", help="Also read the bill by the site's tags: two requests, 0.01 USD each.")
    ] = False,
    months: Annotated[
        int,
        typer.Option(
            "--months", min=1, max=_MOST_MONTHS, help="With --actual: so many months, the current one included."
        ),
    ] = 2,
    yes: Annotated[bool, typer.Option("--yes", help="With --actual: agree to what the requests cost.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Price the synthesized stacks line by line; exit 1 above objectives.monthly_cost_usd.

    With --actual the last whole month of the bill stands beside the estimate, and it is what the objective is held against.
    """
    document = load_stacks(stacks) if site_file is None else _stacks_of(site_file)
    lines, objective = estimate(document), objective_usd(document)
    total, unknown = monthly_cost_usd(lines), not_priced(document)
    if actual:
        _agree(is_given=yes)
    bill = read_bill(tags_of(document), today=utc_now().date(), months=months) if actual else None
    if as_json:
        rows = [{**asdict(line), "usd": round(line.usd, 2)} for line in lines]
        figures = {"usd_per_month": total, "objective_usd_per_month": objective}
        billed = {} if bill is None else {"actual": _document(bill, lines)}
        recovery = {"recovery": _recovery(document)}
        print(json.dumps({"lines": rows, **figures, "not_priced": unknown, **recovery, **billed}))
    else:
        _print(lines, total, objective, unknown)
        for layer in _recovery(document):
            results_console().print(
                f"predicted recovery when {layer['what_broke']} (layer {layer['layer']}): {in_words(layer)}",
                highlight=False,
            )
        if bill is not None:
            _print_bill(bill, lines, objective)
    month = None if bill is None else bill.whole_month
    judged = total if bill is None or month is None else round(bill.months[month], 2)
    if judged > objective:
        raise typer.Exit(1)


def _agree(*, is_given: bool) -> None:
    """Says what the bill costs to read, before it is read.

    Raises:
        WrongUsageError: there is nobody to ask, and nobody agreed beforehand.
    """
    price = REQUESTS * load_prices()["cost_explorer_request"].usd
    said = f"Reading the bill takes {REQUESTS} requests to Cost Explorer, {price:.2f} USD on your account (more if it has pages)."
    print(said, file=sys.stderr)
    if is_given:
        return
    if not sys.stdin.isatty():
        raise WrongUsageError("--actual asks before it spends, and there is nobody to ask: agree with --yes")
    typer.confirm("Read it?", abort=True, err=True)


def _stacks_of(site_file: Path) -> dict[str, dict[str, Any]]:
    with TemporaryDirectory() as folder:
        return load_stacks(synthesize(site_file, Path(folder)))


def _recovery(stacks: Mapping[str, Mapping[str, Any]]) -> list[LayerPrediction]:
    """Returns what the money buys: the predicted recovery of each layer; nothing where nothing fails over."""
    try:
        return layers(site_of_stacks(stacks))
    except WrongUsageError:
        return []


def _print(lines: list[CostLine], total: float, objective: float, unknown: dict[str, int]) -> None:
    table = results_table("Item", "Quantity", "Unit", "USD a month")
    for line in lines:
        mark = "" if line.verified else " (price unverified)"
        table.add_row(f"{line.item}{mark}", f"{line.quantity:,.2f}".removesuffix(".00"), line.unit, f"{line.usd:.2f}")
    console = results_console()
    console.print(table)
    for kind, count in unknown.items():
        console.print(f"not priced: {count} x {kind}; add what it costs by hand", style="yellow")
    verdict = "within" if total <= objective else "ABOVE"
    console.print(f"{total:.2f} USD a month, {verdict} the objective of {objective:.2f} USD")


def _document(bill: Bill, lines: list[CostLine]) -> dict[str, Any]:
    month = bill.whole_month
    found: dict[str, Any] = {
        "start": str(bill.start),
        "end": str(bill.end),
        "usd_by_month": _rounded(bill.months),
        "usd_by_week": _rounded(bill.weeks),
        "whole_month": month,
    }
    if month is None:
        return found
    return {
        **found,
        "services": [
            {
                "service": each.service,
                "estimated_usd": round(each.estimated_usd, 2),
                "actual_usd": round(each.actual_usd, 2),
                "is_large_difference": each.is_large,
            }
            for each in bill.against(lines, month)
        ],
        "usd_by_region": _rounded(bill.of_month(month, lambda each: each.group, bill.by_region)),
        "usd_by_stack": _rounded(bill.of_month(month, lambda each: each.group, bill.by_stack)),
    }


def _rounded(usd: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 2) for key, value in usd.items()}


def _print_bill(bill: Bill, lines: list[CostLine], objective: float) -> None:
    console = results_console()
    _print_sums("Month", bill.months)
    _print_sums("Week from", bill.weeks)
    month = bill.whole_month
    if month is None:
        console.print(
            f"No month is whole yet: the bill has costs from {min(each.day for each in bill.by_region)} to {bill.end}, and "
            "fixed fees are billed for a month. Compare when the first whole month is over."
        )
        return
    table = results_table(f"Service in {month}", "Estimated USD", "Billed USD", "Difference")
    differences = bill.against(lines, month)
    for each in differences:
        change = f"{each.actual_usd - each.estimated_usd:+.2f}"
        table.add_row(each.service, f"{each.estimated_usd:.2f}", f"{each.actual_usd:.2f}", change)
    console.print(table)
    _print_sums(f"Region in {month}", bill.of_month(month, lambda each: each.group, bill.by_region))
    _print_sums(f"Stack in {month}", bill.of_month(month, lambda each: each.group, bill.by_stack))
    for each in differences:
        if each.is_large:
            direction = "more" if each.actual_usd > each.estimated_usd else "less"
            console.print(
                f"{each.service}: {abs(each.actual_usd - each.estimated_usd):.2f} USD {direction} than estimated, "
                f"above {LARGEST_DIFFERENCE:.0%}. {_why(each.estimated_usd, each.actual_usd)}",
                style="yellow",
            )
    billed = bill.months[month]
    verdict = "within" if round(billed, 2) <= objective else "ABOVE"
    console.print(f"{billed:.2f} USD were billed for {month}, {verdict} the objective of {objective:.2f} USD")


def _why(estimated: float, billed: float) -> str:
    if estimated == 0:
        return "Nothing of it is estimated: an option of yours, or a name of AWS's that prices.toml does not have."
    if billed == 0:
        return "Nothing was billed: a free tier, credits, or another name of AWS's."
    return "Compare the site file's [traffic] with what the distributions counted."


def _print_sums(header: str, usd: Mapping[str, float]) -> None:
    table = results_table(header, "Billed USD")
    for key, value in usd.items():
        table.add_row(key, f"{value:.2f}")
    results_console().print(table)
