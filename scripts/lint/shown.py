"""Reads `terraform show -json` of a plan or of a state as a document. Which files there are is for reading.py.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scripts.lint.configured import Configured
from scripts.lint.model import Document, Resource
from scripts.lint.values import Block, to_value

PLAN_KEYS = {"planned_values", "resource_changes"}


def shown_document(name: str, path: str, raw: Mapping[str, object]) -> Document:
    """Returns the output of `terraform show -json` as a document."""
    block = Block({key: to_value(_literal(value)) for key, value in raw.items()})
    is_plan = bool(PLAN_KEYS & block.values.keys())
    configuration = block.block("configuration")
    providers = configuration.block("provider_config")
    values = block.block("planned_values" if is_plan else "values")
    regions = {key: _region(providers.block(key), block.block("variables")) for key in providers.values}
    shown = _Shown(
        document=name,
        path=path,
        configured=Configured(configuration.block("root_module")),
        changes={change.text("address") or "": change.block("change") for change in block.blocks("resource_changes")},
        regions=regions,
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
        provider_regions=frozenset(filter(None, regions.values())),
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
        configured: Configured,
        changes: Mapping[str, Block],
        regions: Mapping[str, str | None],
        roles: Mapping[str, str],
    ) -> None:
        self._document = document
        self._path = path
        self._configured = configured
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
        configured = self._configured.resource(address)
        change = self._changes.get(address, Block())
        prefix = f"{module}." if module else ""
        values = self._configured.filled(entry.block("values"), change.value("after_unknown"), configured, prefix)
        provider = configured.text("provider_config_key") or ""
        return Resource(
            document=self._document,
            path=self._path,
            address=address,
            type=entry.text("type") or "",
            is_data=entry.text("mode") == "data",
            region=values.text("region") or self._regions.get(provider) or _region_of_arn(values.text("arn")),
            body=values,
            role=self._roles.get(provider, ""),
            depends_on=(
                *(prefix + name for name in (*configured.texts("depends_on"), *entry.texts("depends_on"))),
                *self._configured.used(configured.block("expressions"), prefix),
            ),
            actions=tuple(change.texts("actions")),
        )


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


def _region_of_arn(arn: str | None) -> str | None:
    """Returns the region of arn:partition:service:region:account:resource; global services leave it empty."""
    parts = (arn or "").split(":")
    return parts[3] or None if len(parts) > 5 else None
