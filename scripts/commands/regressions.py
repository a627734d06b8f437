"""`failover regressions`: did the newest drills go worse than those before?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.commands.shared.options import JsonOption
from scripts.errors import WrongUsageError

if TYPE_CHECKING:
    from scripts.report.data import Report


def regressions(
    drills: Annotated[Path, typer.Option("--drills", help="Log of all drills, which `failover drill` writes.")] = Path(
        "build/drills.jsonl"
    ),
    add: Annotated[
        Path | None,
        typer.Option("--add", help="A report.json to add to the log first, such as that of `failover demo`."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="File for an issue's text; written only when something got worse.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the newest run of each drill with those before it, as its report does; exit code 1 when one went worse.

    Worse is outside the objective after a run within it, or a recovery that takes clearly longer than usual.
    Example: failover regressions --drills build/drills.jsonl
    """
    from scripts.report import drill_log
    from scripts.report.runs import newest_regressions

    if add is not None:
        drill_log.append(drills, _report(add))
    if not drills.is_file():
        raise WrongUsageError(f"{drills} does not exist: name the log that `failover drill` wrote")
    records = drill_log.read(drills)
    found = newest_regressions(records)
    if as_json:
        print(json.dumps({"drills": len(records), "regressions": found}))
    else:
        for sentence in found:
            print(sentence)
        print(f"{len(records)} drills: {f'{len(found)} went worse' if found else 'none went worse'} than those before.")
    if not found:
        return
    if markdown is not None:
        lines = "\n".join(f"- {sentence}" for sentence in found)
        text = (
            f"The newest drills went worse than those before:\n\n{lines}\n\nThe report of the run shows each request.\n"
        )
        markdown.write_text(text, encoding="utf-8")
    raise typer.Exit(1)


def _report(path: Path) -> Report:
    from scripts.report.history import records_of

    try:
        document: Report = json.loads(path.read_text(encoding="utf-8"))
        records_of(document)
    except OSError as error:
        raise WrongUsageError(f"{path} cannot be read as a report ({error}): give a report.json") from error
    except (LookupError, TypeError, ValueError) as error:  # a ValidationError is a ValueError
        why = " ".join(str(error).split())
        raise WrongUsageError(
            f"{path} is no report of a drill ({type(error).__name__}: {why}): give a report.json"
        ) from error
    return document
