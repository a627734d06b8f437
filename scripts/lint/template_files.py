"""Files of CloudFormation's templates, in JSON or YAML, as the JSON that both mean.

YAML's short forms (`!Ref`, `!GetAtt`, `!Sub` and the other tags) become the functions that they are short for:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yaml.constructor import SafeConstructor
    from yaml.nodes import Node

YAML_SUFFIXES = (".yaml", ".yml", ".template")
"""`.template` is what AWS calls its own samples, in either format."""
_SUFFIXES = (".json", *YAML_SUFFIXES)
_SYNTHESIZED = "*.template.json"  # as `cdk synth` calls them, in cdk.out
_MARKS = (b"AWSTemplateFormatVersion", b"\nResources:", b'"Resources"')
_HEAD_BYTES = 100_000
# Functions that are called as they are written: every other one has `Fn::` before its name.
_WITHOUT_PREFIX = ("Ref", "Condition")
# What YAML 1.1 makes of a date; CloudFormation keeps the text: 2012-10-17 is the version of a policy.
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


def templates_in(folder: Path) -> list[Path]:
    """Returns the templates in a folder: the CDK's by their name, else files that hold a template's keys."""
    if found := sorted(folder.glob(_SYNTHESIZED)):
        return found
    candidates = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    return [path for path in candidates if looks_like_a_template(_head(path))]


def looks_like_a_template(head: bytes) -> bool:
    """Whether a file's first bytes are those of a template, in either format."""
    return any(mark in b"\n" + head for mark in _MARKS)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def from_yaml(text: bytes) -> object:
    """Returns what YAML means, short forms written out.

    Raises:
        ValueError: it is no YAML, or has aliases, which CloudFormation does not take either (and which can be a bomb).
    """
    import yaml  # only a template needs it

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

    class Templates(loader):  # type: ignore[misc,valid-type]  # chosen at run time
        """YAML with the tags of CloudFormation."""

    Templates.add_multi_constructor("!", _function)
    Templates.add_constructor(_TIMESTAMP, lambda reading, node: reading.construct_scalar(node))
    try:
        if any(isinstance(event, yaml.events.AliasEvent) for event in yaml.parse(text, Loader=loader)):
            raise ValueError("it has aliases (*name), which templates may not have")
        return yaml.load(text, Loader=Templates)  # noqa: S506  a subclass of the safe loader
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _function(reading: SafeConstructor, name: str, node: Node) -> Mapping[str, object]:
    value = _value(reading, node)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in _WITHOUT_PREFIX else f"Fn::{name}": value}


def _value(reading: SafeConstructor, node: Node) -> object:
    from yaml.nodes import MappingNode, SequenceNode

    kinds: Mapping[type[Node], Callable[..., object]] = {
        MappingNode: reading.construct_mapping,
        SequenceNode: reading.construct_sequence,
    }
    if type(node) in kinds:
        return kinds[type(node)](node, deep=True)
    return reading.construct_scalar(node)
