"""`failover cost`: what the synthesized site costs a month."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from scripts.commands.shared.options import JsonOption
from scripts.commands.shared.tables import results_console, results_table
from scripts.cost.coverage import not_priced
from scripts.cost.estimate import CostLine, estimate, load_stacks, monthly_cost_usd, objective_usd
from scripts.terraform.synthesis import synthesize


def cost(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    site_file: Annotated[
        Path | None, typer.Option("--site-file", help="Synthesize this site file and price it, instead of --stacks.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Price the synthesized stacks line by line; exit 1 above objectives.monthly_cost_usd."""
    document = load_stacks(stacks) if site_file is None else _stacks_of(site_file)
    lines, objective = estimate(document), objective_usd(document)
    total, unknown = monthly_cost_usd(lines), not_priced(document)
    if as_json:
        rows = [{**asdict(line), "usd": round(line.usd, 2)} for line in lines]
        figures = {"usd_per_month": total, "objective_usd_per_month": objective}
        print(json.dumps({"lines": rows, **figures, "not_priced": unknown}))
    else:
        _print(lines, total, objective, unknown)
    if total > objective:
        raise typer.Exit(1)


def _stacks_of(site_file: Path) -> dict[str, dict[str, Any]]:
    with TemporaryDirectory() as folder:
        return load_stacks(synthesize(site_file, Path(folder)))


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
