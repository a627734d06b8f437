"""Terraform that can reach nothing but localcloud: no backend, no credentials, roles or profiles, no programs that it starts.

Any version of the AWS provider will do. Written into a copy alone. What is not about access stays: regions, aliases, tags.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_hcl

_HCL = tree_sitter.Language(tree_sitter_hcl.language())
_KEPT_OF_PROVIDER = {"alias", "region", "default_tags", "ignore_tags"}
_DROPPED_OF_TERRAFORM = {"backend", "cloud", "required_version"}
_VERSION = re.compile(rb'[ \t]*\bversion\b"?\s*[=:]\s*"[^"]*"\s*,?')
_SKIPPED = ("skip_credentials_validation", "skip_metadata_api_check", "skip_region_validation")
Edit = tuple[int, int, bytes]


def rewrite(folder: Path) -> list[str]:
    """Rewrite every file of Terraform below a folder; return what was replaced, a phrase each."""
    notes: set[str] = set()
    for file in sorted(folder.rglob("*.tf")):
        before = file.read_bytes()
        after = rewritten(before, notes)
        if after != before:
            file.write_bytes(after)
    for file in sorted(folder.rglob("*.tf.json")):
        try:
            document = json.loads(file.read_bytes())
        except ValueError:
            continue  # Terraform says what is wrong with it
        file.write_text(json.dumps(_rewritten_json(document, notes), indent=2), encoding="utf-8")
    return sorted(notes)


def rewritten(text: bytes, notes: set[str]) -> bytes:
    """Return one file; what does not parse stays as it is, for Terraform to refuse."""
    tree = tree_sitter.Parser(_HCL).parse(text)
    edits = [edit for block in _blocks(tree.root_node) for edit in _edits(block, text, notes)]
    for start, end, instead in sorted(edits, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _edits(block: tree_sitter.Node, text: bytes, notes: set[str]) -> Iterator[Edit]:
    kind, *labels = _labels(block, text)
    if kind == "provider" and labels[:1] == ["aws"]:
        kept = [_source(each, text) for each in _members(block) if _name(each, text) in _KEPT_OF_PROVIDER]
        dropped = {_name(each, text) for each in _members(block)} - _KEPT_OF_PROVIDER
        notes |= {f"provider aws: {name}" for name in dropped}
        skips = [f"{name} = true".encode() for name in _SKIPPED]
        body = b"\n  ".join([*kept, *skips])
        yield block.start_byte, block.end_byte, b'provider "aws" {\n  ' + body + b"\n}"
    elif kind in ("resource", "data"):
        for member in _members(block):
            if _name(member, text) == "provisioner":
                notes.add("provisioners")
                yield member.start_byte, member.end_byte, b""
    elif kind == "terraform":
        for member in _members(block):
            name = _name(member, text)
            if name in _DROPPED_OF_TERRAFORM:
                notes.add(f"terraform: {name}")
                yield member.start_byte, member.end_byte, b""
            elif name == "required_providers":
                yield from _provider_edits(member, text)


def _provider_edits(block: tree_sitter.Node, text: bytes) -> Iterator[Edit]:
    for member in _members(block):
        if _name(member, text) != "aws":
            continue
        source = _source(member, text)
        yield member.start_byte, member.end_byte, _VERSION.sub(b"", source) if b"{" in source else b""


def _blocks(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    for body in root.children:
        if body.type == "body":
            yield from (each for each in body.children if each.type == "block")


def _members(block: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the attributes and blocks of a block."""
    return [
        each
        for body in block.children
        if body.type == "body"
        for each in body.children
        if each.type in ("attribute", "block")
    ]


def _labels(block: tree_sitter.Node, text: bytes) -> list[str]:
    """Return a block's type and its labels."""
    found = [each for each in block.children if each.type in ("identifier", "string_lit")]
    return [_source(each, text).decode().strip('"') for each in found]


def _name(member: tree_sitter.Node, text: bytes) -> str:
    return _source(member.children[0], text).decode()


def _source(node: tree_sitter.Node, text: bytes) -> bytes:
    return text[node.start_byte : node.end_byte]


def _rewritten_json(document: dict[str, Any], notes: set[str]) -> dict[str, Any]:
    for settings in _listed(document.get("terraform")):
        notes |= {f"terraform: {name}" for name in _DROPPED_OF_TERRAFORM & settings.keys()}
        for name in _DROPPED_OF_TERRAFORM:
            settings.pop(name, None)
        for providers in _listed(settings.get("required_providers")):
            if isinstance(providers.get("aws"), dict):
                providers["aws"].pop("version", None)
            else:
                providers.pop("aws", None)
    for resources in _listed(document.get("resource")):
        for each in (body for named in resources.values() for bodies in _listed(named) for body in bodies.values()):
            for body in _listed(each):
                if body.pop("provisioner", None) is not None:
                    notes.add("provisioners")
    for providers in _listed(document.get("provider")):
        if "aws" in providers:
            given = _listed(providers["aws"])
            notes |= {f"provider aws: {name}" for each in given for name in each.keys() - _KEPT_OF_PROVIDER}
            providers["aws"] = [
                {name: value for name, value in each.items() if name in _KEPT_OF_PROVIDER}
                | dict.fromkeys(_SKIPPED, True)
                for each in given
            ]
    return document


def _listed(value: object) -> list[dict[str, Any]]:
    """Terraform's JSON takes one block, or a list of them."""
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, dict)]
