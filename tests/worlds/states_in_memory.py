"""States in memory, in place of Terraform and its backends: a folder's backend says which one it reaches."""

import copy
import json
from pathlib import Path
from typing import Any


class StatesInMemory:
    """What commands ask Terraform for when they only read and move states.

    Attributes:
        states: where the backend keeps it -> state.
        pushed: the same, in the order in which they were written.
    """

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.pushed: list[str] = []

    def init(self, stack_dir: Path, **_options: object) -> None:
        self._place(stack_dir)

    def pull(self, stack_dir: Path) -> dict[str, Any] | None:
        return copy.deepcopy(self.states.get(self._place(stack_dir)))

    def push(self, stack_dir: Path, state: dict[str, Any]) -> None:
        place = self._place(stack_dir)
        assert state["serial"] > self.states.get(place, {"serial": 0})["serial"]
        self.states[place] = copy.deepcopy(state)
        self.pushed.append(place)

    def _place(self, stack_dir: Path) -> str:
        backend = json.loads((stack_dir / "cdk.tf.json").read_bytes())["terraform"]["backend"]
        return str((stack_dir / backend["local"]["path"]).resolve().name)
