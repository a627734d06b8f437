"""Reads Terraform's three JSON shapes: configuration (`*.tf.json`), and `terraform show -json` of a plan or of a state.

Configuration syntax: https://developer.hashicorp.com/terraform/language/syntax/json
Plan and state: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.lint.model import Configuration, Document, Resource
from scripts.lint.shown import PLAN_KEYS, shown_document
from scripts.lint.values import Block, Expression, Value, to_value

_CDKTF_FILE = "cdk.tf.json"
_CONFIGURATION_KEYS = {"resource", "data", "provider", "terraform", "output", "variable", "locals", "module"}
_MOST_LOCALS = 8
_LOCAL = re.compile(r"\$\{\s*local\.(?P<name>[\w\-]+)\s*\}")
# Terraform's own blocks nest a dozen deep, a firewall's rules the deepest; Python's recursion ends at a thousand calls.
_DEEPEST = 100
_STDIN = Path("-")
_HOW = "give *.tf.json, or the output of `terraform show -json` of a plan or a state"


class UnreadableInputError(WrongUsageError):
    """A path given to the linter is absent, or holds no Terraform JSON."""


def read_paths(paths: Iterable[Path]) -> Configuration:
    """Returns everything below the paths as one configuration.

    A folder means its `*.tf.json` files and those of its sub-folders; the files of one folder are one module. `-` is stdin.

    Raises:
        UnreadableInputError: a path is absent, is no JSON object of Terraform's, or a folder holds none.
    """
    modules: dict[Path, dict[str, Mapping[str, object]]] = defaultdict(dict)
    shown: dict[Path, Mapping[str, object]] = {}
    for path in dict.fromkeys(file for given in paths for file in _files(given)):
        raw = _load(path)
        if shape_of(raw) == "configuration":
            modules[path if path == _STDIN else path.parent][str(path)] = raw
        else:
            shown[path] = raw
    documents = [
        replace(
            configuration_document(_module_name(folder), files), hcl_files=tuple(map(str, sorted(folder.glob("*.tf"))))
        )
        for folder, files in modules.items()
    ]
    documents += [shown_document(path.stem, str(path), raw) for path, raw in shown.items()]
    return Configuration(_with_own_names(documents))


def read_document(name: str, raw: Mapping[str, object]) -> Document:
    """Returns one parsed JSON object of any shape as a document.

    Raises:
        UnreadableInputError: it has none of the keys of the three shapes.
    """
    if shape_of(raw) == "configuration":
        return configuration_document(name, {name: raw})
    return shown_document(name, name, raw)


def shape_of(raw: Mapping[str, object], *, where: str = "the input") -> str:
    """Returns "configuration", "plan" or "state".

    Raises:
        UnreadableInputError: it has none of the keys of the three shapes.
    """
    if PLAN_KEYS & raw.keys():
        return "plan"
    if "format_version" in raw:
        return "state"
    if _CONFIGURATION_KEYS & raw.keys():
        return "configuration"
    raise UnreadableInputError(
        f"{where} is JSON, but neither Terraform configuration nor `terraform show -json` of a plan or state: {_HOW}"
    )


def _files(given: Path) -> list[Path]:
    if given == _STDIN or (given.exists() and not given.is_dir()):
        return [given]
    found = sorted(path for path in given.rglob("*.tf.json") if ".terraform" not in path.parts)
    if not found:
        reason = "holds no *.tf.json" if given.is_dir() else "does not exist"
        raise UnreadableInputError(f"{given} {reason}: synthesize first (`python main.py`), or give a file or folder")
    return found


def _load(path: Path) -> Mapping[str, object]:
    try:
        text = sys.stdin.buffer.read() if path == _STDIN else path.read_bytes()
        raw = json.loads(text, object_pairs_hook=_all_of_a_name)
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be read ({error.strerror}): {_HOW}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableInputError(f"{path} cannot be read as JSON ({error}): {_HOW}") from error
    if _is_deeper(raw, _DEEPEST):
        raise UnreadableInputError(f"{path} nests deeper than {_DEEPEST} levels, which nothing of Terraform's does")
    if not isinstance(raw, dict):
        raise UnreadableInputError(
            f"{path} holds {_in_json(raw)}, and a JSON object of Terraform's is expected: {_HOW}"
        )
    shape_of(raw, where=str(path))
    return raw


def _all_of_a_name(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Returns an object; what stands twice under one name, as blocks may, is an array of both, which means the same.

    https://github.com/hashicorp/hcl/blob/main/json/spec.md (Bodies)
    """
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    several: dict[str, list[object]] = defaultdict(list)
    for name, value in pairs:
        several[name] += value if isinstance(value, list) else [value]
    names = Counter(name for name, _ in pairs)
    return {name: several[name] if names[name] > 1 else value for name, value in pairs}


def _in_json(value: object) -> str:
    """Returns JSON's own word for what is no object: https://www.rfc-editor.org/rfc/rfc8259#section-3."""
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str):
        return "a string"
    return json.dumps(value) if value is None or isinstance(value, bool) else "a number"


def _is_deeper(value: object, levels: int) -> bool:
    """Whether values nest deeper; level by level, so that its own depth does not grow."""
    layer = [value]
    for _ in range(levels):
        layer = [inner for outer in layer for inner in _inside(outer)]
    return bool(layer)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


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


