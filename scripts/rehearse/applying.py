"""Apply a configuration as far as localcloud goes, and say of each resource that is not there why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.errors import EnvironmentFailureError
from scripts.rehearse.result import BROKEN, LeftOut, Missing
from scripts.terraform.cli import Progress, Terraform, TerraformError

_NOT_MODELLED = re.compile(r"does not model|NotImplemented|StatusCode: 501|not implemented", re.IGNORECASE)
_OF_AN_API = re.compile(r"\bapi error\b|\boperation error\b|StatusCode: 4|^[A-Z]\w+(?:Exception|Error)?: ")
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
_IN_WORDS = re.compile(r"expanding the plan for (?P<address>\S+) to include")
"""How Terraform names the resource of a provider's fault, which its diagnostic has no address of."""
PLAN_FILE = "rehearsal.tfplan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a configuration.

    Attributes:
        made: addresses of resources.
        left_out: the others that it plans.
        notes: errors of Terraform that name no resource.
    """

    made: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def apply(
    terraform: Terraform,
    folder: Path,
    log: Path,
    on_progress: Callable[[Progress], None],
    supply: Callable[[Mapping[str, Any]], bool],
) -> Applied:
    """Apply a configuration.

    Args:
        terraform: with the environment of a localcloud.
        folder: of the root module.
        log: Terraform's, of that folder.
        on_progress: told how far it is.
        supply: given the plan, makes what it needs; whether the configuration was changed by that.

    Raises:
        EnvironmentFailureError: it cannot be initialized or planned, so that nothing was made.
    """
    try:
        terraform.init(folder)
    except TerraformError as error:
        raise EnvironmentFailureError(f"{error}\n{_init_advice(str(error))}Nothing was applied.") from error
    plan = planned(terraform, folder)
    if supply(plan):
        plan = planned(terraform, folder)
    wanted = created_by(plan)
    begin = _size(log)
    failure = _applied(terraform, folder, on_progress)
    made = addresses_in(terraform.pull(folder) or {})
    if failure and not made:
        raise EnvironmentFailureError(f"{failure}\nNothing was made, so there is nothing to rehearse.")
    left_out, notes = _left_out_of(wanted, made, log, begin)
    if any(each.why in BROKEN for each in left_out):
        before, begin = set(made), _size(log)
        _applied(terraform, folder, on_progress)
        made = addresses_in(terraform.pull(folder) or {})
        left_out, notes = _left_out_of(wanted, made, log, begin)
        if late := sorted(set(made) - before):
            notes.append(
                f"only a second apply made {', '.join(late)}: what it needs is not among what it refers to, so that it was "
                "made too early; add depends_on"
            )
    return Applied(made=tuple(made), left_out=tuple(left_out), notes=tuple(notes))


def _applied(terraform: Terraform, folder: Path, on_progress: Callable[[Progress], None]) -> str:
    """Apply; return what failed, nothing if all is made."""
    try:
        terraform.apply(folder, on_progress=on_progress)
    except TerraformError as error:
        return str(error)
    return ""


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _left_out_of(wanted: Sequence[str], made: Sequence[str], log: Path, begin: int) -> tuple[list[LeftOut], list[str]]:
    """Return what is missing with its reason, and what Terraform says of nothing in particular, in the log from an offset on."""
    failures = list(_failures(log, begin))
    failed = dict(failures)
    left_out = [_left_out(address, failed) for address in wanted if address not in set(made)]
    return left_out, list(dict.fromkeys(message[:_WORDS_KEPT] for address, message in failures if not address))


def planned(terraform: Terraform, folder: Path) -> dict[str, Any]:
    """Return the plan.

    Raises:
        EnvironmentFailureError: it cannot be planned.
    """
    try:
        return terraform.plan_to(folder, PLAN_FILE)
    except TerraformError as error:
        raise EnvironmentFailureError(f"{error}\n{_advice(str(error))}") from error


def created_by(plan: Mapping[str, Any]) -> list[str]:
    """Return the addresses of all managed resources that a plan would create."""
    return [
        each["address"]
        for each in plan.get("resource_changes", ())
        if each.get("mode") == "managed" and "create" in each["change"]["actions"]
    ]


def _init_advice(message: str) -> str:
    if "Unreadable module directory" in message:
        return "A module's folder is not there as its source writes it, upper and lower case included. "
    if re.search(r"download module|module registry|Module not found", message):
        return (
            "Modules from elsewhere are downloaded: run this where they can be reached, or rehearse with a copy of the module in "
            "the folder and a relative source. "
        )
    return ""


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


def _failures(log: Path, begin: int) -> Iterator[tuple[str, str]]:
    """Yield address, "" without one, and message of each error that Terraform's log tells."""
    for line in log.read_bytes()[begin:].decode(errors="replace").splitlines():
        if '"diagnostic"' not in line:
            continue
        try:
            found = json.loads(line).get("diagnostic") or {}
        except ValueError:
            continue
        if found.get("severity") == "error":
            message = " ".join(f"{found.get('summary', '')} {found.get('detail', '')}".split())
            in_words = _IN_WORDS.search(message)
            yield found.get("address") or (in_words["address"] if in_words else ""), message


def _left_out(address: str, failed: Mapping[str, str]) -> LeftOut:
    type_ = re.sub(r"\[[^\]]*\]", "", address).split(".")[-2]
    message = failed.get(address)
    if message is None:
        return LeftOut(address=address, type=type_, why=Missing.NOT_REACHED)
    is_known = type_.startswith(_MODELLED_SERVICES) and not _NOT_MODELLED.search(message)
    refused_or_failed = Missing.REFUSED if _OF_AN_API.search(message) else Missing.FAILED
    why = refused_or_failed if is_known else Missing.NOT_MODELLED
    return LeftOut(address=address, type=type_, why=why, detail=message[:_WORDS_KEPT])
