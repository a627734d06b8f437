"""Writes scripts/release/serving/media_types.tsv from mime-db: `python -m tools.setup.media_types`.

mime-db (https://github.com/jshttp/mime-db, MIT) is IANA's registry with Apache's and nginx's tables. For a newer version change
VERSION, run it and review the diff.

An extension that several types claim goes to the one that mime-score (https://github.com/jshttp/mime-score) prefers: registered
before vendors' and private ones, IANA's before Apache's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VERSION = "1.54.0"
TARGET = Path(__file__).resolve().parents[2] / "scripts" / "release" / "serving" / "media_types.tsv"
_FACETS = {"prs.": 100, "x-": 200, "x.": 300, "vnd.": 400}
_USUAL_FACET = 900
_SOURCES = {"nginx": 10, "apache": 20, "iana": 40}
_USUAL_SOURCE = 30
_KINDS = {"application": 1, "font": 2, "audio": 2, "video": 3}


def main() -> int:
    """Fetch the package with npm and write the table."""
    TARGET.write_text(table(json.loads(_fetched())), encoding="utf-8")
    return 0


def table(database: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the table of mime-db's db.json: a line an extension, sorted, extension and type separated by a tab."""
    best: dict[str, str] = {}
    for name in sorted(database, key=lambda each: _score(each, database[each].get("source", ""))):
        best |= dict.fromkeys(database[name].get("extensions", ()), name)
    lines = [f"{end}\t{name}" for end, name in sorted(best.items())]
    return "\n".join([f"# mime-db {VERSION}, MIT licence: tools/setup/media_types.py", *lines, ""])


def _score(name: str, source: str) -> float:
    kind, _, subtype = name.partition("/")
    facet = next((score for start, score in _FACETS.items() if subtype.startswith(start)), _USUAL_FACET)
    return facet + _SOURCES.get(source, _USUAL_SOURCE) + _KINDS.get(kind, 0) + 1 - len(name) / 100


def _fetched() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", f"mime-db@{VERSION}", "--silent"], cwd=folder, check=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as found:
            member = found.extractfile("package/db.json")
            if member is None:
                raise RuntimeError(f"mime-db {VERSION} has no db.json: read its changelog")
            return member.read()


if __name__ == "__main__":
    sys.exit(main())
