"""What to know of a release before it is published; nothing of it forbids the publish. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.release.manifest import Manifest
from scripts.release.serving.file_rules import LARGEST_ASSET_BYTES
from scripts.release.serving.variant_contents import base_by_name

_SHOWN = 3


def notes_on(manifest: Manifest) -> list[str]:
    """Returns a sentence for each thing, with the first few files that it is about."""
    files = {file.path: file for file in manifest.files}
    large = [path for path, file in files.items() if file.size_bytes > LARGEST_ASSET_BYTES]
    strangers = [
        path
        for path, file in files.items()
        if file.content_encoding is None and (base := base_by_name(path)) is not None and base in files
    ]
    notes = []
    if large:
        notes.append(
            f"{_listed(large)}: above {LARGEST_ASSET_BYTES:,} bytes. While DNS leads to the regional endpoint, such a "
            "file is served in parts only, which browsers ask for of sound and film; a download of it fails there"
        )
    if strangers:
        notes.append(
            f"{_listed(strangers)}: not what lies beside it, compressed, or that is a page with its release written into it. It "
            "is served as a file of its own; build it anew if it is out of date"
        )
    return notes


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
