"""The wheel's build hook: two files of the checkout's root, which Hatchling's `sources` cannot move as it moves folders.

An editable installation gets neither, for it reads the checkout itself.
https://hatch.pypa.io/latest/plugins/build-hook/custom/
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ("main.py", ".terraform.lock.hcl")


class RootFiles(BuildHookInterface[Any]):
    """Puts them beside the folders, below the one name that the wheel takes in site-packages."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the files to a wheel that is no editable one."""
        if version == "standard":
            build_data["force_include"].update({name: f"failover_website/{name}" for name in FILES})
