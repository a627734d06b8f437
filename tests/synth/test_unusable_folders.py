"""A home or temporary folder that cannot be used: one sentence with its path, and the same exit code from every program."""

import errno
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from constructs_lib import jsii_folders

ROOT = Path(__file__).parents[2]
DEMO = str(ROOT / "config" / "demo.toml")
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "main.py": ("main.py", DEMO),
    "failover": ("-c", "from scripts.cli import main; main()", "cost", "--site-file", DEMO),
    "make lint": ("-m", "tools.examples.lint_examples", DEMO),
}


CDKTF = ("-m", "tools.setup.cdktf_cli", "synth")


def ran(program: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *PROGRAMS.get(program, CDKTF)],
        cwd=ROOT,
        env={**os.environ, "CDKTF_OUTDIR": str(folder / "out"), **environment},
        capture_output=True,
        text=True,
        timeout=120,  # below /proc jsii's own mkdir never ends
        check=False,
    )


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("HOME", "file", "file/.cache/aws/jsii/package-cache: Not a directory; jsii keeps its packages there"),
        ("TMPDIR", "file", "file: Not a directory; jsii keeps its program there"),
        ("TMPDIR", "nowhere", "nowhere: No such file or directory; jsii keeps its program there"),
    ],
)
def test_folder_is_named_in_one_sentence_with_the_way_out(
    program: str, variable: str, value: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = ran(program, tmp_path, **{variable: str(tmp_path / value)})
    assert done.returncode == 3, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line and not line.startswith("failover: the synthesis")]
    assert line.startswith(f"{tmp_path}/{told}")
    assert f"or set {variable}" in line


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("HOME", "file/.terraform.d/plugin-cache: Not a directory; cdktf keeps Terraform's providers there: "),
        ("TF_PLUGIN_CACHE_DIR", "file: File exists; cdktf keeps Terraform's providers there: "),
        ("TMPDIR", "file: Not a directory; jsii keeps its program there: "),
        ("JSII_RUNTIME_PACKAGE_CACHE_ROOT", "file: File exists; jsii keeps its packages there: "),
    ],
)
def test_make_cdktf_names_the_folder_in_one_sentence_and_starts_nothing(
    variable: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = ran("make cdktf", tmp_path, **{variable: str(tmp_path / "file")})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1), done.stderr
    assert done.stderr.startswith(f"cdktf-cli: {tmp_path}/{told}")
    assert f"set {variable}" in done.stderr or f"or {variable}" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_home_below_proc_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    done = ran("main.py", tmp_path, HOME="/proc/nowhere")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert done.stderr.startswith("/proc/nowhere/.cache/aws/jsii/package-cache: No such file or directory; ")


def test_cache_that_jsii_refuses_is_told_in_jsiis_words_without_its_traceback(tmp_path: Path) -> None:
    """It takes no cache that others can write to, which is no matter of trying to write."""
    cache = tmp_path / "home" / ".cache" / "aws" / "jsii" / "package-cache"
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    done = ran("main.py", tmp_path, HOME=str(tmp_path / "home"))
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert done.stderr.startswith(f"{cache}: ")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"JSII_RUNTIME_PACKAGE_CACHE_ROOT": "/cache", "HOME": "/home/x"}, "/cache"),
        ({"HOME": "/home/x"}, "/home/x/.cache/aws/jsii/package-cache"),
        ({"HOME": "", "TMPDIR": "/t"}, f"/t/aws-jsii-package-cache-{os.getuid()}"),
        ({"HOME": "relative"}, f"/tmp/aws-jsii-package-cache-{os.getuid()}"),
    ],
)
def test_cache_folder_is_jsiis(environ: dict[str, str], folder: str) -> None:
    if sys.platform == "darwin":
        folder = folder.replace(".cache/aws/jsii", "Library/Caches/com.amazonaws.jsii")
    assert jsii_folders.package_cache(environ) == Path(folder)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [({"TMPDIR": "/a", "TMP": "/b"}, "/a"), ({"TMPDIR": "", "TMP": "/b"}, "/b"), ({"TEMP": "/c"}, "/c"), ({}, "/tmp")],
)
def test_temporary_folder_is_nodes(environ: dict[str, str], folder: str) -> None:
    assert jsii_folders.temporary_folder(environ) == Path(folder)


def test_disabled_cache_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ = {"HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    jsii_folders.check({**environ, "JSII_RUNTIME_PACKAGE_CACHE": "disabled"})
    with pytest.raises(jsii_folders.UnusableFolderError, match="Not a directory"):
        jsii_folders.check(environ)


def test_full_temporary_folder_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: open("/dev/full", "wb", buffering=0))  # noqa: PTH123, SIM115
    with pytest.raises(jsii_folders.UnusableFolderError, match=f"{tmp_path}: No space left on device; jsii keeps"):
        jsii_folders.check({"HOME": str(tmp_path), "TMPDIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("text", "number", "filename"),
    [
        ("Error: EACCES: permission denied, mkdir '/out/stacks'\n  at x", errno.EACCES, "/out/stacks"),
        ("ENOSPC: no space left on device, symlink '/cache/a' -> '/tmp/k/a'", errno.ENOSPC, "/tmp/k/a"),
        ("Error: ENOSPC: no space left on device, write\n  at y", errno.ENOSPC, "/given"),
    ],
)
def test_error_of_node_becomes_python_s_own_with_a_path(text: str, number: int, filename: str) -> None:
    with pytest.raises(OSError) as caught, jsii_folders.in_words(Path("/given")):
        raise RuntimeError(text)
    assert (caught.value.errno, caught.value.filename) == (number, filename)


@pytest.mark.parametrize("text", ["Error: ENOTHING: no such error, mkdir '/x'", "anything else"])
def test_error_that_is_none_of_a_file_stays_as_it_is(text: str) -> None:
    def fail() -> None:
        with jsii_folders.in_words(Path("/given")):
            raise RuntimeError(text)

    with pytest.raises(RuntimeError, match=text):
        fail()
