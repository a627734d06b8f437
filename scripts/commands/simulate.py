"""`failover simulate`: thousands of drills in virtual time, from the synthesized site alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.commands.shared.options import JsonOption
from scripts.errors import WrongUsageError

if TYPE_CHECKING:
    from scripts.drill.scenarios import FaultVariant, Scenario
    from scripts.simulate.conditions import Conditions
    from scripts.simulate.drills import Drills
    from scripts.simulate.site import SimulatedSite

_SECONDS = ("detect", "switch", "recover", "fail_back")
_LABELS = {"detect": "detect", "switch": "switch", "recover": "recover", "fail_back": "fail back"}
Ratio = typer.Option(min=0, max=1)


def simulate(
    scenario: Annotated[
        str, typer.Option("--scenario", help="What breaks: a scenario or lever of `failover drill`.")
    ] = "edge-outage",
    variant: Annotated[
        list[str] | None,
        typer.Option(help="How it breaks, once or more often. Default: as `failover drill` does unasked."),
    ] = None,
    site_file: Annotated[
        Path | None, typer.Option("--site-file", help="Synthesize this site file, instead of reading --stacks.")
    ] = None,
    plan: Annotated[
        list[Path] | None,
        typer.Option("--plan", help="Read a plan, as `terraform show -json` prints it; once for each stack."),
    ] = None,
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    drills: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many drills.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws: the same seed gives the same drills.")] = 1,
    viewers: Annotated[
        list[str] | None,
        typer.Option(help="REGION[:WEIGHT], the AWS region near which viewers are. Default: the primary region."),
    ] = None,
    clients: Annotated[
        int, typer.Option(min=1, max=1000, help="Viewers with a resolver each, whose answers are evenly aged.")
    ] = 50,
    error_keeping_ratio: Annotated[
        float, typer.Option(min=0, max=1, help="Share of them whose resolver keeps answers without an address.")
    ] = 1.0,
    overstay_ratio: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the resolvers that keep an answer longer than its TTL, ...")
    ] = 0.0,
    overstay_seconds: Annotated[float, typer.Option(min=0, max=86_400, help="... by so much.")] = 0.0,
    probe_loss_ratio: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of the health checkers' probes that are lost on the way.")
    ] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Predict what an outage costs viewers, from many drills in virtual time.

    Each draws the moment of the fault, the phases of Route 53's checkers and the ages of the answers that resolvers hold.

    Exit code 1 when the objective is missed in more than 5 of 100 drills. Example: failover simulate --site-file
    config/prod.toml --scenario edge-outage --variant nxdomain
    """
    from scripts.simulate.conditions import viewers_near
    from scripts.simulate.drills import simulate as play  # numpy takes time that `--help` should not
    from scripts.simulate.prediction import distributions, insist_on_layer, is_within, scenario_named, usual_conditions

    chosen = scenario_named(scenario)
    variants = chosen.select(tuple(variant or ()))
    site = _site(site_file, plan or [], stacks)
    insist_on_layer(chosen, site)
    conditions = dataclasses.replace(
        usual_conditions(site),
        clients=clients,
        error_keeping_ratio=error_keeping_ratio,
        overstay_ratio=overstay_ratio,
        overstay_seconds=overstay_seconds,
        probe_loss_ratio=probe_loss_ratio,
    )
    if viewers:
        near = viewers_near(_weights(viewers), primary=site.primary, secondary=site.secondary)
        conditions = dataclasses.replace(conditions, places=near)
    played = [(each, play(chosen, each, site, conditions, drills=drills, seed=seed)) for each in variants]
    verdicts = [is_within(distributions(result), chosen, site) for _, result in played]
    if as_json:
        print(json.dumps(_document(chosen, played, site, conditions, drills=drills, seed=seed)))
    else:
        _print(chosen, played, site, conditions)
    if False in verdicts:
        raise typer.Exit(1)


def _site(site_file: Path | None, plans: list[Path], stacks: Path) -> SimulatedSite:
    from scripts.cost.estimate import load_stacks
    from scripts.simulate.site import site_of_plans, site_of_stacks
    from scripts.terraform.synthesis import synthesize

    if site_file is not None and plans:
        raise WrongUsageError("--site-file and --plan exclude each other: give the one that is to be simulated")
    if plans:
        return site_of_plans(plans)
    if site_file is None:
        return site_of_stacks(load_stacks(stacks))
    with TemporaryDirectory() as folder:
        return site_of_stacks(load_stacks(synthesize(site_file, Path(folder))))


