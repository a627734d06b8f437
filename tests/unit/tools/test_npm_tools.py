"""Installing the npm tools and starting cdktf-cli, with a shell script in npm's place."""

from pathlib import Path

import pytest

from scripts.errors import EnvironmentFailureError
from scripts.terraform import toolchain
from scripts.terraform.toolchain import Tool
from tests.worlds import fake_machine
from tools.setup import cdktf_cli
from tools.setup.npm_install import install


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the lock file, an npm that notes its arguments and a Node 24."""
    folder = tmp_path / "cdktf-cli"
    folder.mkdir()
    (folder / "package.json").write_text("{}", encoding="utf-8")
    (folder / "package-lock.json").write_text("{}", encoding="utf-8")
    npm = fake_machine.program(tmp_path / "npm", "")
    npm.write_text("#!/bin/sh\necho $* >>calls\nmkdir -p node_modules\ncat exit-code 2>/dev/null && exit 1\nexit 0\n")
    node = Tool(path=tmp_path / "node", version=(24, 19, 0), environment={"JSII_NODE": "x"})
    monkeypatch.setattr(toolchain, "node", lambda: node)
    monkeypatch.setattr(toolchain, "npm_command", lambda *_: (str(npm),))
    return folder


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text(encoding="utf-8").splitlines())


def test_installation_is_clean_and_done_once(folder: Path) -> None:
    install(folder)
    install(folder)
    assert (folder / "calls").read_text(encoding="utf-8") == "ci --no-audit --no-fund --loglevel=error\n"


def test_changed_lock_file_installs_again(folder: Path) -> None:
    install(folder)
    (folder / "package-lock.json").write_text('{"x": 1}', encoding="utf-8")
    install(folder)
    assert calls(folder) == 2


def test_other_major_of_node_installs_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(folder)
    monkeypatch.setattr(toolchain, "node", lambda: Tool(path=Path("/node"), version=(26, 0, 0)))
    install(folder)
    assert calls(folder) == 2


@pytest.mark.parametrize(("variable", "cache"), [("HOME", "file/.npm"), ("NPM_CONFIG_CACHE", "file/cache")])
def test_cache_that_cannot_be_made_is_named_and_npm_not_started(
    folder: Path, variable: str, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "file" if variable == "HOME" else tmp_path / cache))
    with pytest.raises(
        EnvironmentFailureError, match=f"^{tmp_path}/{cache}: Not a directory; npm keeps .* set HOME or npm_"
    ):
        install(folder)
    assert not (folder / "calls").exists()


def test_failed_installation_is_told_and_tried_again(folder: Path) -> None:
    (folder / "exit-code").touch()
    with pytest.raises(EnvironmentFailureError, match=r"`npm ci` in .* failed \(exit code 1\).*C\+\+ compiler"):
        install(folder)
    (folder / "exit-code").unlink()
    install(folder)
    assert calls(folder) == 2


def test_command_starts_the_script_with_the_projects_node(folder: Path) -> None:
    script = fake_machine.program(folder / "node_modules" / ".bin" / "cdktf", "")
    assert cdktf_cli.command(folder) == [str(folder.parent / "node"), str(script)]


def test_command_before_installation_tells_what_to_do(folder: Path) -> None:
    with pytest.raises(EnvironmentFailureError, match="Run `make npm-tools`"):
        cdktf_cli.command(folder)
