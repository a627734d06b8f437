"""Snapshots of localcloud for commands that deploy the same stacks again: saved and looked up by what they were made of."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import EnvironmentFailureError
from scripts.processes import own_programs
from scripts.terraform import provider_source
from scripts.terraform.cli import Terraform
from scripts.terraform.provenance import provenance

FOLDER = Path("build/snapshots")
_KEPT = 3
"""Of one purpose: an earlier site file or branch is often gone back to."""
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedSnapshot:
    """The snapshot of a localcloud to which some stacks were applied.

    Args:
        purpose: the start of its name: letters and -.
        digest: of everything that it was made of but localcloud itself, whose version the snapshot knows.
        folder: of the snapshots.
    """

    purpose: str
    digest: str
    folder: Path = FOLDER

    @classmethod
    def of(
        cls, stacks: Path, terraform: Terraform, *others: str, purpose: str, folder: Path = FOLDER
    ) -> DeployedSnapshot:
        """Return the snapshot of exactly these stacks, applied by this Terraform and the provider that it uses here.

        Args:
            stacks: the synthesized ones.
            terraform: applies them.
            others: what else it is made of.
            purpose: as above.
            folder: as above.
        """
        made_of = (
            provenance(stacks).stacks_sha256,
            str(terraform.binary),
            str(provider_source.provider()),
            *others,
        )
        return cls(purpose=purpose, digest=hashlib.sha256(repr(made_of).encode()).hexdigest(), folder=folder)

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.purpose}-{self.digest[:_DIGITS]}"

    def why_not(self) -> str | None:
        """Return why it cannot be used, None when it can."""
        done = self._localcloud("snapshots", self.name)
        return None if done.returncode == 0 else done.stderr.strip().removeprefix("localcloud: ")

    def serve_arguments(self, stacks: Path | None) -> tuple[str, ...]:
        """Return the options of `localcloud serve` that begin with it and put the stacks' Terraform states back, if any."""
        return ("--snapshot", self.name, "--snapshots", str(self.folder), *_states_of(stacks), "--force")

    def take_file(self, name: str, target: Path) -> None:
        """Copy a file that was saved beside the state."""
        shutil.copyfile(self.folder / self.name / "files" / name, target)

    def save(self, state_folder: Path, stacks: Path | None, files: tuple[Path, ...]) -> None:
        """Save the localcloud that runs with this state folder, and keep the latest few of this purpose.

        Args:
            state_folder: of the localcloud.
            stacks: whose Terraform states are kept beside it; None: nobody applies them again.
            files: what else is kept beside it.

        Raises:
            EnvironmentFailureError: it could not be saved.
        """
        kept = [part for file in files for part in ("--file", str(file))]
        done = self._localcloud(
            "save", self.name, "--state-dir", str(state_folder), *_states_of(stacks), "--force", *kept
        )
        if done.returncode != 0:
            raise EnvironmentFailureError(done.stderr.strip())
        others = [path for path in self.folder.glob(f"{self.purpose}-*") if path.is_dir()]
        for path in sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)[_KEPT:]:
            shutil.rmtree(path)

    def _localcloud(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*own_programs.LOCALCLOUD, *arguments, "--snapshots", str(self.folder)],
            env=own_programs.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _states_of(stacks: Path | None) -> tuple[str, ...]:
    return () if stacks is None else ("--stacks", str(stacks))
