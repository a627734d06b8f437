"""`python -m tools.statements [PLACE/KIND ...]`: breaks a deployed site in every way, and checks what is said.

The demo's site is deployed to a localcloud, or restored from the demo's snapshot; copies of it take a fault each. All faults take
about an hour on two cores. The table is printed at the end, and all of it kept in build/statements/rows.json.

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
from tools.statements.faults import Fault, all_faults
from tools.statements.page import count, into_page, markdown
from tools.statements.rehearsal import ROOT, Rehearsal, Row
from tools.statements.rehearsals import rehearsals, rows

PAGE = ROOT / "docs" / "FAILOVER_TESTING.md"
SITE_FILE = ROOT / "config" / "demo.toml"
FOLDER = ROOT / "build" / "statements"
SPEED = 5.0
"""Of localcloud's clock: a health checker has 0.4 s for the first byte of an answer."""
COPIES = 6


def main(arguments: Sequence[str]) -> int:
    """Tries the faults named, or all of them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make statements", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="PLACE/KIND", help="such as s3:eu-central-1/hang; default: all")
    parser.add_argument("--page", action="store_true", help="write the table into docs/FAILOVER_TESTING.md as well")
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
    site = options.folder / "site"
    with (
        Demo(site_file=SITE_FILE, folder=site, speed=options.speed, any_port=True).site(),
        rehearsals(
            site / "localcloud", site / "outputs.json", options.folder, min(options.copies, len(names))
        ) as copies,
    ):
        faults = {fault.name: fault for fault in copies[0].faults()}
        try:
            found = asyncio.run(_shown(copies, [faults[name] for name in names]))
        except ExceptionGroup as group:  # of the copies, which one failure ends
            raise next((each for each in group.exceptions if isinstance(each, OpsError)), group) from group
    (options.folder / "rows.json").write_text(
        json.dumps([each.to_json() for each in found], indent=2), encoding="utf-8"
    )
    print(markdown(found))
    print(f"\n{count(found)}.")
    if options.page:
        into_page(PAGE, found)
    return exit_code(found)


async def _shown(copies: Sequence[Rehearsal], wanted: Sequence[Fault]) -> list[Row]:
    """Returns the rows in the order of the faults, and tells of each when it is known."""
    console, clock, found = Console(stderr=True), AwsClock(speed=1), dict[str, Row]()
    began_seconds = clock.now_seconds()
    async with aclosing(rows(copies, wanted)) as coming:
        async for row in coming:
            found[row.name] = row
            console.print(
                f"{len(found)} of {len(wanted)}, {(clock.now_seconds() - began_seconds) / 60:.0f} min: {row.name}: "
                f"{row.verdict} wrong",
                *([row.inconclusive] if row.inconclusive else []),
                *row.wrong,
                sep="\n    ",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    return [found[fault.name] for fault in wanted]


def exit_code(found: Sequence[Row]) -> int:
    """Returns 1 for what is wrong, 3 for what nobody knows."""
    if any(row.wrong and not row.inconclusive for row in found):
        return 1
    return 3 if any(row.inconclusive for row in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
