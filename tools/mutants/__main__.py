"""`python -m tools.mutants [MODULE ...]`: runs each module's tests on a fixed sample of its mutants, and prints a table.

Exits with 1 when fewer than 95% are noticed, or one that survives has no reason in `subjects`. Nothing is written: a mutant is
put in the place of the module in a process of its own: compiled by Python's loader, or read instead of the JavaScript file.
"""

from __future__ import annotations

import ast
import importlib.machinery
import os
import random
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import boto3
import moto.core
import pytest
from rich.console import Console
from rich.table import Table

from scripts.clock import AwsClock
from tools.mutants.javascript import javascript_mutants
from tools.mutants.mutations import Mutant, mutants
from tools.mutants.subjects import SUBJECTS, Subject

ROOT = Path(__file__).parents[2]
SEED = 20261130
MUTANTS_PER_MODULE = 20
WANTED_RATIO = 0.95
_LONGEST_RUN_SECONDS = 300
_SHORTEST_ALARM_SECONDS = 30
_TIMES_AS_LONG = 10
"""A mutant's tests that take so many times as long as the module's own never end."""
_WORKERS = 2
# Imported here, once, for all the processes that are forked: slow, and none of them is a subject.
_SHARED = (boto3, moto.core)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the tests made of the mutants of one module."""

    subject: Subject
    killed: int
    survivors: tuple[Mutant, ...]

    @property
    def unexplained(self) -> list[Mutant]:
        """Survivors without a reason."""
        return [mutant for mutant in self.survivors if mutant.name not in self.subject.reasons]


def main(arguments: Sequence[str]) -> int:
    """Tries the modules named, or all of them; returns the exit code."""
    os.chdir(ROOT)
    console = Console()
    if unknown := set(arguments) - {subject.module for subject in SUBJECTS}:
        print(
            f"mutants: {', '.join(sorted(unknown))} is no subject; tools/mutants/subjects.py lists them",
            file=sys.stderr,
        )
        return 2
    chosen = [subject for subject in SUBJECTS if not arguments or subject.module in arguments]
    tried: list[Tried] = []
    clock = AwsClock(speed=1)
    for at, subject in enumerate(chosen, 1):
        began_seconds = clock.now_seconds()
        tried.append(each := _try(subject))
        print(
            f"{at} of {len(chosen)}: {subject.module}: {each.killed} of {each.killed + len(each.survivors)} noticed in "
            f"{clock.now_seconds() - began_seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        _show(console, each)
    killed, total = sum(each.killed for each in tried), sum(each.killed + len(each.survivors) for each in tried)
    console.print(_table(tried))
    console.print(f"{killed} of {total} mutants noticed ({killed / max(total, 1):.1%}); seed {SEED}")
    return 0 if total and killed / total >= WANTED_RATIO and not any(each.unexplained for each in tried) else 1


def _try(subject: Subject) -> Tried:
    source = (ROOT / subject.module).read_text(encoding="utf-8")
    found = javascript_mutants(source) if subject.module.endswith(".js") else mutants(source)
    sample = random.Random(f"{SEED} {subject.module}").sample(found, min(MUTANTS_PER_MODULE, len(found)))  # noqa: S311  no secret
    clock = AwsClock(speed=1)
    began_seconds = clock.now_seconds()
    if _run(subject, [None], _LONGEST_RUN_SECONDS)[0] != 0:
        raise SystemExit(f"the tests of {subject.module} fail without any mutant: {' '.join(subject.tests)}")
    patience_seconds = _TIMES_AS_LONG * (clock.now_seconds() - began_seconds)
    alarm_seconds = min(max(_SHORTEST_ALARM_SECONDS, round(patience_seconds)), _LONGEST_RUN_SECONDS)
    codes = _run(subject, sample, alarm_seconds)
    survivors = tuple(mutant for mutant, code in zip(sample, codes, strict=True) if code == 0)
    return Tried(subject=subject, killed=len(sample) - len(survivors), survivors=survivors)


def _run(subject: Subject, sample: Sequence[Mutant | None], alarm_seconds: int) -> list[int]:
    """Returns the exit code of the tests for each mutant; None is the module as it is."""
    codes: dict[int, int] = {}
    running: dict[int, int] = {}
    for at, mutant in enumerate(sample):
        if len(running) >= _WORKERS:
            _wait(running, codes)
        running[_start(subject, mutant, alarm_seconds)] = at
    while running:
        _wait(running, codes)
    return [codes[at] for at in range(len(sample))]


def _wait(running: dict[int, int], codes: dict[int, int]) -> None:
    process, status = os.wait()
    codes[running.pop(process)] = 1 if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def _start(subject: Subject, mutant: Mutant | None, alarm_seconds: int) -> int:
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    signal.alarm(alarm_seconds)  # a mutant that never ends is noticed
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if mutant is not None:
        _put_in_place(ROOT / subject.module, mutant)
    code = 1
    try:
        code = int(
            pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0", *subject.tests])
        )
    finally:
        os._exit(code)


def _put_in_place(path: Path, mutant: Mutant) -> None:
    made = mutant.make()
    if isinstance(made, str):
        _read_instead(path, made)
    else:
        _load_instead(path, made)


def _load_instead(path: Path, made: ast.Module) -> None:
    """Lets Python's loader compile the mutant where it would load the module, by name or by path."""
    original = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        if Path(self.path) == path:
            return compile(made, str(path), "exec")
        return original(self, fullname)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]  # the loader


def _read_instead(path: Path, made: str) -> None:
    """Lets whoever reads the file read the mutant."""
    original = Path.read_text

    def read_text(self: Path, encoding: str | None = None, errors: str | None = None) -> str:
        return made if self.resolve() == path else original(self, encoding, errors)

    Path.read_text = read_text  # type: ignore[method-assign]  # whoever reads it


def _show(console: Console, tried: Tried) -> None:
    for mutant in tried.survivors:
        reason = tried.subject.reasons.get(
            mutant.name, "NO REASON: a hole, or to be listed in tools/mutants/subjects.py"
        )
        console.print(
            f"{tried.subject.module}:{mutant.line}: {mutant.name}\n    {reason}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _table(tried: Sequence[Tried]) -> Table:
    table = Table("Module", "Mutants", "Noticed", "Survive with a reason", "Survive without")
    for each in tried:
        numbers = (each.killed + len(each.survivors), each.killed)
        table.add_row(
            each.subject.module,
            *map(str, numbers),
            str(len(each.survivors) - len(each.unexplained)),
            str(len(each.unexplained)),
        )
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
