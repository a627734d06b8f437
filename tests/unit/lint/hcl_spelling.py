"""An example's Terraform JSON as people write it: HCL, with blocks, references without quotes, and policies by jsonencode."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

Json = dict[str, Any]
# Arguments that are maps, not blocks.
_MAPS = {"tags", "dimensions", "triggers", "variables", "required_providers"}
_LINE = re.compile(r"(?P<key> *[\w-]+) = (?P<value>.*[^{(\[])")
_WHOLE = re.compile(r"\$\{(?P<expression>(?:[^{}]|\{[^{}]*\})*)\}")


def to_hcl(document: Mapping[str, Any]) -> str:
    """Returns the document without its providers, which all examples share."""
    return "".join(f"{section}\n\n" for section in _sections(document)).removesuffix("\n")


def what_differs(failing: Mapping[str, Any], passing: Mapping[str, Any]) -> Json:
    """Returns the resources and settings of a passing example that its failing one has not, or has otherwise."""
    resources = {
        type_: {name: body for name, body in named.items() if failing["resource"].get(type_, {}).get(name) != body}
        for type_, named in passing["resource"].items()
    }
    same = passing.get("terraform") == failing.get("terraform")
    return {
        **({} if same else {"terraform": passing["terraform"]}),
        "resource": {type_: named for type_, named in resources.items() if named},
    }


def with_providers(document: Mapping[str, Any]) -> str:
    """Returns the whole document."""
    providers = [_block('provider "aws"', body, 0) for body in document["provider"]["aws"]]
    return "\n\n".join(["\n".join(one) for one in providers] + [to_hcl(document)])


def _sections(document: Mapping[str, Any]) -> Iterator[str]:
    if terraform := document.get("terraform"):
        yield "\n".join(_terraform(terraform))
    for section, keyword in (("data", "data"), ("resource", "resource")):
        for type_, named in document.get(section, {}).items():
            for name, body in named.items():
                yield "\n".join(_block(f'{keyword} "{type_}" "{name}"', body, 0))


def _terraform(terraform: Json) -> Iterator[str]:
    yield "terraform {"
    for kind, settings in terraform.get("backend", {}).items():
        yield from _block(f'backend "{kind}"', settings, 1)
    if required := terraform.get("required_providers"):
        yield from _block("required_providers", required, 1, maps={*required})
    yield "}"


def _block(head: str, body: Json, depth: int, maps: set[str] = _MAPS) -> Iterator[str]:
    space = "  " * depth
    if not body:
        yield f"{space}{head} {{}}"
        return
    yield f"{space}{head} {{"
    yield from _aligned([line for key, value in body.items() for line in _argument(key, value, depth + 1, maps)])
    yield f"{space}}}"


def _aligned(lines: list[str]) -> Iterator[str]:
    """Aligns the `=` of arguments on lines that follow each other, as `terraform fmt` does."""
    for _, group in groupby(lines, key=lambda line: _LINE.fullmatch(line) is not None):
        members = list(group)
        matches = [match for line in members if (match := _LINE.fullmatch(line))]
        width = max((len(match["key"]) for match in matches), default=0)
        yield from (f"{match['key']:{width}} = {match['value']}" for match in matches) if matches else members


def _argument(key: str, value: Any, depth: int, maps: set[str]) -> Iterator[str]:
    space = "  " * depth
    blocks = value if isinstance(value, list) else [value]
    if key not in maps and blocks and all(isinstance(block, dict) for block in blocks):
        for block in blocks:
            yield from _block(key, block, depth)
    elif key == "depends_on":
        yield f"{space}{key} = [{', '.join(value)}]"
    elif key == "provider":
        yield f"{space}{key} = {value}"
    else:
        yield f"{space}{key} = {_value(value, depth)}"


def _value(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return _text(value, depth)
    if isinstance(value, dict):
        inner = "".join(f"{'  ' * (depth + 1)}{_key(key)} = {_value(item, depth + 1)}\n" for key, item in value.items())
        return f"{{\n{inner}{'  ' * depth}}}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_value(item, depth) for item in value)}]"
    return json.dumps(value)


def _text(value: str, depth: int) -> str:
    if match := _WHOLE.fullmatch(value):
        return match["expression"].strip()
    if value.startswith("{") and (parsed := _parsed(value)) is not None:
        return f"jsonencode({_value(parsed, depth)})"
    return json.dumps(value, ensure_ascii=False)


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_][\w-]*", key) else json.dumps(key)
