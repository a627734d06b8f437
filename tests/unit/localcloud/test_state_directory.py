"""What the state folder says of the clock."""

import fcntl
import json
import stat
from pathlib import Path

import pytest

from localcloud.state_directory import StateDirectory, is_measured, update_speed
from scripts.drill.journal import drill_lock


def test_speed_is_written_anew_and_the_file_stays_its_owners(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.write_endpoints({"speed": 1, "schema": 1})
    update_speed(tmp_path, 5.0)
    file = tmp_path / "endpoints.json"
    assert json.loads(file.read_text()) == {"speed": 5.0, "schema": 1}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    state.close()
    with pytest.raises(FileNotFoundError):
        update_speed(tmp_path, 2.0)


def test_drill_holds_the_clock(tmp_path: Path) -> None:
    assert not is_measured(tmp_path)
    with drill_lock(tmp_path):
        assert is_measured(tmp_path)
    assert not is_measured(tmp_path)
    with (tmp_path / "drill.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_measured(tmp_path)
