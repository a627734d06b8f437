"""The set-up: what makes it run again, what it refuses, and that two at once or a cut short one do no harm."""

import json
import sys
import threading
from pathlib import Path

import pytest

from scripts.terraform.toolchain import ToolMissingError
from tools.setup import bootstrap
from tools.setup.bootstrap import Layout, SetupError, is_ready, read_stamp, set_up, write_stamp


class Steps:
    """The slow steps replaced by notes of having been called.

    Attributes:
        taken: names of the steps in the order of their calls.
        fail_at: the step that is to fail.
    """

    def __init__(self, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[str] = []
        self.fail_at = ""
        self.cache = layout.root / "cache-manifest"
        self._layout = layout
        monkeypatch.setattr(bootstrap, "require_terraform", lambda _: self._take("terraform"))
        monkeypatch.setattr(bootstrap, "make_environment", self._make)
        monkeypatch.setattr(bootstrap, "install_project", lambda _: self._take("project"))
        monkeypatch.setattr(bootstrap, "prepare", self._prepare)

    def _take(self, step: str) -> None:
        self.taken.append(step)
        if step == self.fail_at:
            raise SetupError(step)

    def _make(self, layout: Layout) -> None:
        layout.python.parent.mkdir(parents=True, exist_ok=True)
        layout.python.touch()
        self._take("environment")

    def _prepare(self, _: Layout) -> list[str]:
        self._take("prepare")
        self.cache.touch()
        return [str(self.cache)]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.lock_file.write_text("a==1\n", encoding="utf-8")
    layout.project_file.write_text("[project]\n", encoding="utf-8")
    return layout


@pytest.fixture
def steps(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(layout, monkeypatch)


def test_first_run_takes_every_step(layout: Layout, steps: Steps) -> None:
    set_up(layout)
    assert steps.taken == ["terraform", "environment", "prepare"]
    assert is_ready(read_stamp(layout), layout)


def test_second_run_takes_none(layout: Layout, steps: Steps) -> None:
    set_up(layout)
    steps.taken.clear()
    set_up(layout)
    assert steps.taken == []


def test_changed_lock_file_makes_the_environment_anew(layout: Layout, steps: Steps) -> None:
    set_up(layout)
    steps.taken.clear()
    layout.lock_file.write_text("a==2\n", encoding="utf-8")
    set_up(layout)
    assert steps.taken == ["terraform", "environment", "prepare"]


def test_changed_python_makes_the_environment_anew(
    layout: Layout, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(layout)
    steps.taken.clear()
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    set_up(layout)
    assert "environment" in steps.taken


@pytest.mark.usefixtures("steps")
def test_moved_folder_makes_the_environment_anew(layout: Layout, tmp_path: Path) -> None:
    set_up(layout)
    moved = Layout(tmp_path / "elsewhere")
    moved.root.mkdir()
    for source, target in ((layout.lock_file, moved.lock_file), (layout.project_file, moved.project_file)):
        target.write_bytes(source.read_bytes())
    moved.venv.mkdir()
    moved.stamp.write_bytes(layout.stamp.read_bytes())
    assert not is_ready(read_stamp(moved), moved)


def test_changed_pyproject_installs_only_the_project(layout: Layout, steps: Steps) -> None:
    set_up(layout)
    steps.taken.clear()
    layout.project_file.write_text("[project]\nname = 'x'\n", encoding="utf-8")
    set_up(layout)
    assert steps.taken == ["terraform", "project", "prepare"]


def test_lost_cache_is_only_prepared_again(layout: Layout, steps: Steps) -> None:
    set_up(layout)
    steps.taken.clear()
    steps.cache.unlink()
    set_up(layout)
    assert steps.taken == ["terraform", "prepare"]


@pytest.mark.parametrize("failing", ["terraform", "environment", "prepare"])
def test_cut_short_set_up_is_done_again_from_the_start(layout: Layout, steps: Steps, failing: str) -> None:
    steps.fail_at = failing
    with pytest.raises(SetupError):
        set_up(layout)
    steps.taken.clear()
    steps.fail_at = ""
    set_up(layout)
    assert steps.taken == ["terraform", "environment", "prepare"]


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("content", ["", "{", "[]", '{"environment": 1}'])
def test_damaged_stamp_counts_as_none(layout: Layout, content: str) -> None:
    set_up(layout)
    layout.stamp.write_text(content, encoding="utf-8")
    assert not is_ready(read_stamp(layout), layout)


@pytest.mark.usefixtures("steps")
def test_stamp_without_its_python_counts_as_none(layout: Layout) -> None:
    set_up(layout)
    layout.python.unlink()
    assert not is_ready(read_stamp(layout), layout)


def test_stamp_replaces_the_old_one_in_one_step(layout: Layout) -> None:
    layout.venv.mkdir()
    write_stamp(layout, warmed=["/x"])
    assert json.loads(layout.stamp.read_text(encoding="utf-8"))["warmed"] == ["/x"]
    assert [path.name for path in layout.venv.iterdir()] == [".setup.json"]


def test_two_at_once_set_up_once(layout: Layout, steps: Steps) -> None:
    threads = [threading.Thread(target=set_up, args=(layout,)) for _ in range(2)]
    with bootstrap.only_one(layout.mutex):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert steps.taken == ["terraform", "environment", "prepare"]


def test_terraform_missing_stops_before_anything_is_installed(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise ToolMissingError("Terraform is missing: install it")

    monkeypatch.setattr("scripts.terraform.toolchain.terraform", missing)
    monkeypatch.setattr(bootstrap, "ROOT", layout.root)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert bootstrap.main() == 3
    assert capsys.readouterr().err == "set-up: Terraform is missing: install it\n"
    assert not layout.venv.exists()


def test_python_too_old_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 9, 2))
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(SetupError, match=r"Python 3\.11 or newer is needed; .*make PYTHON="):
        bootstrap.with_new_enough_python()


def test_python_too_old_goes_on_under_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("sys.version_info", (3, 9, 2))
    monkeypatch.setattr("sys.argv", ["tools/setup/bootstrap.py"])
    monkeypatch.setattr("shutil.which", lambda name: "/new/python3.12" if name == "python3.12" else None)
    monkeypatch.setattr("os.execv", lambda _, arguments: started.append(arguments))
    with pytest.raises(SetupError):
        bootstrap.with_new_enough_python()  # goes past the replaced execv, which never returns
    assert started == [["/new/python3.12", "tools/setup/bootstrap.py"]]


def test_failing_step_is_told_with_its_command(layout: Layout) -> None:
    with pytest.raises(SetupError, match=r"it broke \(exit code 7 of .*SystemExit"):
        bootstrap.run([sys.executable, "-c", "raise SystemExit(7)"], layout, "it broke")


def test_sigterm_ends_the_running_step_like_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        bootstrap._end_on_sigterm(15, None)
