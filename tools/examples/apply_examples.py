"""Applies example site files to localcloud with the real provider: `make apply`, all of config/ by default.

Of each site file: every stack is applied, a second plan changes nothing and holds no trap of the linter's, destroy succeeds, and
nothing is left. The last is asked of the provider too: with the states from before it must find none of their resources.

Exit codes: 0 all of it held, 1 something did not, 3 something is missing on this machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.errors import OpsError
from scripts.lint import waiver_file
from scripts.lint.reading import read_paths
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import judge
from scripts.local.process import sole_user
from scripts.terraform.cli import PLAN_CLEAN, Terraform
from scripts.terraform.deploy import stack_order
from scripts.terraform.synthesis import synthesize
from tools.examples.deployed_example import deployed, ran, takes_roles

_PLAN = "plan.bin"
ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "apply"
_PROTECTION = re.compile(r'("deletion_protection(?:_enabled)?": )true')
# They are no things in an account: their "read" finds what Terraform remembers, or something else's state.
_NOTHING_OF_THEIR_OWN = ("terraform_data.", "aws_acm_certificate_validation.")


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one site file.

    Attributes:
        site_file: its name.
        stacks: how many were applied.
        resources: how many those have.
        seconds: how long the apply took.
        faults: what did not hold, in words.
    """

    site_file: str
    stacks: int = 0
    resources: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    """Applies the site files; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make apply", description=__doc__)
    parser.add_argument("site_files", nargs="*", type=Path, help="default: every config/*.toml")
    options = parser.parse_args(arguments)
    site_files = options.site_files or sorted(ROOT.glob("config/*.toml"))
    try:
        with sole_user(BUILD, "make apply"):
            outcomes = [_tried(site_file) for site_file in site_files]
    except OpsError as error:
        print(f"apply: {error}", file=sys.stderr)
        return error.exit_code
    _print(outcomes)
    return 1 if any(outcome.faults for outcome in outcomes) else 0


def _tried(site_file: Path) -> Outcome:
    folder = BUILD / site_file.stem
    shutil.rmtree(folder, ignore_errors=True)
    outcome = Outcome(site_file=site_file.name)
    print(f"{site_file.name}: applying", file=sys.stderr)
    try:
        _try(site_file, folder, outcome)
    except OpsError as error:
        outcome.faults.append(str(error))
    print(f"{site_file.name}: {'; '.join(outcome.faults) or 'all of it held'}", file=sys.stderr)
    return outcome


def _try(site_file: Path, folder: Path, outcome: Outcome) -> None:
    stacks = synthesize(site_file, folder / "cdktf.out")
    began = time.monotonic()
    with deployed(folder) as terraform:
        outcome.seconds = time.monotonic() - began
        waves = [[stacks / name for name in wave] for wave in stack_order(stacks)]
        if takes_roles(stacks):
            waves = [[stacks / "dns"]]
        applied = [stack for wave in waves for stack in wave]
        states = {stack: ran(terraform, stack, "state", "pull") for stack in applied}
        made = {stack: owned(states[stack]) for stack in applied}
        outcome.stacks, outcome.resources = len(applied), sum(len(each) for each in made.values())
        codes = dict(
            zip(applied, _on_each(lambda stack: terraform.plan_exit_code(stack, out=_PLAN), applied), strict=True)
        )
        outcome.faults += [
            f"{stack.name}: the second plan has changes" for stack in applied if codes[stack] != PLAN_CLEAN
        ]
        outcome.faults += _traps(terraform, applied)
        for stack in applied:
            unprotect(terraform, stack)
        for wave in reversed(waves):
            _on_each(terraform.destroy, wave)
        for stack in applied:  # all of them first: a stack's plan reads the outputs of the stacks before it
            push(terraform, stack, states[stack])
        for stack in reversed(applied):
            left = made[stack] - gone(terraform, stack)
            outcome.faults += [f"{stack.name}: {address} is left" for address in sorted(left)]


def _traps(terraform: Terraform, stacks: Sequence[Path]) -> list[str]:
    """Returns what the trap linter finds in the plans, notes too: a plan knows values that the configuration does not."""
    shown = [stack / "plan.json" for stack in stacks]
    for path in shown:
        path.write_text(ran(terraform, path.parent, "show", "-json", _PLAN), encoding="utf-8")
    files = waiver_file.read_all(waiver_file.find([ROOT]), dt.datetime.now(dt.UTC).date())
    judgement = judge(read_paths([*stacks, *shown]), ALL_RULES, file_waivers=files)  # the stacks hold waivers, too
    found = [f"{one.rule.id} {one.finding.address}: {one.finding.detail}" for one in judgement.violations]
    return [f"the linter finds in a plan {one}" for one in found]


def _on_each(work: Callable[[Path], Any], stacks: Iterable[Path]) -> list[Any]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, stacks))


def unprotect(terraform: Terraform, stack: Path) -> None:
    """Turns deletion protection off where a stack has it, as docs/EXTENSIONS.md says: nothing can be destroyed before."""
    path = stack / "cdk.tf.json"
    text = path.read_text(encoding="utf-8")
    unprotected = _PROTECTION.sub(r"\1false", text)
    if unprotected != text:
        path.write_text(unprotected, encoding="utf-8")
        terraform.apply(stack)


def owned(state: str) -> set[str]:
    """Returns the addresses of a state's resources that exist in an account."""
    resources = json.loads(state)["resources"]
    found = {f"{each['type']}.{each['name']}" for each in resources if each["mode"] == "managed" and each["instances"]}
    return {address for address in found if not address.startswith(_NOTHING_OF_THEIR_OWN)}


def push(terraform: Terraform, stack: Path, state: str) -> None:
    """Makes an old state the stack's."""
    old = stack / "before-destroy.tfstate"
    old.write_text(state, encoding="utf-8")
    ran(terraform, stack, "state", "push", "-force", str(old))


def gone(terraform: Terraform, stack: Path) -> set[str]:
    """Returns the resources of the stack's state that the provider finds no more."""
    lines = ran(terraform, stack, "plan", "-refresh-only", "-json", "-input=false", "-lock=false").splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    drifts = [message["change"] for message in messages if message["type"] == "resource_drift"]
    return {drift["resource"]["addr"] for drift in drifts if drift["action"] == "delete"}


def _print(outcomes: Sequence[Outcome]) -> None:
    table = Table("Site file", "Stacks", "Resources", "Applied in", "Second plan, destroy, nothing left")
    for each in outcomes:
        held = "\n".join(each.faults) or "held"
        table.add_row(each.site_file, str(each.stacks), str(each.resources), f"{each.seconds:.0f} s", held)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
