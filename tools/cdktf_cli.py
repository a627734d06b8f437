"""cdktf-cli: installed from its own lock file, and run with the Node and the AWS provider that the project uses.

`python -m tools.cdktf_cli install` and `python -m tools.cdktf_cli run synth`; tests take `command()` and `environment()`.

npm 11 warns about packages whose install scripts nobody has allowed, and later ones refuse them; `allowScripts` in package.json
allows the one that needs it (`npm install-scripts approve` writes it), older ones run all scripts anyway. It is
@cdktf/node-pty-prebuilt-multiarch: prebuilt for Node 18 to 22, compiled with a C++ compiler, make and python3 for Node 24.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from scripts import provider_source, toolchain
from scripts.errors import EnvironmentFailureError, OpsError
from scripts.files import write_atomically

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tools" / "cdktf-cli"


def main(arguments: list[str]) -> int:
    """Run the verb; return the exit code (cdktf's own for `run`, 3 when something is missing)."""
    try:
        match arguments:
            case ["install"]:
                install()
                return 0
            case ["run", *rest]:
                with contextlib.suppress(KeyboardInterrupt):  # cdktf got it too and ends by itself
                    return subprocess.call([*command(), *rest], cwd=ROOT, env={**os.environ, **environment()})
                return 130
            case _:
                print("usage: python -m tools.cdktf_cli install | run ARGUMENTS", file=sys.stderr)
                return 2
    except OpsError as error:
        print(f"cdktf-cli: {error}", file=sys.stderr)
        return error.exit_code


def install(folder: Path = FOLDER) -> None:
    """Install what the lock file lists, unless that was done already with this Node.

    Raises:
        EnvironmentFailureError: npm failed.
    """
    stamp = folder / "node_modules" / ".setup-stamp"
    with (folder / ".setup-lock").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == _key(folder):
            return
        print("set-up: installing cdktf-cli, half a minute", file=sys.stderr, flush=True)
        npm = [*toolchain.npm_command(toolchain.node(), toolchain.Host.current()), "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(
            [*npm, "--loglevel=error"],
            cwd=folder,
            env={**os.environ, **_node_environment()},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode != 0:
            raise EnvironmentFailureError(
                f"`npm ci` in {folder} failed (exit code {done.returncode}). Its native module needs a C++ compiler, make and "
                "python3 (Debian: apt-get install build-essential); `make demo` works without cdktf-cli."
            )
        write_atomically(stamp, _key(folder))


def command(folder: Path = FOLDER) -> list[str]:
    """Return how to start cdktf; the Node is named because the script's own `env node` may find an old one.

    Raises:
        EnvironmentFailureError: cdktf-cli is not installed.
    """
    script = folder / "node_modules" / ".bin" / "cdktf"
    if not script.is_file():
        raise EnvironmentFailureError(f"cdktf-cli is not installed: {script} is missing. Run `make cdktf-cli`.")
    return [str(toolchain.node().path), str(script)]


def environment(build_dir: Path = ROOT / "build") -> dict[str, str]:
    """Return the variables with which cdktf asks no network for anything and finds Terraform, Node and the provider."""
    source, host = provider_source.provider(), toolchain.Host.current()
    return {
        **_node_environment(),
        **toolchain.terraform().environment,
        **provider_source.terraform_environment(source, build_dir, host),
        "CI": "1",
        "CHECKPOINT_DISABLE": "1",
        "FORCE_COLOR": os.environ.get("FORCE_COLOR", "0"),
    }


def _node_environment() -> dict[str, str]:
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
