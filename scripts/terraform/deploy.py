"""Applies synthesized stacks with Terraform, in the order that they need, and saves their outputs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from scripts.processes.process_group import interrupts_deferred
from scripts.terraform.cli import Progress, Terraform
from scripts.terraform.outputs import save_outputs
from scripts.terraform.synthesis import stack_folders


def stack_order(stacks_folder: Path) -> list[list[str]]:
    """Returns the stacks in waves; the stacks of one wave do not need each other.

    Raises:
        StacksError: nothing is synthesized there.
    """
    names = [folder.name for folder in stack_folders(stacks_folder)]
    writers = [name for name in names if name.startswith("database-") and _is_writer(stacks_folder / name)]
    first = [name for name in names if name in ("access", "audit", "dns", "keys", "api-table", *writers)]
    last = [name for name in names if name in ("edge", "api")]
    regions = [name for name in names if name.startswith(("region-", "api-", "database-")) and name not in first]
    waves = (first, regions, last, [name for name in names if name == "monitoring"])
    return [wave for wave in waves if wave]


def _is_writer(stack: Path) -> bool:
    """Whether a database stack makes the instance that the others copy, and so comes before them."""
    document = json.loads((stack / "cdk.tf.json").read_bytes())
    return bool(document["output"]["role"]["value"] == "writer")


def deploy(terraform: Terraform, stacks_folder: Path, outputs: Path, console: Console) -> None:
    """Runs init and apply on every stack and saves all outputs, with a bar per stack.

    Raises:
        TerraformError: a stack failed; the stacks after it were not touched.
    """
    columns = (TextColumn("  {task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[doing]}"))  # fmt: skip
    with Bars(*columns, console=console) as bars:
        for wave in stack_order(stacks_folder):
            _apply_wave(terraform, [stacks_folder / name for name in wave], bars)
    save_outputs({path.name: terraform.output(path) for path in sorted(stacks_folder.iterdir())}, outputs)


def _apply_wave(terraform: Terraform, folders: list[Path], bars: Bars) -> None:
    with ThreadPoolExecutor(len(folders)) as pool:
        try:
            jobs = [pool.submit(_apply, terraform, folder, bars) for folder in folders]
            for job in jobs:
                job.result()
        except BaseException:
            with interrupts_deferred():  # a second Ctrl-C would leave the threads, and Terraform with them
                terraform.interrupt()  # the other stacks of the wave stop as Ctrl-C stops them: their states are saved
                pool.shutdown()
            raise


def _apply(terraform: Terraform, folder: Path, bars: Bars) -> None:
    task = bars.add_task(folder.name, total=None, doing="initializing")
    terraform.init(folder)
    bars.update(task, doing="planning")
    terraform.apply(folder, on_progress=lambda progress: _show(bars, task, progress))
    bars.update(task, doing="done")


def _show(bars: Bars, task: TaskID, progress: Progress) -> None:
    if progress.planned:
        bars.update(task, total=progress.planned, completed=progress.done, doing=progress.doing[:60])
