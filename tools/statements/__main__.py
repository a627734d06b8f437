"""`python -m tools.statements [PLACE/KIND ...]`: breaks a deployed site in every way, and checks what is said.

The demo's site is deployed to a localcloud, or restored from the demo's snapshot; copies of it take a fault each. All faults take
about an hour on two cores. The table is printed at the end; what was found so far is kept in build/statements/rows.json.

Exit codes: 0 nothing that was said is wrong, 1 something is, 2 no such fault, 3 something is missing, or this machine was too
busy to tell.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from rich.console import Console

from constructs_lib.site_file.loader import load_site_file
from scripts.clock import AwsClock
from scripts.demo import Demo
from scripts.errors import OpsError
from scripts.files import write_atomically
from tools.statements.faults import Fault, all_faults
from tools.statements.page import count, into_page, markdown
from tools.statements.rehearsal import ROOT, Rehearsal, Row
from tools.statements.rehearsals import rehearsals, rows

PAGE = ROOT / "docs" / "FAILOVER_TESTING.md"
SITE_FILE = ROOT / "config" / "demo.toml"
FOLDER = ROOT / "build" / "statements"
SPEED = 3.0
"""Of localcloud's clock: a health checker has 0.7 s for the first byte of an answer."""
COPIES = 12
"""Each takes a twentieth of a core and 400 MB."""


def main(arguments: Sequence[str]) -> int:
    """Tries the faults named, or all of them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make statements", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="PLACE/KIND", help="such as s3:eu-central-1/hang; default: all")
    parser.add_argument("--page", action="store_true", help="write the table into docs/FAILOVER_TESTING.md as well")
    parser.add_argument(
        "--resume", action="store_true", help="keep what the last run found, and try what it did not come to"
    )
    parser.add_argument("--list", action="store_true", help="print the faults, and try none")
    parser.add_argument("--speed", type=float, default=SPEED, help=f"of localcloud's clock; default: {SPEED:g}")
    parser.add_argument("--copies", type=int, default=COPIES, help=f"localclouds at a time; default: {COPIES}")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where everything is made; default: build/statements"
    )
    options = parser.parse_args(arguments)
    if options.page and options.faults:
        parser.error("--page writes the table of all faults: name none with it")
    if options.copies < 1:
        parser.error(f"--copies {options.copies}: at least 1")
    try:
        return _tried(options)
    except OpsError as error:
        print(f"statements: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("statements: interrupted; no localcloud runs any more", file=sys.stderr)
        return 130


def _tried(options: argparse.Namespace) -> int:
    known = [
        f"{place}/{kind}" for place, kind in all_faults([region.name for region in load_site_file(SITE_FILE).region])
    ]
    if unknown := set(options.faults) - set(known):
        print(f"statements: no fault {', '.join(sorted(unknown))}; --list prints them", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(known))
        return 0
    names = options.faults or known
    kept, site = options.folder / "rows.json", options.folder / "site"
    found = {name: row for name, row in read_rows(kept).items() if name in names} if options.resume else {}
    if left := [name for name in names if name not in found]:
        with (
            Demo(site_file=SITE_FILE, folder=site, speed=options.speed, any_port=True).site(),
            rehearsals(
                site / "localcloud", site / "outputs.json", options.folder, min(options.copies, len(left))
            ) as copies,
        ):
            faults = {fault.name: fault for fault in copies[0].faults()}
            try:
                asyncio.run(_try(copies, [faults[name] for name in left], found, kept))
            except ExceptionGroup as group:  # of the copies, which one failure ends
                raise next((each for each in group.exceptions if isinstance(each, OpsError)), group) from group
    in_order = [found[name] for name in names]
    print(markdown(in_order))
    print(f"\n{count(in_order)}.")
    if options.page:
        into_page(PAGE, in_order)
    return exit_code(in_order)


def read_rows(kept: Path) -> dict[str, Row]:
    """Returns what an earlier run found, without what stayed inconclusive."""
    if not kept.exists():
        return {}
    found = [Row(**each) for each in json.loads(kept.read_bytes())]
    return {row.name: row for row in found if not row.inconclusive}


async def _try(copies: Sequence[Rehearsal], wanted: Sequence[Fault], found: dict[str, Row], kept: Path) -> None:
    """Adds the row of each fault to what was found and to the file, and tells of it."""
    console, clock, before = Console(stderr=True), AwsClock(speed=1), len(found)
    began_seconds = clock.now_seconds()
    async with aclosing(rows(copies, wanted)) as coming:
        async for row in coming:
            found[row.name] = row
            write_atomically(kept, json.dumps([each.to_json() for each in found.values()], indent=2))
            console.print(
                f"{len(found)} of {before + len(wanted)}, {(clock.now_seconds() - began_seconds) / 60:.0f} min: {row.name}: "
                f"{row.verdict} wrong",
                *([row.inconclusive] if row.inconclusive else []),
                *row.wrong,
                sep="\n    ",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )


def exit_code(found: Sequence[Row]) -> int:
    """Returns 1 for what is wrong, 3 for what nobody knows."""
    if any(row.wrong and not row.inconclusive for row in found):
        return 1
    return 3 if any(row.inconclusive for row in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
