"""The function's archive: the same bytes everywhere, without a shell and without Node."""

import subprocess
import sys
import zipfile
from pathlib import Path

from constructs_lib.endpoint.archive import zipped
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.website import synthesize

ROOT = Path(__file__).parents[2]


def test_archive_holds_the_handler_and_no_time_of_this_checkout() -> None:
    with zipfile.ZipFile(zipped(ROOT / "constructs_lib" / "functions" / "regional_endpoint")) as archive:
        (entry,) = archive.infolist()
    assert entry.filename == "handler.py"
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)
    assert entry.compress_type == zipfile.ZIP_STORED


def test_archive_of_several_modules_holds_all_that_its_handler_imports() -> None:
    archive = zipped(ROOT / "constructs_lib" / "functions" / "alert_formatter")
    alone = f"import sys; sys.path.insert(0, {str(archive)!r}); import handler; print(handler.handler.__name__)"
    done = subprocess.run([sys.executable, "-I", "-c", alone], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handler\n"), done.stderr


def test_archive_leaves_out_what_python_compiled(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "handler.pyc").write_bytes(b"x")
    (tmp_path / "handler.py").write_text("", encoding="utf-8")
    with zipfile.ZipFile(zipped(tmp_path)) as archive:
        assert archive.namelist() == ["handler.py"]


def test_output_folder_may_have_a_space(tmp_path: Path) -> None:
    outdir = synthesize(load_site_file(ROOT / "config" / "demo.toml"), outdir=tmp_path / "a b")
    assert len(list(outdir.rglob("regional_endpoint.zip"))) == 2
