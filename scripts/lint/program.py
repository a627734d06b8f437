"""What `failover lint` does, apart from its command line, and the plain calls that need no library to be read."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.lint import baseline as baselines
from scripts.lint import waiver_file
from scripts.lint.model import Configuration
from scripts.lint.reading import read_paths
from scripts.lint.report import print_text, to_json
from scripts.lint.rule import Severity
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import Judgement, Place, judge

SYNTHESIZED = Path("cdktf.out/stacks")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the linter; each field is the option of that name.

    `paths` empty means the synthesized stacks, or the current folder; `waivers` None means the files found beside the paths.
    """

    paths: Sequence[Path] = ()
    format_: Format = Format.TEXT
    fail_on: FailOn = FailOn.ERROR
    is_strict: bool = False
    variable_files: Sequence[Path] = field(default=())
    waivers: Sequence[Path] | None = None
    baseline: Path | None = None


def plain_call(arguments: Sequence[str]) -> Call | None:
    """Returns the call that paths, `--strict`, `--format` and `--fail-on` make; None for any other arguments.

    Typer reads those, and says what is wrong with them; its import takes as long as linting a small stack.
    """
    paths: list[Path] = []
    options: dict[str, str] = {}
    is_strict = False
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("--format", "--fail-on"):
            options[name] = value if equals else next(rest, "")
        elif word == "--strict":
            is_strict = True
        elif word == "-" or not word.startswith("-"):
            paths.append(Path(word))
        else:
            return None
    return _call(paths, options, is_strict=is_strict)


def _call(paths: Sequence[Path], options: Mapping[str, str], *, is_strict: bool) -> Call | None:
    try:
        format_, fail_on = Format(options.get("--format", "text")), FailOn(options.get("--fail-on", "error"))
    except ValueError:
        return None
    return Call(paths=paths, format_=format_, fail_on=fail_on, is_strict=is_strict)


def run(call: Call) -> int:
    """Lints, prints what is found, and returns the exit code: 1 on findings of the severity asked for, and on bad waivers.

    Raises:
        WrongUsageError: a path or a file of the call is absent, or holds nothing that can be read.
    """
    given = list(call.paths) or [SYNTHESIZED if SYNTHESIZED.is_dir() else Path()]
    configuration = read_paths(given, _present(call.variable_files))
    files = _present(call.waivers) if call.waivers is not None else waiver_file.find(given)
    judgement = _judge(configuration, files, call.baseline)
    threshold = None if call.fail_on is FailOn.NEVER else Severity(call.fail_on.value)
    _print(judgement, configuration, call.format_, threshold)
    return int(judgement.fails(threshold) or (call.is_strict and bool(judgement.unread)))


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
    """Prints; each format's module is loaded for itself, since a small stack takes 0.2 s in all."""
    match format_:
        case Format.JSON:
            print(to_json(judgement))
        case Format.SARIF:
            from scripts.lint.sarif import to_sarif

            print(to_sarif(judgement, ALL_RULES))
        case Format.GITHUB:
            from scripts.lint.annotations import to_github

            if text := to_github(judgement):
                print(text)
        case Format.JUNIT:
            from scripts.lint.junit import to_junit

            print(to_junit(judgement, ALL_RULES, threshold))
        case Format.TEXT:
            print_text(
                judgement,
                rules_count=len(ALL_RULES),
                resources_count=len(configuration.resources),
                documents_count=len(configuration.documents),
                file=sys.stdout,
            )
