"""`failover lint`: traps in Terraform JSON that plan cleanly and then do not fail over."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.lint.reading import read_paths
from scripts.lint.report import print_text, to_json
from scripts.lint.rule import Severity
from scripts.lint.rules import ALL_RULES
from scripts.lint.sarif import to_sarif
from scripts.lint.waivers import judge

_SYNTHESIZED = Path("cdktf.out/stacks")


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class FailOn(StrEnum):
    """The severity from which a finding makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files or folders: *.tf.json, or `terraform show -json` of a plan or a state; - is stdin. Stacks that "
            f"belong together go into one call. Default: {_SYNTHESIZED}.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="text, json or sarif (2.1.0).")] = Format.TEXT,
    fail_on: Annotated[
        FailOn,
        typer.Option(help="Exit 1 from this severity up: error, warning, note; never: exit 0 whatever is found."),
    ] = FailOn.ERROR,
) -> None:
    """Find failover traps in Terraform JSON; exit 1 on errors that no resource waives, and on waivers that waive nothing."""
    configuration = read_paths(paths or [_SYNTHESIZED])
    judgement = judge(configuration, ALL_RULES)
    match format_:
        case Format.JSON:
            print(to_json(judgement))
        case Format.SARIF:
            print(to_sarif(judgement, ALL_RULES))
        case Format.TEXT:
            print_text(
                judgement,
                rules_count=len(ALL_RULES),
                resources_count=len(configuration.resources),
                documents_count=len(configuration.documents),
                console=Console(),
            )
    if judgement.fails(None if fail_on is FailOn.NEVER else Severity(fail_on.value)):
        raise typer.Exit(1)
