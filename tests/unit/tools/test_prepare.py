"""Warming jsii's package cache: which archives, which folder, and when it is done."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from tools.setup import prepare
from tools.setup.prepare import Assembly, assembly_of, wait_for_manifests

ASSEMBLIES = [Assembly("cdktf", "0.21.0", Path("a.tgz")), Assembly("@cdktf/provider-aws", "21.22.1", Path("b.tgz"))]


def write_manifest(cache: Path, assembly: Assembly) -> Path:
    path = cache / assembly.name / assembly.version / "05e7" / ".jsii.runtime.v1.json"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_waiting_ends_when_the_last_manifest_is_written(tmp_path: Path) -> None:
    written = [write_manifest(tmp_path, ASSEMBLIES[0])]

    def write_the_other(_: float) -> None:
        written.append(write_manifest(tmp_path, ASSEMBLIES[1]))

    assert wait_for_manifests(tmp_path, ASSEMBLIES, sleep=write_the_other) == written


def test_waiting_gives_up_after_a_minute(tmp_path: Path) -> None:
    waited: list[float] = []
    with pytest.raises(TimeoutError, match="no type index"):
        wait_for_manifests(tmp_path, ASSEMBLIES, sleep=waited.append)
    assert sum(waited) == pytest.approx(60)


def test_archive_is_read_without_importing_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "some_bindings" / "_jsii"
    folder.mkdir(parents=True)
    (tmp_path / "some_bindings" / "__init__.py").write_text("raise AssertionError('imported')", encoding="utf-8")
    content = json.dumps({"name": "@scope/some", "version": "1.2.3"}).encode()
    with tarfile.open(folder / "some@1.2.3.jsii.tgz", "w:gz") as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert assembly_of("some_bindings") == ("@scope/some", "1.2.3", folder / "some@1.2.3.jsii.tgz")


@pytest.mark.parametrize("package", prepare.PACKAGES)
def test_installed_packages_hold_one_archive_each(package: str) -> None:
    """What the warming relies on of jsii's packages; fails when an upgrade changes it."""
    assert assembly_of(package).archive.is_file()


def test_cache_that_cannot_be_warmed_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "PACKAGES", ("no_such_package",))
    assert prepare.warm_package_cache() == []
    assert "warning: jsii's package cache could not be warmed" in capsys.readouterr().err
