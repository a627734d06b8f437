"""`failover replace-region`: move a site out of a region that is gone, or that is to be left, into another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    TerraformOption,
    open_website,
    use_localcloud,
    use_terraform,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.errors import OpsError

if TYPE_CHECKING:
    from scripts.regions.plan import Replacement
    from scripts.regions.replace import Replaced


def replace_region(
    old: Annotated[str, typer.Argument(help="Region of the site that is left; it need not answer.")],
    new: Annotated[str, typer.Argument(help="AWS region that takes its place.")],
    site_file: Annotated[
        Path,
        typer.Option("--site-file", envvar="SITE_FILE", help="The site file that is deployed; --apply changes it."),
    ],
    stacks: Annotated[Path, typer.Option("--stacks", help="Folder of the synthesized stacks.")] = Path(
        "cdktf.out/stacks"
    ),
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give the place of OLD in the site to NEW: its role, its name, its part of every release. OLD is not asked for anything.

    What was stopped goes on when it is run again. Example: failover replace-region eu-central-1 eu-west-1 --site-file
    config/prod.toml --apply
    """
    import json

    from rich.console import Console

    from scripts.clock import AwsClock
    from scripts.regions.plan import plan_replacement
    from scripts.regions.replace import Replacing, Tools
    from scripts.regions.site_file_change import read_site_file
    from scripts.status.entries import network_entry_probe
    from scripts.terraform.cli import from_this_machine
    from scripts.terraform.outputs import load_deployment

    use_terraform(program)
    endpoints = use_localcloud(localcloud)
    website = open_website(outputs, is_hasty=True)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    outdir = stacks.resolve().parent
    replacement = plan_replacement(
        terraform,
        read_site_file(site_file),
        old=old,
        new=new,
        outdir=outdir,
        website=website,
        deployment=load_deployment(outputs),
    )
    if not apply:
        print(json.dumps(_document(replacement, None), indent=2) if as_json else _plan_words(replacement))
        return
    console = Console(stderr=True, soft_wrap=True)
    if not as_json:
        console.print(_summary(replacement), highlight=False)
    tools = Tools(
        terraform=terraform,
        store=website.routing,
        open_bucket=_open_bucket,
        ask=network_entry_probe(endpoints).ask,
        console=console,
        clock=AwsClock(),
    )
    try:
        done = Replacing(replacement, tools, outdir=outdir, outputs=outputs).run()
    except (OpsError, KeyboardInterrupt):
        console.print("Stopped. What was done stays, and the site serves. The same command goes on from here.")
        raise
    print(json.dumps(_document(replacement, done), indent=2) if as_json else _done_words(replacement, done))


def _open_bucket(region: str, name: str) -> Any:  # noqa: ANN401  (a ContentBucket; botocore takes 0.3 s that `--help` should not)
    from scripts.aws.clients import s3_client
    from scripts.release.bucket import ContentBucket
    from scripts.release.transfer import PARALLEL_UPLOADS

    return ContentBucket(s3_client(region, connections=PARALLEL_UPLOADS), region=region, name=name)


def _summary(plan: Replacement) -> str:
    how = "does not answer" if plan.is_old_silent else "answers, so this is a planned move"
    begun = "; a run before this one got as far as the site file" if plan.is_resumed else ""
    return f"{plan.old} -> {plan.new} as {'primary' if plan.is_primary else 'secondary'}. {plan.old} {how}{begun}."


def _plan_words(plan: Replacement) -> str:
    from scripts.regions.plan import stacks_that_change

    lines = [
        _summary(plan),
        f"{' and '.join(plan.source.buckets)} fills it: {len(plan.source.manifests)} releases, {plan.source.files:,} objects, "
        f"{plan.source.size_bytes / 1e6:,.1f} MB.",
        *(f"  {release_id} has no whole manifest and is not copied" for release_id in plan.source.unreadable),
        "Stacks, in this order:",
        *(f"  {stack}: {what}" for stack, what in stacks_that_change(plan).items()),
        f"{plan.before.path} gets {plan.new} in the place of {plan.old}; nothing else in it changes.",
        PLAN_ONLY,
    ]
    return "\n".join(lines)


def _done_words(plan: Replacement, done: Replaced) -> str:
    width = max(len(step.name) for step in done.steps)
    filled = done.filled
    lines = [
        *(f"  {step.name:<{width}}  {step.seconds:6.1f} s" for step in done.steps),
        f"  {'all of it':<{width}}  {done.seconds:6.1f} s",
        *(
            []
            if filled is None
            else [f"{plan.new} serves: {filled.verified:,} objects compared, {filled.copied:,} copied now."]
        ),
    ]
    incomplete = [] if filled is None else filled.incomplete
    lines += [f"  Release {each} was whole in no region; rolling back to it fails as before." for each in incomplete]
    lines += [
        f"States of {plan.old} are kept aside ({', '.join(done.aside) or 'none were left'}). When it answers again: failover "
        f"retire-region {plan.old} --apply. Until then what is there costs what it did, and its alarms may mail.",
        f"Commit {plan.before.path}, keep the saved outputs with the operators.",
    ]
    if plan.after.document.get("alerts", {}).get("email"):
        lines.append(f"Alerts from {plan.new} come once the mail that SNS sends now is confirmed.")
    if plan.after.document.get("github", {}).get("subjects"):
        lines.append("GitHub's roles name the regions: an administrator applies the stack access.")
    return "\n".join(lines)


def _document(plan: Replacement, done: Replaced | None) -> dict[str, Any]:
    """Returns what --json prints."""
    document: dict[str, Any] = {
        "old": plan.old,
        "new": plan.new,
        "role": "primary" if plan.is_primary else "secondary",
        "is_applied": done is not None,
        "is_old_silent": plan.is_old_silent,
        "is_resumed": plan.is_resumed,
        "releases": len(plan.source.manifests),
        "objects": plan.source.files,
        "bytes": plan.source.size_bytes,
    }
    if done is not None and done.filled is not None:
        document |= {
            "copied": done.filled.copied,
            "verified": done.filled.verified,
            "incomplete_releases": list(done.filled.incomplete),
            "steps": [{"name": step.name, "seconds": round(step.seconds, 1)} for step in done.steps],
            "seconds": round(done.seconds, 1),
            "kept_aside": list(done.aside),
        }
    return document
