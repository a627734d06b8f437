"""Which files of values count for a root module.

https://developer.hashicorp.com/terraform/language/values/variables#variable-definitions-tfvars-files
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_BY_ITSELF = ("terraform.tfvars", "terraform.tfvars.json")
_ENDINGS = (".tfvars", ".tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableFiles:
    """`read`, the later before the earlier; `left`, which Terraform reads with -var-file alone."""

    read: Sequence[Path]
    left: Sequence[Path]


def variable_files(folder: Path, given: Sequence[Path]) -> VariableFiles:
    """Returns a folder's files of values.

    A single one that Terraform does not read by itself is the one that the folder is applied with. Of several, prod.tfvars and
    test.tfvars, none is read: which, is for `--var-file` to say.
    """
    found = sorted(path for path in folder.iterdir() if path.name.endswith(_ENDINGS)) if folder.is_dir() else []
    first = [folder / name for name in _BY_ITSELF if folder / name in found]
    automatic = [path for path in found if path.name.endswith(_AUTOMATIC)]
    others = [path for path in found if path not in first and path not in automatic and path not in given]
    if given:
        return VariableFiles(read=[*first, *automatic, *given], left=[])
    if len(others) == 1:
        return VariableFiles(read=[*first, *automatic, *others], left=[])
    return VariableFiles(read=[*first, *automatic], left=others)


def merged(files: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Returns the values of all files, the later before the earlier."""
    return {name: value for file in files for name, value in file.items()}
