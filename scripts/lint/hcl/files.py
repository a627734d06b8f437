"""Terraform's functions that read files.

https://developer.hashicorp.com/terraform/language/functions/file
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from scripts.lint.hcl.functions import EvaluationError
from scripts.lint.values import Expression, Value

_MOST_BYTES = 1_000_000  # a function of CloudFront's holds 10 kB, a policy 20 kB
_FILE_FUNCTIONS = ("file", "filebase64", "fileexists", "fileset")


def read(name: str, arguments: list[Value], folder: Path) -> Value:
    """Returns what one of the functions returns; paths are relative to `folder`, the root module, where Terraform runs.

    Raises:
        EvaluationError: it is none of them, or the file cannot be read.
    """
    path = arguments[0] if arguments else None
    if (
        name not in _FILE_FUNCTIONS
        or not isinstance(path, str)
        or any(isinstance(one, Expression) for one in arguments)
    ):
        raise EvaluationError(f"{name} is not computed here")
    if name == "fileset":
        pattern = arguments[1] if len(arguments) > 1 else None
        return _found(folder / path, pattern if isinstance(pattern, str) else "")
    if name == "fileexists":
        return (folder / path).is_file()
    content = content_of(folder / path)
    return content if name == "file" else base64.b64encode(content.encode()).decode()


def content_of(path: Path) -> str:
    """Returns a text file's content.

    Raises:
        EvaluationError: there is none, it is large, or it is no text.
    """
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            raise EvaluationError(f"{path} is no small file")
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read") from error


def _found(folder: Path, pattern: str) -> list[Value]:
    try:
        files = sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file())
    except (OSError, ValueError, NotImplementedError) as error:
        raise EvaluationError(f"{folder} cannot be listed") from error
    return list(files)


def template_names(value: Value) -> Mapping[str, Value]:
    """Returns the names that `templatefile` gives to a template.

    Raises:
        EvaluationError: they are not known.
    """
    if not isinstance(value, dict):
        raise EvaluationError("names that are not known")
    return value
