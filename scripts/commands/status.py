"""`failover status`: what users get now, from where, by which layer; what is live, and whether the regions agree."""

from __future__ import annotations

import json
from datetime import timedelta

import typer

from scripts.aws.clients import cloudwatch_client, route53_client
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
from scripts.commands.shared.waiting import waiting_for
from scripts.exits.words import exit_words, exits_of
from scripts.local.endpoints import Endpoints
from scripts.release.overview import Overview, RegionOverview
from scripts.release.parity_metric import LOOK_BACK, LastComparison
from scripts.status.entries import Answer, network_entry_probe
from scripts.status.look import look
from scripts.status.reports import CheckReport
from scripts.status.view import View, as_document, exit_code, problems, unknowns, users
from scripts.status.watched import watched
from scripts.terraform.outputs import load_deployment, load_other_outputs

_NONE = "none"
_FEW_DAYS = 10


def status(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what users get now and which layer covers, every entry, health check and alarm, and what each region holds.

    Changes nothing and works while anything is down. Exits with 0 when users are served as designed and nothing fails, with 1
    when anything fails, with 3 when AWS could not be asked for a part of it.
    """
    endpoints = use_localcloud(localcloud)
    with waiting_for("every entry, health check, alarm and bucket"):
        view = see(outputs, endpoints)
    if as_json:
        print(json.dumps({**({} if view.overview is None else _document(view.overview)), **as_document(view)}))
    else:
        _print(view)
    if code := exit_code(view):
        raise typer.Exit(code)


def see(outputs: OutputsOption, endpoints: Endpoints | None) -> View:
    """Returns what every part of the deployment says now."""
    return look(
        open_website(outputs, is_hasty=True),
        watched(
            load_deployment(outputs), load_other_outputs(outputs), {} if endpoints is None else endpoints.web_servers
        ),
        probe=network_entry_probe(endpoints),
        route53=route53_client,
        cloudwatch=cloudwatch_client,
        exits=exits_of(outputs),
    )


def _print(view: View) -> None:
    console = results_console()
    found = users(view)
    console.print(f"{view.public.entry.name}: {found.sentence}")
    console.print(f"DNS answers with {', '.join(view.public.addresses) or 'nothing'}")
    table = results_table("Entry", "Answers", "From", "Certificate", whole=("Entry",))
    for answer in (view.public, *view.entries):
        table.add_row(
            answer.entry.name, _answers(answer, view.exit_names), answer.region or "unknown", _certificate(answer)
        )
    console.print(table)
    for check in view.checks:
        console.print(_check_line(check))
    for check in view.standby_checks:
        console.print(f"check of {check.name}: {_health_words(check)}", highlight=False)
    for alarm in view.alarms:
        console.print(f"alarms on in {alarm.region}: {'unknown' if alarm.error else ', '.join(alarm.names) or _NONE}")
    if view.overview is not None:
        _print_content(view.overview)
    for state in view.exits:
        console.print(f"{state.name}, outside AWS ({state.place}): {exit_words(state)}", highlight=False)
    for heading, lines in (("Look at:", problems(view)), ("Unknown:", unknowns(view))):
        if lines:
            console.print(heading)
        for line in lines:
            console.print(f"  {line}")


def _certificate(answer: Answer) -> str:
    if answer.certificate is None:
        return "unknown"
    left_days = answer.certificate.left_days
    return f"{left_days:,.0f} days left" if left_days >= _FEW_DAYS else f"{left_days:.1f} days left"


def _answers(answer: Answer, exit_names: tuple[str, ...]) -> str:
    if answer.problem is not None:
        return answer.problem
    by = "CloudFront" if answer.served_by == "cloudfront" else "regional endpoint"
    by = "server outside AWS" if answer.region in exit_names else by
    if answer.marker_problem is not None:
        held = ", a page that an edge holds" if answer.is_from_cache else ""
        return f"{by}{held}; region marker: {answer.marker_problem}"
    return f"{by}, what was published"


def _check_line(check: CheckReport) -> str:
    name = "path check" if check.name == "path" else f"region check of {check.name}"
    return f"{name}: {_health_words(check)}"


def _health_words(check: CheckReport) -> str:
    if check.is_healthy is None:
        return "unknown"
    words = "healthy" if check.is_healthy else "unhealthy"
    return f"{words}, {check.succeeding} of {check.checkers} checkers get an answer"


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


def _print_content(overview: Overview) -> None:
    console = results_console()
    routing = overview.routing
    console.print(f"release {routing.release_id or _NONE} is active")
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
    if not found.answers and not found.is_drained:
        return "does not answer"
    if overview.entry != "cloudfront":  # nothing there reads the store; the last publish noted what it left out
        return "left out by a publish" if found.is_drained else "by Route 53"
    return "drained" if found.is_drained else "takes part"


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