def _weights(viewers: list[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for each in viewers:
        region, _, weight = each.partition(":")
        try:
            weights[region] = weights.get(region, 0.0) + (float(weight) if weight else 1.0)
        except ValueError as error:
            raise WrongUsageError(
                f"--viewers {each!r}: allowed: REGION or REGION:WEIGHT, such as eu-central-1:0.7"
            ) from error
    return weights


def _document(
    scenario: Scenario,
    played: list[tuple[FaultVariant, Drills]],
    site: SimulatedSite,
    conditions: Conditions,
    *,
    drills: int,
    seed: int,
) -> dict[str, Any]:
    from scripts.simulate.prediction import distributions, is_within, within_ratio

    results = []
    for variant, result in played:
        found = distributions(result)
        results.append(
            {
                "variant": variant.name,
                "seconds": {name: found[name] for name in _SECONDS},
                "failed_ratio": found["failed_ratio"],
                "within_rto_ratio": None
                if site.rto_seconds is None
                else within_ratio(result.recover, site.rto_seconds),
                "is_within": is_within(found, scenario, site),
            }
        )
    return {
        "schema": 1,
        "scenario": scenario.name,
        "layer": scenario.layer,
        "drills": drills,
        "seed": seed,
        "objective": {"rto_seconds": site.rto_seconds, "availability_ratio": site.availability_ratio},
        "arithmetic": _arithmetic(scenario, site),
        "site": _plain(site),
        "conditions": _plain(conditions),
        "variants": results,
    }


def _arithmetic(scenario: Scenario, site: SimulatedSite) -> str | None:
    """Returns the sum behind a recovery by DNS; None where DNS leads nobody elsewhere."""
    is_led = scenario.layer == 3 and not scenario.stays and "nobody" not in scenario.takes_over
    return site.dns.arithmetic(0.95) if is_led and site.dns is not None else None


def _plain(value: SimulatedSite | Conditions) -> dict[str, Any]:
    return {
        name: None
        if each is None
        else {**each, "status_codes": sorted(each["status_codes"])}
        if name == "origins"
        else each
        for name, each in dataclasses.asdict(value).items()
    }


def _print(
    scenario: Scenario, played: list[tuple[FaultVariant, Drills]], site: SimulatedSite, conditions: Conditions
) -> None:
    from scripts.commands.shared.tables import results_console, results_table
    from scripts.simulate.prediction import Distribution, distributions, is_within

    def cells(found: Distribution, unit: str, scale: float = 1.0) -> list[str]:
        if found["p50"] is None:
            return ["never"] + ["–"] * 3
        return [f"{scale * (found[key] or 0.0):.1f}{unit}" for key in ("p50", "p95", "p99", "max")]

    console = results_console()
    names = {"primary": site.primary, "secondary": site.secondary}
    for variant, result in played:
        found = distributions(result)
        console.print(
            f"{scenario.what_fails.format(**names)} {variant.title}: {len(result.recover):,} drills", highlight=False
        )
        table = results_table("Figure", "p50", "p95", "p99", "max")
        for name in _SECONDS:
            table.add_row(_LABELS[name], *cells(found[name], " s"))
        table.add_row("failed page views", *cells(found["failed_ratio"], " %", 100))
        console.print(table)
        verdict = is_within(found, scenario, site)
        if verdict is not None and not scenario.degrades:
            words = "within" if verdict else "OUTSIDE"
            console.print(
                f"recovery in 95 of 100 drills: {words} the objective of {site.rto_seconds:g} s", highlight=False
            )
        elif verdict is not None:
            words = "within" if verdict else "OUTSIDE"
            console.print(f"failed page views: {words} objectives.availability_ratio", highlight=False)
    if (arithmetic := _arithmetic(scenario, site)) is not None:
        console.print(f"in 95 of 100 outages that refuse connections: {arithmetic}", highlight=False, soft_wrap=True)
    for place in conditions.places if len(conditions.places) > 1 else ():
        console.print(
            f"viewers near {place.name} ({place.share:.0%}): a page view {place.usual.p50_seconds:.2f} s, "
            f"while DNS leads elsewhere {place.diverted.p50_seconds:.2f} s",
            highlight=False,
        )
