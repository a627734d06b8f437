"""Folders of Terraform's configuration: which files they hold, and which of them nobody calls, the root modules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scripts.lint.hcl.folder import Folder, written
from scripts.lint.hcl.variable_files import merged
from scripts.lint.hcl.variable_files import variable_files as files_of_values
from scripts.lint.hcl.waiver_comments import Comment
from scripts.lint.json_files import UnreadableInputError, load

_NOT_CONFIGURATION = (".terraform", ".terragrunt-cache", ".git", "node_modules")
_OVERRIDES = ("override.tf", "_override.tf", "override.tf.json", "_override.tf.json")


Files = Mapping[Path, Mapping[str, object]]
"""The files of a folder: a file of JSON with what it holds, which may be a pipe and is read once; one of HCL with nothing."""


class Folders:
    """Reads each folder once.

    Args:
        given: every file of configuration that was asked for, by folder; see `Files`.
        variable_files: files of values for the root modules, given by name.
    """

    def __init__(self, given: Mapping[Path, Files], variable_files: Sequence[Path] = ()) -> None:
        self._variable_files = variable_files
        self._by_path = {path.resolve(): folder_of(path, files) for path, files in given.items()}
        self._given = dict(self._by_path)

    def read(self, path: Path) -> Folder | None:
        """Returns the folder that a module call names, None when it holds no configuration."""
        key = path.resolve()
        if key not in self._by_path:
            path = Path(os.path.normpath(path))
            files = {file: load(file) if file.name.endswith(".json") else {} for file in configuration_files(path)}
            if not files:
                return None
            self._by_path[key] = folder_of(path, files)
        return self._by_path[key]

    def roots(self, asked: Sequence[Path]) -> list[Folder]:
        """Returns the folders given that no other calls, and those that were asked for themselves."""
        called = {
            (folder.path / source).resolve()
            for folder in self._given.values()
            for call in folder.calls.values()
            if (source := written(call.body.get("source"))).startswith(("./", "../"))
        }
        themselves = {path.resolve() for path in asked}
        roots = [folder for path, folder in self._given.items() if path not in called or path in themselves]
        for folder in roots or self._given.values():
            self._add_values(folder)
        return roots or list(self._given.values())

    def _add_values(self, folder: Folder) -> None:
        files = files_of_values(folder.path, self._variable_files)
        folder.values = merged([_values(path) for path in files.read])
        folder.values_left = [str(path) for path in files.left]


def configuration_files(folder: Path) -> list[Path]:
    """Returns the files of one module."""
    return sorted([*folder.glob("*.tf"), *folder.glob("*.tf.json")]) if folder.is_dir() else []


def configuration_below(folder: Path) -> Iterator[Path]:
    """Yields the files of all modules in a folder and below it."""
    for where, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in _NOT_CONFIGURATION)
        yield from (Path(where) / name for name in sorted(files) if name.endswith((".tf", ".tf.json")))


def folder_of(path: Path, files: Files) -> Folder:
    """Returns what the files of a module declare; the overrides among them come last.

    https://developer.hashicorp.com/terraform/language/files/override

    Raises:
        UnreadableInputError: a file cannot be read.
    """
    folder = Folder(path=path)
    for file, raw in sorted(files.items(), key=lambda item: (item[0].name.endswith(_OVERRIDES), item[0])):
        if file.name.endswith(".tf"):
            _add_hcl(folder, file)
        else:
            folder.add(str(file), raw)
    return folder


def _add_hcl(folder: Folder, file: Path) -> None:
    from scripts.lint.hcl.syntax import parse  # which loads a parser that synthesized JSON does not need

    parsed = parse(_bytes(file))
    folder.add(str(file), parsed.body)
    folder.comments += [(str(file), comment) for comment in (*parsed.comments, *_of_no_resource(parsed.body))]
    if parsed.error_line is not None:
        folder.broken.append((str(file), parsed.error_line))


def _of_no_resource(body: Mapping[str, object]) -> Iterator[Comment]:
    """Yields the waivers beside blocks in which no rule finds anything, such as variables."""
    waiting = [value for kind, value in body.items() if kind not in ("resource", "data", "module", "terraform")]
    while waiting:
        value = waiting.pop()
        yield from getattr(value, "comments", ())
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _values(file: Path) -> Mapping[str, object]:
    if file.name.endswith(".json"):
        return load(file)
    from scripts.lint.hcl.syntax import parse  # as above

    return parse(_bytes(file)).body


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnreadableInputError(f"{file} cannot be read ({error.strerror}): give another path") from error
