"""Writes requirements.lock: every dependency of pyproject.toml with its hashes, for Linux and macOS, newest allowed versions.

Indexes are the machine's own affair: none is named in the file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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


LOCKS = {
    "pyproject.toml": "requirements.lock",
    "tools/bench/release/requirements.in": "tools/bench/release/requirements.lock",
    "tools/examples/bindings/requirements.in": "tools/examples/bindings/requirements.lock",
    "tools/examples/checkov/requirements.in": "tools/examples/checkov/requirements.lock",
    "tools/examples/parliament/requirements.in": "tools/examples/parliament/requirements.lock",
}


def main() -> int:
    """Resolve every file; return the first exit code of uv that is not 0."""
    codes = (
        subprocess.call([UV, "pip", "compile", *OPTIONS, source, f"--output-file={target}"], cwd=ROOT)
        for source, target in LOCKS.items()
    )
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
