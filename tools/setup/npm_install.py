"""Installs the npm packages of one folder from its own lock file, once; `python -m tools.setup.npm_install` does both folders.

npm 11 warns about packages whose install scripts nobody has allowed, and later ones refuse them; `allowScripts` in package.json
allows the one that needs it (`npm install-scripts approve` writes it), older ones run all scripts anyway.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.errors import EnvironmentFailureError, OpsError
from scripts.files import write_atomically
from scripts.terraform import toolchain

TOOLS = Path(__file__).resolve().parent
FOLDERS = (TOOLS / "cdktf-cli", TOOLS / "site-check")


def install(folder: Path) -> None:
    """Install what the lock file lists, unless that was done already with this Node.

    Raises:
        EnvironmentFailureError: npm failed, or cannot keep what it downloads.
    """
    stamp = folder / "node_modules" / ".setup-stamp"
    with (folder / ".setup-lock").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == _key(folder):
            return
        _try_cache()
        print(f"set-up: installing {folder.name}, up to half a minute", file=sys.stderr, flush=True)
        npm = [*toolchain.npm_command(toolchain.node(), toolchain.Host.current()), "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(
            [*npm, "--loglevel=error"],
            cwd=folder,
            env={**os.environ, **node_environment()},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode != 0:
            raise EnvironmentFailureError(
                f"`npm ci` in {folder} failed (exit code {done.returncode}). The native module of cdktf-cli needs a C++ "
                "compiler, make and python3 (Debian: apt-get install build-essential); `make demo` works without it."
            )
        write_atomically(stamp, _key(folder))


def _try_cache() -> None:
    """Makes npm's cache, as npm would: of one that cannot be made, npm writes a page and this program would blame a compiler.

    https://docs.npmjs.com/cli/v11/using-npm/config, cache and "Environment Variables" (in any case)
    """
    set_to = next((value for name, value in os.environ.items() if name.lower() == "npm_config_cache" and value), None)
    cache = Path(set_to) if set_to else Path("~/.npm").expanduser()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError as error:
        raise EnvironmentFailureError(
            f"{cache}: {error.strerror}; npm keeps what it downloads there: make it writable, or set HOME or npm_config_cache to "
            "a folder that is"
        ) from error


def node_environment() -> dict[str, str]:
    """Return what makes install scripts and child processes use the project's Node and, to compile, its headers."""
    tool = toolchain.node()
    variables = {**tool.environment, "PATH": f"{tool.path.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    prefix = tool.path.resolve().parent.parent
    if (prefix / "include" / "node" / "node_version.h").is_file():
        variables["npm_config_nodedir"] = str(prefix)
    return variables


def _key(folder: Path) -> str:
    """Return what an installation depends on; a native module fits one major of Node."""
    content = (folder / "package-lock.json").read_bytes() + (folder / "package.json").read_bytes()
    return hashlib.sha256(content + f"node {toolchain.node().version[0]} {folder}".encode()).hexdigest()


def main() -> int:
    """Install every folder; return the exit code, 3 when something is missing."""
    try:
        for folder in FOLDERS:
            install(folder)
    except OpsError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
