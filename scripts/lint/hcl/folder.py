"""The files of one folder, which are one module of Terraform's, sorted by what they declare. Nothing is evaluated here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.lint.hcl.syntax import Body, Source, text_of
from scripts.lint.hcl.waiver_comments import Comment

Raw = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A block with what it takes to find it again: the file, and the line when the file is HCL."""

    path: str
    body: Raw

    @property
    def line(self) -> int | None:
        """Where it begins, None in JSON."""
        return self.body.line if isinstance(self.body, Body) else None

    @property
    def comments(self) -> tuple[Comment, ...]:
        """The waivers in comments beside it."""
        return self.body.comments if isinstance(self.body, Body) else ()


@dataclass(slots=True, kw_only=True)
class Folder:
    """What the files of a module declare.

    Attributes:
        is_on_disk: whether it has files beside it that expressions may read, unlike configuration from stdin.
        resources: (is data, type, name) -> block.
        providers: name, or name.alias -> block.
        backends: kind -> block.
        comments: (file, waiver) of the waivers that are beside no block.
        broken: (file, line) of what is no HCL.
        values: name -> value of its variables, of a root module; values_left: files of values that only -var-file reads.
    """

    path: Path
    is_on_disk: bool = True
    resources: dict[tuple[bool, str, str], Declared] = field(default_factory=dict)
    variables: dict[str, Declared] = field(default_factory=dict)
    locals: dict[str, object] = field(default_factory=dict)
    outputs: dict[str, Declared] = field(default_factory=dict)
    providers: dict[str, Declared] = field(default_factory=dict)
    calls: dict[str, Declared] = field(default_factory=dict)
    backends: dict[str, Declared] = field(default_factory=dict)
    terraform: list[Raw] = field(default_factory=list)
    required: list[Raw] = field(default_factory=list)
    comments: list[tuple[str, Comment]] = field(default_factory=list)
    broken: list[tuple[str, int]] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    values_left: list[str] = field(default_factory=list)

    def add(self, path: str, raw: Raw) -> None:
        """Adds a file."""
        for section, is_data in (("resource", False), ("data", True)):
            for type_, name, body in _labelled_twice(raw.get(section)):
                self.resources[is_data, type_, name] = Declared(path=path, body=body)
        for section, there in (("variable", self.variables), ("output", self.outputs), ("module", self.calls)):
            there.update({name: Declared(path=path, body=body) for name, body in labelled(raw.get(section))})
        for body in _blocks(raw.get("locals")):
            self.locals.update(body)
        for name, body in labelled(raw.get("provider")):
            alias = written(body.get("alias"))
            self.providers[f"{name}.{alias}" if alias else name] = Declared(path=path, body=body)
        for body in _blocks(raw.get("terraform")):
            self.terraform.append(body)
            self.backends.update(
                {kind: Declared(path=path, body=backend) for kind, backend in labelled(body.get("backend"))}
            )
            self.required += _blocks(body.get("required_providers"))


def labelled(value: object) -> Iterator[tuple[str, Raw]]:
    """Yields (label, body) of labelled blocks; both levels may be an object or a list of objects."""
    for block in _blocks(value):
        for label, bodies in block.items():
            for body in _blocks(bodies):
                yield label, body


def _labelled_twice(value: object) -> Iterator[tuple[str, str, Raw]]:
    for type_, named in labelled(value):
        for name, bodies in named.items():
            for body in _blocks(bodies):
                yield type_, name, body


def _blocks(value: object) -> list[Raw]:
    if isinstance(value, Mapping):
        return [value]
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def written(raw: object) -> str:
    """Returns what is written where no expression is allowed, such as `aws.eu` or the alias of a provider; "" for nothing."""
    if isinstance(raw, Source):
        return text_of(raw.node).strip('"')
    return raw.strip("${} ") if isinstance(raw, str) else ""


def written_list(raw: object) -> list[str]:
    """Returns the elements of a list in which no expression is allowed, such as `depends_on`."""
    if isinstance(raw, Source):
        inner = [child for one in raw.node.children for child in one.children]
        return [text_of(child) for one in inner for child in one.children if child.type == "expression"]
    return [written(item) for item in raw] if isinstance(raw, list) else [written(raw)] if raw else []


def written_map(raw: object) -> dict[str, str]:
    """Returns an object in which no expression is allowed, such as `providers` of a module call."""
    if isinstance(raw, Source):
        inner = [child for one in raw.node.children for collection in one.children for child in collection.children]
        pairs = [
            [part for part in one.children if part.type == "expression"] for one in inner if one.type == "object_elem"
        ]
        return {text_of(key).strip('"'): text_of(value) for key, value in pairs}
    return {key: written(value) for key, value in raw.items()} if isinstance(raw, Mapping) else {}
