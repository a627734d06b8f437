"""`failover demo`: the whole product on this machine, without an AWS account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.options import TerraformOption, use_terraform
from scripts.demo import Demo
from scripts.processes.own_programs import ROOT

DEFAULT_SPEED = 5.0


def demo(
    site_file: Annotated[
        Path, typer.Option(help="The site to deploy.", show_default="config/demo.toml of this program")
    ] = ROOT / "config" / "demo.toml",
    output: Annotated[Path, typer.Option(help="Folder for everything that the demo makes.")] = Path("build/demo"),
    speed: Annotated[
        float, typer.Option(min=1, max=20, help="How much faster than AWS localcloud's clock runs.")
    ] = DEFAULT_SPEED,
    any_port: Annotated[
        bool, typer.Option("--any-port", help="Use free ports instead of localcloud's usual ones.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Apply the stacks even if a snapshot of the same ones can be restored.")
    ] = False,
    program: TerraformOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running afterwards, until Ctrl-C.")] = False,
) -> None:
    """Deploy a site to localcloud with real Terraform, publish, break it twice, recover, measure, report.

    The second time with the same stacks, provider and localcloud the deployed site is restored from a snapshot instead of
    applied. Exit code 0 only if every drill is within its objective.
    """
    use_terraform(program)
    if not Demo(site_file=site_file, folder=output, speed=speed, any_port=any_port, is_fresh=fresh).run(keep=keep):
        raise typer.Exit(1)
