"""The file that says what was planned and reviewed: a digest of each plan and of what it was made from.

It lies beside the stacks, `cdktf.out/plans.json`; the plans are in their stacks' folders. Its own digest is what a reviewer
approves and what a pipeline hands from the job that plans to the job that applies.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.errors import StacksError, UnsafePlanError
from scripts.files import write_atomically

FILE = "plans.json"
PLAN, SHOWN, LOG = "plan.bin", "plan.json", "plan.log"
_MADE_BY_TERRAFORM = (PLAN, SHOWN, LOG)


class Outcome(StrEnum):
    """What became of a stack's plan."""

    CHANGES = "changes"
    UNCHANGED = "unchanged"
    WAITS = "waits"
    FAILED = "failed"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Changes(_Model):
    """How many resources a plan touches."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0

    def __str__(self) -> str:
        """Say it in words."""
        counts = {
            "to create": self.create,
            "to update": self.update,
            "to replace": self.replace,
            "to delete": self.delete,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "outputs alone"


class StackPlan(_Model):
    """One stack.

    Attributes:
        source_sha256: of what was synthesized for it.
        plan_sha256: of its plan file; "" where none is to be applied.
        waits_for: stacks whose outputs, which this one reads, are going to change: it is planned once they are applied.
        reason: why there is no plan, in words.
    """

    name: str
    outcome: Outcome
    source_sha256: str
    plan_sha256: str = ""
    changes: Changes = Changes()
    waits_for: tuple[str, ...] = ()
    reason: str = ""

    @property
    def words(self) -> str:
        """What is going to happen, in a line."""
        match self.outcome:
            case Outcome.CHANGES:
                return str(self.changes)
            case Outcome.UNCHANGED:
                return "nothing changes"
            case _:
                return self.reason.partition("\n")[0]


class Plans(_Model):
    """All stacks, in the order in which they are applied.

    Attributes:
        made_at: RFC 3339, UTC.
        commit: the commit that was synthesized; "" outside git.
    """

    format: int = 1
    made_at: str
    commit: str
    stacks: tuple[StackPlan, ...]

    def of(self, outcome: Outcome) -> list[StackPlan]:
        """Returns the stacks with an outcome."""
        return [stack for stack in self.stacks if stack.outcome is outcome]


def save(plans: Plans, stacks_folder: Path) -> Path:
    """Writes the file beside the stacks' folder and returns it."""
    path = stacks_folder.parent / FILE
    write_atomically(path, plans.model_dump_json(indent=2) + "\n")
    return path


def load(stacks_folder: Path, *, expected_sha256: str | None) -> Plans:
    """Returns the plans that were reviewed.

    Args:
        stacks_folder: what is synthesized here.
        expected_sha256: the digest that was approved; None trusts the file.

    Raises:
        StacksError: there is no such file, or it is another version's.
        UnsafePlanError: the file, a stack or a plan is not what was reviewed.
    """
    path = stacks_folder.parent / FILE
    if not path.is_file():
        raise StacksError(f"{path} is not there: run `failover plan` first, and have what it says reviewed")
    if expected_sha256 is not None and (found := sha256(path)) != expected_sha256.lower():
        raise UnsafePlanError(f"{path} has the digest {found}, and {expected_sha256} was approved: nothing was applied")
    try:
        plans = Plans.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise StacksError(f"{path} is not a file of this version's `failover plan`: run it again ({error})") from error
    for stack in plans.stacks:
        _check(stack, stacks_folder / stack.name)
    return plans


def _check(stack: StackPlan, folder: Path) -> None:
    if source_sha256(folder) != stack.source_sha256:
        raise UnsafePlanError(
            f"{folder} is not what the plan of {stack.name} was made from: nothing was applied. Synthesize the reviewed "
            "commit, or run `failover plan` again and have it reviewed"
        )
    if stack.plan_sha256 and (not (folder / PLAN).is_file() or sha256(folder / PLAN) != stack.plan_sha256):
        raise UnsafePlanError(
            f"{folder / PLAN} is not the plan that was reviewed: nothing was applied. Run `failover plan` again"
        )


def sha256(path: Path) -> str:
    """Returns a file's digest, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_sha256(folder: Path) -> str:
    """Returns one digest of everything that was synthesized into a stack's folder: names and contents, Lambda's code too."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()) if folder.is_dir() else ():
        relative = path.relative_to(folder)
        if (
            relative.parts[0] == ".terraform"
            or relative.name in _MADE_BY_TERRAFORM
            or path.suffix in (".tfstate", ".backup")
        ):
            continue
        digest.update(f"{relative.as_posix()}\0{sha256(path)}\n".encode())
    return digest.hexdigest()
