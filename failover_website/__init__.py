"""The one name that this project has in site-packages, and the `failover` command's start.

A wheel holds the folders `scripts`, `localcloud`, `constructs_lib` and `aws_facts` below this package, as no program has a
right to names like these for the whole environment; in a checkout they lie beside it. Their modules import each other by
their short names either way, so the folder that holds them must be on the path: last for a program that imports this package
to use the constructs, so that its own `scripts` stays its own, and first for `failover`, whose names they are
(docs/adr/0031-one-name-in-site-packages.md).
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
ROOT = _HERE if (_HERE / "scripts").is_dir() else _HERE.parent
"""The folder that holds our packages: this one in a wheel, the checkout otherwise."""

if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))


def main() -> None:
    """Runs the `failover` command."""
    sys.path.insert(0, str(ROOT))
    from scripts.cli import main as run  # only now is the name ours

    run()
