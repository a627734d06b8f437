"""Terraform states as documents: which addresses one holds, and moving an entry from one to another.

The format is Terraform's own, version 4. `terraform state mv` does this with files of one machine, never between two backends.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.errors import UnsafePlanError
from scripts.terraform.synthesis import read_stack

State = dict[str, Any]
_BUILT_IN = "terraform_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An entry that another state, or another address of the same one, holds from now on.

    Attributes:
        source, target: stacks.
        address, new_address: such as `aws_sns_topic.alerts`; alike where only the state changes.
    """

    source: str
    target: str
    address: str
    new_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The resources of one synthesized stack: address -> its provider, `aws` or `aws.<alias>`."""

    providers: Mapping[str, str]

    @classmethod
    def read(cls, stack: Path) -> Configuration:
        """Reads the stack's `cdk.tf.json`."""
        document = read_stack(stack)
        return cls(
            providers={
                f"{kind}.{name}": str(body.get("provider", "aws"))
                for kind, bodies in document.get("resource", {}).items()
                for name, body in bodies.items()
            }
        )


def addresses(state: State | None) -> dict[str, dict[str, Any]]:
    """Returns address -> entry of everything that the state manages."""
    entries = () if state is None else state.get("resources", ())
    return {f"{each['type']}.{each['name']}": each for each in entries if each.get("mode") == "managed"}


def plan_moves(configurations: Mapping[str, Configuration], states: Mapping[str, State | None]) -> list[Move]:
    """Returns what lies in another state than the one whose stack has it now.

    Args:
        configurations: stack -> what it has; every stack of the site.
        states: stack -> what its state holds; stacks of an earlier version too.

    Raises:
        UnsafePlanError: an entry belongs to no stack, or another one is already in its place.
    """
    return list(_moves(configurations, states))


def _moves(configurations: Mapping[str, Configuration], states: Mapping[str, State | None]) -> Iterator[Move]:
    for source, state in states.items():
        known = configurations.get(source, Configuration(providers={})).providers
        for address, entry in addresses(state).items():
            if address in known:
                continue
            target = _home(address, source, configurations, states)
            there = addresses(states.get(target)).get(address)
            if there is not None and _ids(there) != _ids(entry):
                raise UnsafePlanError(
                    f"{address} is in the states of {source} and of {target}, and they mean two different things: nothing was "
                    f"moved. Look at both with `terraform state show {address}` and remove the one that is not there"
                )
            yield Move(source=source, target=target, address=address, new_address=address)


def _home(
    address: str,
    source: str,
    configurations: Mapping[str, Configuration],
    states: Mapping[str, State | None],
) -> str:
    """The stack that has the address now. Of several (each region's stack has one) that whose state lacks it or has this one."""
    entry = addresses(states[source])[address]
    found = [
        stack
        for stack, each in configurations.items()
        if address in each.providers
        and ((there := addresses(states.get(stack)).get(address)) is None or _ids(there) == _ids(entry))
    ] or [stack for stack, each in configurations.items() if address in each.providers]
    if len(found) != 1:
        where = "no stack has it" if not found else f"{', '.join(found)} have it"
        raise UnsafePlanError(
            f"the state of {source} holds {address}, and {where}: nothing was moved. Synthesize the site file that was deployed "
            "last, without any other change, and run this again"
        )
    return found[0]


def moved(
    moves: list[Move], configurations: Mapping[str, Configuration], states: Mapping[str, State | None]
) -> tuple[dict[str, State], dict[str, State]]:
    """Returns the states to write, stack -> state: first those that gain, then those that lose.

    What was written by a run that ended half way is found in both states and taken out of the one.
    """
    gaining: dict[str, State] = {}
    for move in moves:
        target = gaining.setdefault(move.target, started(states.get(move.target)))
        if move.new_address not in addresses(target):
            entry = copy.deepcopy(addresses(states[move.source])[move.address])
            entry["type"], _, entry["name"] = move.new_address.partition(".")
            entry["provider"] = _provider(move.new_address, configurations[move.target], entry["provider"])
            target["resources"].append(entry)
    gaining = {stack: state for stack, state in gaining.items() if state["resources"] != _resources(states.get(stack))}
    losing: dict[str, State] = {}
    for move in moves:
        source = losing.setdefault(move.source, started(gaining.get(move.source, states[move.source])))
        source["resources"] = [each for each in source["resources"] if not _is(each, move.address)]
    return gaining, losing


def _is(entry: Mapping[str, Any], address: str) -> bool:
    return entry.get("mode") == "managed" and f"{entry['type']}.{entry['name']}" == address


def _resources(state: State | None) -> list[Any]:
    return [] if state is None else list(state["resources"])


def _provider(address: str, configuration: Configuration, before: str) -> str:
    if address.startswith(f"{_BUILT_IN}."):
        return before
    alias = configuration.providers[address].partition(".")[2]
    provider = (
        before.partition("]")[0] + "]"
    )  # provider["<registry>/hashicorp/aws"]: Terraform's registry, or OpenTofu's
    return f"{provider}.{alias}" if alias else provider


def _ids(entry: Mapping[str, Any]) -> list[Any]:
    return [each.get("attributes", {}).get("id") for each in entry.get("instances", ())]


def started(state: State | None) -> State:
    """Returns a copy that Terraform takes as the newer one; of nothing, a state of its own."""
    if state is None:
        return {"version": 4, "serial": 1, "lineage": str(uuid.uuid4()), "outputs": {}, "resources": []}
    return {**copy.deepcopy(state), "serial": state["serial"] + 1}


def with_entries(state: State, entries: Iterable[Mapping[str, Any]]) -> State:
    """Returns the state with more entries."""
    return {**state, "resources": [*state["resources"], *copy.deepcopy(list(entries))]}


def emptied(state: State, chosen: Collection[str]) -> State:
    """Returns a newer state without these addresses; without any left, without outputs as well."""
    rest = [each for each in state["resources"] if not any(_is(each, address) for address in chosen)]
    newer = {**started(state), "resources": copy.deepcopy(rest)}
    return newer if addresses(newer) else {**newer, "resources": [], "outputs": {}}


def renamed(state: State, names: Mapping[str, str]) -> State | None:
    """Returns a newer state in which entries have other addresses; None where it has none of the old ones."""
    newer = started(state)
    count = 0
    for entry in newer["resources"]:
        address = f"{entry['type']}.{entry['name']}"
        if entry.get("mode") == "managed" and address in names:
            entry["name"] = names[address].partition(".")[2]
            count += 1
        for instance in entry.get("instances", ()):
            if "dependencies" in instance:
                instance["dependencies"] = [names.get(each, each) for each in instance["dependencies"]]
    return newer if count else None
