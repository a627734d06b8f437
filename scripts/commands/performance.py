"""`failover performance`: how long visitors waited, per region, family, resolver and phase, and what changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scripts.clock import unix_now
from scripts.commands.probe import DEFAULT_HISTORY, HistoryOption, ResolverOption, run_prober
from scripts.commands.shared.options import DEFAULT_OUTPUTS, JsonOption, LocalcloudOption, OutputsOption
from scripts.commands.shared.windows import moment_of, seconds_of
from scripts.errors import MissingOutputError, WrongUsageError

_GROUPS = ("region", "family", "resolver", "hostname")  # as scripts/report/latency.py, which --help must not load


def performance(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    history: HistoryOption = DEFAULT_HISTORY,
    window: Annotated[str, typer.Option(help="Length of the window, such as 15m, 24h or 30d.")] = "24h",
    until: Annotated[str, typer.Option(help="Its end, such as 2026-11-30T14:00Z. Default: now.")] = "",
    against: Annotated[str, typer.Option(help="End of an earlier window of the same length to compare with.")] = "",
    by: Annotated[str, typer.Option(help=f"What rows are made of: {', '.join(_GROUPS)}.")] = "region",
    live: Annotated[float, typer.Option(min=0, help="Seconds to probe first; the window is then these.")] = 0,
    rate: Annotated[float, typer.Option(min=0.01, max=200, help="Page views a second with --live.")] = 10.0,
    resolver: ResolverOption = None,
    max_growth: Annotated[
        float | None,
        typer.Option(
            min=0, help="Exit with 1 when the 95th percentile of a whole page view grew more, 0.2 for a fifth."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show latencies of DNS, connect, TLS, first byte and the whole page view, from the prober's history or live.

    Durations are upper bounds, at most a tenth too high. Failed page views are `failover slo`'s matter.
    """
    if by not in _GROUPS:
        raise WrongUsageError(f"--by {by!r}; allowed: {', '.join(_GROUPS)}")
    if max_growth is not None and not against:
        raise WrongUsageError("--max-growth needs --against END: growth is between two windows")
    length, begin = seconds_of("--window", window), unix_now()
    if live:
        run_prober(outputs, localcloud, resolver=resolver, history=history, rate=rate, for_seconds=live)
        length = unix_now() - begin
    end = moment_of("--until", until) if until else unix_now()
    _report(history, end=end, length=length, against=against, by=by, max_growth=max_growth, as_json=as_json)


def _report(
    path: Path, *, end: float, length: float, against: str, by: str, max_growth: float | None, as_json: bool
) -> None:
    from scripts.commands.shared.tables import results_console, results_table
    from scripts.probe.history import open_existing
    from scripts.report.latency import ALL, document, growth, latencies, rows

    with open_existing(path) as history:
        found = latencies(history.periods(end - length, end), by)
        earlier_end = moment_of("--against", against) if against else None
        earlier = None if earlier_end is None else latencies(history.periods(earlier_end - length, earlier_end), by)
    if not found[ALL].views or (earlier is not None and not earlier[ALL].views):
        which = "the window" if not found[ALL].views else "the window of --against"
        raise MissingOutputError(f"{path} has no good page view in {which}: let `failover probe` run, or name another")
    grown = None if earlier is None else growth(earlier[ALL], found[ALL])
    if as_json:
        before = None if earlier is None else document(earlier)
        print(json.dumps({"groups": document(found), "against": before, "p95_growth_ratio": grown}))
    else:
        console = results_console()
        for title, each in (("Against", earlier), ("Window", found)):
            if each is not None:
                table = results_table(by, "Page views", "Cache hits", "Phase", "p50 ms", "p95 ms", "p99 ms")
                table.title = title if earlier is not None else None
                for row in rows(each):
                    table.add_row(*row)
                console.print(table)
        if grown is not None:
            console.print(f"The 95th percentile of a whole page view changed by {grown:+.1%}")
    if max_growth is not None and grown is not None and grown > max_growth:
        raise typer.Exit(1)
