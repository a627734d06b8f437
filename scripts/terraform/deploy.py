"""Applies synthesized stacks with Terraform, in the order that they need, and saves their outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from scripts.processes.process_group import first_interrupt_only, interrupts_deferred
from scripts.terraform.cli import Progress, Terraform
from scripts.terraform.outputs import save_outputs
from scripts.terraform.overlap import early, in_parallel, needs, stacks_read
from scripts.terraform.synthesis import read_stack, stack_folders


def stack_order(stacks_folder: Path) -> list[list[str]]:
    """Returns the stacks in waves; the stacks of one wave do not need each other.

    A team's own stacks come last, after those whose outputs they read.

    Raises:
        StacksError: nothing is synthesized there.
    """
    names = [folder.name for folder in stack_folders(stacks_folder)]
    writers = [name for name in names if name.startswith("database-") and _is_writer(stacks_folder / name)]
    keys = [name for name in names if name.startswith("keys-")]
    copied = [name for name in keys if _is_copied(stacks_folder / name)]
    first = [name for name in names if name in ("access", "audit", "dns", "api-table", *copied, *writers)]
    regions = [name for name in names if name.startswith(("region-", "api-", "database-")) and name not in first]
    waves = (
        first,
        [name for name in keys if name not in copied],
        regions,
        [name for name in names if name in ("edge", "api")],
        [name for name in names if name.startswith(("attachment-", "prober-"))],
        [name for name in names if name == "monitoring"],
    )
    known = {name for wave in waves for name in wave}
    return [
        *(wave for wave in waves if wave),
        *_by_what_they_read(stacks_folder, [name for name in names if name not in known]),
    ]


def _by_what_they_read(stacks_folder: Path, names: Sequence[str]) -> Iterator[list[str]]:
    """Yields stacks in waves by their states alone; cdktf refuses stacks that read each other."""
    left = {name: stacks_read(stacks_folder / name) for name in names}
    while left:
        wave = [name for name, read in left.items() if not read & left.keys()] or sorted(left)
        yield wave
        left = {name: read for name, read in left.items() if name not in wave}


def _is_writer(stack: Path) -> bool:
    """Whether a database stack makes the instance that the others copy, and so comes before them."""
    return bool(read_stack(stack)["output"]["role"]["value"] == "writer")


def _is_copied(stack: Path) -> bool:
    """Whether a keys stack makes the key that the others replicate, and so comes before them."""
    return "aws_kms_key" in read_stack(stack).get("resource", {})


def deploy(
    terraform: Terraform,
    stacks_folder: Path,
    outputs: Path,
    console: Console,
    *,
    after_wave: Callable[[list[str]], None] | None = None,
) -> None:
    """Runs init and apply on every stack and saves all outputs, with a bar per stack; what need not wait does not.

    Args:
        terraform: interrupted when a stack fails.
        stacks_folder: holds the stacks.
        outputs: where the outputs are saved.
        console: where the bars are drawn.
        after_wave: is told the stacks of a wave before the next begins. Default: nothing follows, and what can overlaps.

    Raises:
        TerraformError: a stack failed; the stacks that need it were not touched.
    """
    waves = stack_order(stacks_folder)
    with Bars(*_columns(), console=console) as bars:
        if after_wave is None:
            in_parallel(
                needs(stacks_folder, waves),
                lambda name, wait, ready: _apply(terraform, bars, stacks_folder / name, wait, ready),
                terraform.interrupt,
            )
        else:
            for wave in waves:
                _run_wave(terraform, [stacks_folder / name for name in wave], partial(_apply, terraform, bars))
                after_wave(wave)
    save_outputs({path.name: terraform.output(path) for path in sorted(stacks_folder.iterdir())}, outputs)


def run_waves(
    terraform: Terraform,
    stacks_folder: Path,
    waves: Sequence[Sequence[str]],
    console: Console,
    act: Callable[[Path, Callable[[str], None]], None],
) -> None:
    """Does something to every stack, wave by wave, with a line per stack.

    Args:
        terraform: interrupted when one of a wave fails.
        stacks_folder: holds the stacks.
        waves: names; the stacks of one wave are worked on at once.
        console: where the lines are drawn.
        act: gets a stack's folder, and what to call with what it is doing.

    Raises:
        OpsError: what `act` raised; the waves after it were not touched.
    """

    def run(bars: Bars, folder: Path) -> None:
        task = bars.add_task(folder.name, total=None, doing="waiting")
        act(folder, lambda doing: bars.update(task, doing=doing))
        bars.update(task, total=1, completed=1, doing="done")

    with Bars(*_columns(), console=console) as bars:
        for wave in waves:
            _run_wave(terraform, [stacks_folder / name for name in wave], partial(run, bars))


def _columns() -> tuple[ProgressColumn, ...]:
    return (TextColumn("  {task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}"))  # fmt: skip


def _run_wave(terraform: Terraform, folders: list[Path], run: Callable[[Path], None]) -> None:
    with first_interrupt_only(), ThreadPoolExecutor(len(folders)) as pool:
        try:
            # One in the middle of a thread's start would leave a thread that nobody waits for.
            with interrupts_deferred():
                jobs = [pool.submit(run, folder) for folder in folders]
            for job in jobs:
                job.result()
        except BaseException:
            with interrupts_deferred():  # Ctrl-C would leave the threads, and Terraform with them
                terraform.interrupt()  # the other stacks of the wave stop as Ctrl-C stops them: their states are saved
                pool.shutdown()
            raise


def _apply(
    terraform: Terraform,
    bars: Bars,
    folder: Path,
    wait: Callable[[], None] | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Applies a stack; `wait` returns when those that it needs are applied, `ready` tells those that need it."""
    task = bars.add_task(folder.name, total=None, doing="initializing")
    terraform.init(folder)
    if wait is not None:
        bars.update(task, doing="waiting")
        wait()
    done = 0

    def show(progress: Progress) -> None:
        _show(bars, task, dataclasses.replace(progress, planned=progress.planned and done + progress.planned), done)

    bars.update(task, doing="planning")
    if ready is not None and (targets := early(folder)):
        done = terraform.apply(folder, on_progress=show, targets=targets)
        ready()
    terraform.apply(folder, on_progress=show)
    bars.update(task, doing="done")


def _show(bars: Bars, task: TaskID, progress: Progress, before: int) -> None:
    if progress.planned:
        bars.update(task, total=progress.planned, completed=before + progress.done, doing=progress.doing[:60])
