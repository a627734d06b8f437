"""`failover status`: what is live, from where, and whether the regions agree."""

from __future__ import annotations

import json
from datetime import timedelta

from scripts.aws.clients import cloudwatch_client
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    use_localcloud,
)
from scripts.commands.shared.parity_words import foreign_lines, parity_document, parity_words
from scripts.commands.shared.tables import results_console, results_table
from scripts.release.overview import Overview, RegionOverview, take_overview
from scripts.release.parity_metric import LOOK_BACK, LastComparison

_NONE = "none"


def status(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the active release, drained regions, each region's pointer and parity, and the last parity check where there is one.

    Works while a region is down.
    """
    use_localcloud(localcloud)
    overview = take_overview(open_website(outputs, is_hasty=True), cloudwatch_client)
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
        "routing_problems": _problems(overview),
        "regions": {
            region: {
                "is_drained": found.is_drained,
                "answers": found.answers,
                "pointer_release_id": found.pointer,
                "parity": None if found.parity is None else parity_document(found.parity),
                "parity_check": None if found.comparison is None else _comparison_document(found.comparison),
            }
            for region, found in overview.regions.items()
        },
    }


def _print(overview: Overview) -> None:
    console = results_console()
    routing = overview.routing
    console.print(f"{overview.hostname}: release {routing.release_id or _NONE} is active")
    console.print(f"previous release: {routing.previous_release_id or _NONE}")
    if routing.canary is not None:
        console.print(f"canary: {routing.canary.percent} % of viewers get {routing.canary_release_id}")
    for line in _problems(overview):
        console.print(line, highlight=False, soft_wrap=True)
    has_checks = any(found.comparison is not None for found in overview.regions.values())
    headers = ["Region", "Routing", "Endpoint pointer", "Parity", *(["Parity check"] if has_checks else [])]
    table = results_table(*headers, whole=("Region", "Endpoint pointer"))
    for region, found in overview.regions.items():
        cells = [
            region,
            _routing_of(overview, found),
            (found.pointer or _NONE) if found.answers else "unknown",
            _parity_of(found),
            _comparison_of(found.comparison),
        ]
        table.add_row(*cells[: len(headers)])
    console.print(table)


def _problems(overview: Overview) -> list[str]:
    """Returns what is wrong with the routing itself."""
    if overview.lacks_manifest:
        return [
            f"No region has a manifest of release {overview.routing.release_id}, which the routing names: publish the folder "
            "again, or roll back to one of `failover releases`"
        ]
    return foreign_lines(overview.foreign)


def _routing_of(overview: Overview, found: RegionOverview) -> str:
    if overview.entry != "cloudfront":  # nothing there reads the store; the last publish noted what it left out
        return "left out by a publish" if found.is_drained else "by Route 53"
    return "drained" if found.is_drained else "serves"


def _parity_of(found: RegionOverview) -> str:
    if not found.answers:
        return "does not answer"
    return "unknown: no manifest" if found.parity is None else parity_words(found.parity)


def _comparison_of(found: LastComparison | None) -> str:
    if found is None:
        return "off"
    if found.error is not None:
        return f"unknown: CloudWatch says {found.error.code}"
    if found.missing_objects is None or found.age_seconds is None:
        return f"no result within {LOOK_BACK.total_seconds() / 3600:.0f} hours"
    lacked = f"lacked {found.missing_objects:,} objects" if found.missing_objects else "whole"
    return f"{lacked}, {timedelta(seconds=found.age_seconds)} ago"


def _comparison_document(found: LastComparison) -> dict[str, object]:
    return {
        "answers": found.error is None,
        "missing_objects": found.missing_objects,
        "age_seconds": found.age_seconds,
    }
