"""The exits of a deployment, and how commands tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.exits.exits import Exits, ExitState, open_exits
from scripts.exits.store import ExitUnavailableError
from scripts.terraform.outputs import load_deployment

REPAIR = "failover verify --repair --apply"


def exits_of(outputs: Path) -> Exits:
    """Returns the stores of the deployment's external endpoints; none where it has none."""
    deployment = load_deployment(outputs)
    return open_exits({name: endpoint.content for name, endpoint in deployment.external_endpoints.items()})


def left_behind(failures: Iterable[ExitUnavailableError]) -> list[str]:
    """Returns what is told of endpoints that do not follow the site."""
    return [f"{each.name} keeps the release that it had: {each}. When it is back: {REPAIR}" for each in failures]


def exit_documents(states: Sequence[ExitState]) -> dict[str, object]:
    """Returns what `--json` says of each endpoint."""
    return {
        each.name: {
            "place": each.place,
            "active_release_id": each.active,
            "wrong": list(each.wrong),
            "error": None if each.error is None else str(each.error),
        }
        for each in states
    }


def exit_words(state: ExitState) -> str:
    """Returns how an endpoint stands to the active release, in a few words."""
    if state.error is not None:
        return f"unknown: {state.error}"
    if state.is_whole:
        return "whole"
    shown = ", ".join(state.wrong[:3]) + (" ..." if len(state.wrong) > 3 else "")
    return f"serves {state.active or 'nothing'}; {len(state.wrong):,} files differ ({shown})"
