"""One call of a module: its variables, locals and outputs, each evaluated when it is first asked for, and its resources."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.lint.hcl import files
from scripts.lint.hcl.blocks import block_of, keys_of, reference, value_of
from scripts.lint.hcl.evaluate import Attribute, Scope, Step
from scripts.lint.hcl.folder import Declared, Folder, written, written_list, written_map
from scripts.lint.hcl.functions import EvaluationError, to_number
from scripts.lint.hcl.syntax import Source, parse_template
from scripts.lint.hcl.templates import file_template_value, final
from scripts.lint.hcl.types import converted
from scripts.lint.values import Block, Expression, Value

_META = ("count", "for_each", "provider", "depends_on", "providers", "source", "version")
_PER_INSTANCE = ("each", "count", "self")
_MOST_INSTANCES = 1_000
_MOST_MODULES = 20  # modules within modules; Terraform refuses one that calls itself
_CERTIFICATE = "aws_acm_certificate"

Key = str | int


FolderReader = Callable[[Path], Folder | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of a resource or of a module call; `key` is None for the only one, and for those nobody can count."""

    key: Key | None
    names: Mapping[str, Value]
    is_certain: bool

    def suffix(self) -> str:
        """Returns `[0]`, `["a"]` or nothing."""
        return "" if self.key is None else f"[{json.dumps(self.key)}]"


