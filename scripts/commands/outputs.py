"""`failover outputs`: save what Terraform made, so that no later command needs Terraform."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    LocalcloudOption,
    TerraformOption,
    use_localcloud,
    use_terraform,
)
from scripts.terraform.cli import from_this_machine
from scripts.terraform.outputs import deployment_of, save_outputs
from scripts.terraform.synthesis import stack_folders


def outputs(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    save: Annotated[Path, typer.Option("--save", help="File to write.")] = DEFAULT_OUTPUTS,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Also put the file beside the states, from where it is copied to their replica."),
    ] = False,
    fetch: Annotated[
        bool,
        typer.Option(
            "--fetch", help="Get the file that was kept, from the states' bucket or its replica; no Terraform."
        ),
    ] = False,
    site_file: Annotated[
        Path,
        typer.Option("--site-file", envvar="SITE_FILE", help="Names the bucket of the states, for --keep and --fetch."),
    ] = Path("config/prod.toml"),
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
) -> None:
    """Read the outputs of every stack once and save them for the daily commands.

    A recovery must not depend on Terraform or on the region that holds its state: keep the file with the operators. With
    --keep it also lies beside the states; on the day of an outage: failover outputs --fetch --site-file config/prod.toml
    """
    use_terraform(program, is_needed=not fetch)
    endpoints = use_localcloud(localcloud)
    if fetch:
        _fetch(site_file, save)
        return
    folders = stack_folders(stacks)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    found = {"edge": {}, **{folder.name: terraform.output(folder) for folder in folders}}
    deployment = deployment_of(found, save)  # before a file that the commands could use is replaced
    save_outputs(found, save)
    regions = ", ".join(f"{region} ({role})" for region, role in sorted(deployment.roles.items(), key=itemgetter(1, 0)))
    print(f"{save}: {deployment.hostname} in {regions}")
    if keep:
        _keep(site_file, save)


def _fetch(site_file: Path, save: Path) -> None:
    from scripts.aws.clients import s3_client
    from scripts.terraform.kept_outputs import fetch, place_of

    bucket = fetch(place_of(site_file), save, lambda region: s3_client(region, is_hasty=True))
    print(f"{save}: from {bucket}")


def _keep(site_file: Path, save: Path) -> None:
    from scripts.aws.clients import s3_client
    from scripts.terraform.kept_outputs import keep, place_of

    place = place_of(site_file)
    keep(place, save, s3_client)
    print(f"kept as {place}")
