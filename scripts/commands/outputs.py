"""`failover outputs`: save what Terraform made, so that no later command needs Terraform."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.options import DEFAULT_OUTPUTS, LocalcloudOption, use_localcloud
from scripts.terraform.cli import from_this_machine
from scripts.terraform.outputs import deployment_of, save_outputs
from scripts.terraform.synthesis import stack_folders


def outputs(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    save: Annotated[Path, typer.Option("--save", help="File to write.")] = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
) -> None:
    """Read the outputs of every stack once and save them for the daily commands.

    A recovery must not depend on Terraform or on the region that holds its state: keep the file with the operators.
    """
    endpoints = use_localcloud(localcloud)
    folders = stack_folders(stacks)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    found = {"edge": {}, **{folder.name: terraform.output(folder) for folder in folders}}
    deployment = deployment_of(found, save)  # before a file that the commands could use is replaced
    save_outputs(found, save)
    regions = ", ".join(f"{region} ({role})" for region, role in sorted(deployment.roles.items(), key=itemgetter(1, 0)))
    print(f"{save}: {deployment.hostname} in {regions}")
