"""`python -m tools.statements FOLDER [PLACE/KIND ...]`: breaks a deployed site in every way, and checks what is said.

FOLDER is that of `make demo KEEP=1` (build/demo): it holds localcloud's state folder and outputs.json. Without further arguments
every kind of fault is tried on every target, which takes an hour and a half at the demo's speed; what was tried is kept in
FOLDER/statements.json, and not tried again. Exits with 1 when anything that was said is not so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from scripts.errors import OpsError
from tools.statements.page import count, into_page, markdown
from tools.statements.rehearsal import ROOT, Rehearsal, Row

PAGE = ROOT / "docs" / "FAILOVER_TESTING.md"


def main(arguments: Sequence[str]) -> int:
    """Tries the faults named, or all that were not tried yet; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.statements", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of a demo that was left running, such as build/demo")
    parser.add_argument("faults", nargs="*", metavar="PLACE/KIND", help="such as s3:eu-central-1/hang; default: all")
    parser.add_argument("--page", action="store_true", help="write the table into docs/FAILOVER_TESTING.md as well")
    parser.add_argument("--list", action="store_true", help="print the faults, and try none")
    options = parser.parse_args(arguments)
    try:
        return _tried(options)
    except OpsError as error:
        print(f"statements: {error}", file=sys.stderr)
        return error.exit_code


def _tried(options: argparse.Namespace) -> int:
    rehearsal, kept = Rehearsal(options.folder), options.folder / "statements.json"
    faults = list(rehearsal.faults())
    if unknown := set(options.faults) - {fault.name for fault in faults}:
        print(f"statements: no fault {', '.join(sorted(unknown))}; --list prints them", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(fault.name for fault in faults))
        return 0
    rows = _read(kept)
    console = Console(width=200)
    for fault in faults:
        if fault.name in options.faults or (not options.faults and fault.name not in rows):
            rows[fault.name] = row = rehearsal.row(fault)
            kept.write_text(json.dumps([each.to_json() for each in rows.values()], indent=2), encoding="utf-8")
            console.print(f"{fault.name}: {len(row.wrong)} wrong", *row.wrong, sep="\n    ", highlight=False)
    found = [rows[fault.name] for fault in faults if fault.name in rows]
    console.print(markdown(found), highlight=False, markup=False, soft_wrap=True)
    console.print(count(found))
    if options.page:
        into_page(PAGE, found)
    return 1 if not found or any(row.wrong for row in found) else 0


def _read(kept: Path) -> dict[str, Row]:
    if not kept.exists():
        return {}
    rows = [Row(**each) for each in json.loads(kept.read_bytes())]
    return {f"{row.place}/{row.kind}": row for row in rows}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
