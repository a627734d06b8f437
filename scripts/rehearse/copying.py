"""A copy of somebody's root module with all that it reads from folders above it, without its state."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from scripts.errors import WrongUsageError

_UNREAD_FOLDERS = (".git", ".terraform", ".terragrunt-cache", "node_modules")
_LEFT_OUT = shutil.ignore_patterns(*_UNREAD_FOLDERS, "*.tfstate*", ".terraform.lock.hcl")
_ABOVE = re.compile(r"""["}/]((?:\.\./)*\.\.)(?=[/"])""")
"""What climbs: the source of a module, or a path below path.module."""

MOST_BYTES = 500_000_000


def copy_of(directory: Path, target: Path) -> Path:
    """Copy a root module and return where it lies in the copy.

    Args:
        directory: with `*.tf` or `*.tf.json` files.
        target: a folder that is made anew.

    Raises:
        WrongUsageError: there is no Terraform in the folder, or what it reads is larger than MOST_BYTES.
    """
    directory = directory.resolve()
    if not directory.is_dir():
        raise WrongUsageError(
            f"{directory} is no folder: give the folder of a root module, the one where you run terraform"
        )
    if not [*directory.glob("*.tf"), *directory.glob("*.tf.json")]:
        raise WrongUsageError(f"{directory} holds no *.tf and no *.tf.json: give the folder where you run terraform")
    root = _top(directory)
    size = sum(file.stat().st_size for file in _files(root))
    if size > MOST_BYTES:
        raise WrongUsageError(
            f"{root}, which {directory.name} reads from, holds {size / 1e6:,.0f} MB, more than {MOST_BYTES / 1e6:,.0f}: "
            "rehearse a checkout without built files"
        )
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(root, target, ignore=_LEFT_OUT, symlinks=False, ignore_dangling_symlinks=True)
    return target / directory.relative_to(root)


def _top(directory: Path) -> Path:
    """Return the highest folder that the module reaches: by `../` in its own files and in those of modules it reaches."""
    top, seen, waiting = directory, set[Path](), [directory]
    while waiting:
        folder = waiting.pop()
        if folder in seen or not folder.is_dir():
            continue
        seen.add(folder)
        for file in [*folder.glob("*.tf"), *folder.glob("*.tf.json")]:
            text = file.read_text(encoding="utf-8", errors="replace")
            for climb in set(_ABOVE.findall(text)):
                reached = (folder / climb).resolve()
                top = Path(os.path.commonpath([top, reached]))
            waiting += [(folder / source).resolve() for source in re.findall(r'source"?\s*[=:]\s*"(\.[^"]*)"', text)]
    if top == Path(top.anchor):
        raise WrongUsageError(f"{directory} reads from {top}: rehearse it in a folder of its own")
    return top


def _files(root: Path) -> list[Path]:
    found: list[Path] = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _UNREAD_FOLDERS]
        found += [path for name in names if (path := Path(folder) / name).is_file()]
    return found
