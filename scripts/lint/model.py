"""One configuration out of all documents given: resources by type, and references followed to the resource they mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

from scripts.lint.values import Block, Expression, Reference, UnknownValues, Value, expressions_in

Shape = Literal["configuration", "plan", "state"]

# Attributes by whose value another resource may name this one, when it does not use a reference (always so in a state).
_IDENTITIES = (
    "id",
    "arn",
    "bucket",
    "name",
    "alarm_name",
    "domain_name",
    "dns_name",
    "regional_domain_name",
    "bucket_regional_domain_name",
    "bucket_domain_name",
    "website_endpoint",
    "zone_id",
    "key_id",
)
# cdktf names the data source that reads another stack's state after that stack.
_CDKTF_REMOTE_STATE = "cross-stack-reference-input-"
_MOST_HOPS = 8
_ZONE, _RECORD = "aws_route53_zone", "aws_route53_record"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A rule that is waived at a place, with the reason, "" without one; `where` the waiver is written, such as `main.tf:7`."""

    rule_id: str
    reason: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something of a document that was not read, with the reason and what to do."""

    path: str
    address: str
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource or data source, an instance of it where there are several.

    `region` is the provider's, None when unknown; `role` the ARN of the role that it takes, which tells accounts apart, ""
    without one or when unknown; `actions` are a plan's, else empty; `line` is where it is written, when that is HCL. It is not
    certain when its `count` or `for_each` is not known: there may be none of it, or several.
    """

    document: str
    path: str
    address: str
    type: str
    is_data: bool
    region: str | None
    body: Block
    role: str = ""
    depends_on: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    line: int | None = None
    waivers: tuple[Waiver, ...] = ()
    is_certain: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other resource of the configuration."""
        return self.document, self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One root module of Terraform's with all that it calls, a plan, or a state.

    `backend` is its kind and settings; a plan and a state do not tell it. `left_out` is what was not read of it, `elsewhere` the
    arguments of each module call that was not. A plan that failed part-way, was for some `-target` or put changes off is
    `is_partial`. `loose_waivers` are written beside no resource. `provider_regions` are those that its providers are set to.
    """

    name: str
    path: str
    shape: Shape
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Value] = field(default_factory=dict)
    backend: tuple[str, Block] | None = None
    aws_provider_version: str | None = None
    backend_line: int | None = None
    backend_waivers: tuple[Waiver, ...] = ()
    loose_waivers: tuple[Waiver, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    elsewhere: tuple[Block, ...] = ()
    is_partial: bool = False
    provider_regions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a value leads to: the resource and the attribute read, "" when the value was a literal."""

    resource: Resource
    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Uses:
    """The resources of a type that name another in one of their attributes: by the key of that other, or nobody knows whom."""

    by_target: dict[tuple[str, str], list[Resource]]
    anywhere: list[Resource]


class Configuration:
    """Everything that was given, as one.

    What is not certain to be there, such as a resource whose `count` is not known, is left out; `with_doubtful` counts it in.
    Only what holds both ways holds.

    Args:
        documents: one per module, plan or state, with names that differ.
        counts_doubtful: whether what may be there is taken to be there.
    """

    def __init__(self, documents: Sequence[Document], *, counts_doubtful: bool = False) -> None:
        self.documents = tuple(documents)
        self.has_doubts = any(
            document.elsewhere or not all(resource.is_certain for resource in document.resources)
            for document in self.documents
        )
        self._counts_doubtful = counts_doubtful
        self._views: dict[object, object] = {}
        self._used: dict[tuple[str, str, str], _Uses] = {}

    def with_doubtful(self) -> Configuration:
        """Returns the same with all that may be there."""
        return Configuration(self.documents, counts_doubtful=True)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Returns what `make` returned when it was first asked for, such as all distributions."""
        if key not in self._views:
            self._views[key] = make()
        return self._views[key]  # type: ignore[return-value]

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All resources and data sources, in the order of the documents."""
        written = tuple(
            resource
            for document in self.documents
            for resource in document.resources
            if resource.is_certain or self._counts_doubtful
        )
        if not self._counts_doubtful:
            return written
        return (*written, *(record for document in self.documents for record in records_elsewhere(document)))

    @property
    def is_whole(self) -> bool:
        """Whether everything was read, so that what is absent is absent: no module that was not, no partial plan."""
        return not any(document.elsewhere or document.is_partial for document in self.documents)

    def of_type(self, *types: str) -> list[Resource]:
        """Returns the resources (no data sources) of these types."""
        if len(types) == 1:
            return list(self._by_type.get(types[0], ()))
        return [resource for resource in self.resources if resource.type in types and not resource.is_data]

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            if not resource.is_data:
                found[resource.type].append(resource)
        return found

    def target(self, value: Value, near: Resource, *types: str) -> Target | None:
        """Follows a value to the one resource it means, through outputs of other stacks.

        Args:
            value: an expression, or a literal that some resource of these types has as its id, ARN, name ...
            near: the resource that holds the value.
            types: resource types to accept; data sources are accepted as well.

        Returns:
            None when it leads nowhere that is known, or to more than one.
        """
        fitting = self._targets(value, near, types)
        return fitting[0] if len(fitting) == 1 else None

    def _targets(self, value: Value, near: Resource, types: Sequence[str]) -> list[Target]:
        if isinstance(value, Expression):
            targets = list(self._follow(value, near.document, hops=0))
        else:
            targets = [Target(resource=found, attribute="") for found in self._identities.get(_identity(value), [])]
        return list({target.resource.key: target for target in targets if target.resource.type in types}.values())

    def resource(self, value: Value, near: Resource, *types: str) -> Resource | None:
        """Returns the resource a value leads to, see `target`."""
        target = self.target(value, near, *types)
        return target.resource if target else None

    def listed(self, values: Sequence[Value], near: Resource, *types: str) -> list[Resource]:
        """Returns the resources that the items of a list lead to; a plan may know the list as one expression."""
        return [target.resource for value in values for target in self._targets(value, near, types)]

    def users(self, resource: Resource, type_: str, key: str) -> list[Resource]:
        """Returns the resources of a type whose `key` leads to this resource, such as the policy of a bucket.

        With doubtful ones: those whose `key` may lead anywhere, and what a module that was not read may make for this resource.
        """
        uses = self._uses(type_, key, resource.type)
        found = uses.by_target.get(resource.key, [])
        if not self._counts_doubtful:
            self.has_doubts = self.has_doubts or bool(uses.anywhere)
            return list(found)
        made = [made for document in self.documents for made in users_elsewhere(document, resource, type_)]
        return [*found, *uses.anywhere, *made]

    def _uses(self, type_: str, key: str, target_type: str) -> _Uses:
        known = self._used.get((type_, key, target_type))
        if known is None:
            known = self._used[type_, key, target_type] = _Uses(by_target=defaultdict(list), anywhere=[])
            for user in self.of_type(type_):
                value = user.body.value(key)
                if target := self.resource(value, user, target_type):
                    known.by_target[target.key].append(user)
                elif isinstance(value, Expression) and not any(
                    True for _ in self._follow(value, user.document, hops=0)
                ):
                    known.anywhere.append(user)
        return known

    def same(self, value: Value, near: Resource) -> str | None:
        """Returns a text that is equal for values certain to be equal, ignoring case; None when nothing is certain."""
        if isinstance(value, str):
            return value.lower().rstrip(".")
        if isinstance(value, Expression) and value.is_comparable:
            return f"{near.document}:{value.text}"
        return None

    def depends_on(self, resource: Resource, other: Resource) -> bool:
        """Whether Terraform makes `other` before `resource`, by any chain within their document."""
        waiting, seen = [resource], {resource.key}
        while waiting:
            for dependency in self._dependencies(waiting.pop()):
                if dependency == other:
                    return True
                if dependency.key not in seen:
                    seen.add(dependency.key)
                    waiting.append(dependency)
        return False

    def _dependencies(self, resource: Resource) -> Iterator[Resource]:
        named = [address for address in resource.depends_on if address]
        used = [
            reference.address
            for expression in expressions_in(dict(resource.body.values))
            for reference in expression.references
        ]
        for address in (*named, *used):
            yield from self._at(resource.document, address) or self._inside(resource.document, address)

    @cached_property
    def _addresses(self) -> dict[tuple[str, str], list[Resource]]:
        found: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in self.resources:
            for address in {resource.address, _without_index(resource.address)}:
                found[resource.document, address].append(resource)
        return found

    @cached_property
    def _identities(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            names = {name for key in _IDENTITIES if (name := resource.body.text(key))}
            for name in names:
                found[name.lower()].append(resource)
        return found

    def _inside(self, document: str, module: str) -> list[Resource]:
        """Returns all resources of a module, given as `depends_on` names it."""
        prefix = f"{_without_index(module)}."
        is_module = re.search(r"(?:^|\.)module\.[\w\-]+$", prefix[:-1]) is not None
        return [
            resource
            for resource in (self.resources if is_module else ())
            if resource.document == document and _without_index(resource.address).startswith(prefix)
        ]

    def _at(self, document: str, address: str) -> list[Resource]:
        return self._addresses.get((document, address)) or self._addresses.get((document, _without_index(address)), [])

    def _follow(self, value: Value, document: str, *, hops: int) -> Iterator[Target]:
        if not isinstance(value, Expression) or hops > _MOST_HOPS:
            return
        for reference in value.references:
            for resource in self._at(document, reference.address):
                if resource.type == "terraform_remote_state":
                    yield from self._follow_output(resource, reference, hops=hops)
                else:
                    yield Target(resource=resource, attribute=reference.attribute)
                    # An attribute that was itself set from another resource, such as the bucket of a versioning.
                    yield from self._follow(resource.body.value(reference.attribute), document, hops=hops + 1)

    def _follow_output(self, remote_state: Resource, reference: Reference, *, hops: int) -> Iterator[Target]:
        for document in self.documents:
            if _reads_state_of(remote_state, document):
                yield from self._follow(document.outputs.get(reference.output or ""), document.name, hops=hops + 1)


def users_elsewhere(document: Document, resource: Resource, type_: str) -> Iterator[Resource]:
    """Yields what a module that was not read may make for a resource that its call names: one of which nothing is known."""
    if document.elsewhere and document.name == resource.document:
        for call in document.elsewhere:
            used = {reference.address for one in expressions_in(dict(call.values)) for reference in one.references}
            if {resource.address, _without_index(resource.address)} & used:
                yield _unknown_resource(document, type_, {})


def records_elsewhere(document: Document) -> Iterator[Resource]:
    """Yields the records that modules which were not read may make: in each zone that their calls name."""
    zones = {resource.address for resource in document.resources if resource.type == _ZONE}
    records = [resource.body for resource in document.resources if resource.type == _RECORD]
    written = {name for body in records for key in ("zone_id", "name") if (name := body.text(key))}
    for call in document.elsewhere:
        for value in (value for value in _leaves(dict(call.values)) if value is not None):
            if isinstance(value, Expression):
                if {reference.address for reference in value.references} & zones:
                    yield _unknown_resource(document, _RECORD, {"zone_id": value})
            elif value in written:
                yield _unknown_resource(document, _RECORD, {})


def _leaves(value: Value) -> Iterator[Value]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value


def _unknown_resource(document: Document, type_: str, known: Mapping[str, Value]) -> Resource:
    body = Block(UnknownValues(known))
    return Resource(
        document=document.name,
        path=document.path,
        address=f"{type_}.elsewhere",
        type=type_,
        is_data=False,
        region=None,
        body=body,
        is_certain=False,
    )


def _reads_state_of(remote_state: Resource, document: Document) -> bool:
    if remote_state.address.rpartition(".")[2] == _CDKTF_REMOTE_STATE + document.name:
        return True
    if document.backend is None or remote_state.body.text("backend") != document.backend[0]:
        return False
    config, settings = remote_state.body.block("config"), document.backend[1]
    keys = [key for key in ("bucket", "key", "path") if settings.text(key)]
    return bool(keys) and all(config.text(key) == settings.text(key) for key in keys)


def _identity(value: Value) -> str:
    return value.lower() if isinstance(value, str) else ""


def _without_index(address: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", address)
