"""`failover lint`: traps in Terraform's configuration, plans and states that plan cleanly and then do not fail over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.lint import waiver_file
from scripts.lint.program import SYNTHESIZED, Call, FailOn, Format, run


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files or folders: *.tf, *.tf.json, or `terraform show -json` of a plan or a state; - is stdin. Stacks that "
            f"belong together go into one call. Default: {SYNTHESIZED}, or else the current folder.",
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
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="RULE", help="Say what a rule such as FW123 is about, with an example of each verdict, and stop."
        ),
    ] = None,
) -> None:
    """Find failover traps in Terraform; exit 1 on errors that nothing waives, and on waivers that waive nothing."""
    if explain is not None:
        from scripts.lint.explain import explained  # needed for this alone

        print(explained(explain))
        return
    call = Call(
        paths=paths or [],
        format_=format_,
        fail_on=fail_on,
        is_strict=strict,
        variable_files=var_file or [],
        waivers=waivers,
        baseline=baseline,
    )
    if exit_code := run(call):
        raise typer.Exit(exit_code)
