"""Writing files whole."""

import os
from pathlib import Path


def write_whole(path: Path, data: bytes, *, mode: int) -> None:
    """Write a whole file under its final name or nothing; its mode is this one whatever the umask."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    os.fchmod(descriptor, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    partial.replace(path)
