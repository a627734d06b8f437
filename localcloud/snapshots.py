"""Snapshots on disk: one folder each, whole under its name or not there at all.

`snapshot.json` says what is in the folder and which code can read it; `gateway.state` is the gateway's; `terraform/` holds the
states of the stacks that were applied to it, where those are files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from localcloud.code_digest import code_digest
from localcloud.state_directory import read_endpoints

DEFAULT_FOLDER = Path("build/snapshots")
STATE_FILE = "gateway.state"
_HEADER_FILE = "snapshot.json"
_STATES_FOLDER = "terraform"
_FILES_FOLDER = "files"
_SCHEMA = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_PARTIAL = ".partial-"
_SAVE_TIMEOUT_REAL_SECONDS = 90.0


class WrongName(Exception):  # noqa: N818  what happened
    """A name that no snapshot has, or none can have."""


class NoSnapshot(Exception):  # noqa: N818  what happened
    """A snapshot cannot be saved or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A whole snapshot.

    Attributes:
        stacks: stack -> SHA-256 of the Terraform JSON that was applied.
        code: which code saved it: see `code_digest`.
    """

    name: str
    folder: Path
    saved_at: str
    code: str
    sha256: str
    stacks: Mapping[str, str]

    @property
    def state_file(self) -> Path:
        """The gateway's state."""
        return self.folder / STATE_FILE

    @property
    def files(self) -> Path:
        """The folder of the files that were saved beside it."""
        return self.folder / _FILES_FOLDER


def insist_on_name(name: str) -> None:
    """Refuse a name that would be more than one folder.

    Raises:
        WrongName: it is.
    """
    if not _NAME.fullmatch(name):
        raise WrongName(
            f"{name!r} cannot be a snapshot's name; allowed: up to 100 letters, digits, - and _, a letter or digit first"
        )


def save(
    name: str,
    *,
    state_dir: Path,
    snapshots: Path,
    stacks: Path | None,
    files: tuple[Path, ...] = (),
    force: bool = False,
) -> tuple[Snapshot, list[str]]:
    """Save the running localcloud, and the Terraform states that go with it; return the snapshot and what is worth saying.

    Args:
        name: of the snapshot.
        state_dir: of the running localcloud.
        snapshots: the folder of all snapshots.
        stacks: folder of the applied stacks; None saves no Terraform state.
        files: kept beside the state, under their names.
        force: replace the snapshot of this name.

    Raises:
        WrongName: the name cannot be one.
        NoSnapshot: nothing runs there, the name is taken, or the state could not be saved.
    """
    insist_on_name(name)
    target = snapshots / name
    if target.exists() and not force:
        raise NoSnapshot(
            f"there is a snapshot {name} in {snapshots} already: choose another name, or replace it with --force"
        )
    endpoints = _running(state_dir)
    notes = []
    with _becoming(target) as folder:
        answer = _ask_to_save(str(endpoints["control_url"]), (folder / STATE_FILE).resolve())
        if answer["faults"]:
            notes.append(f"{answer['faults']} faults are in force and are saved too")
        applied = {} if stacks is None else _save_states(stacks, folder / _STATES_FOLDER, notes)
        (folder / _FILES_FOLDER).mkdir()
        for file in files:
            shutil.copy2(file, folder / _FILES_FOLDER / file.name)
        header = {
            "schema": _SCHEMA,
            "name": name,
            "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "code": answer["code"],
            "sha256": _digest(folder / STATE_FILE),
            "stacks": applied,
        }
        (folder / _HEADER_FILE).write_text(json.dumps(header, indent=2) + "\n", encoding="utf-8")
    return _read(target), notes


def find(name: str, *, snapshots: Path) -> Snapshot:
    """Return a snapshot that this code can read.

    Raises:
        WrongName: there is none of this name.
        NoSnapshot: it is of another version, damaged, or another user's.
    """
    insist_on_name(name)
    folder = snapshots / name
    if not folder.is_dir():
        known = ", ".join(names(snapshots)) or "none"
        raise WrongName(f"there is no snapshot {name} in {snapshots}; there: {known}")
    found = _read(folder)
    remedy = "apply the stacks to a new localcloud and save that with --force"
    if found.code != code_digest():
        raise NoSnapshot(f"the snapshot {name} was saved by another version of localcloud, moto or Python: {remedy}")
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022:
        raise NoSnapshot(f"{folder} can be written by others than you, and reading it runs what is in it: {remedy}")
    if _digest(found.state_file) != found.sha256:
        raise NoSnapshot(f"the snapshot {name} is damaged: {STATE_FILE} is not what was saved; {remedy}")
    return found


def in_words(found: Snapshot) -> str:
    """Return a line about a snapshot."""
    return f"{found.name}  {found.saved_at}  {found.state_file.stat().st_size / 1e6:.1f} MB"


def names(snapshots: Path) -> list[str]:
    """Return the names of all snapshots."""
    return sorted(path.parent.name for path in snapshots.glob(f"*/{_HEADER_FILE}") if _NAME.fullmatch(path.parent.name))


