"""`failover lint`: traps in Terraform's configuration, plans and states that plan cleanly and then do not fail over."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scripts.errors import WrongUsageError
from scripts.lint import baseline as baselines
from scripts.lint import waiver_file
from scripts.lint.annotations import to_github
from scripts.lint.explain import explained
from scripts.lint.model import Configuration
from scripts.lint.reading import read_paths
from scripts.lint.report import print_text, to_json
from scripts.lint.rule import Severity
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import Judgement, Place, judge

_SYNTHESIZED = Path("cdktf.out/stacks")


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"


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
            help="Files or folders: *.tf, *.tf.json, or `terraform show -json` of a plan or a state; - is stdin. Stacks that "
            f"belong together go into one call. Default: {_SYNTHESIZED}, or else the current folder.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="text, json, sarif (2.1.0), github (annotations) or junit.")
    ] = Format.TEXT,
    fail_on: Annotated[
        FailOn,
        typer.Option(help="Exit 1 from this severity up: error, warning, note; never: exit 0 whatever is found."),
    ] = FailOn.ERROR,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 when something was not read, or is not known.")
    ] = False,
    var_file: Annotated[
        list[Path] | None, typer.Option(help="Values of variables, as for terraform plan; may be given several times.")
    ] = None,
    waivers: Annotated[
        list[Path] | None,
        typer.Option(
            help=f"Files of waivers; default: {waiver_file.NAME} of each folder given, or above it.", show_default=False
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="Accept the findings in this file; without it, write today's into it and exit 0."),
    ] = None,
    explain: Annotated[str | None, typer.Option(help="Say what a rule is about, and stop.")] = None,
) -> None:
    """Find failover traps in Terraform; exit 1 on errors that nothing waives, and on waivers that waive nothing."""
    if explain is not None:
        print(explained(explain, ALL_RULES))
        return
    given = paths or [_SYNTHESIZED if _SYNTHESIZED.is_dir() else Path()]
    configuration = read_paths(given, _present(var_file or []))
    files = _present(waivers) if waivers is not None else waiver_file.find(given)
    judgement = _judge(configuration, files, baseline)
    threshold = None if fail_on is FailOn.NEVER else Severity(fail_on.value)
    _print(judgement, configuration, format_, threshold)
    if judgement.fails(threshold) or (strict and judgement.unread):
        raise typer.Exit(1)


def _present(files: Sequence[Path]) -> Sequence[Path]:
    for file in files:
        if not file.is_file():
            raise WrongUsageError(f"{file} does not exist: give a file that does")
    return files


def _judge(configuration: Configuration, files: Sequence[Path], baseline: Path | None) -> Judgement:
    today = dt.datetime.now(dt.UTC).date()
    read = waiver_file.read_all(files, today)
    accepted: list[Place] = []
    if baseline is not None and baseline.exists():
        accepted = baselines.read(baseline)
    elif baseline is not None:
        found = judge(configuration, ALL_RULES, file_waivers=read).violations
        baselines.write(baseline, found)
        accepted = [violation.place for violation in found]
        print(f"{baseline} written: {len(accepted)} findings are accepted from now on; commit it", file=sys.stderr)
    return judge(configuration, ALL_RULES, file_waivers=read, baseline=accepted)


def _print(judgement: Judgement, configuration: Configuration, format_: Format, threshold: Severity | None) -> None:
    match format_:
        case Format.JSON:
            print(to_json(judgement))
        case Format.SARIF:
            from scripts.lint.sarif import (
                to_sarif,  # each format is loaded for itself: a small stack takes 0.2 s in all
            )

            print(to_sarif(judgement, ALL_RULES))
        case Format.GITHUB:
            if text := to_github(judgement):
                print(text)
        case Format.JUNIT:
            from scripts.lint.junit import to_junit  # as above

            print(to_junit(judgement, ALL_RULES, threshold))
        case Format.TEXT:
            print_text(
                judgement,
                rules_count=len(ALL_RULES),
                resources_count=len(configuration.resources),
                documents_count=len(configuration.documents),
                file=sys.stdout,
            )
