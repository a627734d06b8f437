"""`failover evacuate`: leave a region."""

from __future__ import annotations

import json

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
from scripts.release.drain import DrainPlan, change_drains, plan_evacuation


def evacuate(
    region: RegionArgument,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let CloudFront ask REGION's bucket last. One write of the KeyValueStore; the region itself need not answer."""
    use_localcloud(localcloud)
    site = open_website(outputs)
    plan = plan_evacuation(site, region)
    if apply:
        change_drains(site, plan)
    if as_json:
        print(json.dumps(drain_document(plan, applied=apply)))
    elif plan.is_empty:
        print(f"Nothing to do: {region} is drained.")
    else:
        print(f"{'Drained' if apply else 'Would drain'} {region}; the other region's bucket answers first.")
        print(f"Back again: failover restore {region} --apply" if apply else PLAN_ONLY)


def drain_document(plan: DrainPlan, *, applied: bool) -> dict[str, object]:
    """Returns what `evacuate` and `restore` print as JSON."""
    return {
        "region": plan.region,
        "from_drained_regions": list(plan.current.routing.drained_regions),
        "to_drained_regions": list(plan.target.drained_regions),
        "changes": not plan.is_empty,
        "applied": applied,
    }
