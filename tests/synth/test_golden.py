"""One golden JSON per stack and example; `make snapshots` refreshes them, and their diff is reviewed."""

import json
import tempfile
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
Stacks = dict[str, dict[str, Any]]


def test_stacks_are_golden(example: str, stacks: Stacks, update_snapshots: bool) -> None:
    folder = GOLDEN / example
    if update_snapshots:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in stacks.items():
            (folder / f"{name}.json").write_text(_text(document), encoding="utf-8")
    golden = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    assert sorted(golden) == sorted(stacks), "run `make snapshots` and review the diff"
    for name, document in stacks.items():
        assert _text(document) == golden[name], f"{example}/{name} changed: run `make snapshots` and review the diff"


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def test_stacks_name_no_path_of_a_machine(stacks: Stacks) -> None:
    home = str(Path.home())
    for document in stacks.values():
        text = _text(document)
        assert home not in text
        assert tempfile.gettempdir() not in text
