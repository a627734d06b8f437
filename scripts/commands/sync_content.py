"""`failover sync-content`: publish a folder to both regions and switch to it, or give it to a share of the viewers first.

What the verb does is in publishing/, imported when it is asked for: AWS's client takes longer than all the rest of
`--help`, and other processes read the folder meanwhile.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    content_rules,
    use_localcloud,
)
from scripts.errors import WrongUsageError

_FOLDER = Path("site/build")


def sync_content(
    folder: Annotated[Path, typer.Argument(help="The built site.")] = _FOLDER,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    canary: Annotated[
        int | None,
        typer.Option("--canary", min=1, max=99, metavar="PERCENT", help="Give it to this share of the viewers only."),
    ] = None,
    watch_seconds: Annotated[
        float,
        typer.Option(
            "--watch-seconds",
            min=0,
            help="Stay and look at the site for so long while the canary runs; end it, with exit code 1, when page views fail.",
        ),
    ] = 0.0,
    promote_after: Annotated[
        float | None,
        typer.Option(
            "--promote-after",
            min=1,
            metavar="SECONDS",
            help="With --canary: watch it for so long, as --watch-seconds does, then give it to everybody. Where there can be no "
            "canary everybody gets it at once.",
        ),
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Give the running canary to every viewer; no FOLDER.")
    ] = False,
    allow_degraded: Annotated[
        bool,
        typer.Option(
            "--allow-degraded",
            help="Publish without a region whose S3 does not answer, which behind CloudFront is drained first, or without a "
            "server outside AWS whose store does not.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Also when more than half of the active release's files go, it was rolled back from, or a newer build went out. "
            "Compares all objects.",
        ),
    ] = False,
    build_number: Annotated[
        int | None,
        typer.Option(
            "--build-number",
            envvar="FAILOVER_BUILD_NUMBER",
            help="The pipeline's number, which a build keeps when it is run again: one older than a published one is refused.",
        ),
    ] = None,
    source_seconds: Annotated[
        int | None,
        typer.Option(
            "--source-seconds",
            envvar="SOURCE_DATE_EPOCH",
            help="The same by when the source was made, seconds since 1970; default: git's last commit where FOLDER is.",
        ),
    ] = None,
    reviewed: Annotated[
        str | None,
        typer.Option(
            metavar="RELEASE_ID@SHA256",
            help="Publish only if FOLDER is what was reviewed; `failover build --json` says it as `reviewed`.",
        ),
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Ask the site's names after the switch; roll back if they fail.")
    ] = True,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish FOLDER to both regions and to servers outside AWS that have a store, verify, then switch with one write.

    Only what changed since the active release is sent, to keys that never change again, so the old release stays live until the
    switch, and a crash before it changes nothing for users. Run it again to finish an interrupted publish. After the switch the
    public name and every regional name are asked for the release; if they do not serve it, it is rolled back (exit code 1).
    """
    if promote:
        _refuse_beside_promote(folder, canary)
    if watch_seconds and canary is None:
        raise WrongUsageError("--watch-seconds watches a canary: add --canary PERCENT, or leave it out")
    if promote_after is not None and canary is None:
        raise WrongUsageError("--promote-after needs --canary PERCENT: the share of the viewers who get it first")
    endpoints = use_localcloud(localcloud)
    if promote:
        from scripts.commands.publishing.promotion import promote_canary

        promote_canary(outputs, endpoints, probe=probe, apply=apply, as_json=as_json)
        return
    from scripts.release.digests import cache_file
    from scripts.release.folder import FolderReading

    with FolderReading(folder, cache=cache_file(folder, os.environ), rules=content_rules(outputs)) as reading:
        from scripts.commands.publishing.publishing import PublishOptions, publish_reading

        options = PublishOptions(
            canary=canary,
            watch_seconds=watch_seconds,
            promote_after=promote_after,
            allow_degraded=allow_degraded,
            force=force,
            build_number=build_number,
            source_seconds=source_seconds,
            reviewed=reviewed,
            probe=probe,
            apply=apply,
            as_json=as_json,
        )
        publish_reading(reading, outputs, endpoints, options)


def _refuse_beside_promote(folder: Path, canary: int | None) -> None:
    if canary is not None:
        raise WrongUsageError("--promote and --canary exclude each other: promote the canary that runs, or start one")
    if folder != _FOLDER:
        raise WrongUsageError(
            f"--promote publishes no folder: leave {folder} out, or leave --promote out to publish it"
        )
