"""Synthesizes site files and lints what comes out: `make lint`, all of config/ by default.

Exit code: 0 clean, 1 a stack holds a trap, 2 a site file is wrong, 3 no Node.js or no usable folder.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from constructs_lib import bindings, jsii_folders
from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from scripts.lint import gate

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Lints the site files given, or every example, in one process: the bindings are loaded once."""
    try:
        bindings.load()
    except (bindings.NodeMissingError, bindings.WrongBindingsError, jsii_folders.UnusableFolderError) as error:
        print(error, file=sys.stderr)
        return 3
    from constructs_lib.website import synthesize  # the bindings must be prepared before the first import of cdktf

    exit_code = 0
    for path in [Path(name) for name in arguments] or sorted((ROOT / "config").glob("*.toml")):
        try:
            with tempfile.TemporaryDirectory() as folder:
                passes = gate.passes(synthesize(load_site_file(path), outdir=Path(folder)))
        except ConfigError as error:
            print(error, file=sys.stderr)
            return 2
        print(f"{path.name}: {'clean' if passes else 'a trap, see above'}", file=sys.stderr)
        exit_code = max(exit_code, 0 if passes else 1)
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
