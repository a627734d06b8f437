"""The stacks of one site as one Terraform module, so that one `terraform plan` with one provider process judges all of them.

A stack's plan needs the outputs of the stacks before it, which only an apply makes; here what a stack reads of another one is
that one's own expression. Addresses get the stack's name in front. Every provider block becomes one: a plan without a state asks
AWS for nothing but the account, whatever the region, and a provider process per region costs five seconds each.
"""

import re
import shutil
from pathlib import Path
from typing import Any

Stacks = dict[str, dict[str, Any]]

_SECTIONS = ("resource", "data", "ephemeral")
_REMOTE = re.compile(
    r"data\.terraform_remote_state\.cross-stack-reference-input-(?P<stack>[a-z0-9-]+)\.outputs\.(?P<output>[\w-]+)"
)
_ADDRESS = re.compile(
    r"(?<![\w.-])(?P<section>(?:data|ephemeral)\.)?(?P<kind>aws_[a-z0-9_]+|terraform_data)\.(?P<name>[A-Za-z_][\w-]*)"
)


def one_module(stacks: Stacks) -> dict[str, Any]:
    """Returns the module; addresses are `<type>.<stack>_<name>`."""
    module: dict[str, Any] = {**{section: {} for section in _SECTIONS}, "output": {}}
    for stack, document in stacks.items():
        for section in _SECTIONS:
            for kind, bodies in document.get(section, {}).items():
                if kind != "terraform_remote_state":
                    found = {f"{stack}_{name}": _body(stacks, stack, body) for name, body in bodies.items()}
                    if (
                        kind == "aws_availability_zones"
                    ):  # asked of another region here, which has no zone of these names
                        found = {name: {**body, "filter": []} for name, body in found.items()}
                    module[section].setdefault(kind, {}).update(found)
        for name, output in document.get("output", {}).items():
            if not name.startswith("cross-stack-output-"):
                module["output"][f"{stack}_{name}"] = {"value": _moved(stacks, stack, output["value"])}
    module["terraform"] = {"required_providers": stacks["edge"]["terraform"]["required_providers"]}
    module["provider"] = {"aws": [{**stacks["dns"]["provider"]["aws"][0], "region": "us-east-1"}]}
    return {section: content for section, content in module.items() if content}  # Terraform takes no empty section


def copy_assets(stacks_folder: Path, module_folder: Path) -> None:
    """Copies what the stacks refer to by `assets/...`; equal paths hold equal files, since a hash is in them."""
    for assets in stacks_folder.glob("*/assets"):
        shutil.copytree(assets, module_folder / "assets", dirs_exist_ok=True)


def _body(stacks: Stacks, stack: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _moved(stacks, stack, value, is_address=key == "depends_on")
        for key, value in body.items()
        if key not in ("provider", "//")
    }


def _moved(stacks: Stacks, stack: str, value: Any, *, is_address: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _moved(stacks, stack, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(stacks, stack, item, is_address=is_address) for item in value]
    if not isinstance(value, str) or not (is_address or "${" in value):
        return value
    named = _ADDRESS.sub(lambda match: _named(stacks[stack], stack, match), value)
    return _REMOTE.sub(lambda match: _expression(stacks, match["stack"], match["output"]), named)


def _named(document: dict[str, Any], stack: str, match: re.Match[str]) -> str:
    kind, name = match["kind"], match["name"]
    is_known = any(name in document.get(section, {}).get(kind, {}) for section in _SECTIONS)
    return f"{match['section'] or ''}{kind}.{stack}_{name}" if is_known else match[0]


def _expression(stacks: Stacks, stack: str, output: str) -> str:
    value = _moved(stacks, stack, stacks[stack]["output"][output]["value"])
    inner = re.fullmatch(r"\$\{(.*)\}", value)
    assert inner is not None, f"{stack}.{output} is {value}, not one expression"
    return inner[1]
