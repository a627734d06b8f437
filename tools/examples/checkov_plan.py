"""Plans of a synthesized site, made by the real provider against localcloud, for checkov to read.

A stack's plan needs the outputs of the stacks before it, so everything is deployed first; the plans then say what is there,
computed values included.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.terraform.cli import Terraform
from tools.examples.deployed_example import deployed, ran, takes_roles


def plans_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return stack name -> `terraform show -json` of its plan. `folder` holds `cdktf.out`.

    Of a site of several accounts dns and the region stacks are planned; the others need outputs of stacks that are not deployed.

    Raises:
        OpsError: localcloud did not start, or Terraform failed.
    """
    stacks = folder / "cdktf.out" / "stacks"
    with deployed(folder) as terraform:
        planned = sorted(stacks.iterdir())
        if takes_roles(stacks):
            regions = sorted(stacks.glob("region-*"))
            for region in regions:
                terraform.init(region)
            planned = [stacks / "dns", *regions]
        return {stack.name: _plan(terraform, stack) for stack in planned}


def _plan(terraform: Terraform, stack: Path) -> dict[str, Any]:
    ran(terraform, stack, "plan", "-input=false", "-out=plan.bin")
    document: dict[str, Any] = json.loads(ran(terraform, stack, "show", "-json", "plan.bin"))
    return document
