"""`failover cost`: what the synthesized site costs a month."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.commands.options import JsonOption
from scripts.cost import CostLine, estimate, load_stacks, monthly_cost_usd, objective_usd


def cost(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    as_json: JsonOption = False,
) -> None:
    """Price the synthesized stacks line by line; exit 1 above objectives.monthly_cost_usd."""
    document = load_stacks(stacks)
    lines, objective = estimate(document), objective_usd(document)
    total = monthly_cost_usd(lines)
    if as_json:
        rows = [asdict(line) for line in lines]
        print(json.dumps({"lines": rows, "usd_per_month": total, "objective_usd_per_month": objective}))
    else:
        _print(lines, total, objective)
    if total > objective:
        raise typer.Exit(1)


def _print(lines: list[CostLine], total: float, objective: float) -> None:
    table = Table("Item", "Quantity", "Unit", "USD a month")
    for line in lines:
        mark = "" if line.verified else " (price unverified)"
        table.add_row(f"{line.item}{mark}", f"{line.quantity:,.2f}".removesuffix(".00"), line.unit, f"{line.usd:.2f}")
    console = Console()
    console.print(table)
    verdict = "within" if total <= objective else "ABOVE"
    console.print(f"{total:.2f} USD a month, {verdict} the objective of {objective:.2f} USD")
