"""`failover audit`: does every figure of a drill's report follow from its samples?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.options import JsonOption


def audit(
    report: Annotated[Path, typer.Argument(help="report.json of a drill; its samples lie beside it.")],
    as_json: JsonOption = False,
) -> None:
    """Compute every figure of REPORT again from the samples, and compare both files with their digests.

    Exit code 1 when a byte was changed or a figure does not follow. A digest shows a change; it is no signature.
    """
    from scripts.report.audit import audit as problems_of

    problems = problems_of(report)
    if as_json:
        print(json.dumps({"report": str(report), "problems": problems}))
    else:
        print("\n".join(problems) or f"{report}: every figure follows from the samples.")
    if problems:
        raise typer.Exit(1)
