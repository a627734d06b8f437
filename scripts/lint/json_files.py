"""Files of JSON, and of YAML, as they may be given: what cannot be Terraform's or CloudFormation's is refused with the reason."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.lint.template_files import YAML_SUFFIXES, from_yaml, looks_like_a_template

STDIN = Path("-")
HOW = (
    "give a folder of *.tf or *.tf.json, the output of `terraform show -json` of a plan or a state, or a template of "
    "CloudFormation"
)
# Terraform's own blocks nest a dozen deep, a firewall's rules the deepest; Python's recursion ends at a thousand calls.
_DEEPEST = 100


class UnreadableInputError(WrongUsageError):
    """A path given to the linter is absent, or holds nothing that it reads."""


def load(path: Path) -> Mapping[str, object]:
    """Returns a file's JSON object, or stdin's for `-`.

    Raises:
        UnreadableInputError: it cannot be read, is no JSON object, or nests deeper than anything of Terraform's.
    """
    try:
        text = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
        raw = from_yaml(text) if _is_yaml(path, text) else json.loads(text, object_pairs_hook=_all_of_a_name)
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be read ({error.strerror}): {HOW}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableInputError(f"{path} cannot be read as {_format(path)} ({error}): {HOW}") from error
    if _is_deeper(raw, _DEEPEST):
        raise UnreadableInputError(f"{path} nests deeper than {_DEEPEST} levels, which nothing of Terraform's does")
    if not isinstance(raw, dict):
        raise UnreadableInputError(f"{path} holds {_in_json(raw)}, and a JSON object of Terraform's is expected: {HOW}")
    return raw


def _is_yaml(path: Path, text: bytes) -> bool:
    begins_as_json = text.lstrip()[:1] in (b"{", b"[")
    return not begins_as_json and (path.suffix in YAML_SUFFIXES or (path == STDIN and looks_like_a_template(text)))


def _format(path: Path) -> str:
    return "YAML" if path.suffix in YAML_SUFFIXES else "JSON"


def _all_of_a_name(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Returns an object; what stands twice under one name, as blocks may, is an array of both, which means the same.

    https://github.com/hashicorp/hcl/blob/main/json/spec.md (Bodies)
    """
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    several: dict[str, list[object]] = defaultdict(list)
    for name, value in pairs:
        several[name] += value if isinstance(value, list) else [value]
    names = Counter(name for name, _ in pairs)
    return {name: several[name] if names[name] > 1 else value for name, value in pairs}


def _in_json(value: object) -> str:
    """Returns JSON's own word for what is no object: https://www.rfc-editor.org/rfc/rfc8259#section-3."""
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str):
        return "a string"
    return json.dumps(value) if value is None or isinstance(value, bool) else "a number"


def _is_deeper(value: object, levels: int) -> bool:
    """Whether values nest deeper; level by level, so that its own depth does not grow."""
    layer = [value]
    for _ in range(levels):
        layer = [inner for outer in layer for inner in _inside(outer)]
    return bool(layer)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
