"""`failover hand-over`: move the public name to another region's distribution, as a migration."""

from __future__ import annotations

import json
from dataclasses import asdict

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    RegionArgument,
    use_localcloud,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.terraform.outputs import load_deployment


def hand_over(
    region: RegionArgument,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Move the public name to REGION's distribution, without a gap. A migration of minutes, never a recovery step.

    Afterwards swap the roles of the two regions in the site file and apply, so that Terraform wants the name where it is.
    """
    from scripts.aws import hand_over as moving  # imported here: botocore takes time that `--help` should not
    from scripts.aws.invalidation import cloudfront_client

    use_localcloud(localcloud)
    client = cloudfront_client()
    made = load_deployment(outputs)
    site = moving.Site(
        hostname=made.hostname,
        hosted_zone_id=made.hosted_zone_id,
        entry=made.routing.entry,
        distributions=made.distributions,
    )
    plan = moving.plan_hand_over(client, site, region)
    if apply:
        moving.hand_over(client, moving.route53_client(), plan)
    if as_json:
        print(json.dumps({**asdict(plan), "changes": not plan.is_empty, "applied": apply}))
    elif plan.is_empty:
        print(f"Nothing to do: the distribution of {region} holds {plan.hostname}.")
    else:
        moved = "Moved" if apply else "Would move"
        print(f"{moved} {plan.hostname} from {plan.from_region} to {region} (distribution {plan.target_id}).")
        print(
            "Next: swap the two roles in the site file and apply the stacks; until then Terraform would move the name back."
            if apply
            else PLAN_ONLY
        )
