"""The stacks as they were at the revision that the pull request starts from: its own program in a worktree of its own."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.cost.estimate import load_stacks
from scripts.errors import OpsError, WrongUsageError
from scripts.terraform.synthesis import chosen_program, synthesize

Stacks = dict[str, dict[str, Any]]


def root_of(site_file: Path) -> Path:
    """Returns the working tree that holds the site file.

    Raises:
        WrongUsageError: it lies in no git working tree.
    """
    return Path(_git(["rev-parse", "--show-toplevel"], site_file.resolve().parent).strip())


def site_file_at(revision: str, site_file: Path) -> Mapping[str, Any] | None:
    """Returns the site file at a revision; None when it was not there.

    Raises:
        WrongUsageError: no such revision, or the file is no TOML there.
    """
    root = root_of(site_file)
    _git(
        ["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"],
        root,
        otherwise=f"no revision {revision!r} here; fetch it first",
    )
    name = site_file.resolve().relative_to(root).as_posix()
    if not _git(["ls-tree", "--name-only", revision, "--", name], root):
        return None
    try:
        return tomllib.loads(_git(["show", f"{revision}:{name}"], root))
    except tomllib.TOMLDecodeError as error:
        raise WrongUsageError(f"{name} at {revision} is no TOML ({error})") from error


def stacks_at(revision: str, site_file: Path) -> tuple[Stacks, str]:
    """Returns the stacks of a revision, and why there are none ("" when there are).

    The revision's own program writes them; this one where it has none.
    """
    root = root_of(site_file)
    name = site_file.resolve().relative_to(root)
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _git(["worktree", "add", "--quiet", "--detach", str(tree), revision], root)
        try:
            return load_stacks(synthesize(tree / name, Path(folder) / "out", program=_program_in(tree, root))), ""
        except OpsError as error:
            return {}, f"the stacks of {revision} cannot be synthesized, so nothing is compared with them: {error}"
        finally:
            _git(["worktree", "remove", "--force", str(tree)], root)


def _program_in(tree: Path, root: Path) -> Path:
    """Returns the revision's program: of the same name as today's, or main.py from before a team had its own.

    Where it has neither, an installed `failover` looks at a repository that holds site files alone.
    """
    program = chosen_program()
    own = [tree / program.relative_to(root)] if program.is_relative_to(root) else []
    return next((path for path in (*own, tree / "main.py") if path.is_file()), program)


def _git(arguments: list[str], folder: Path, *, otherwise: str = "") -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WrongUsageError(otherwise or f"git {' '.join(arguments[:2])}: {done.stderr.strip() or 'failed'}")
    return done.stdout
