"""What was under test: a digest of the synthesized stacks, and the versions of what made and applied them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from scripts.errors import EnvironmentFailureError
from scripts.terraform import toolchain
from scripts.terraform.synthesis import stack_folders

_LOCKED = re.compile(r'provider "[^"]*/([^/"]+/[^/"]+)" \{\s*version\s*=\s*"([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a report says of its stacks.

    Attributes:
        stacks_sha256: of every stack's name and JSON, in order of name; None where nothing is synthesized.
        versions: name -> version; only what is known here.
    """

    stacks_sha256: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)


def provenance(stacks_folder: Path) -> Provenance:
    """Return what is known of the stacks in a folder.

    Terraform's version is that of the program found here; the provider's is the one that `terraform init` locked in the
    stacks, which no folder has that was only synthesized.

    Raises:
        StacksError: nothing is synthesized in the folder.
    """
    folders = stack_folders(stacks_folder)
    digest = hashlib.sha256()
    versions = {"failover": metadata.version("failover-website")}
    for folder in folders:
        content = (folder / "cdk.tf.json").read_bytes()
        digest.update(f"{folder.name}\0{len(content)}\0".encode() + content)
        versions |= _cdktf(content) | _providers(folder / ".terraform.lock.hcl")
    with contextlib.suppress(EnvironmentFailureError):  # a drill needs no Terraform; the report then names none
        tool = toolchain.terraform()
        versions[str(tool.product)] = ".".join(map(str, tool.version))
    return Provenance(stacks_sha256=digest.hexdigest(), versions=dict(sorted(versions.items(), key=str)))


def _cdktf(content: bytes) -> dict[str, str]:
    found = json.loads(content).get("//", {}).get("metadata", {}).get("version")
    return {"CDKTF": str(found)} if found else {}


def _providers(lock: Path) -> dict[str, str]:
    """Return name -> version of https://developer.hashicorp.com/terraform/language/files/dependency-lock."""
    try:
        text = lock.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return dict(_LOCKED.findall(text))
