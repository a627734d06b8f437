"""Which stacks can be applied at the same time, and which of their resources nobody waits for.

Most of a deployment to localcloud the AWS provider sleeps: 55 s until S3 has shown a bucket's lifecycle rules often enough, 30 s
before it first asks whether a distribution is deployed. So what does not need each other sleeps at the same time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

from scripts.errors import OpsError
from scripts.processes.process_group import first_interrupt_only, interrupts_deferred
from scripts.terraform.synthesis import read_stack

_WAITED_FOR_BY_ACM = "dns"
"""Certificates of other stacks wait by themselves until the validation records of this one are there."""
_LATE_TYPES = ("aws_s3_bucket_lifecycle_configuration",)
"""What the provider takes long to make and nothing refers to."""


class _NotReachedError(OpsError):
    """A stack that this one needs has failed."""


def needs(stacks_folder: Path, waves: Sequence[Sequence[str]]) -> dict[str, set[str]]:
    """Return stack -> the stacks that are applied before it.

    The synthesis wrote it beside the stacks; without that, all stacks of the waves before are.
    """
    manifest = stacks_folder.parent / "manifest.json"
    names = {name for wave in waves for name in wave}
    if not manifest.is_file():
        return {
            name: {each for wave in waves[:number] for each in wave}
            for number, wave in enumerate(waves)
            for name in wave
        }
    stacks = json.loads(manifest.read_bytes())["stacks"]
    return {
        name: {
            each
            for each in stacks[name]["dependencies"]
            if each in names and not _waits_by_itself(stacks_folder / name, each)
        }
        for name in names
    }


def _waits_by_itself(stack: Path, dependency: str) -> bool:
    """Whether a stack reads nothing of the dns stack, so that only its certificates need it."""
    return dependency == _WAITED_FOR_BY_ACM and dependency not in stacks_read(stack)


def stacks_read(stack: Path) -> set[str]:
    """Return the stacks whose outputs a stack reads."""
    states = read_stack(stack).get("data", {}).get("terraform_remote_state", {})
    return {name.removeprefix("cross-stack-reference-input-") for name in states}


def early(stack: Path) -> list[str]:
    """Return the addresses of what other stacks may wait for, where there is something that they need not; else nothing."""
    document = read_stack(stack)
    resources, text = document.get("resource", {}), json.dumps(document)
    late = {
        f"{kind}.{name}"
        for kind in _LATE_TYPES
        for name in resources.get(kind, {})
        if f"{kind}.{name}" not in text  # nothing refers to it
    }
    if not late:
        return []
    return sorted({f"{kind}.{name}" for kind, by_name in resources.items() for name in by_name} - late)


def in_parallel(
    needed: Mapping[str, Iterable[str]],
    act: Callable[[str, Callable[[], None], Callable[[], None]], None],
    stop: Callable[[], None],
) -> None:
    """Do something to every stack at once; each waits for those that it needs.

    Args:
        needed: stack -> the stacks that it needs.
        act: gets a stack, what to call to wait for those that it needs, and what to call when nobody need wait for it any more.
        stop: ends what is under way; called when one failed.

    Raises:
        OpsError: what `act` raised for the first stack that failed; those that need it were not touched.
    """
    is_ready = {name: threading.Event() for name in needed}
    has_failed = threading.Event()

    def wait_for(name: str) -> None:
        for other in needed[name]:
            is_ready[other].wait()
        if has_failed.is_set():
            raise _NotReachedError(f"{name} was not applied: another stack failed")

    def work(name: str) -> None:
        try:
            act(name, lambda: wait_for(name), is_ready[name].set)
        except BaseException:
            has_failed.set()
            raise
        finally:
            if has_failed.is_set():
                for event in is_ready.values():
                    event.set()
            is_ready[name].set()

    jobs: list[Future[None]] = []
    with first_interrupt_only(), ThreadPoolExecutor(max(1, len(needed))) as pool:
        try:
            # One between two of them would wait for those that have begun to end by themselves.
            with interrupts_deferred():
                jobs += [pool.submit(work, name) for name in needed]
            wait(jobs, return_when=FIRST_EXCEPTION)
        finally:
            if any(not job.done() or job.exception() is not None for job in jobs):
                has_failed.set()
                with interrupts_deferred():  # Ctrl-C would leave the threads, and Terraform with them
                    stop()  # the others stop as Ctrl-C stops them: their states are saved
                    for event in is_ready.values():
                        event.set()
                    wait(jobs)
    errors = [error for job in jobs if (error := job.exception()) is not None]
    for error in sorted(errors, key=lambda each: isinstance(each, _NotReachedError)):
        raise error
