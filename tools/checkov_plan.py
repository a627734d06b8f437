"""Plans of a synthesized site, made by the real provider against localcloud, for checkov to read.

A stack's plan needs the outputs of the stacks before it, so everything is deployed first; the plans then say what is there,
computed values included.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.commands.bootstrap import bootstrap
from scripts.commands.options import use_localcloud
from scripts.deploy import deploy
from scripts.errors import EnvironmentFailureError
from scripts.localcloud_process import ANY_PORT, running_localcloud
from scripts.terraform_cli import Terraform, from_this_machine

_SPEED = 20.0


def plans_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return stack name -> `terraform show -json` of its plan. `folder` holds `cdktf.out`.

    localcloud keeps one account: of a site of several, dns is deployed and planned, the region stacks are planned, and the
    others, which read their outputs, are left out (docs/EXTENSIONS.md).

    Raises:
        OpsError: localcloud did not start, or Terraform failed.
    """
    stacks, terraform = folder / "cdktf.out" / "stacks", from_this_machine(folder, {})
    with running_localcloud(folder / "localcloud", speed=_SPEED, arguments=ANY_PORT) as endpoints:
        terraform.environment.update(endpoints.environment)
        use_localcloud(folder / "localcloud")
        if _keeps_state_in_s3(stacks):
            bootstrap(stacks=stacks, localcloud=folder / "localcloud", apply=True, as_json=True)
        if takes_roles(stacks):
            return _plans_of_several_accounts(terraform, stacks)
        deploy(terraform, stacks, folder / "outputs.json", Console(stderr=True))
        return {stack.name: _plan(terraform, stack) for stack in sorted(stacks.iterdir())}


def _plans_of_several_accounts(terraform: Terraform, stacks: Path) -> dict[str, dict[str, Any]]:
    terraform.init(stacks / "dns")
    terraform.apply(stacks / "dns")
    regions = sorted(stacks.glob("region-*"))
    for region in regions:
        terraform.init(region)
    return {stack.name: _plan(terraform, stack) for stack in (stacks / "dns", *regions)}


def takes_roles(stacks: Path) -> bool:
    """Whether a provider takes a role of another account."""
    documents = [json.loads(path.read_bytes()) for path in stacks.glob("*/cdk.tf.json")]
    return any("assume_role" in provider for document in documents for provider in document["provider"]["aws"])


def _keeps_state_in_s3(stacks: Path) -> bool:
    return "s3" in json.loads((stacks / "dns" / "cdk.tf.json").read_bytes())["terraform"]["backend"]


def _plan(terraform: Terraform, stack: Path) -> dict[str, Any]:
    _run(terraform, stack, "plan", "-input=false", "-out=plan.bin")
    document: dict[str, Any] = json.loads(_run(terraform, stack, "show", "-json", "plan.bin"))
    return document


def _run(terraform: Terraform, stack: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(terraform.binary), f"-chdir={stack}", *arguments],
        env={**os.environ, **terraform.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EnvironmentFailureError(f"terraform {arguments[0]} on {stack.name} failed:\n{done.stderr.strip()}")
    return done.stdout
