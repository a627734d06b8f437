"""What a probe asks for after a switch, and what it found wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.release.changes import Changes
from scripts.release.manifest import Manifest, ReleaseFile

LARGEST_SAMPLE_BYTES = 1024 * 1024
_SAMPLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class BadAnswer:
    """What a name served instead of the release.

    Attributes:
        hostname: who was asked.
        path: for what.
        reason: what came.
        is_of_this_machine: no answer was looked for: none of this machine's nameservers could be asked.
    """

    hostname: str
    path: str
    reason: str
    is_of_this_machine: bool = False

    def __str__(self) -> str:
        """Returns one line."""
        return f"https://{self.hostname}{self.path}: {self.reason}"


def sample(manifest: Manifest, changes: Changes) -> list[ReleaseFile]:
    """Returns the files to ask for: the front page, some that changed, and the others' first."""
    wanted = ["index.html", *changes.changed[: _SAMPLES - 2], *changes.new[: _SAMPLES - 2]]
    files = {file.path: file for file in manifest.files if file.size_bytes < LARGEST_SAMPLE_BYTES}
    chosen = dict.fromkeys(path for path in wanted if path in files)
    untouched = next((path for path in files if path not in changes.changed and path not in changes.new), None)
    if untouched is not None:
        chosen[untouched] = None
    return [files[path] for path in chosen]
