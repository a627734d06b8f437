"""`failover status`: what is live, from where, and whether the regions agree."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from scripts.commands.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    use_localcloud,
)
from scripts.commands.parity_words import parity_document, parity_words
from scripts.release.overview import Overview, RegionOverview, take_overview

_NONE = "none"


def status(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the active release, drained regions, pointers and parity. Works while a region is down."""
    use_localcloud(localcloud)
    overview = take_overview(open_website(outputs))
    if as_json:
        print(json.dumps(_document(overview)))
    else:
        _print(overview)


def _document(overview: Overview) -> dict[str, object]:
    return {
        "hostname": overview.hostname,
        "entry": overview.entry,
        "active_release_id": overview.routing.release_id,
        "previous_release_id": overview.routing.previous_release_id,
        "canary": overview.routing.canary
        and {"release_id": overview.routing.canary_release_id, "percent": overview.routing.canary.percent},
        "drained_regions": list(overview.routing.drained_regions),
        "regions": {
            region: {
                "is_drained": found.is_drained,
                "answers": found.answers,
                "pointer_release_id": found.pointer,
                "parity": None if found.parity is None else parity_document(found.parity),
            }
            for region, found in overview.regions.items()
        },
    }


def _print(overview: Overview) -> None:
    console = Console()
    routing = overview.routing
    console.print(f"{overview.hostname}: release {routing.release_id or _NONE} is active", highlight=False)
    console.print(f"previous release: {routing.previous_release_id or _NONE}", highlight=False)
    if routing.canary is not None:
        console.print(f"canary: {routing.canary.percent} % of viewers get {routing.canary_release_id}", highlight=False)
    table = Table("Region", "Routing", "Pointer of the regional endpoint", "Parity of the active release")
    for region, found in overview.regions.items():
        table.add_row(
            region,
            _routing_of(overview, found),
            (found.pointer or _NONE) if found.answers else "unknown",
            _parity_of(found),
        )
    console.print(table)


def _routing_of(overview: Overview, found: RegionOverview) -> str:
    if overview.entry != "cloudfront":  # nothing there reads the store; the last publish noted what it left out
        return "left out by a publish" if found.is_drained else "by Route 53"
    return "drained" if found.is_drained else "serves"


def _parity_of(found: RegionOverview) -> str:
    if not found.answers:
        return "does not answer"
    return "unknown: no manifest" if found.parity is None else parity_words(found.parity)
