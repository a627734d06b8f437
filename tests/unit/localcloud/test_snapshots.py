"""Snapshots on disk: whole or not there, of this version, and never more than one folder."""

import hashlib
import json
from pathlib import Path

import pytest

from localcloud.code_digest import code_digest
from localcloud.snapshots import NoSnapshot, WrongName, _becoming, find, insist_on_name, names, put_states_back


def snapshot(folder: Path, name: str = "one", *, code: str | None = None, stacks: dict[str, str] | None = None) -> Path:
    made = folder / name
    (made / "terraform").mkdir(parents=True, mode=0o700)
    made.chmod(0o700)
    (made / "gateway.state").write_bytes(b"state")
    header = {
        "schema": 1,
        "name": name,
        "saved_at": "2026-11-30T12:00:00+00:00",
        "code": code or code_digest(),
        "sha256": hashlib.sha256(b"state").hexdigest(),
        "stacks": stacks or {},
    }
    (made / "snapshot.json").write_text(json.dumps(header), encoding="utf-8")
    return made


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\0b", "a b", "-a", "ä", "a" * 101, "one\n"])
def test_name_rejects_what_is_no_single_folder(name: str) -> None:
    with pytest.raises(WrongName, match="cannot be"):
        insist_on_name(name)


def test_whole_snapshot_is_found(tmp_path: Path) -> None:
    snapshot(tmp_path)
    assert find("one", snapshots=tmp_path).saved_at.startswith("2026")
    assert names(tmp_path) == ["one"]


def test_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(WrongName, match="there: none"):
        find("one", snapshots=tmp_path)
    snapshot(tmp_path)
    with pytest.raises(WrongName, match="there: one"):
        find("two", snapshots=tmp_path)


def test_snapshot_of_another_version_is_refused(tmp_path: Path) -> None:
    snapshot(tmp_path, code="0" * 64)
    with pytest.raises(NoSnapshot, match="another version"):
        find("one", snapshots=tmp_path)


def test_damaged_snapshot_is_refused(tmp_path: Path) -> None:
    (snapshot(tmp_path) / "gateway.state").write_bytes(b"stat")
    with pytest.raises(NoSnapshot, match="damaged"):
        find("one", snapshots=tmp_path)


def test_snapshot_that_others_can_write_is_refused(tmp_path: Path) -> None:
    snapshot(tmp_path).chmod(0o777)
    with pytest.raises(NoSnapshot, match="others than you"):
        find("one", snapshots=tmp_path)


@pytest.mark.parametrize("header", ["", "{", "[]", "{}", '{"schema": 2}'])
def test_half_written_header_is_refused(header: str, tmp_path: Path) -> None:
    (snapshot(tmp_path) / "snapshot.json").write_text(header, encoding="utf-8")
    with pytest.raises(NoSnapshot, match="no whole snapshot"):
        find("one", snapshots=tmp_path)


def test_what_a_crash_left_is_no_snapshot_and_goes_with_the_next_save(tmp_path: Path) -> None:
    dead = tmp_path / ".one.partial-999999999"
    dead.mkdir()
    (dead / "snapshot.json").write_text("{}", encoding="utf-8")
    assert names(tmp_path) == []
    with _becoming(tmp_path / "one") as folder:
        assert not dead.exists()
        (folder / "new").touch()
    assert (tmp_path / "one" / "new").is_file()
    assert [*tmp_path.iterdir()] == [tmp_path / "one"]


def test_failed_save_leaves_the_earlier_snapshot(tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    with pytest.raises(OSError, match="full"), _becoming(before):
        raise OSError("the disk is full")
    assert find("one", snapshots=tmp_path).folder == before
    assert [*tmp_path.iterdir()] == [before]


def stack(folder: Path, name: str, backend: dict[str, object]) -> str:
    (folder / name).mkdir(parents=True)
    content = json.dumps({"terraform": {"backend": backend}}).encode()
    (folder / name / "cdk.tf.json").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def test_states_go_where_the_stacks_look_for_them(tmp_path: Path) -> None:
    stacks = tmp_path / "out" / "stacks"
    digests = {
        "dns": stack(stacks, "dns", {"local": {"path": "../../../terraform.dns.tfstate"}}),
        "edge": stack(stacks, "edge", {"s3": {"bucket": "b"}}),
    }
    made = snapshot(tmp_path / "all", stacks=digests)
    (made / "terraform" / "dns.tfstate").write_bytes(b"{}")
    found = find("one", snapshots=tmp_path / "all")
    assert put_states_back(found, stacks, force=False) == ["dns"]
    state = tmp_path / "terraform.dns.tfstate"
    assert state.read_bytes() == b"{}"
    state.write_bytes(b"other")
    with pytest.raises(NoSnapshot, match="state of something else"):
        put_states_back(found, stacks, force=False)
    assert put_states_back(found, stacks, force=True) == ["dns"]
    assert state.read_bytes() == b"{}"


def test_states_of_other_stacks_are_refused(tmp_path: Path) -> None:
    stack(tmp_path / "stacks", "dns", {})
    snapshot(tmp_path / "all", stacks={"dns": "0" * 64})
    with pytest.raises(NoSnapshot, match="dns differ"):
        put_states_back(find("one", snapshots=tmp_path / "all"), tmp_path / "stacks", force=True)
