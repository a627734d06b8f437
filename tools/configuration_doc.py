"""The site file's keys as a page and as a JSON Schema for editors: `python -m tools.configuration_doc` writes both.

docs/CONFIGURATION.md and docs/site-file.schema.json come from the models of constructs_lib/site_file alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from constructs_lib.site_file.schema import json_schema

DOCS = Path(__file__).parents[1] / "docs"
PAGE, SCHEMA = DOCS / "CONFIGURATION.md", DOCS / "site-file.schema.json"

_INTRODUCTION = """# The site file, key by key

Written by `python -m tools.configuration_doc` from the models in `constructs_lib/site_file/`; edit them, not this page.

A site file is one TOML file per environment, in `config/`. It must have `[site]`, two `[[region]]` and `[state]`; every
other key has the default shown here. `failover init` writes a first one. A wrong key is refused when the site is
synthesized, with the value, what is allowed and what to do. Some rules need two sections, such as a policy and its
weights; [ROUTING.md](ROUTING.md) has those.

The smallest site file that works:

    [site]
    domain_name = "example.com"
    hostname = "www.example.com"
    environment = "prod"
    project = "shop"

    [[region]]
    name = "eu-central-1"
    role = "primary"

    [[region]]
    name = "us-east-1"
    role = "secondary"

    [state]
    backend = "local"

**In your editor.** `failover schema > site-file.schema.json` writes a JSON Schema. An editor that knows TOML (Even Better
TOML, taplo) completes and checks keys with this first line in the site file: `#:schema ./site-file.schema.json`.
"""


def render_page(schema: Mapping[str, Any]) -> str:
    """Returns docs/CONFIGURATION.md."""
    return "\n".join([_INTRODUCTION, *(_section(name, field, schema) for name, field in schema["properties"].items())])


def render_schema(schema: Mapping[str, Any]) -> str:
    """Returns docs/site-file.schema.json."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _section(name: str, field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    model, is_list = _model(field, schema)
    title = f"[[{name}]]" if is_list else f"[{name}]"
    required = " (required)" if name in schema["required"] else ""
    lines = [f"## `{title}`{required}", "", str(model.get("description", "")), ""]
    lines += ["| Key | Type | Allowed | Default |", "|---|---|---|---|", *_rows(model, schema, ""), ""]
    return "\n".join(lines)


def _rows(model: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    required = set(model.get("required", ()))
    for key, field in model.get("properties", {}).items():
        inner, is_list = _model(field, schema)
        if "properties" in inner:
            yield from _rows(inner, schema, f"{prefix}{key}{'[]' if is_list else ''}.")
            continue
        default = "required" if key in required else _default(field.get("default"))
        yield f"| `{prefix}{key}` | {_type(field, schema)} | {_allowed(field, schema)} | {default} |"


def _model(field: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Returns what a field refers to, and whether the field is a list of it."""
    if "items" in field:
        return _model(field["items"], schema)[0], True
    for choice in field.get("anyOf", ()):
        if choice.get("type") != "null":
            return _model(choice, schema)
    if "$ref" in field:
        found: Mapping[str, Any] = schema["$defs"][field["$ref"].rsplit("/", 1)[1]]
        return found, False
    return field, False


def _type(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    model, is_list = _model(field, schema)
    names = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "table",
    }
    name = names.get(str(model.get("type")), "value")
    return f"list: {name}" if is_list else name


def _allowed(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    model, _ = _model(field, schema)
    said = field.get("allowed") or model.get("allowed")
    if said:
        return _cell(str(said))
    if "enum" in model:
        return ", ".join(f"`{each}`" for each in model["enum"])
    if "const" in model:
        return f"`{model['const']}`"
    least, most = (
        model.get("minimum", model.get("exclusiveMinimum")),
        model.get("maximum", model.get("exclusiveMaximum")),
    )
    if least is not None and most is not None:
        return f"{least} to {most}"
    if least is not None:
        return f"{'above' if 'exclusiveMinimum' in model else 'at least'} {least}"
    return f"at most {most}" if most is not None else ""


def _default(value: object) -> str:
    if value is None:
        return "none"
    if value in ([], {}):
        return "empty"
    return f"`{_cell(json.dumps(value, ensure_ascii=False))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(render_page(json_schema()), encoding="utf-8")
    SCHEMA.write_text(render_schema(json_schema()), encoding="utf-8")
