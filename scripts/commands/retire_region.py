"""`failover retire-region`: delete what is left of a region that was replaced, once it answers again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.options import (
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    TerraformOption,
    use_localcloud,
    use_terraform,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.errors import AwsError, EnvironmentFailureError, UnsafePlanError, WrongUsageError


def retire_region(
    region: Annotated[str, typer.Argument(help="Region that `failover replace-region` took out of the site.")],
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete what `failover replace-region` left in REGION: bucket with every version, endpoint, alarms, the old certificate.

    The region must answer again. Example: failover retire-region eu-central-1 --apply
    """
    import json

    from rich.console import Console

    from scripts.regions.aside import kept, prepare_aside
    from scripts.terraform.cli import from_this_machine
    from scripts.terraform.states import addresses
    from scripts.terraform.synthesis import stack_folders
    from scripts.terraform.teardown import plan_teardown, tear_down

    use_terraform(program)
    endpoints = use_localcloud(localcloud)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    if f"region-{region}" in [folder.name for folder in stack_folders(stacks)]:
        raise UnsafePlanError(
            f"{region} is a region of the site that {stacks} is of: failover replace-region takes it out first"
        )
    aside = prepare_aside(stacks, region)
    found = kept(terraform, aside)
    if not found:
        raise WrongUsageError(
            f"no states of {region} are kept aside: it was not replaced, or is retired already. Name a region that failover "
            "replace-region took out of the site"
        )
    try:
        teardown = plan_teardown(terraform, aside.folder)
    except AwsError as error:
        raise EnvironmentFailureError(
            f"{region} does not answer yet, so nothing was deleted: run it again when it does ({error})"
        ) from error
    counts = {name: len(addresses(state)) for name, state in found.items()}
    if teardown.protected:
        raise UnsafePlanError(f"deletion protection is on: {', '.join(teardown.protected)}")
    if apply:
        tear_down(terraform, aside.folder, teardown, Console(stderr=True, soft_wrap=True))
    if as_json:
        buckets = [{"name": each.name, "region": each.region, "versions": each.versions} for each in teardown.buckets]
        print(json.dumps({"region": region, "is_applied": apply, "resources": counts, "buckets": buckets}, indent=2))
        return
    print(f"{'Deleted' if apply else 'Would delete'} what is left of {region}:")
    for name, count in counts.items():
        print(f"  {name}: {count} {'resource' if count == 1 else 'resources'}")
    for bucket in teardown.buckets:
        print(f"  {bucket.name}: {bucket.versions:,} versions and delete markers, all of them deleted first")
    if not apply:
        print(PLAN_ONLY)
