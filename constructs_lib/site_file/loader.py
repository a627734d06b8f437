"""Reads a site file and reports all its problems at once.

Every section is validated by itself, so that a mistake in one does not hide the mistakes in the others; then the rules
between the valid sections run.
"""

import difflib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from constructs_lib.errors import ConfigError, Problem
from constructs_lib.site_file.models import Region, SiteFile
from constructs_lib.site_file.rules.extensions import extension_problems
from constructs_lib.site_file.rules.routing import routing_problems
from constructs_lib.site_file.rules.site import RULES
from constructs_lib.site_file.targets import Endpoint

_TABLES: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in SiteFile.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
_LISTS = {"region", "endpoint"}


def load_site_file(path: Path) -> SiteFile:
    """Reads and validates `path`.

    Raises:
        ConfigError: the file is missing, is not TOML, or has problems; all of them are in the one report.
    """
    shown = _shown(path)
    data = _parse_toml(shown, _read(path, shown))
    problems = list(_unknown_tables(data))
    sections: dict[str, Any] = {}
    for name, model in _TABLES.items():
        problems += _validate(name, model, data, sections)
    problems += _validate_regions(data, sections)
    problems += _validate_list("endpoint", Endpoint, data.get("endpoint", []), sections)
    problems += [problem for rule in (*RULES, routing_problems, extension_problems) for problem in rule(sections)]
    if problems:
        raise ConfigError(shown, problems)
    return SiteFile(**sections)


def _read(path: Path, shown: str) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problem = Problem(
            key="site file",
            value=f"'{shown}' ({reason})",
            allowed="a readable TOML file",
            remedy="give the path of a site file; config/prod.example.toml is one to copy",
        )
        raise ConfigError(shown, [problem]) from error


def _parse_toml(shown: str, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason, remedy = _why_not_toml(error)
        problem = Problem(
            key="site file",
            value=f"not TOML: {_shorten(reason)}",
            allowed="TOML 1.0 in UTF-8 (https://toml.io/en/v1.0.0)",
            remedy=remedy,
        )
        raise ConfigError(shown, [problem]) from error


def _why_not_toml(error: ValueError | RecursionError) -> tuple[str, str]:
    """Returns the reason and the remedy. Python reads integers of at most 4300 digits.

    https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
    """
    if isinstance(error, RecursionError):
        return "arrays or tables are nested too deeply", "write lists and tables as config/prod.example.toml does"
    if isinstance(error, tomllib.TOMLDecodeError | UnicodeDecodeError):
        return str(error), "correct the line named"
    return "a number has too many digits", "correct it: an integer of TOML has 64 bits"


def _unknown_tables(data: dict[str, Any]) -> Iterator[Problem]:
    known = [*_TABLES, *_LISTS]
    for name, value in data.items():
        if name not in known:
            yield _unknown_key(_key(name), name, value, known)


def _validate(name: str, model: type[BaseModel], data: dict[str, Any], sections: dict[str, Any]) -> Iterator[Problem]:
    if name not in data and not SiteFile.model_fields[name].is_required():
        sections[name] = SiteFile.model_fields[name].default
        return
    if not isinstance(data.get(name, {}), dict):
        yield Problem(
            key=name,
            value=_toml(data[name]),
            allowed=f"a table [{name}]",
            remedy=f"write [{name}] on a line of its own",
        )
        return
    try:
        sections[name] = model.model_validate(data.get(name, {}))
    except ValidationError as error:
        yield from (_problem(name, model, details) for details in error.errors(include_url=False))


def _validate_regions(data: dict[str, Any], sections: dict[str, Any]) -> Iterator[Problem]:
    raw = data.get("region")
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        yield Problem(
            key="region",
            value=None if raw is None else _toml(raw),
            allowed="tables [[region]], each with name and role: two, or one to begin with",
            remedy='add [[region]] with name = "eu-central-1" and role = "primary", and a second one with role = "secondary"',
        )
        return
    yield from _validate_list("region", Region, raw, sections)


def _validate_list(name: str, model: type[BaseModel], raw: object, sections: dict[str, Any]) -> Iterator[Problem]:
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        yield Problem(
            key=name,
            value=_toml(raw),
            allowed=f"tables [[{name}]]",
            remedy=f"write [[{name}]] on a line of its own, once for each {name}",
        )
        return
    found = []
    for index, item in enumerate(raw):
        try:
            found.append(model.model_validate(item))
        except ValidationError as error:
            for details in error.errors(include_url=False):
                yield _problem(f"{name}[{index}]", model, details)
    if len(found) == len(raw):
        sections[name] = tuple(found)


def _problem(section: str, model: type[BaseModel], details: ErrorDetails) -> Problem:
    loc = details["loc"]
    key = _key(section + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc))
    context = details.get("ctx", {})
    names = [part for part in loc if isinstance(part, str)]
    field = names[-1] if names else ""
    model = _holder(model, names)
    shown = _shown_value(model, field, details["input"])
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(key, field, details["input"], _keys(model), model)
        case "missing":
            table = f"[{section}]" if len(loc) == 1 else key.rpartition(".")[0]
            return Problem(key=key, value=None, allowed=_allowed(model, field), remedy=f"add {field} to {table}")
        case "refused":
            return Problem(key=key, value=shown, allowed=context["allowed"], remedy=context["remedy"])
        case kind:
            # A regular expression tells a reader less than what is allowed does.
            remedy = "correct it" if kind == "string_pattern_mismatch" else f"correct it ({details['msg']})"
            return Problem(key=key, value=shown, allowed=_allowed(model, field), remedy=remedy)


