"""States that are kept aside: those of a region that was replaced, until it answers and what they hold can be deleted.

They lie where the site's states are, each under a key of its own: `retired-<region>-<stack>.tfstate`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.files import write_atomically
from scripts.terraform.states import State, addresses, emptied, started, with_entries
from scripts.terraform.synthesis import CONFIGURATION, read_stack, stack_folders

if TYPE_CHECKING:
    from scripts.terraform.cli import Terraform

KINDS = ("region-", "attachment-", "keys-")
"""What a region's own stacks are called, before its name."""
DNS_STACK = "dns"
"""Its certificate of before is kept aside as well: distributions may use it until they have the new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Where the states of one region are kept.

    Attributes:
        region: the region that was replaced.
        folder: has a folder for each of its stacks, in which Terraform reaches the state that is kept.
    """

    region: str
    folder: Path

    def stack(self, name: str) -> Path:
        """Returns the folder of one stack."""
        return self.folder / name


def prepare_aside(stacks_folder: Path, region: str) -> Aside:
    """Writes the folders in which Terraform reaches what is kept of a region; whether anything is, `kept` says.

    Raises:
        StacksError: nothing is synthesized in the folder of stacks.
    """
    folder = stacks_folder.parent / f"retired-{region}"
    documents = {each.name: read_stack(each) for each in stack_folders(stacks_folder)}
    like = next(name for name in documents if name.startswith(KINDS[0]))
    for name, model in {**{f"{kind}{region}": like for kind in KINDS}, DNS_STACK: DNS_STACK}.items():
        document = _without_resources(documents[model], model, region, name)
        write_atomically(folder / name / CONFIGURATION, json.dumps(document, indent=2) + "\n")
    return Aside(region=region, folder=folder)


def _without_resources(document: Mapping[str, Any], model: str, region: str, name: str) -> dict[str, Any]:
    """Returns a configuration of nothing, whose state is the one that is kept: applied, it deletes everything in it."""
    settings = copy.deepcopy(document["terraform"])
    settings["backend"] = json.loads(
        json.dumps(settings["backend"]).replace(f"{model}.tfstate", f"retired-{region}-{name}.tfstate")
    )
    provider = copy.deepcopy(document["provider"]["aws"][0])
    if name != DNS_STACK:
        provider["region"] = region
    return {"terraform": settings, "provider": {"aws": [provider]}}


def state_folder(stacks_folder: Path, stack: str) -> Path:
    """Writes a folder in which Terraform reaches the state of a stack that is not synthesized any more, and nothing else of it.

    Raises:
        StacksError: nothing is synthesized in the folder of stacks.
    """
    like = next(each for each in stack_folders(stacks_folder) if each.name.startswith(KINDS[0]))
    backend = json.dumps(read_stack(like)["terraform"]["backend"])
    backend = backend.replace(f"{like.name}.tfstate", f"{stack}.tfstate")
    folder = stacks_folder.parent / "left" / stack
    write_atomically(folder / CONFIGURATION, json.dumps({"terraform": {"backend": json.loads(backend)}}))
    return folder


def kept(terraform: Terraform, aside: Aside) -> dict[str, State]:
    """Returns stack -> state of everything that is kept of the region.

    Raises:
        TerraformError: a state cannot be read.
    """
    return {name: state for name, (_, state) in pulled(terraform, sorted(aside.folder.iterdir())).items()}


def pulled(terraform: Terraform, folders: Sequence[Path]) -> dict[str, tuple[Path, State]]:
    """Returns stack -> folder and state of those whose state holds anything.

    Raises:
        TerraformError: a state cannot be read.
    """

    def pull(folder: Path) -> State | None:
        terraform.init(folder)
        return terraform.pull(folder)

    with ThreadPoolExecutor(len(folders)) as pool:
        states = list(pool.map(pull, folders))
    return {
        folder.name: (folder, state)
        for folder, state in zip(folders, states, strict=True)
        if state is not None and addresses(state)
    }


def set_aside(
    terraform: Terraform, aside: Aside, name: str, source: Path, state: State, chosen: Iterable[str] | None = None
) -> None:
    """Moves entries of a state to the one that is kept; the region is not asked. A second run ends what one left half way.

    Args:
        terraform: reads and writes the states.
        aside: where they go.
        name: the stack.
        source: a folder in which Terraform reaches its state, initialized.
        state: what that holds now.
        chosen: addresses. Default: all of it.
    """
    wanted = set(addresses(state) if chosen is None else chosen)
    if not wanted:
        return
    target = aside.stack(name)
    terraform.init(target)
    there = terraform.pull(target)
    entries = [entry for address, entry in addresses(state).items() if address in wanted]
    missing = [each for each in entries if f"{each['type']}.{each['name']}" not in addresses(there)]
    if missing:
        terraform.push(target, with_entries(started(there), missing))
    terraform.push(source, emptied(state, wanted))
