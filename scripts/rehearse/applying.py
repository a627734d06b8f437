"""Apply a configuration as far as localcloud goes, and say of each resource that is not there why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.errors import EnvironmentFailureError
from scripts.rehearse.result import LeftOut, Missing
from scripts.terraform.cli import Progress, Terraform, TerraformError

_NOT_MODELLED = re.compile(r"does not model|NotImplemented|StatusCode: 501|not implemented", re.IGNORECASE)
_MODELLED_SERVICES = tuple(
    f"aws_{name}_"
    for name in (
        "acm",
        "apigatewayv2",
        "cloudfront",
        "cloudwatch",
        "iam",
        "kms",
        "lambda",
        "route53",
        "s3",
        "sns",
        "wafv2",
    )
)
"""Of others moto keeps what it can; what fails there says nothing about AWS."""
_WORDS_KEPT = 300


def apply(
    terraform: Terraform, folder: Path, log: Path, on_progress: Callable[[Progress], None]
) -> tuple[list[str], list[LeftOut]]:
    """Return the addresses that were made, and what was not.

    Raises:
        EnvironmentFailureError: it cannot be initialized or planned, so that nothing was made.
    """
    try:
        terraform.init(folder)
    except TerraformError as error:
        raise EnvironmentFailureError(f"{error}\nNothing was applied.") from error
    wanted = planned(terraform, folder)
    failure = ""
    try:
        terraform.apply(folder, on_progress=on_progress)
    except TerraformError as error:
        failure = str(error)
    made = addresses_in(terraform.pull(folder) or {})
    if failure and not made:
        raise EnvironmentFailureError(f"{failure}\nNothing was made, so there is nothing to rehearse.")
    failed = dict(_failures(log))
    missing = [address for address in wanted if address not in set(made)]
    return made, [_left_out(address, failed) for address in missing]


def planned(terraform: Terraform, folder: Path) -> list[str]:
    """Return the addresses of all managed resources that a plan would create.

    Raises:
        EnvironmentFailureError: it cannot be planned.
    """
    try:
        plan = terraform.plan_to(folder, "rehearsal.tfplan")
    except TerraformError as error:
        raise EnvironmentFailureError(f"{error}\n{_advice(str(error))}") from error
    return [
        each["address"]
        for each in plan.get("resource_changes", ())
        if each.get("mode") == "managed" and "create" in each["change"]["actions"]
    ]


def _advice(message: str) -> str:
    if "No value for required variable" in message:
        return "Give values with --var NAME=VALUE or --var-file FILE, as for terraform plan. Nothing was applied."
    if _NOT_MODELLED.search(message):
        return "Something that it looks up is not modelled by localcloud. Nothing was applied."
    return "It cannot be planned on localcloud. Nothing was applied."


def addresses_in(state: Mapping[str, Any]) -> list[str]:
    """Return the addresses of what a state manages, an instance each."""
    return [
        f"{prefix}{each['type']}.{each['name']}{_index(instance)}"
        for each in state.get("resources", ())
        if each.get("mode") == "managed"
        for prefix in (f"{each['module']}." if each.get("module") else "",)
        for instance in each.get("instances", ())
        if instance.get("status") != "tainted"
    ]


def _index(instance: Mapping[str, Any]) -> str:
    key = instance.get("index_key")
    return "" if key is None else f"[{json.dumps(key)}]"


def _failures(log: Path) -> Iterator[tuple[str, str]]:
    """Yield address and message of each error that Terraform's log tells."""
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if '"diagnostic"' not in line:
            continue
        try:
            found = json.loads(line).get("diagnostic") or {}
        except ValueError:
            continue
        if found.get("severity") == "error" and found.get("address"):
            yield found["address"], " ".join(f"{found.get('summary', '')} {found.get('detail', '')}".split())


def _left_out(address: str, failed: Mapping[str, str]) -> LeftOut:
    type_ = re.sub(r"\[[^\]]*\]", "", address).split(".")[-2]
    message = failed.get(address)
    if message is None:
        return LeftOut(address=address, type=type_, why=Missing.NOT_REACHED)
    is_known = type_.startswith(_MODELLED_SERVICES) and not _NOT_MODELLED.search(message)
    why = Missing.REFUSED if is_known else Missing.NOT_MODELLED
    return LeftOut(address=address, type=type_, why=why, detail=message[:_WORDS_KEPT])
