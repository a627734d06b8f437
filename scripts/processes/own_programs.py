"""Our other programs, each a process of its own: how Python finds them in a checkout and in an installed package alike."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.errors import EnvironmentFailureError

ROOT = Path(__file__).parents[2]
"""The folder of our packages: the checkout, or `failover_website` in site-packages (docs/adr/0031)."""

LOCALCLOUD = (sys.executable, "-m", "localcloud")
"""The emulator's command line; it needs `environment()`."""

_LOCALCLOUD_NEEDS = "moto"


def environment(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Returns these variables with our folder first on Python's path.

    Not by the working folder, which belongs to whoever gave relative paths.
    """
    path = given.get("PYTHONPATH")
    return {**given, "PYTHONPATH": os.pathsep.join([str(ROOT), *([path] if path else [])])}


def require_localcloud() -> None:
    """Looks whether the emulator's own packages are here.

    Raises:
        EnvironmentFailureError: they are not; says which extra brings them.
    """
    if importlib.util.find_spec(_LOCALCLOUD_NEEDS) is None:
        raise EnvironmentFailureError(
            f"localcloud needs {_LOCALCLOUD_NEEDS}, which is not installed: {how_to_install('localcloud')}"
        )


def how_to_install(name: str) -> str:
    """Returns how an optional part is installed, for the end of a message."""
    return f"it comes with the extra {name}, in the checkout: pipx install --force '.[{name}]'"
