"""A synthesized site, deployed to a localcloud of its own by the real provider."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from scripts.commands.bootstrap import bootstrap
from scripts.commands.shared.options import use_localcloud
from scripts.errors import EnvironmentFailureError
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.terraform.cli import Terraform, from_this_machine
from scripts.terraform.deploy import deploy

# Health checkers and certificates run on localcloud's clock; Terraform's own waiting does not.
_SPEED = 20.0


@contextmanager
def deployed(folder: Path, *, speed: float = _SPEED) -> Iterator[Terraform]:
    """Yields Terraform for the stacks of `folder`, which holds `cdktf.out`, while they are deployed; speed: as in `ready`.

    localcloud keeps one account: of a site of several, only dns is deployed (docs/EXTENSIONS.md).

    Raises:
        OpsError: localcloud did not start, or Terraform failed.
    """
    stacks = folder / "cdktf.out" / "stacks"
    with ready(folder, speed=speed) as terraform:
        if takes_roles(stacks):
            terraform.init(stacks / "dns")
            terraform.apply(stacks / "dns")
        else:
            deploy(terraform, stacks, folder / "outputs.json", Console(stderr=True))
        yield terraform


@contextmanager
def ready(folder: Path, *, speed: float = _SPEED, options: tuple[str, ...] = ()) -> Iterator[Terraform]:
    """Yields Terraform for the same stacks while nothing but the bucket of their states is there.

    Args:
        folder: holds `cdktf.out`; localcloud's state folder is made in it.
        speed: AWS seconds in a real second.
        options: further ones of `python -m localcloud serve`.

    Raises:
        OpsError: localcloud did not start.
    """
    stacks, terraform = folder / "cdktf.out" / "stacks", from_this_machine(folder, {})
    with running_localcloud(folder / "localcloud", speed=speed, arguments=(*ANY_PORT, *options)) as endpoints:
        terraform.environment.update(endpoints.environment)
        use_localcloud(folder / "localcloud")
        if _keeps_state_in_s3(stacks):
            with contextlib.redirect_stdout(sys.stderr):
                bootstrap(stacks=stacks, localcloud=folder / "localcloud", apply=True, as_json=False)
        yield terraform


def takes_roles(stacks: Path) -> bool:
    """Whether a provider takes a role of another account."""
    documents = [json.loads(path.read_bytes()) for path in stacks.glob("*/cdk.tf.json")]
    return any("assume_role" in provider for document in documents for provider in document["provider"]["aws"])


def ran(terraform: Terraform, stack: Path, *arguments: str) -> str:
    """Returns what Terraform prints for a command on a stack.

    Raises:
        EnvironmentFailureError: it failed.
    """
    done = subprocess.run(
        [str(terraform.binary), f"-chdir={stack}", *arguments],
        env={**os.environ, **terraform.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        message = (done.stderr or done.stdout).strip()
        raise EnvironmentFailureError(f"terraform {arguments[0]} on {stack.name} failed:\n{message}")
    return done.stdout


def _keeps_state_in_s3(stacks: Path) -> bool:
    return "s3" in json.loads((stacks / "dns" / "cdk.tf.json").read_bytes())["terraform"]["backend"]
