"""Which stacks read which outputs of which others: their `terraform_remote_state`, as the synthesized JSON has it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from scripts.terraform.synthesis import read_stack

_READS = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)")
_REMOTE_STATE = "terraform_remote_state"


def reads(folders: Sequence[Path]) -> dict[str, dict[str, set[str]]]:
    """Returns stack -> stack that it reads -> the outputs that it reads of it; a stack that reads nothing has an empty entry."""
    parsed = {folder.name: read_stack(folder) for folder in folders}
    of_state = {_own_state(document): name for name, document in parsed.items()}
    return {name: _reads(json.dumps(parsed[name]), parsed[name], of_state) for name in parsed}


def _reads(text: str, document: Mapping[str, Any], of_state: Mapping[str, str]) -> dict[str, set[str]]:
    sources = {
        label: of_state.get(_state(body.get("config", {})))
        for label, body in document.get("data", {}).get(_REMOTE_STATE, {}).items()
    }
    found: dict[str, set[str]] = defaultdict(set)
    for label, output in _READS.findall(text):
        if stack := sources.get(label):
            found[stack].add(output)
    return dict(found)


def _own_state(document: Mapping[str, Any]) -> str:
    backends = document.get("terraform", {}).get("backend", {})
    return _state(next(iter(backends.values()), {}))


def _state(config: Mapping[str, Any]) -> str:
    """Returns what names a state within one backend: its key in S3, its file's name where it is local."""
    return str(config.get("key") or PurePosixPath(str(config.get("path", ""))).name)