_ONLY = Instance(key=None, names={}, is_certain=True)
_UNCOUNTED = Instance(key=None, names={}, is_certain=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An instance of a resource with its values, as rules read them.

    `block` is its address without [...], `calls` are those of the modules that it is in.
    """

    address: str
    block: str
    type: str
    is_data: bool
    declared: Declared
    calls: tuple[Declared, ...]
    values: dict[str, Value]
    provider: Block
    depends_on: tuple[str, ...]
    is_certain: bool


@dataclass(slots=True, kw_only=True)
class Notes:
    """What a run over a configuration could not know; shared by all its modules.

    Attributes:
        unvalued: root variables that were asked for and have no value.
        uncounted: (declared, address, what decides) of what has instances that are not known.
        unread_calls: (declared, address, reason) of the module calls that could not be read.
    """

    unvalued: dict[str, None] = field(default_factory=dict)
    uncounted: list[tuple[Declared, str, str]] = field(default_factory=list)
    unread_calls: list[tuple[Declared, str, str, dict[str, Value]]] = field(default_factory=list)


class Module:
    """A module as it is called.

    Args:
        folder: what its files declare.
        read_folder: finds the folders of the modules that it calls.
        notes: where to write what is not known.
        prefix: "" for the root, else such as `module.a["x"].`.
        call: the caller's module, its block and its scope; None for the root.
    """

    def __init__(
        self,
        folder: Folder,
        read_folder: FolderReader,
        notes: Notes,
        *,
        prefix: str = "",
        call: tuple[Module, Mapping[str, object], Scope] | None = None,
        is_certain: bool = True,
    ) -> None:
        self.folder = folder
        self.prefix = prefix
        self.notes = notes
        self.scope = Scope(names=self)
        self._read_folder = read_folder
        self._call = call
        self._is_certain = is_certain
        self._known: dict[object, object] = {}

    # Names

    def resolve(self, name: str, steps: Sequence[Step]) -> tuple[Value, Sequence[Step]]:
        """Returns what a name means, and the steps that are left; see `Names`."""
        if name in _PER_INSTANCE:
            return Expression(text=f"${{{name}}}"), steps
        if name == "terraform":
            return Expression(text="${terraform}"), steps
        first = steps[0].name if steps and isinstance(steps[0], Attribute) else None
        if not isinstance(first, str):
            raise EvaluationError(f"{name} alone is no value")
        match name:
            case "var":
                return self._once(("var", first), lambda: self._variable(first)), steps[1:]
            case "local":
                return self._once(("local", first), lambda: self._local(first)), steps[1:]
            case "path":
                folder = self.folder.path if first == "module" else self._root().folder.path
                return str(folder.resolve()), steps[1:]
            case "module":
                return self._output(first, steps[1:])
            case "data":
                return self._resource(True, first, steps[1:])
        return self._resource(False, name, steps)

    def plain(self, type_: str, name: str, attribute: str) -> Expression | None:
        """Returns `type.name.attribute` of a resource of which there is one; None when it takes more to tell."""
        if (False, type_, name) not in self.folder.resources or attribute == "domain_validation_options":
            return None
        (only, *more) = self.instances(False, type_, name) or (_UNCOUNTED,)
        is_one = only.key is None and not more
        return reference(f"{self.prefix}{type_}.{name}", attribute) if is_one else None

    def file_function(self, name: str, arguments: list[Value], scope: Scope) -> Value:
        """Returns what a function reads from a file below the root module; see `Names`."""
        if not self._root().folder.is_on_disk:
            raise EvaluationError("no files beside it")
        if name != "templatefile":
            return files.read(name, arguments, self._root().folder.path)
        path, names = (*arguments, None, None)[:2]
        if not isinstance(path, str):
            raise EvaluationError("a file that is not known")
        return file_template_value(
            files.content_of(self._root().folder.path / path), scope.with_names(files.template_names(names))
        )

    def _root(self) -> Module:
        return self._call[0]._root() if self._call else self

    def _once(self, key: object, make: Callable[[], Value]) -> Value:
        """Returns what `make` returned when it was first asked for; what asks for itself has no value."""
        if key not in self._known:
            self._known[key] = Expression()
            self._known[key] = make()
        return self._known[key]  # type: ignore[return-value]

    def _variable(self, name: str) -> Value:
        declared = self.folder.variables.get(name)
        if declared is None:
            self.notes.unvalued[name] = None
            return Expression(text=f"${{{self.prefix}var.{name}}}")
        return self._typed(self._given(name, declared.body), declared.body)

    def _given(self, name: str, declared: Mapping[str, object]) -> Value:
        if self._call and name in self._call[1]:
            _, block, scope = self._call
            value = value_of(block[name], scope)
            if value is not None or declared.get("nullable") is not False:
                return value
        elif not self._call and name in self.folder.values:
            return value_of(self.folder.values[name], self.scope)
        if "default" in declared:
            return value_of(declared["default"], self.scope)
        if not self._call:
            self.notes.unvalued[name] = None
        return Expression(text=f"${{{self.prefix}var.{name}}}")

    def _typed(self, value: Value, declared: Mapping[str, object]) -> Value:
        raw = declared.get("type")
        if isinstance(raw, Source):
            return converted(value, raw.node, self.scope)
        if isinstance(raw, str):
            heredoc = parse_template(raw if raw.startswith("${") else f"${{{raw}}}")
            parts = heredoc.children if heredoc else []
            inner = [child for part in parts for child in part.children if child.type == "expression"]
            return converted(value, inner[0], self.scope) if inner else value
        return value

    def _local(self, name: str) -> Value:
        if name not in self.folder.locals:
            raise EvaluationError(f"no local {name}")
        return value_of(self.folder.locals[name], self.scope)

    # Instances

    def instances(self, is_data: bool, type_: str, name: str) -> Sequence[Instance] | None:
        """Returns the instances of a resource, None when nobody knows how many."""
        declared = self.folder.resources[is_data, type_, name]
        return self._instances(declared, ("resource", is_data, type_, name))

    def _instances(self, declared: Declared, key: object) -> Sequence[Instance] | None:
        if "count" not in declared.body and "for_each" not in declared.body:
            return (_ONLY,)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._counted(declared.body)
        return self._known[key]  # type: ignore[return-value]

    def _counted(self, body: Mapping[str, object]) -> Sequence[Instance] | None:
        if "count" in body:
            try:
                count = to_number(value_of(body["count"], self.scope))
            except EvaluationError:
                return None
            if count is None or count > _MOST_INSTANCES:
                return None
            return [
                Instance(key=index, names={"count": {"index": index}}, is_certain=True) for index in range(int(count))
            ]
        items = keys_of(value_of(body["for_each"], self.scope))
        if items is None or len(items) > _MOST_INSTANCES:
            return None
        return [
            Instance(key=key, names={"each": {"key": key, "value": value}}, is_certain=True)
            for key, value in items.items()
        ]

    # Resources

    def _resource(self, is_data: bool, type_: str, steps: Sequence[Step]) -> tuple[Value, Sequence[Step]]:
        """Returns a reference, one for each instance when all of them are meant."""
        name = steps[0].name if steps and isinstance(steps[0], Attribute) else None
        if not isinstance(name, str) or "_" not in type_:
            raise EvaluationError(f"{type_} is no resource")
        address = f"{self.prefix}{'data.' if is_data else ''}{type_}.{name}"
        rest = steps[1:]
        if (is_data, type_, name) not in self.folder.resources:
            return reference(address), rest
        instances = self.instances(is_data, type_, name)
        if instances is None or (rest and isinstance(rest[0], Attribute) and _is_name(rest[0], instances)):
            return self._attribute(address, _UNCOUNTED, (is_data, type_, name), rest)
        if instances and instances[0].key is None:
            return self._attribute(address, _ONLY, (is_data, type_, name), rest)
        if rest and isinstance(rest[0], Attribute):
            one = next((one for one in instances if one.key == rest[0].name), None)
            if one is None:
                raise EvaluationError(f"no instance {rest[0].name} of {address}")
            return self._attribute(address + one.suffix(), one, (is_data, type_, name), rest[1:])
        return _all_of(address, instances), rest

    def _attribute(
        self, address: str, instance: Instance, key: tuple[bool, str, str], steps: Sequence[Step]
    ) -> tuple[Value, Sequence[Step]]:
        attribute = steps[0].name if steps and isinstance(steps[0], Attribute) else None
        if key[1] == _CERTIFICATE and attribute == "domain_validation_options" and instance is not _UNCOUNTED:
            return self._validation_options(address, instance, key), steps[1:]
        if key[:2] == (True, "aws_region") and attribute in ("name", "region", "id"):
            region = self.provider(_provider_of(key[1], self.folder.resources[key].body)).text("region")
            if region:
                return region, steps[1:]
        return reference(address), steps

    def _validation_options(self, address: str, instance: Instance, key: tuple[bool, str, str]) -> Value:
        """One object for each name on the certificate, as the provider plans it; what ACM chooses is not known.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/acm_certificate
        """
        body = self.folder.resources[key].body
        scope = self.scope.with_names(instance.names)
        more = value_of(body.get("subject_alternative_names"), scope)
        names = [
            value_of(body.get("domain_name"), scope),
            *(more if isinstance(more, list) else [more] if more else []),
        ]
        if not all(isinstance(name, str) for name in names):
            return reference(address, "domain_validation_options")
        options: list[Value] = []
        for name in dict.fromkeys(str(name) for name in names):
            attribute = f"domain_validation_options[{json.dumps(name)}]"
            made = {part: reference(address, f"{attribute}.{part}") for part in _OPTION_PARTS}
            options.append({"domain_name": name, **made})
        return options

    def provider(self, name: str) -> Block:
        """Returns the settings of a provider, such as `aws` or `aws.eu`, those of the caller where it passes one on."""
        if name in self.folder.providers:
            body = self.folder.providers[name].body
            return Block(block_of(body, self.scope))
        if self._call:
            caller, block, _ = self._call
            passed = written_map(block.get("providers"))
            if name in passed:
                return caller.provider(passed[name])
            if "." not in name and not passed:
                return caller.provider(name)
        return Block()

    def made(self) -> Iterator[Made]:
        """Yields the instances of all resources, those of the modules that it calls too."""
        for (is_data, type_, name), declared in self.folder.resources.items():
            address = f"{self.prefix}{'data.' if is_data else ''}{type_}.{name}"
            instances = self.instances(is_data, type_, name)
            if instances is None:
                self.notes.uncounted.append((declared, address, _decider(declared.body)))
            provider = self.provider(_provider_of(type_, declared.body))
            for one in (_UNCOUNTED,) if instances is None else instances:
                yield self._made(address + one.suffix(), type_, is_data, declared, one, provider)
        for name in self.folder.calls:
            for child in self.children(name) or ():
                yield from child.made()

    def _made(
        self, address: str, type_: str, is_data: bool, declared: Declared, one: Instance, provider: Block
    ) -> Made:
        scope = self.scope.with_names(one.names) if one.names else self.scope
        values = block_of(declared.body, scope, without=_META)
        if not one.is_certain and "for_each" in declared.body:
            values["for_each"] = value_of(declared.body["for_each"], self.scope)
        return Made(
            address=address,
            block=re.sub(r"\[[^\]]*\]", "", address),
            calls=self._calls(),
            type=type_,
            is_data=is_data,
            declared=declared,
            values={key: final(value) if key != "//" else value for key, value in values.items()},
            provider=provider,
            depends_on=tuple(f"{self.prefix}{name}" for name in written_list(declared.body.get("depends_on")))
            + self._call_depends_on(),
            is_certain=one.is_certain and self._is_certain,
        )

    def _calls(self) -> tuple[Declared, ...]:
        if not self._call:
            return ()
        caller, block, _ = self._call
        return (*(one for one in caller.folder.calls.values() if one.body is block), *caller._calls())

    def _call_depends_on(self) -> tuple[str, ...]:
        if not self._call:
            return ()
        caller, block, _ = self._call
        own = tuple(f"{caller.prefix}{name}" for name in written_list(block.get("depends_on")))
        return own + caller._call_depends_on()

    # Modules

    def children(self, name: str) -> Sequence[Module] | None:
        """Returns the calls of a module, one for each instance; None when it cannot be read."""
        key = ("call", name)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._called(name, self.folder.calls[name])
        return self._known[key]  # type: ignore[return-value]

    def _called(self, name: str, declared: Declared) -> Sequence[Module] | None:
        address = f"{self.prefix}module.{name}"
        folder, reason = self._source(declared)
        if folder is None:
            arguments = block_of(declared.body, self.scope, without=("source", "version", "providers", "depends_on"))
            self.notes.unread_calls.append((declared, address, reason, arguments))
            return None
        instances = self._instances(declared, ("instances", name))
        if instances is None:
            self.notes.uncounted.append((declared, address, _decider(declared.body)))
        return [
            Module(
                folder,
                self._read_folder,
                self.notes,
                prefix=f"{address}{one.suffix()}.",
                call=(self, declared.body, self.scope.with_names(one.names)),
                is_certain=one.is_certain and self._is_certain,
            )
            for one in ((_UNCOUNTED,) if instances is None else instances)
        ]

    def _source(self, declared: Declared) -> tuple[Folder | None, str]:
        source = value_of(declared.body.get("source"), self.scope)
        if not isinstance(source, str) or not source.startswith(("./", "../")):
            return None, f"its source, {source if isinstance(source, str) else 'an expression'}, is not in this folder"
        if self.prefix.count("module.") >= _MOST_MODULES:
            return None, "it is a module within too many others"
        path = self.folder.path / source
        folder = self._read_folder(path)
        return folder, "" if folder else f"{path} holds no configuration"

    def _output(self, name: str, steps: Sequence[Step]) -> tuple[Value, Sequence[Step]]:
        if name not in self.folder.calls:
            raise EvaluationError(f"no module {name}")
        children = self.children(name)
        if children is None:
            return Expression(text=f"${{{self.prefix}module.{name}}}"), steps
        if len(children) == 1 and children[0].prefix == f"{self.prefix}module.{name}.":
            return children[0].output(steps)
        instances = self._instances(self.folder.calls[name], ("instances", name)) or ()
        by_key = {one.key: child for one, child in zip(instances, children, strict=True)}
        if steps and isinstance(steps[0], Attribute):
            if steps[0].name not in by_key:
                raise EvaluationError(f"no instance {steps[0].name} of module {name}")
            return by_key[steps[0].name].output(steps[1:])
        outputs = [child.outputs() for child in children]
        if any(isinstance(one.key, str) for one in instances):
            return {str(one.key): dict(made) for one, made in zip(instances, outputs, strict=True)}, steps
        return [dict(made) for made in outputs], steps

    def output(self, steps: Sequence[Step]) -> tuple[Value, Sequence[Step]]:
        """Returns an output, or all of them, and the steps that are left."""
        if not steps:
            return dict(self.outputs()), steps
        name = steps[0].name if isinstance(steps[0], Attribute) else None
        if not isinstance(name, str) or name not in self.folder.outputs:
            raise EvaluationError("no such output")
        return self._once(("output", name), lambda: self._output_value(name)), steps[1:]

    def outputs(self) -> Mapping[str, Value]:
        """Returns all outputs."""
        names = self.folder.outputs
        return {name: self._once(("output", name), lambda name=name: self._output_value(name)) for name in names}  # type: ignore[misc]

    def _output_value(self, name: str) -> Value:
        return value_of(self.folder.outputs[name].body.get("value"), self.scope)


_OPTION_PARTS = ("resource_record_name", "resource_record_type", "resource_record_value")


def _is_name(step: Attribute, instances: Sequence[Instance]) -> bool:
    """Whether a step is an attribute, which Terraform refuses where there are several instances, and not a key."""
    keys = {one.key for one in instances}
    return keys != {None} and step.name not in keys and isinstance(step.name, str) and step.name.isidentifier()


def _all_of(address: str, instances: Sequence[Instance]) -> Value:
    references: list[Expression] = [reference(address + one.suffix()) for one in instances]
    if any(isinstance(one.key, str) for one in instances):
        return {str(one.key): found for one, found in zip(instances, references, strict=True)}
    return list(references)


def _provider_of(type_: str, body: Mapping[str, object]) -> str:
    return written(body.get("provider")) or type_.partition("_")[0]


def _decider(body: Mapping[str, object]) -> str:
    return "count" if "count" in body else "for_each"
