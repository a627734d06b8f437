"""cdktf-cli, run with the Node and the AWS provider that the project uses.

`python -m tools.setup.cdktf_cli synth`; tests take `command()` and `environment()`. Its native module, node-pty, comes prebuilt
for Node 18 to 22 and is compiled with a C++ compiler, make and python3 for Node 24.

The folders that it and jsii write to are tried first: of one that cannot be used, cdktf-cli 0.21 prints a page of JavaScript.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from constructs_lib import jsii_folders
from scripts.errors import EnvironmentFailureError, OpsError
from scripts.terraform import provider_source, toolchain
from tools.setup.npm_install import node_environment

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).with_name("cdktf-cli")


def main(arguments: list[str]) -> int:
    """Run cdktf with the arguments; return its exit code, or 3 when something is missing."""
    try:
        check_folders(os.environ)
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


def check_folders(environ: Mapping[str, str]) -> None:
    """Makes the plugin cache, as cdktf would, and tries where jsii writes.

    Raises:
        EnvironmentFailureError: one of them cannot be used; names it, the reason and the way out.
    """
    cache = plugin_cache(environ)
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailureError(
            f"{cache}: {error.strerror}; cdktf keeps Terraform's providers there: make it writable, or set HOME or "
            "TF_PLUGIN_CACHE_DIR to a folder that is"
        ) from error
    try:
        jsii_folders.check(environ)
    except jsii_folders.UnusableFolderError as error:
        raise EnvironmentFailureError(str(error)) from error


def plugin_cache(environ: Mapping[str, str]) -> Path:
    """Returns the folder that cdktf-cli 0.21 makes before it looks at its arguments, below Node's `os.homedir()`."""
    home = environ["HOME"] if "HOME" in environ else Path("~").expanduser()
    return Path(environ.get("TF_PLUGIN_CACHE_DIR") or Path(home, ".terraform.d", "plugin-cache"))


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
