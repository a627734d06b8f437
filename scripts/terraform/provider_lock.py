"""One committed lock file for all stacks: every synth copies it into each, so that all machines get the reviewed provider.

Behind a mirror it also spares `cdktf deploy` its call of `terraform providers lock`, which wants the registry.
https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.files import write_atomically
from scripts.processes.own_programs import ROOT
from scripts.terraform import toolchain
from scripts.terraform.synthesis import read_stack
from scripts.terraform.toolchain import Host, Product

NAME = ".terraform.lock.hcl"
SETTING = "FAILOVER_PROVIDER_LOCK"
"""Another lock file's path, or `none`: the provider is then whatever `terraform init` finds in the stacks' range."""
COMMITTED = ROOT / NAME
PLATFORMS = "# platforms: "
"""What begins the line that says of which platforms the file holds checksums; Terraform's own hashes do not tell."""
_NONE = "none"
_VERSION = re.compile(r'^\s*version\s*=\s*"(\d+)\.(\d+)\.(\d+)"', re.MULTILINE)
_CONSTRAINTS = re.compile(r'^(\s*constraints\s*=\s*)"[^"]*"', re.MULTILINE)
_PART = re.compile(r"(>=|<)\s*(\d+)\.(\d+)\.(\d+)")


def lock_stacks(stacks: Iterable[Path], environment: Mapping[str, str] = os.environ) -> str | None:
    """Copies the lock file into the stacks that it fits, and removes an older copy from the others.

    A synth needs no Terraform. So the program is asked what it is only where TERRAFORM_BINARY_NAME names one.

    Args:
        stacks: their folders, each with its `cdk.tf.json`.
        environment: FAILOVER_PROVIDER_LOCK names another file, or `none`; TERRAFORM_BINARY_NAME the program.

    Returns:
        What the user should know: why nothing is locked. None when all is well, or `none` was asked for.

    Raises:
        WrongUsageError: FAILOVER_PROVIDER_LOCK names a file that does not exist or is no lock file.
        ToolMissingError: TERRAFORM_BINARY_NAME names nothing that runs.
    """
    setting = environment.get(SETTING, "")
    text = None if setting == _NONE else _read(Path(setting) if setting else COMMITTED, is_asked_for=bool(setting))
    reason = None
    if text is not None and Host.current().platform not in _platforms(text):
        known, here = ", ".join(_platforms(text)) or "no platform", Host.current().platform
        reason = f"the provider is not locked: {NAME} knows {known}, and this is {here}; run make provider-lock"
        text = None
    product = toolchain.terraform().product if environment.get(toolchain.SETTING) else Product.TERRAFORM
    if text is not None and not _is_of(product, text):
        reason = (
            f"the provider is not locked: {NAME} has no checksum of {product.registry}, from where {product} takes it; run make "
            f"provider-lock {toolchain.SETTING}={product.command}"
        )
        text = None
    for folder in stacks:
        _lock(folder, text)
    return reason


def is_locked(stack: Path, product: Product) -> bool:
    """Returns whether the stack's lock file has the provider as that program takes it.

    The checksums of Terraform's registry are not those of OpenTofu's, which builds the provider anew:
    https://github.com/opentofu/opentofu/issues/796
    """
    try:
        return _is_of(product, (stack / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False


def _is_of(product: Product, text: str) -> bool:
    return f'provider "{product.registry}/' in text


def _read(path: Path, *, is_asked_for: bool) -> str | None:
    if not path.is_file():
        if is_asked_for:
            raise WrongUsageError(f"{SETTING}={path} does not exist: name a lock file, or {_NONE}")
        return None
    text = path.read_text(encoding="utf-8")
    if _VERSION.search(text) is None:
        raise WrongUsageError(f"{path} names no version of a provider: run make provider-lock")
    return text


def _lock(folder: Path, text: str | None) -> None:
    own = folder / NAME
    constraint = _constraint(folder)
    if text is None or not _admits(constraint, text):
        own.unlink(missing_ok=True)
        return
    # cdktf compares the constraint that was locked with the stack's own, and Terraform writes it back.
    write_atomically(own, _CONSTRAINTS.sub(rf'\g<1>"{constraint}"', text))


def _constraint(folder: Path) -> str:
    return str(read_stack(folder)["terraform"]["required_providers"]["aws"]["version"])


def _admits(constraint: str, text: str) -> bool:
    """Whether a stack's range, such as ">= 5.100.0, < 7.0.0", admits the locked version."""
    match = _VERSION.search(text)
    locked = tuple(map(int, match.groups())) if match else ()
    parts = [(operator, (int(a), int(b), int(c))) for operator, a, b, c in _PART.findall(constraint)]
    return bool(parts) and all(locked >= bound if operator == ">=" else locked < bound for operator, bound in parts)


def _platforms(text: str) -> list[str]:
    line = next((line for line in text.splitlines() if line.startswith(PLATFORMS)), PLATFORMS)
    return line.removeprefix(PLATFORMS).split()