def configuration_document(name: str, files: Mapping[str, Mapping[str, object]]) -> Document:
    """Returns the `*.tf.json` files of one module as a document.

    Args:
        name: the module's name in findings.
        files: path -> parsed JSON.
    """
    blocks = {path: _with_locals(raw) for path, raw in files.items()}
    providers = _providers(block for file in blocks.values() for block in _bodies(file.value("provider")))
    terraform = [block for file in blocks.values() for block in file.blocks("terraform")]
    return Document(
        name=name,
        path=next(iter(files), name),
        shape="configuration",
        resources=tuple(
            resource for path, file in blocks.items() for resource in _configured(name, path, file, providers)
        ),
        outputs={key: body.value("value") for file in blocks.values() for key, body in _bodies(file.value("output"))},
        backend=next(((kind, body) for block in terraform for kind, body in _bodies(block.value("backend"))), None),
        aws_provider_version=next((version for block in terraform if (version := _required_version(block))), None),
        module_calls=tuple((path, key) for path, file in blocks.items() for key, _ in _bodies(file.value("module"))),
    )


def _with_locals(raw: Mapping[str, object]) -> Block:
    block = Block({key: to_value(value) for key, value in raw.items()})
    constants = {key: value for body in block.blocks("locals") for key, value in body.values.items()}
    if not constants:
        return block
    return Block({key: _replace_locals(value, constants, hops=0) for key, value in block.values.items()})


def _replace_locals(value: Value, constants: Mapping[str, Value], *, hops: int) -> Value:
    if isinstance(value, Expression):
        name = value.text.removeprefix("${").removesuffix("}").strip().removeprefix("local.")
        if hops >= _MOST_LOCALS:
            return value
        if value.text.startswith("${local.") and name in constants:
            return _replace_locals(constants[name], constants, hops=hops + 1)
        spelled = _LOCAL.sub(lambda match: _spelled_local(match, constants), value.text)
        return value if spelled == value.text else _replace_locals(to_value(spelled), constants, hops=hops + 1)
    if isinstance(value, dict):
        return {key: _replace_locals(item, constants, hops=hops) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace_locals(item, constants, hops=hops) for item in value]
    return value


def _spelled_local(match: re.Match[str], constants: Mapping[str, Value]) -> str:
    """Returns the text of a local inside other text, as it was when the local is no text."""
    value = constants.get(match["name"])
    text = value.text if isinstance(value, Expression) and value.text.startswith("${") else value
    return text if isinstance(text, str) else match[0]


def _bodies(value: Value) -> Iterator[tuple[str, Block]]:
    """Yields (label, body) of labelled blocks; both levels may be an object or a list of objects."""
    for labelled in Block({"all": value}).blocks("all"):
        for label in labelled.values:
            for body in labelled.blocks(label):
                yield label, body


def _providers(blocks: Iterable[tuple[str, Block]]) -> dict[str, Block]:
    providers: dict[str, Block] = {}
    for name, body in blocks:
        if not body.is_unset("alias"):
            name = f"{name}.{body.text('alias')}"  # noqa: PLW2901  (an alias is part of the name)
        providers[name] = body
    return providers


def _configured(document: str, path: str, file: Block, providers: Mapping[str, Block]) -> Iterator[Resource]:
    for section, is_data in (("resource", False), ("data", True)):
        for type_, named in _bodies(file.value(section)):
            for name in named.values:
                for body in named.blocks(name):
                    if body.number("count") != 0:
                        yield _configured_resource(document, path, (type_, name), body, providers, is_data=is_data)


def _configured_resource(
    document: str,
    path: str,
    label: tuple[str, str],
    body: Block,
    providers: Mapping[str, Block],
    *,
    is_data: bool,
) -> Resource:
    provider = body.value("provider")
    provider_name = provider.text.strip("${} ") if isinstance(provider, Expression) else provider
    if not isinstance(provider_name, str):
        provider_name = label[0].partition("_")[0]
    settings = providers.get(provider_name, Block({}))
    return Resource(
        document=document,
        path=path,
        address=f"{'data.' if is_data else ''}{label[0]}.{label[1]}",
        type=label[0],
        is_data=is_data,
        region=body.text("region") or settings.text("region"),
        body=_with_dynamic(body),
        role=settings.block("assume_role").text("role_arn") or "",
        depends_on=tuple(body.texts("depends_on")),
    )


def _with_dynamic(block: Block) -> Block:
    """Puts an unknown beside the blocks of a kind that a dynamic block makes more of, at every level: unknown, not absent."""
    values = {key: _deep(value) for key, value in block.values.items()}
    for key, body in _bodies(block.value("dynamic")):
        if "for_each" in body.values:
            values[key] = [*Block(values).items(key), Expression()]
    return Block(values)


def _deep(value: Value) -> Value:
    if isinstance(value, list):
        return [_deep(item) for item in value]
    return dict(_with_dynamic(Block(value)).values) if isinstance(value, dict) else value


def _required_version(terraform: Block) -> str | None:
    required = terraform.block("required_providers")
    return required.block("aws").text("version") or required.text("aws")
