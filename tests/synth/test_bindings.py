"""The fast way to load the bindings, and its fallback. `make bench` compares its JSON with the plain import's."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from constructs_lib import bindings

ROOT = Path(__file__).parents[2]


def test_fast_path_is_active() -> None:
    assert bindings.load() is True


def test_node_reads_the_lazy_index(tmp_path: Path) -> None:
    package = tmp_path / "provider-aws" / "lib"
    package.mkdir(parents=True)
    (package / "index.js").write_text("module.exports = 'index';", encoding="utf-8")
    (package / "lazy-index.js").write_text("module.exports = 'lazy';", encoding="utf-8")
    hook = ROOT / "constructs_lib" / "functions" / "lazy_bindings.cjs"
    script = f"console.log(require({str(package / 'index.js')!r}))"
    node = bindings.node_binary({"PATH": ""})
    done = subprocess.run([node, "--require", str(hook), "-e", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "lazy"
    (package / "lazy-index.js").unlink()
    done = subprocess.run([node, "--require", str(hook), "-e", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "index"
    assert "no lib/lazy-index.js" in done.stderr


def test_unexpected_layout_falls_back_with_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, bindings.PACKAGE)
    package = tmp_path / bindings.PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(bindings.PACKAGE, package / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name in ("cdktf", bindings.PACKAGE) else None)
    monkeypatch.setattr(bindings, "node_binary", lambda _environ: "node")
    monkeypatch.setenv("JSII_NODE", "node")  # load() sets it, and later tests would run an old Node from PATH
    with pytest.warns(UserWarning, match="falling back to the plain import"):
        assert bindings.load() is False


def test_bindings_that_are_not_installed_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, bindings.PACKAGE, raising=False)
    monkeypatch.delenv(bindings.VARIABLE, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(bindings.WrongBindingsError, match=r"extra synth.*'\.\[synth\]'"):
        bindings.load()


def test_missing_node_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(bindings.NodeMissingError, match=r"Node\.js was not found"):
        bindings.node_binary({"PATH": ""})


def test_wrong_jsii_node_is_named() -> None:
    with pytest.raises(bindings.NodeMissingError, match="JSII_NODE is '/no/node'"):
        bindings.node_binary({"JSII_NODE": "/no/node", "PATH": ""})


def test_unknown_bindings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, bindings.PACKAGE)
    monkeypatch.setenv(bindings.VARIABLE, "pulumi")
    with pytest.raises(bindings.WrongBindingsError, match="is 'pulumi': it is cdktf, which is the default, or cdktn"):
        bindings.load()


def test_fork_that_is_not_installed_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, bindings.PACKAGE)
    monkeypatch.setenv(bindings.VARIABLE, "cdktn")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(bindings.WrongBindingsError, match=r"cdktn and cdktn_provider_aws cannot.*pip install cdktn=="):
        bindings.load()


FORK = """
import sys
from constructs_lib import bindings
assert bindings.load() is True
from cdktf import App
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
assert (App.__name__, S3Bucket.region) == ("the fork's", "eu-central-1")
import cdktn_provider_aws.s3_bucket as own
assert sys.modules["cdktf_cdktf_provider_aws.s3_bucket"] is own
assert own.__spec__.name == "cdktn_provider_aws.s3_bucket"
"""


def test_fork_s_classes_come_by_cdktf_s_names(tmp_path: Path) -> None:
    """With packages of its own in the fork's place, laid out as its are; `make bindings` compares the real ones."""
    files = {
        "cdktn/__init__.py": 'App = type("the fork\'s", (), {})',
        "cdktn_provider_aws/__init__.py": "from ._jsii import *\nfrom . import s3_bucket\n",
        "cdktn_provider_aws/_jsii/__init__.py": "",
        "cdktn_provider_aws/s3_bucket.py": "from ._jsii import *\nclass S3Bucket:\n    region = 'eu-central-1'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", bindings.VARIABLE: "cdktn"}
    done = subprocess.run([sys.executable, "-c", FORK], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
