"""`failover divert`: lead viewers past CloudFront by hand, without Route 53's control plane."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    use_localcloud,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.release.diversion import PATH_CHECK_KEY, Diversion, end_diversion, read_diversion
from scripts.release.diversion import divert as delete_checked


def divert(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    end: Annotated[
        bool, typer.Option("--end", help="Come back: put what was deleted in place again. Acts at once.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the path check fail, so that Route 53 answers with the regional endpoint, or end that.

    Writes S3 alone: the object that the path check reads is deleted in both buckets, and comes back with --end. The control
    planes of Route 53, CloudFront and IAM in us-east-1 are not asked.
    """
    use_localcloud(localcloud)
    site = open_website(outputs)
    found = read_diversion(site)
    if end:
        end_diversion(site, found)
    elif apply:
        delete_checked(site, found)
    if as_json:
        print(json.dumps(_document(found, end=end, applied=apply or end)))
        return
    for line in _words(found, end=end, applied=apply or end):
        print(line)


def _document(found: Diversion, *, end: bool, applied: bool) -> dict[str, object]:
    return {
        "object": PATH_CHECK_KEY,
        "regions": list(found.deleted if end else found.present),
        "silent_regions": dict(found.silent),
        "absent_in": list(found.absent),
        "ends": end,
        "applied": applied,
    }


def _words(found: Diversion, *, end: bool, applied: bool) -> list[str]:
    regions = found.deleted if end else found.present
    silent = [f"{region} does not answer: run it again when it does." for region in found.silent]
    silent += [
        f"{region} holds neither {PATH_CHECK_KEY} nor its delete marker: apply the stack region-{region}, which writes it."
        for region in found.absent
    ]
    if not regions:
        return [
            f"Nothing to do: {PATH_CHECK_KEY} is {'deleted nowhere' if end else 'nowhere any more'}, as far as S3 answers.",
            *silent,
        ]
    places = " and ".join(regions)
    if end:
        return [f"{PATH_CHECK_KEY} is there again in {places}; the name comes back to CloudFront by itself.", *silent]
    if not applied:
        return [f"Would delete {PATH_CHECK_KEY} in {places}, so that the path check fails.", *silent, PLAN_ONLY]
    return [
        f"Deleted {PATH_CHECK_KEY} in {places}: the path check fails, and Route 53 answers with the regional endpoint within "
        "about two minutes (three and a half at 30 s x 3).",
        *silent,
        "Back again: failover divert --end",
    ]
