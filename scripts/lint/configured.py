"""A plan's own configuration: which references stand behind a value that is known only after apply.

https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.values import Block, Expression, Reference, Value, find_references

_OF_MODULE = re.compile(r"module\.(?P<call>[\w\-]+)(?P<index>\[[^\]]*\])?\.(?P<output>[\w\-]+)(?P<rest>.*)", re.DOTALL)
_OF_VARIABLE = re.compile(r"var\.(?P<name>[\w\-]+)(?P<rest>.*)", re.DOTALL)
_CALLER = re.compile(r"(?P<caller>.*?)module\.(?P<call>[\w\-]+)(?:\[[^\]]*\])?\.")
# Blocks that the provider keeps as sets: their order in a plan's values is not that of the configuration.
_SETS = ("origin", "origin_group", "custom_error_response", "principals", "condition")
# Attributes, no blocks, that AWS fills when nothing is configured: a plan says unknown of them, and unset is what is meant.
_LEFT_TO_AWS = (
    "binary_media_types",
    "disable_execute_api_endpoint",
    "ip_address_type",
    "policy",
    "triggers",
    # What may be written inside a bucket, beside resources of its own for it.
    "replication_configuration",
    "server_side_encryption_configuration",
    "versioning",
)
_MOST_HOPS = 8


class Configured:
    """The configuration that a plan holds, empty for a state.

    Args:
        root_module: `configuration.root_module`.
    """

    def __init__(self, root_module: Block) -> None:
        self._modules = dict(_modules(root_module, ""))
        self._resources = {
            path + (resource.text("address") or ""): resource
            for path, module in self._modules.items()
            for resource in module.blocks("resources")
        }

    def resource(self, address: str) -> Block:
        """Returns the configuration of a resource, whichever instance the address means."""
        return self._resources.get(_without_indexes(address), Block())

    def filled(self, values: Block, unknown: Value, configured: Block, prefix: str) -> Block:
        """Returns a resource's values, with an expression wherever `unknown` (after_unknown) says so.

        Args:
            values: what the plan knows.
            unknown: True, or objects and lists of the same shape that hold it.
            configured: the resource's configuration, empty when there is none.
            prefix: the resource's module, such as `module.a["x"].`, "" for the root.
        """
        behind = configured.block("for_each_expression").items("references")
        expressions = {key: _with_each(value, behind) for key, value in configured.block("expressions").values.items()}
        merged = self._merged("", dict(values.values), unknown, dict(expressions), prefix)
        filled = merged if isinstance(merged, dict) else {}
        left = [key for key in _LEFT_TO_AWS if configured.values and key not in expressions and values.is_unset(key)]
        return Block({key: value for key, value in filled.items() if key not in left})

    def used(self, expressions: Block, prefix: str) -> Iterator[str]:
        """Yields the addresses that a resource's configuration refers to, also where a plan knows the values."""
        for reference in self._references(expressions.texts("references"), prefix, hops=0):
            yield reference.address
        for key in expressions.values:
            for block in expressions.blocks(key):
                yield from self.used(block, prefix)

    def _merged(self, key: str, value: Value, unknown: Value, configured: Value, prefix: str) -> Value:
        if unknown is True:
            return self._expression(configured, prefix)
        if isinstance(unknown, dict) and isinstance(value, dict | None):
            known = value or {}
            nested = configured if isinstance(configured, dict) else {}
            return {
                name: self._merged(name, known.get(name), unknown.get(name), nested.get(name), prefix)
                for name in dict.fromkeys((*known, *unknown))
                if name in nested or name not in _LEFT_TO_AWS or not nested
            }
        if isinstance(unknown, list) and isinstance(value, list):
            return [
                self._merged("", item, _nth(unknown, index), _behind(key, item, index, configured), prefix)
                for index, item in enumerate(value)
            ]
        return value

    def _expression(self, configured: Value, prefix: str) -> Expression:
        names = Block(configured).texts("references") if isinstance(configured, dict) else []
        found = tuple(self._references(names, prefix, hops=0))
        return Expression(text=f"${{{', '.join(names)}}}" if names else "", references=found, is_whole=False)

    def _references(self, names: list[str], prefix: str, *, hops: int) -> Iterator[Reference]:
        """Yields what names refer to, through the outputs of modules and the variables of this one."""
        for name in names if hops < _MOST_HOPS else []:
            if output := _OF_MODULE.match(name):
                called = f"{prefix}module.{output['call']}{output['index'] or ''}."
                module = self._modules.get(_without_indexes(called), Block())
                behind = module.block("outputs").block(output["output"]).block("expression")
                yield from self._further(behind, called, output["rest"], hops=hops)
            elif (variable := _OF_VARIABLE.match(name)) and (call := _CALLER.fullmatch(prefix)):
                module = self._modules.get(_without_indexes(call["caller"]), Block())
                behind = module.block("module_calls").block(call["call"]).block("expressions").block(variable["name"])
                yield from self._further(behind, call["caller"], variable["rest"], hops=hops)
        yield from find_references(", ".join(name for name in names if not name.startswith("module.")), module=prefix)

    def _further(self, behind: Block, prefix: str, rest: str, *, hops: int) -> Iterator[Reference]:
        """Yields what an output or a variable is made of; `rest` is what is read of it, such as `.arn`."""
        for reference in self._references(behind.texts("references"), prefix, hops=hops + 1):
            attribute = reference.attribute or rest.removeprefix(".")
            yield Reference(address=reference.address, attribute=attribute)


def _with_each(expression: Value, behind: list[Value]) -> Value:
    """Returns an expression, or blocks of them, in which `each.value` stands for what `for_each` refers to as well."""
    if isinstance(expression, list):
        return [_with_each(item, behind) for item in expression]
    if not isinstance(expression, dict) or not behind:
        return expression
    names = Block(expression).texts("references")
    if any(name.startswith("each.value") for name in names):
        return {**expression, "references": [*names, *behind]}
    return {key: _with_each(value, behind) if key != "references" else value for key, value in expression.items()}


def _modules(module: Block, path: str) -> Iterator[tuple[str, Block]]:
    """Yields (path, configuration) of a module and of those it calls; a path is "" or ends with a dot."""
    yield path, module
    calls = module.block("module_calls")
    for name in calls.values:
        yield from _modules(calls.block(name).block("module"), f"{path}module.{name}.")


def _behind(key: str, item: Value, index: int, configured: Value) -> Value:
    """Returns the configuration of one block among several: the only one that agrees with it, else the one in its place."""
    if not isinstance(configured, list):
        return configured
    agreeing = [entry for entry in configured if _agrees(item, entry)]
    if len(agreeing) == 1:
        return agreeing[0]
    return None if key in _SETS else _nth(configured, index)


def _agrees(item: Value, entry: Value) -> bool:
    """Whether no constant of a block's configuration differs from its value."""
    if not isinstance(item, dict) or not isinstance(entry, dict):
        return True
    return all(
        _spelled(item.get(key)) in ("none", _spelled(block.value("constant_value")))
        for key in entry
        for block in Block(entry).blocks(key)
        if not block.is_unset("constant_value") and block.is_unset("references")
    )


def _spelled(value: Value) -> str:
    # Terraform takes "1" for 1 and "true" for true; lists may be sets.
    return str(sorted(map(str, value)) if isinstance(value, list) else value).lower()


def _nth(items: list[Value], index: int) -> Value:
    return items[index] if index < len(items) else None


def _without_indexes(address: str) -> str:
    return "".join(part.partition("]")[2] if index else part for index, part in enumerate(address.split("[")))