def put_states_back(snapshot: Snapshot, stacks: Path, *, force: bool) -> list[str]:
    """Write the Terraform states to where the stacks look for them; return the names of those stacks.

    Raises:
        NoSnapshot: the stacks are others than those that were applied, or other states are there.
    """
    found = _stack_digests(stacks)
    if found != dict(snapshot.stacks):
        differing = sorted(name for name in {*found, *snapshot.stacks} if found.get(name) != snapshot.stacks.get(name))
        raise NoSnapshot(
            f"the stacks in {stacks} are not those that were applied when {snapshot.name} was saved"
            f" ({', '.join(differing)} differ): name the folder with the same stacks, or leave --stacks out"
        )
    written = []
    states = {path.stem: path for path in (snapshot.folder / _STATES_FOLDER).glob("*.tfstate")}
    targets = {name: file for name in states if (file := _state_file(stacks / name)) is not None}
    for name, target in targets.items():
        if target.is_file() and target.read_bytes() != states[name].read_bytes() and not force:
            raise NoSnapshot(f"{target} is the state of something else: move it away, or overwrite it with --force")
    for name, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(states[name], partial)
        partial.replace(target)
        written.append(name)
    return sorted(written)


def _running(state_dir: Path) -> dict[str, Any]:
    try:
        return read_endpoints(state_dir)
    except (OSError, ValueError) as error:
        raise NoSnapshot(
            f"nothing runs with the state folder {state_dir}: start localcloud first, or name its folder with --state-dir"
        ) from error


def _ask_to_save(control_url: str, file: Path) -> dict[str, Any]:
    body = json.dumps({"file": str(file)}).encode()
    request = Request(f"{control_url}/snapshots", data=body, headers={"Content-Type": "application/json"})  # noqa: S310  loopback
    try:
        with urlopen(request, timeout=_SAVE_TIMEOUT_REAL_SECONDS) as response:  # noqa: S310  as above
            answer: dict[str, Any] = json.load(response)
            return answer
    except HTTPError as error:
        raise NoSnapshot(f"localcloud did not save its state: {_reason(error)}") from error
    except (URLError, OSError) as error:
        raise NoSnapshot(f"localcloud did not answer ({error}): its log says why, or it has just ended") from error


def _reason(error: HTTPError) -> str:
    try:
        return _without_secret(str(json.load(error)["message"]))
    except (ValueError, KeyError, TypeError):
        return str(error)


def _without_secret(message: str) -> str:
    """Return a message without the path of the control API, which holds the secret of the run."""
    return re.sub(r"/_localcloud/\w+", "/_localcloud", message)


def _save_states(stacks: Path, folder: Path, notes: list[str]) -> dict[str, str]:
    digests = _stack_digests(stacks)
    if not digests:
        raise NoSnapshot(f"{stacks} holds no */cdk.tf.json: name the folder of the applied stacks with --stacks")
    folder.mkdir()
    for name in digests:
        state = _state_file(stacks / name)
        if state is not None and state.is_file():
            shutil.copyfile(state, folder / f"{name}.tfstate")
        elif state is not None:
            notes.append(f"{name} has no state yet: it was not applied")
    return digests


def _stack_digests(stacks: Path) -> dict[str, str]:
    return {path.parent.name: _digest(path) for path in sorted(stacks.glob("*/cdk.tf.json"))}


def _state_file(stack: Path) -> Path | None:
    """Return where a stack keeps its state; None when that is no file, such as a bucket of localcloud's own S3."""
    backend = json.loads((stack / "cdk.tf.json").read_bytes()).get("terraform", {}).get("backend", {})
    path = backend.get("local", {}).get("path") if "local" in backend or not backend else None
    return None if "local" not in backend and backend else (stack / (path or "terraform.tfstate")).resolve()


def _read(folder: Path) -> Snapshot:
    try:
        header = json.loads((folder / _HEADER_FILE).read_bytes())
        if header["schema"] != _SCHEMA:
            raise ValueError(f"its schema is {header['schema']}")
        return Snapshot(
            name=folder.name,
            folder=folder,
            saved_at=header["saved_at"],
            code=header["code"],
            sha256=header["sha256"],
            stacks=header["stacks"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoSnapshot(f"{folder} is no whole snapshot ({error}): delete the folder and save it again") from error


@contextmanager
def _becoming(target: Path) -> Iterator[Path]:
    """Yield a folder that becomes the target when the block ends well; what a crash left half-written is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}{_PARTIAL}*"):
        if not _is_alive(left.name.rpartition("-")[2]):
            shutil.rmtree(left)
    folder = target.with_name(f".{target.name}{_PARTIAL}{os.getpid()}")
    folder.mkdir(mode=0o700)
    try:
        yield folder
        if target.exists():
            old = folder.with_name(f".{target.name}.old{_PARTIAL}{os.getpid()}")
            target.rename(old)
            folder.rename(target)
            shutil.rmtree(old)
        else:
            folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return ""
