"""What a probe asks for after a switch, and what it found wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from scripts.release.changes import Changes
from scripts.release.manifest import Manifest, ReleaseFile

LARGEST_SAMPLE_BYTES = 1024 * 1024
_SAMPLES = 4
_UNTOUCHED = 3


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
    """Returns the files to ask for: the front page, some that changed, and some that did not, others with each release.

    What changed is in no cache yet. What did not may be, and the edge would answer though every region had lost it: the regions
    are asked for the same files (held_sample.py), and for others with each release.
    """
    wanted = ["index.html", *changes.changed[: _SAMPLES - 2], *changes.new[: _SAMPLES - 2]]
    files = {file.path: file for file in manifest.files if file.size_bytes < LARGEST_SAMPLE_BYTES}
    touched = {*changes.changed, *changes.new, "index.html"}
    untouched = [path for path in files if path not in touched]
    first = crc32(manifest.release_id.encode())
    spread = {(first + each * len(untouched) // _UNTOUCHED) % len(untouched) for each in range(_UNTOUCHED) if untouched}
    chosen = dict.fromkeys([*(path for path in wanted if path in files), *(untouched[at] for at in sorted(spread))])
    return [files[path] for path in chosen]