def _holder(model: type[BaseModel], names: list[str]) -> type[BaseModel]:
    """Returns the model that holds the last of `names`: a section may hold lists of tables, such as `[[content.rule]]`."""
    for name in names[:-1]:
        if name not in model.model_fields:  # the key of a table of tables
            continue
        inner = [kind for kind in get_args(model.model_fields[name].annotation) if isinstance(kind, type)]
        model = next((kind for kind in inner if issubclass(kind, BaseModel)), model)
    return model


def _keys(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _shown_value(model: type[BaseModel], field: str, value: object) -> str:
    """Returns the value as the report shows it: a secret stays out of logs, whatever stands in its place."""
    is_secret = _property(model, field).get("secret", False)
    return "something else (not shown, as it may be the credential)" if is_secret else _toml(value)


def _property(model: type[BaseModel], field: str) -> dict[str, Any]:
    found: dict[str, Any] = model.model_json_schema(mode="validation")["properties"].get(field, {})
    return found


def _unknown_key(key: str, name: str, value: object, known: list[str], model: type[BaseModel] | None = None) -> Problem:
    """Returns the problem of a key that is not one of `known`, the keys of `model`, or the tables of a file."""
    near = [other for other in known if other.startswith(f"{name}_")] or difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {near[0]!r}? Otherwise remove it" if near else "remove it; no such key is known"
    shown = _shown_value(model, near[0], value) if model is not None and near else _toml(value)
    return Problem(key=key, value=f"an unknown key (= {shown})", allowed=", ".join(sorted(known)), remedy=remedy)


def _allowed(model: type[BaseModel], field: str) -> str:
    """Returns what a field accepts, read from the model's JSON schema."""
    schema = model.model_json_schema(mode="validation")
    prop = schema["properties"].get(field, {})
    options = [option for option in prop.get("anyOf", [prop]) if option.get("type") != "null"]
    return " or ".join(_describe({**prop, **option}, schema) for option in options)


def _describe(option: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in option:
        option = schema["$defs"][option["$ref"].rsplit("/", 1)[1]]
    if "allowed" in option:
        return str(option["allowed"])
    if "enum" in option:
        return " or ".join(json.dumps(value) for value in option["enum"])
    names = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "array": "a list"}
    kind = names.get(option.get("type", ""), "a string")
    return f"{kind}{_bounds(option)}"


def _bounds(option: dict[str, Any]) -> str:
    above = f"above {option['exclusiveMinimum']}" if "exclusiveMinimum" in option else ""
    low = f"from {option['minimum']}" if "minimum" in option else above
    below = f"below {option['exclusiveMaximum']}" if "exclusiveMaximum" in option else ""
    high = f"to {option['maximum']}" if "maximum" in option else below
    return f" {low} {high}".rstrip() if low or high else ""


def _toml(value: object) -> str:
    """Returns `value` about as it stands in the file, shortened."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    try:
        return _shorten(json.dumps(value, default=str))
    except (ValueError, RecursionError):  # an integer above 4300 digits (in hexadecimal); tables made by dotted keys
        return "too large or too deeply nested to show"


def _shown(path: Path) -> str:
    """Returns the path with control characters escaped, shortened."""
    return _shorten(_printable(str(path)), longest=300)


def _key(path: str) -> str:
    return _shorten(_printable(path)) or '""'


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _shorten(text: str, *, longest: int = 120) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


# The loader must name every field of SiteFile: a forgotten one would be ignored.
assert set(_TABLES) | _LISTS == set(SiteFile.model_fields)  # noqa: S101
