"""`failover rollback`: go back to an older release with one write."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from scripts.commands.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    publisher,
    use_localcloud,
)


def rollback(
    release_id: Annotated[str | None, typer.Argument(help="Release to go back to; default: the previous one.")] = None,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Switch back to RELEASE_ID. Nothing is uploaded: both regions still hold it, which is verified first."""
    use_localcloud(localcloud)
    site = publisher(outputs)
    plan = site.plan_rollback(release_id)
    if apply:
        site.rollback(plan)
    document = {
        "from_release_id": plan.current.routing.release_id,
        "to_release_id": plan.manifest.release_id,
        "applied": apply,
    }
    if as_json:
        print(json.dumps(document))
        return
    verb = "Rolled back" if apply else "Would roll back"
    print(f"{verb} from {document['from_release_id']} to {document['to_release_id']}; both regions hold it.")
    if not apply:
        print("This is the plan. Run again with --apply to carry it out.")
