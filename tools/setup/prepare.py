"""The part of the set-up that needs the virtual environment: Node, jsii's package cache, the AWS provider.

jsii unpacks each package once per user and then reads a type index beside it, which a background worker of the first program
builds; a short program ends before the worker does, and until the index exists every synth costs 2 s and 900 MB more. So one
kernel is kept alive here until the indexes are written. They are known by their manifest, the last of the three files that
the worker writes (jsii 1.142: `.jsii.runtime.v1.json`).
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from constructs_lib.jsii_folders import package_cache
from scripts.errors import OpsError
from scripts.terraform import provider_source, toolchain

PACKAGES = ("constructs", "cdktf", "cdktf_cdktf_provider_aws")
INDEX_SECONDS = 60.0
POLL_SECONDS = 0.1


class Assembly(NamedTuple):
    """A jsii package as its archive names it."""

    name: str
    version: str
    archive: Path


def main() -> int:
    """Prepare, tell what was found on stderr, print the files that must stay as a JSON list; return the exit code."""
    try:
        tools = [toolchain.terraform(), toolchain.node()]
        source = provider_source.provider()
    except OpsError as error:
        _say(str(error))
        return error.exit_code
    os.environ.update(toolchain.node().environment)
    for tool in tools:
        _say(f"{tool.path.name} {'.'.join(map(str, tool.version))}: {tool.path}")
    _say(str(source))
    print(json.dumps([str(path) for path in warm_package_cache()]))
    return 0


def warm_package_cache() -> list[Path]:
    """Fill jsii's package cache and return the index manifests; none, with a warning, when that did not work out.

    A cold cache only makes synthesis slower, so nothing here stops the set-up.
    """
    from jsii._runtime import kernel  # private, and the only way to load an archive without importing its 2,200 modules

    try:
        assemblies = [assembly_of(package) for package in PACKAGES]
        for assembly in assemblies:
            kernel.load(assembly.name, assembly.version, str(assembly.archive))
        manifests = wait_for_manifests(package_cache(os.environ), assemblies)
    except Exception as error:  # noqa: BLE001 - jsii raises its own, RuntimeError and OSError; all mean "stays cold"
        _say(f"warning: jsii's package cache could not be warmed, synthesis stays slower: {error}")
        return []
    _say(f"jsii package cache: {package_cache(os.environ)}")
    return manifests


def assembly_of(package: str) -> Assembly:
    """Return the jsii archive inside a Python package, without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"Python package {package} is not installed")
    (archive,) = (Path(spec.submodule_search_locations[0]) / "_jsii").glob("*.jsii.tgz")
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.name == "package/package.json" and (file := opened.extractfile(member)):
                described = json.load(file)
                return Assembly(described["name"], described["version"], archive)
    raise FileNotFoundError(f"{archive} holds no package/package.json")


def wait_for_manifests(
    cache: Path, assemblies: Sequence[Assembly], *, sleep: Callable[[float], None] = time.sleep
) -> list[Path]:
    """Return one manifest per assembly once jsii's workers have written them all.

    Raises:
        TimeoutError: they were not there after 60 s.
    """
    for _ in range(int(INDEX_SECONDS / POLL_SECONDS)):
        found = [sorted((cache / item.name / item.version).glob("*/.jsii.runtime.v*.json")) for item in assemblies]
        if all(found):
            return [path for paths in found for path in paths]
        sleep(POLL_SECONDS)
    raise TimeoutError(f"no type index in {cache} after {INDEX_SECONDS:.0f} s")


def _say(message: str) -> None:
    print(f"set-up: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
