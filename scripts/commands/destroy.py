"""`failover destroy`: take a site down, all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    LocalcloudOption,
    OutputsOption,
    TerraformOption,
    use_localcloud,
    use_terraform,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.errors import UnsafePlanError

if TYPE_CHECKING:
    from scripts.local.endpoints import Endpoints
    from scripts.terraform.teardown import Teardown


def destroy(
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    apply: ApplyOption = False,
    force: Annotated[bool, typer.Option("--force", help="Also while the public name still leads here.")] = False,
) -> None:
    """Destroy every stack, the last made first, and empty their versioned buckets everywhere. Nothing brings the site back.

    Refused while the public name still leads here or something has deletion protection. Example: failover destroy --apply
    """
    from rich.console import Console

    from scripts.terraform.cli import from_this_machine
    from scripts.terraform.teardown import plan_teardown, tear_down

    use_terraform(program)
    endpoints = use_localcloud(localcloud)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    teardown = plan_teardown(terraform, stacks)
    _print(teardown)
    if teardown.protected:
        raise UnsafePlanError(
            f"deletion protection is on: {', '.join(teardown.protected)}. Turn it off in the site file, apply, run this again"
        )
    if not force and (where := _leads_here(outputs, endpoints)):
        raise UnsafePlanError(
            f"{where}, so visitors would lose the site. Move the name first, or take it down all the same with --force"
        )
    if not apply:
        print(PLAN_ONLY)
        return
    tear_down(terraform, stacks, teardown, Console(stderr=True, soft_wrap=True))
    print(
        "Destroyed. At the registrar, take the domain's name servers out; the state bucket stays (it is `failover bootstrap`'s)."
    )
    for bucket in teardown.locked:
        print(f"Stays: {bucket.stack}, because {bucket.name} is locked until its files expire. Destroy it then.")


def _print(teardown: Teardown) -> None:
    print("Would destroy, in this order: " + "; ".join(", ".join(wave) for wave in teardown.waves))
    for bucket in teardown.buckets:
        what = (
            "locked, so it stays with its stack"
            if bucket.is_locked
            else "versions and delete markers, all deleted first"
        )
        print(f"  {bucket.name} ({bucket.region}): {bucket.versions:,} {what}")


def _leads_here(outputs: Path, endpoints: Endpoints | None) -> str:
    """Returns in words that the public name leads to this site, or cannot be asked; "" when it leads elsewhere or nowhere."""
    import asyncio

    from scripts.local.network import network_of
    from scripts.probe.authority import ask
    from scripts.probe.resolver import ResolutionError
    from scripts.terraform.outputs import deployment_of, load_outputs, regional_endpoints

    document = load_outputs(outputs)
    deployment, network = deployment_of(document, outputs), network_of(endpoints)
    ours = [each.domain_name for each in deployment.distributions.values()] + list(
        regional_endpoints(document).values()
    )

    def addresses(name: str) -> set[str]:
        try:
            return set(asyncio.run(ask(network.resolvers[0], name, "A", network.clock())).values)
        except ResolutionError as error:
            if "NXDOMAIN" in str(error):
                return set()
            raise

    try:
        found = addresses(deployment.hostname)
        theirs = {address for name in ours for address in addresses(name)}
    except ResolutionError as error:
        return f"whether {deployment.hostname} still leads here cannot be told ({error})"
    return f"{deployment.hostname} still leads here" if found & theirs else ""
