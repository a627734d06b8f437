"""`failover take-name`: take the public name from a distribution that is none of the site's."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    use_localcloud,
    use_terraform,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.errors import UnsafePlanError
from scripts.terraform.outputs import load_deployment

if TYPE_CHECKING:
    from scripts.aws.taking_name import NamePlan
    from scripts.terraform.cli import Terraform
    from scripts.terraform.outputs import Deployment

_PLAN = "take-name.tfplan"
_IMPORTS = "take-name.tf.json"


def take_name(
    stacks: Annotated[
        Path, typer.Option("--stacks", help="Folder of the stacks, synthesized without takes_name.")
    ] = Path("cdktf.out/stacks"),
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take the public name from a distribution of before, without a gap: its alias, then its records, then Terraform's state.

    Deploy and publish with takes_name = false in the site file first, then remove that line and synthesize. A run that was
    stopped is run again; it goes on where it was (docs/MIGRATING.md).
    """
    from scripts.aws import taking_name as taking
    from scripts.aws.hand_over import route53_client
    from scripts.aws.invalidation import cloudfront_client
    from scripts.terraform.cli import from_this_machine

    use_terraform(program)
    endpoints = use_localcloud(localcloud)
    terraform = from_this_machine(Path("build"), {} if endpoints is None else endpoints.environment)
    deployment, edge = load_deployment(outputs), stacks / "edge"
    plan = _plan(terraform, edge, deployment)
    if apply:
        _insist_on_release(deployment)
        taking.take_name(cloudfront_client(), route53_client(), plan)
        _bring_into_state(terraform, edge, plan)
    if as_json:
        print(json.dumps(_document(plan, applied=apply)))
        return
    _tell(plan, applied=apply)


def _plan(terraform: Terraform, edge: Path, deployment: Deployment) -> NamePlan:
    from scripts.aws import taking_name as taking
    from scripts.aws.hand_over import route53_client
    from scripts.aws.invalidation import cloudfront_client

    terraform.init(edge)
    planned = terraform.plan_to(edge, _PLAN)
    creates = {
        str(each["address"]): taking.record_of_plan(each["change"]["after"])
        for each in planned.get("resource_changes", ())
        if each["type"] == "aws_route53_record"
        and each["change"]["actions"] == ["create"]
        and each["change"]["after"].get("name") == deployment.hostname
    }
    if not creates:
        raise UnsafePlanError(
            f"the plan of edge makes no record of {deployment.hostname}: it has the name already, or takes_name = false is still "
            "in the site file: remove that line and synthesize again"
        )
    _insist_on_nothing_else(planned, creates)
    target = deployment.distributions[deployment.primary]
    found = taking.records_of_name(route53_client(), deployment.hosted_zone_id, deployment.hostname)
    return taking.NamePlan(
        hostname=deployment.hostname,
        hosted_zone_id=deployment.hosted_zone_id,
        holder=taking.find_holder(cloudfront_client(), deployment.hostname, target.id),
        target_id=target.id,
        target_domain_name=target.domain_name,
        deletes=taking.records_to_delete(found, creates.values()),
        creates=creates,
        are_there=taking.are_there(found, creates.values()),
    )


def _insist_on_nothing_else(planned: Mapping[str, Any], creates: Mapping[str, Any]) -> None:
    """The alias is the one update; a change beside it would be applied while the name moves."""
    others = [
        str(each["address"])
        for each in planned.get("resource_changes", ())
        if each["address"] not in creates
        and not set(each["change"]["actions"]) <= {"no-op", "read"}
        and not (each["type"] == "aws_cloudfront_distribution" and each["change"]["actions"] == ["update"])
    ]
    if others:
        raise UnsafePlanError(
            f"the plan of edge changes more than the name ({', '.join(others)}): put takes_name = false back, synthesize and"
            " apply that first"
        )


def _insist_on_release(deployment: Deployment) -> None:
    from scripts.aws.clients import key_value_store_client
    from scripts.release.routing import RoutingStore

    if RoutingStore(key_value_store_client(), deployment.key_value_store_arn).read().routing.active is None:
        raise UnsafePlanError(
            f"nothing is published yet, so visitors of {deployment.hostname} would get 503: failover sync-content first"
        )


def _bring_into_state(terraform: Terraform, edge: Path, plan: NamePlan) -> None:
    """Imports the records and applies what is left of the plan: nothing that serves."""
    from scripts.aws.taking_name import import_id

    imports = edge / _IMPORTS
    blocks = [{"to": address, "id": import_id(record, plan.hosted_zone_id)} for address, record in plan.creates.items()]
    imports.write_text(json.dumps({"import": blocks}), encoding="utf-8")
    try:
        terraform.apply(edge)
    finally:
        imports.unlink()


def _document(plan: NamePlan, *, applied: bool) -> dict[str, Any]:
    return {
        "hostname": plan.hostname,
        "from_distribution": plan.holder,
        "to_distribution": plan.target_id,
        "moves_alias": plan.moves_alias,
        "deletes": [each["Type"] for each in plan.deletes],
        "creates": [f"{each['Type']} {each['SetIdentifier']}" for each in plan.creates.values()],
        "applied": applied,
    }


def _tell(plan: NamePlan, *, applied: bool) -> None:
    verb = "Moved" if applied else "Would move"
    if plan.moves_alias:
        print(f"{verb} the alias {plan.hostname} from distribution {plan.holder} to {plan.target_id}.")
    if plan.changes_records:
        gone, come = len(plan.deletes), len(plan.creates)
        print(
            f"{'Replaced' if applied else 'Would replace'}, in one change, {gone} simple records by {come} of the failover pair."
        )
    print(
        "Next: failover outputs --save, and take the name out of the old site's configuration (docs/MIGRATING.md)."
        if applied
        else PLAN_ONLY
    )
