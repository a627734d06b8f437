"""Which code runs: what has to be the same for a saved state to be read."""

from __future__ import annotations

import hashlib
import sys
from importlib import metadata
from pathlib import Path

_CODE = (Path(__file__).parent, Path(__file__).parents[1] / "aws_facts")


def code_digest() -> str:
    """Return what must be the same for a state to be read: this code, moto and Python."""
    digest = hashlib.sha256(f"{metadata.version('moto')} {sys.version_info[:2]}".encode())
    for folder in _CODE:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
