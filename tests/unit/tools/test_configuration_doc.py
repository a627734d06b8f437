"""The page of all keys and the schema for editors are those of the models, and the schema takes what the synthesis takes."""

import importlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.site_file.schema import json_schema
from tools.configuration_doc import PAGE, SCHEMA, render_page, render_schema

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="module")
def jsonschema() -> Any:
    """Imported when it is used: it reads grammars for a second, which each process that collects this file would wait for."""
    return importlib.import_module("jsonschema")


def test_page_and_schema_are_in_step() -> None:
    text = "run `python -m tools.configuration_doc`"
    assert PAGE.read_text(encoding="utf-8") == render_page(json_schema()), text
    assert SCHEMA.read_text(encoding="utf-8") == render_schema(json_schema()), text


def test_page_has_every_key() -> None:
    schema = json_schema()
    page = PAGE.read_text(encoding="utf-8")
    keys = {key for name in ("Site", "HealthCheck", "Features", "State") for key in schema["$defs"][name]["properties"]}
    assert {key for key in keys if f"`{key}`" not in page} == set()


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.toml")), ids=lambda path: path.stem)
def test_schema_takes_every_example(jsonschema: Any, path: Path) -> None:
    jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), json_schema())


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("site", "hostnam", "www.example.com"),
        ("health_check", "failure_threshold", 11),
        ("site", "environment", "PROD"),
    ],
)
def test_schema_refuses_what_an_editor_should_underline(jsonschema: Any, section: str, key: str, value: object) -> None:
    site: dict[str, Any] = tomllib.loads((CONFIG / "demo.toml").read_text(encoding="utf-8"))
    site[section][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(json.dumps(site)), json_schema())
