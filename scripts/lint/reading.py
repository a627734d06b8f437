"""Reads what is given, whichever of Terraform's shapes it has: configuration, or `terraform show -json` of a plan or a state.

Plan and state: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from scripts.lint.cloudformation import as_configuration, is_template, unknown_values
from scripts.lint.configuration import configuration_document
from scripts.lint.folders import Folders, configuration_below
from scripts.lint.hcl.folder import Folder
from scripts.lint.json_files import HOW, STDIN, UnreadableInputError, load
from scripts.lint.model import Configuration, Document, LeftOut
from scripts.lint.shown import PLAN_KEYS, shown_document
from scripts.lint.template_files import templates_in
from scripts.lint.twins import without_twins

_CONFIGURATION_KEYS = {"resource", "data", "provider", "terraform", "output", "variable", "locals", "module"}
_STDIN_NAME = "stdin"
_HEAD_BYTES = 200

__all__ = ["UnreadableInputError", "read_document", "read_paths", "shape_of"]


def read_paths(paths: Iterable[Path], variable_files: Sequence[Path] = ()) -> Configuration:
    """Returns everything below the paths as one configuration.

    A folder means its `*.tf` and `*.tf.json` files and those of its sub-folders; the files of one folder are one module. `-` is
    stdin. A folder without any means its templates of CloudFormation; see template_files.py.

    Args:
        paths: files and folders.
        variable_files: files of values for the root modules.

    Raises:
        UnreadableInputError: a path is absent, is nothing of Terraform's, or a folder holds none.
    """
    given = list(dict.fromkeys(paths))
    modules: dict[Path, dict[Path, Mapping[str, object]]] = defaultdict(dict)
    documents: list[Document] = []
    for path in dict.fromkeys(file for one in given for file in _files(one)):
        raw = {} if path.name.endswith(".tf") else load(path)
        if path.name.endswith(".tf") or (
            path != STDIN and not is_template(raw) and shape_of(raw, where=str(path)) == "configuration"
        ):
            modules[path.parent][path] = raw
        else:
            name = _STDIN_NAME if path == STDIN else path.stem.removesuffix(".template")
            documents.append(_document(name, _STDIN_NAME if path == STDIN else str(path), raw))
    folders = Folders(modules, variable_files)
    configured = [
        configuration_document(_module_name(folder.path), str(next(iter(modules[folder.path]))), folder, folders.read)
        for folder in folders.roots(given)
    ]
    named = _with_own_names([*configured, *documents])
    return Configuration(_with_plans_unread(without_twins(named), given))


def read_document(name: str, raw: Mapping[str, object]) -> Document:
    """Returns one parsed JSON object of any shape as a document.

    Raises:
        UnreadableInputError: it has none of the keys of the three shapes.
    """
    return _document(name, name, raw)


def _document(name: str, path: str, raw: Mapping[str, object]) -> Document:
    if shape_of(raw, where=path) != "configuration":
        return shown_document(name, path, raw)
    folder = Folder(path=Path(path).parent, is_on_disk=False)
    if not is_template(raw):
        folder.add(path, raw)
        return configuration_document(name, path, folder, lambda _: None)
    converted, left = as_configuration(raw, path)
    folder.add(path, converted)
    document = configuration_document(name, path, folder, lambda _: None)
    for one in document.left_out:
        left += unknown_values(one.address, path) if one.address.startswith("var.") else [one]
    return replace(document, left_out=tuple(left))


def shape_of(raw: Mapping[str, object], *, where: str = "the input") -> str:
    """Returns "configuration", "plan" or "state".

    Raises:
        UnreadableInputError: it has none of the keys of the three shapes.
    """
    if PLAN_KEYS & raw.keys():
        return "plan"
    if "format_version" in raw:
        return "state"
    if _CONFIGURATION_KEYS & raw.keys() or is_template(raw):
        return "configuration"
    raise UnreadableInputError(
        f"{where} is neither Terraform configuration, nor `terraform show -json` of a plan or state, nor a template: {HOW}"
    )


def _files(given: Path) -> list[Path]:
    if given == STDIN or (given.exists() and not given.is_dir()):
        return [given]
    found = list(configuration_below(given)) or (templates_in(given) if given.is_dir() else [])
    if not found:
        reason = "holds no *.tf and no *.tf.json" if given.is_dir() else "does not exist"
        shown = [str(path) for path in _shown_files(given)] if given.is_dir() else []
        hint = f"; {', '.join(shown)} is the output of `terraform show -json`: give it by its name" if shown else ""
        raise UnreadableInputError(f"{given} {reason}: synthesize first (`python main.py`), or {HOW}{hint}")
    return found


def _shown_files(folder: Path) -> list[Path]:
    """Returns the plans and states in a folder, told by how they begin."""
    found = sorted(path for path in folder.glob("*.json") if not path.name.endswith(".tf.json") and path.is_file())
    return [path for path in found if b'"format_version"' in _head(path)]


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def _with_plans_unread(documents: Sequence[Document], given: Sequence[Path]) -> list[Document]:
    """Adds to each configuration the plans and states beside it, which nobody asked to read."""
    asked = {path.resolve() for path in given}
    found = []
    for document in documents:
        beside = _shown_files(Path(document.path).parent) if document.shape == "configuration" else []
        left = [
            LeftOut(path=str(path), address=str(path), reason="it is a plan or a state, which is read when it is named")
            for path in beside
            if path.resolve() not in asked
        ]
        found.append(replace(document, left_out=(*document.left_out, *left)) if left else document)
    return found


def _module_name(folder: Path) -> str:
    return folder.resolve().name or "root"


def _with_own_names(documents: Sequence[Document]) -> list[Document]:
    """Two modules of one folder name would share addresses, so the later ones are known by their path."""
    seen: Counter[str] = Counter()
    named = []
    for document in documents:
        seen[document.name] += 1
        named.append(document if seen[document.name] == 1 else _renamed(document, document.path))
    return named


def _renamed(document: Document, name: str) -> Document:
    return replace(
        document, name=name, resources=tuple(replace(resource, document=name) for resource in document.resources)
    )
