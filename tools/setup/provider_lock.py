"""Writes the provider's lock file anew: `make provider-lock`, `make provider-lock VERSION=6.25.0`.

With `TERRAFORM_BINARY_NAME=tofu` it is OpenTofu's, with the checksums of its registry.

The registry gives the checksums of every platform; a mirror on this machine those of what it holds, which is then this one's
alone. Review the difference, try the new version (`make test`), and commit it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.errors import EnvironmentFailureError, OpsError
from scripts.terraform import provider_source, toolchain
from scripts.terraform.provider_lock import COMMITTED, NAME, PLATFORMS

# The range of constructs_lib/providers.py, which cdktf compares with the stacks'.
CONSTRAINTS = ">= 5.100.0, < 7.0.0"
_ALL = ("linux_amd64", "linux_arm64", "darwin_arm64", "darwin_amd64")


def main(arguments: Sequence[str]) -> int:
    """Writes the file; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make provider-lock", description=__doc__)
    parser.add_argument(
        "--version", help="a version of hashicorp/aws; default: the newest in the range that can be had"
    )
    options = parser.parse_args(arguments)
    try:
        COMMITTED.write_text(locked(options.version), encoding="utf-8")
    except OpsError as error:
        print(f"provider-lock: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{NAME}: written; look at the difference, try it with make test, and commit it")
    return 0


def locked(version: str | None) -> str:
    """Returns the lock file's text.

    Raises:
        EnvironmentFailureError: Terraform failed.
    """
    host, source = toolchain.Host.current(), provider_source.provider()
    platforms = (host.platform,) if source.is_mirror else _ALL
    with tempfile.TemporaryDirectory() as folder:
        required = {"aws": {"source": "hashicorp/aws", "version": f"= {version}" if version else CONSTRAINTS}}
        Path(folder, "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
        where = [f"-fs-mirror={source.path}"] if source.is_mirror else []
        tool = toolchain.terraform()
        done = subprocess.run(
            [str(tool.path), "providers", "lock", *where, *(f"-platform={one}" for one in platforms)],
            cwd=folder,
            env={**os.environ, **tool.environment, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EnvironmentFailureError(f"{tool.product.command} providers lock failed:\n{done.stderr.strip()}")
        text = Path(folder, NAME).read_text(encoding="utf-8")
    return f"{PLATFORMS}{' '.join(platforms)}\n" + text.replace(f'"{version}"\n  hashes', f'"{CONSTRAINTS}"\n  hashes')


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
