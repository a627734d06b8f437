"""cdktf-cli, run with the Node and the AWS provider that the project uses.

`python -m tools.setup.cdktf_cli synth`; tests take `command()` and `environment()`. Its native module, node-pty, comes prebuilt
for Node 18 to 22 and is compiled with a C++ compiler, make and python3 for Node 24.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from scripts.errors import EnvironmentFailureError, OpsError
from scripts.terraform import provider_source, toolchain
from tools.setup.npm_install import node_environment

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).with_name("cdktf-cli")


def main(arguments: list[str]) -> int:
    """Run cdktf with the arguments; return its exit code, or 3 when something is missing."""
    try:
        with contextlib.suppress(KeyboardInterrupt):  # cdktf got it too and ends by itself
            return subprocess.call([*command(), *arguments], cwd=ROOT, env={**os.environ, **environment()})
    except OpsError as error:
        print(f"cdktf-cli: {error}", file=sys.stderr)
        return error.exit_code
    return 130


def command(folder: Path = FOLDER) -> list[str]:
    """Return how to start cdktf; the Node is named because the script's own `env node` may find an old one.

    Raises:
        EnvironmentFailureError: cdktf-cli is not installed.
    """
    script = folder / "node_modules" / ".bin" / "cdktf"
    if not script.is_file():
        raise EnvironmentFailureError(f"cdktf-cli is not installed: {script} is missing. Run `make npm-tools`.")
    return [str(toolchain.node().path), str(script)]


def environment(build_dir: Path = ROOT / "build") -> dict[str, str]:
    """Return the variables with which cdktf asks no network for anything and finds Terraform, Node and the provider."""
    source, host = provider_source.provider(), toolchain.Host.current()
    return {
        **node_environment(),
        **toolchain.terraform().environment,
        **provider_source.terraform_environment(source, build_dir, host),
        "CI": "1",
        "CHECKPOINT_DISABLE": "1",
        "FORCE_COLOR": os.environ.get("FORCE_COLOR", "0"),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
