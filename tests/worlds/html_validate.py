"""html-validate, as the tests run it: valid HTML, and the WCAG rules that can be checked without a browser."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.terraform import toolchain
from tools.setup.npm_install import TOOLS, install, node_environment

FOLDER = TOOLS / "site-check"


def complaints(files: Sequence[Path]) -> str:
    """Returns what html-validate prints about the files; empty when it finds nothing."""
    install(FOLDER)
    script = FOLDER / "node_modules" / ".bin" / "html-validate"
    command: list[str | Path] = [toolchain.node().path, script, "--config", FOLDER / ".htmlvalidate.json", *files]
    done = subprocess.run(command, env=node_environment(), capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
