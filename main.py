"""Turns one site file into Terraform JSON: `python main.py [SITE_FILE]`, or run by `cdktf synth` and `cdktf deploy`.

The site file is the argument, else the environment variable SITE_FILE unless that is empty, else config/demo.toml. What is
written is linted at once: this program alone knows both the constructs and the linter, which know nothing of each other.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib import bindings, jsii_folders
from constructs_lib.errors import ConfigError, Problem
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.opt_in import opt_in_words
from constructs_lib.site_file.schema import json_schema
from scripts.errors import OpsError

if TYPE_CHECKING:
    from constructs_lib.site_file.models import SiteFile
    from constructs_lib.website import Beside
    from scripts.onboarding.known_site import KnownSite

DEFAULT_SITE_FILE = Path(__file__).parent / "config" / "demo.toml"


def main(arguments: list[str], *, beside: "Beside | None" = None) -> int:
    """Returns the exit code: 0 done, 1 the stacks hold a trap, 2 a wrong site file, 3 no Node.js or no usable folder.

    `beside` adds a team's own stacks, for a program of theirs: docs/CONSTRUCTS.md.
    """
    parser = argparse.ArgumentParser(prog="main.py", description=__doc__)
    parser.add_argument(
        "site_file", nargs="?", type=_path, default=Path(os.environ.get("SITE_FILE") or DEFAULT_SITE_FILE),
        help="TOML file of the site (default: $SITE_FILE, else config/demo.toml)",
    )  # fmt: skip
    parser.add_argument("--output", type=_path, help="output folder (default: $CDKTF_OUTDIR, else cdktf.out)")
    parser.add_argument("--schema", action="store_true", help="print the site file's JSON Schema, and write nothing")
    options = parser.parse_args(arguments)
    if options.schema:
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return 0
    try:
        site = load_site_file(options.site_file)
        _refuse_what_is_deployed_otherwise(site, options.site_file, options.output)
        bindings.load()
        from constructs_lib.website import synthesize  # the bindings must be prepared before the first import of cdktf

        outdir = synthesize(site, outdir=options.output, beside=beside)
    except (
        ConfigError,
        bindings.NodeMissingError,
        bindings.WrongBindingsError,
        jsii_folders.UnusableFolderError,
    ) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 3
    except OSError as error:
        print(
            f"{error.filename or 'the output folder'}: {error.strerror}; mend what is there, or give another --output",
            file=sys.stderr,
        )
        return 3
    from scripts.lint import gate  # only once there is something to lint
    from scripts.terraform.provider_lock import lock_stacks

    try:
        unlocked = lock_stacks(gate.stack_folders(outdir))
    except OpsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if unlocked and "CDKTF_OUTDIR" not in os.environ:
        print(unlocked, file=sys.stderr)
    if "CDKTF_OUTDIR" not in os.environ:  # cdktf says it itself, and shows our stderr as an error
        for word in opt_in_words(site):
            print(word, file=sys.stderr)
        print(f"{options.site_file}: Terraform JSON in {outdir}/stacks", file=sys.stderr)
    return 0 if gate.passes(outdir) else 1


def _refuse_what_is_deployed_otherwise(site: "SiteFile", path: Path, output: Path | None) -> None:
    """Refuses what the deployed site cannot become, as far as this machine knows of one: another name, another certificate.

    With --output the stacks are for a look, in another folder, so the saved outputs are not asked.

    Raises:
        ConfigError: names the site that is there, where that is known from, and what to do.
    """
    from constructs_lib.site_file.models import StateBackend
    from scripts.onboarding.known_site import known_sites

    found = known_sites(
        hostname=site.site.hostname,
        has_local_states=site.state.backend is StateBackend.LOCAL,
        outdir=output or Path(os.environ.get("CDKTF_OUTDIR") or "cdktf.out"),
        outputs=None if output is not None else Path(os.environ.get("FAILOVER_OUTPUTS") or "build/outputs.json"),
    )
    for known in found:
        if known.prefix != site.prefix:
            raise ConfigError(str(path), [_renamed(site, known)])
        if (deployed := known.certificate) and deployed != site.site.certificate:
            problem = Problem(
                key="site.certificate",
                value=f'"{site.site.certificate}"',
                allowed=f'"{deployed}", which the deployed site has (known from {known.found_in})',
                remedy=f'write certificate = "{deployed}" back in [site]: the other value makes another certificate, and '
                "AWS deletes none that CloudFront uses, so Terraform would stop halfway (docs/ROUTING.md, One region first)",
            )
            raise ConfigError(str(path), [problem])


def _renamed(site: "SiteFile", known: "KnownSite") -> Problem:
    is_same_project = known.prefix.startswith(f"{site.site.project}-")
    where = "its states lie beside the output folder" if known.holds_states else "the public name is its"
    otherwise = (
        "For a site beside it, give another --output; if it is gone, delete its terraform.*.tfstate"
        if known.holds_states
        else f"If it is gone, delete {known.found_in}"
    )
    return Problem(
        key="site.environment" if is_same_project else "site.project",
        value=f'"{site.site.environment if is_same_project else site.site.project}", which makes a site {site.prefix}',
        allowed=f"the names of the site that is deployed, {known.prefix}: {where} (known from {known.found_in})",
        remedy="write its project and environment back: they name every bucket and state, and AWS renames none. To have another "
        f"name, first take that site down under its own (docs/TEARDOWN.md). {otherwise}",
    )


def _path(value: str) -> Path:
    """An empty argument is a variable that was not set, and would be taken for this folder."""
    if not value:
        raise argparse.ArgumentTypeError("is empty: name a path, or leave it out")
    return Path(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
