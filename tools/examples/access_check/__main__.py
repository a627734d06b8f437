"""Records the AWS calls of the roles' work on localcloud and holds them against the roles' policies: `make access`.

Of each site file: an administrator applies the stacks access and audit, the deploy role the others; then come a plan, publishing,
drills, a takedown, an update in place and the destroy, each by its role. The rights of every call are looked for in the policies
that the provider sent to IAM, and of the functions' roles in their boundary as well.

Exit codes: 0 everything is allowed, 1 something is denied, 3 something is missing on this machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile
from constructs_lib.state_backend import state_prefix
from scripts.errors import OpsError
from scripts.local.process import sole_user
from tools.examples.access_check.calls import read_calls
from tools.examples.access_check.needs_file import NEEDS_FILE, Site, lines
from tools.examples.access_check.resources import ACCOUNT
from tools.examples.access_check.roles import Deployment, Judgement
from tools.examples.access_check.work import record

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "access"
EXAMPLES = ("hardened", "protected", "extensions", "geoproximity", "prod")
"""Their stacks hold all that the other examples' stacks hold."""


def main(arguments: Sequence[str]) -> int:
    """Records and judges; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make access", description=__doc__)
    parser.add_argument(
        "site_files", nargs="*", type=Path, help=f"default: {', '.join(EXAMPLES)}.example.toml of config/"
    )
    parser.add_argument("--calls", action="store_true", help="judge the logs of earlier runs, apply nothing")
    parser.add_argument("--save", action="store_true", help=f"write {NEEDS_FILE.relative_to(ROOT)}, after a run of all")
    options = parser.parse_args(arguments)
    if options.save and options.site_files:
        parser.error("--save writes what all of the examples need: name no FILE with it")
    site_files = options.site_files or [ROOT / "config" / f"{name}.example.toml" for name in EXAMPLES]
    try:
        with sole_user(BUILD, "make access"):
            return _checked(site_files, records=not options.calls, saves=options.save)
    except OpsError as error:
        print(f"access: {error}", file=sys.stderr)
        return error.exit_code


def _checked(site_files: Sequence[Path], *, records: bool, saves: bool) -> int:
    table = Table("Site file", "Role", "Rights needed", "Denied")
    found: set[str] = set()
    is_denied = False
    for site_file in site_files:
        folder = BUILD / site_file.stem
        log = record(site_file, folder) if records else folder / "localcloud" / "calls.jsonl"
        calls = list(read_calls(log))
        judgements = Deployment(calls).judged(calls)
        found |= lines(judgements, _site(load_site_file(site_file)))
        _add_rows(table, site_file.name, judgements)
        is_denied = is_denied or any(_denial(each) for each in judgements)
    Console().print(table)
    if saves:
        NEEDS_FILE.write_text("".join(f"{line}\n" for line in sorted(found)), encoding="utf-8")
    return int(is_denied)


def _site(site: SiteFile) -> Site:
    return Site(
        prefix=site.prefix,
        project=site.site.project,
        account_id=ACCOUNT,
        regions=[region.name for region in site.region],
        state_region=str(site.state.region),
        state_bucket=str(site.state.bucket),
        state_prefix=state_prefix(site),
    )


def _add_rows(table: Table, name: str, judgements: Sequence[Judgement]) -> None:
    for role in sorted({each.role for each in judgements}):
        own = [each for each in judgements if each.role == role]
        table.add_row(name, role, str(len(own)), "\n".join(filter(None, map(_denial, own))) or "none")


def _denial(judgement: Judgement) -> str:
    if judgement.is_allowed and judgement.boundary_allows:
        return ""
    need, by = judgement.need, "its policies" if not judgement.is_allowed else "the boundary"
    context = " ".join(f"{key}={value}" for key, value in need.context.items())
    return f"{need.action} on {need.resource} ({context}) by {by}, for {judgement.operation}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
