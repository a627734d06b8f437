"""`failover restore`: come back to a region."""

from __future__ import annotations

import json

from scripts.commands.evacuate import drain_document
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    RegionArgument,
    open_website,
    use_localcloud,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.commands.shared.waiting import waiting_for
from scripts.release.drain import change_drains, plan_restoration


def restore(
    region: RegionArgument,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let CloudFront ask REGION's bucket first again, after checking that it holds all of the active release."""
    use_localcloud(localcloud)
    site = open_website(outputs, is_hasty=True)
    with waiting_for(f"S3 in {' and '.join(site.buckets)}"):
        plan = plan_restoration(site, region)
    if apply:
        change_drains(site, plan)
    if as_json:
        print(json.dumps(drain_document(plan, applied=apply)))
    elif plan.is_empty:
        print(f"Nothing to do: {region} is not drained.")
    else:
        print(f"{region} holds all of the active release; {'restored' if apply else 'would be restored'}.")
        if not apply:
            print(PLAN_ONLY)
