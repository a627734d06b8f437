"""What localcloud's console may run for us: drills and replays, as commands of this program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.drill.scenarios import SCENARIOS, FaultVariant, Scenario
from scripts.replay.incidents import incident_ids, load_incident

ACTIONS_VARIABLE = "LOCALCLOUD_ACTIONS"
"""Where localcloud looks for them; docs/CONSOLE.md says in what form."""

_PROGRAM = str(Path(sys.executable).with_name("failover"))


def console_actions(*, outputs: Path, stacks: Path) -> str:
    """Returns the actions as localcloud takes them, JSON.

    Args:
        outputs: file with the Terraform outputs of the deployed site.
        stacks: folder of its synthesized stacks, for the cost in a drill's report.
    """
    actions = [*_drills(outputs.resolve(), stacks.resolve()), *_replays(outputs.resolve())]
    return json.dumps(actions)


def _drills(outputs: Path, stacks: Path) -> Iterator[dict[str, object]]:
    for scenario in SCENARIOS.values():
        for variant in scenario.variants:
            yield {
                "id": f"drill-{scenario.name}-{variant.name}",
                "group": f"Drill: {scenario.name}",
                "title": _title(scenario, variant),
                "command": [
                    *[_PROGRAM, "drill", scenario.name, "--variant", variant.name, "--outputs", str(outputs)],
                    *["--stacks", str(stacks), "--localcloud", "{state_dir}", "--report", "{report}"],
                ],
                "report": "report.html",
            }


def _title(scenario: Scenario, variant: FaultVariant) -> str:
    what = scenario.what_fails.format(primary="the primary region", secondary="the secondary region")
    return f"{what} {variant.title}"


def _replays(outputs: Path) -> Iterator[dict[str, object]]:
    for id_ in incident_ids():
        yield {
            "id": f"replay-{id_}",
            "group": "Replay of an outage that happened",
            "title": f"{id_[:10]}: {load_incident(id_).title}",
            "command": [
                *[_PROGRAM, "replay", id_, "--outputs", str(outputs)],
                *["--localcloud", "{state_dir}", "--report", "{report}"],
            ],
            "report": f"{id_}.html",
        }
