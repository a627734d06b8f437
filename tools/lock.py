"""Writes requirements.lock: every dependency of pyproject.toml with its hashes, for Linux and macOS, newest allowed versions.

Indexes are the machine's own affair: none is named in the file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
OPTIONS = (
    "--universal",  # one file for all systems and processors, with markers
    "--python-version=3.11",
    "--all-extras",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--upgrade",
    "--quiet",
    "--custom-compile-command=make lock",
)


def main() -> int:
    """Resolve; return uv's exit code."""
    return subprocess.call(
        [UV, "pip", "compile", *OPTIONS, "pyproject.toml", "--output-file=requirements.lock"], cwd=ROOT
    )


if __name__ == "__main__":
    sys.exit(main())
