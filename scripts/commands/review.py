"""`failover review`: what a pull request would change, as a comment for its reviewer."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from scripts.errors import WrongUsageError
from scripts.files import write_atomically


def review(
    base: Annotated[str, typer.Option(help="Revision that the change starts from, such as origin/main.")],
    site_file: Annotated[Path, typer.Option(help="The site file.", envvar="SITE_FILE", show_envvar=True)] = Path(
        "config/demo.toml"
    ),
    stacks: Annotated[
        Path,
        typer.Option(
            help="Folder of the synthesized stacks; each holds plan.json, and plan.log where Terraform failed."
        ),
    ] = Path("cdktf.out/stacks"),
    failed: Annotated[
        list[str] | None, typer.Option(help="A step of the run that failed; may be given more than once.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the comment to this file as well.")] = None,
) -> None:
    """Compare the plans and stacks of a change with its base; exit 1 when a step failed or a stack has no plan.

    The comment is written whatever failed, with what failed on top.
    """
    from scripts.cost.estimate import load_stacks  # pydantic and the linter take time that `--help` should not
    from scripts.review.base import site_file_at, stacks_at
    from scripts.review.comment import Review, comment
    from scripts.review.findings import Delta, lint_delta, waiver_delta
    from scripts.review.plans import read_plans
    from scripts.review.site_file import changed_keys

    try:
        now = tomllib.loads(site_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WrongUsageError(f"{site_file} cannot be read ({error}); name the site file with --site-file") from error
    earlier = site_file_at(base, site_file)
    before, problem = (
        ({}, f"{site_file} is new: {base} does not have it") if earlier is None else stacks_at(base, site_file)
    )
    after = load_stacks(stacks)
    found = Review(
        plans=read_plans(stacks),
        before=before,
        after=after,
        keys=changed_keys(earlier or {}, now) if earlier is not None else (),
        lint=lint_delta(before, after),
        waivers=waiver_delta(before, after) if before else Delta(new=(), gone=()),
        failed=failed or (),
        notes=[problem] if problem else (),
        run_url=_run_url(),
        commit=os.environ.get("GITHUB_SHA", ""),
    )
    text = comment(found)
    if output is not None:
        write_atomically(output, text)
    print(text)
    if found.failed or found.unplanned:
        raise typer.Exit(1)


def _run_url() -> str:
    """Returns the address of this run: https://docs.github.com/en/actions/reference/workflows-and-actions/variables."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
