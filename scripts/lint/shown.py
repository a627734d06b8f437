"""Reads `terraform show -json` of a plan or of a state as a document. Which files there are is for reading.py.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scripts.lint.model import Document, Resource
from scripts.lint.values import Block, Expression, Value, find_references, to_value

PLAN_KEYS = {"planned_values", "resource_changes"}


def shown_document(name: str, path: str, raw: Mapping[str, object]) -> Document:
    """Returns the output of `terraform show -json` as a document."""
    block = Block({key: to_value(_literal(value)) for key, value in raw.items()})
    is_plan = bool(PLAN_KEYS & block.values.keys())
    configuration = block.block("configuration")
    providers = configuration.block("provider_config")
    values = block.block("planned_values" if is_plan else "values")
    shown = _Shown(
        document=name,
        path=path,
        expressions=dict(_configured_expressions(configuration.block("root_module"))),
        changes={change.text("address") or "": change.block("change") for change in block.blocks("resource_changes")},
        regions={key: _region(providers.block(key), block.block("variables")) for key in providers.values},
        roles={key: _role(providers.block(key)) for key in providers.values},
    )
    read_before = block.block("prior_state").block("values").block("root_module")
    return Document(
        name=name,
        path=path,
        shape="plan" if is_plan else "state",
        resources=tuple(
            [*shown.resources(values.block("root_module"))]
            + [resource for resource in shown.resources(read_before) if resource.is_data]
        ),
        outputs={key: values.block("outputs").block(key).value("value") for key in values.block("outputs").values},
        aws_provider_version=providers.block("aws").text("version_constraint"),
        is_partial=block.value("errored") is True or block.value("complete") is False,
    )


def _literal(value: object) -> object:
    """Escapes `${`: values of a plan or state are final, so there it is text, as in an IAM policy variable."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{") if "{" in value else value
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return value


class _Shown:
    """Turns the resources of a plan or state into resources with references where a plan's values are unknown."""

    def __init__(
        self,
        *,
        document: str,
        path: str,
        expressions: Mapping[str, Block],
        changes: Mapping[str, Block],
        regions: Mapping[str, str | None],
        roles: Mapping[str, str],
    ) -> None:
        self._document = document
        self._path = path
        self._expressions = expressions
        self._changes = changes
        self._regions = regions
        self._roles = roles

    def resources(self, module: Block) -> Iterator[Resource]:
        """Yields the resources of a module and of its child modules."""
        for entry in module.blocks("resources"):
            if entry.text("address") and entry.text("type"):
                yield self._resource(entry, module.text("address") or "")
        for child in module.blocks("child_modules"):
            yield from self.resources(child)

    def _resource(self, entry: Block, module: str) -> Resource:
        address = entry.text("address") or ""
        configured = self._expressions.get(_base_address(address), Block())
        change = self._changes.get(address, Block())
        unknown, prefix = change.value("after_unknown"), f"{module}." if module else ""
        body = _merged(entry.value("values"), unknown, configured.value("expressions"), prefix)
        values = Block(body if isinstance(body, dict) else {})
        return Resource(
            document=self._document,
            path=self._path,
            address=address,
            type=entry.text("type") or "",
            is_data=entry.text("mode") == "data",
            region=values.text("region")
            or self._regions.get(configured.text("provider_config_key") or "")
            or _region_of_arn(values.text("arn")),
            body=values,
            role=self._roles.get(configured.text("provider_config_key") or "", ""),
            depends_on=tuple(
                prefix + name
                for name in (
                    *configured.texts("depends_on"),
                    *_used(configured.value("expressions")),
                    *entry.texts("depends_on"),
                )
            ),
            actions=tuple(change.texts("actions")),
        )


def _configured_expressions(module: Block, module_path: str = "") -> Iterator[tuple[str, Block]]:
    """Yields (address, configuration) of the resources of a module and of the modules it calls."""
    for resource in module.blocks("resources"):
        yield module_path + (resource.text("address") or ""), resource
    calls = module.block("module_calls")
    for name in calls.values:
        yield from _configured_expressions(calls.block(name).block("module"), f"{module_path}module.{name}.")


def _merged(value: Value, unknown: Value, configured: Value, prefix: str) -> Value:
    """Puts an expression wherever a plan says that the value is known only after apply."""
    if unknown is True:
        return _expression(configured, prefix)
    if isinstance(unknown, dict) and isinstance(value, dict | None):
        known = value or {}
        nested = configured if isinstance(configured, dict) else {}
        return {
            key: _merged(known.get(key), unknown.get(key), nested.get(key), prefix)
            for key in dict.fromkeys((*known, *unknown))
        }
    if isinstance(unknown, list) and isinstance(value, list):
        nested_list: list[Value] = configured if isinstance(configured, list) else [configured] * len(value)
        return [
            _merged(item, _nth(unknown, index), _nth(nested_list, index), prefix) for index, item in enumerate(value)
        ]
    return value


def _nth(items: list[Value], index: int) -> Value:
    return items[index] if index < len(items) else None


def _expression(configured: Value, prefix: str) -> Expression:
    names = Block(configured).texts("references") if isinstance(configured, dict) else []
    found = find_references(", ".join(names), module=prefix)
    return Expression(text=f"${{{', '.join(names)}}}" if names else "", references=found)


def _used(expressions: Value) -> Iterator[str]:
    """Yields the addresses that a resource's configuration refers to, also where a plan knows the values."""
    for block in Block({"all": expressions}).blocks("all"):
        for reference in find_references(", ".join(block.texts("references"))):
            yield reference.address
        for key in block.values:
            yield from _used(block.value(key))


def _region(provider: Block, variables: Block) -> str | None:
    """Returns a provider's region: written down, or that of the root module's variable, whose value a plan holds."""
    region = provider.block("expressions").block("region")
    if not region.is_unset("constant_value"):
        return region.text("constant_value")
    match region.texts("references"):
        case [name] if name.startswith("var."):
            return variables.block(name.removeprefix("var.")).text("value")
    return None


def _role(provider: Block) -> str:
    """Returns the ARN of the role that a provider takes, "" without one or when it is not written down."""
    return provider.block("expressions").block("assume_role").block("role_arn").text("constant_value") or ""


def _base_address(address: str) -> str:
    return "".join(part.partition("]")[2] if index else part for index, part in enumerate(address.split("[")))


def _region_of_arn(arn: str | None) -> str | None:
    """Returns the region of arn:partition:service:region:account:resource; global services leave it empty."""
    parts = (arn or "").split(":")
    return parts[3] or None if len(parts) > 5 else None
