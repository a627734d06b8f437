"""Children that never outlive the block that started them."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from scripts.clock import AwsClock
from scripts.processes import process_group
from scripts.processes.process_group import first_interrupt_only, interrupts_deferred, started

ROOT = Path(__file__).parents[3]
# Prints a line once it and its child, which ignores what can be ignored, are up.
STUBBORN_FAMILY = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"])
signal.pause()
"""


def run(*command: str) -> tuple[int, str]:
    with started(command, {}) as process:
        output, _ = process.communicate()
    return process.returncode, output


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE  # whoever adopted it may take its time
    except psutil.NoSuchProcess:
        return False


def alive_after(seconds: float, family: list[psutil.Process]) -> list[psutil.Process]:
    """Return who is still alive then; earlier when nobody is."""
    clock = AwsClock(speed=1)
    deadline = clock.now_seconds() + seconds
    while (alive := [member for member in family if is_alive(member)]) and clock.now_seconds() < deadline:
        threading.Event().wait(0.05)
    return alive


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_waits_for_the_end_of_the_block(number: signal.Signals) -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), interrupts_deferred():
        os.kill(os.getpid(), number)
        reached = True
    assert reached


def test_handlers_are_as_before_after_the_block() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with interrupts_deferred():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_deferred_interrupt_goes_to_the_handler_that_was_there() -> None:
    numbers: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: numbers.append(number))
    try:
        with interrupts_deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            assert numbers == []
    finally:
        signal.signal(signal.SIGTERM, before)
    assert numbers == [signal.SIGTERM]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_only_the_first_interrupt_interrupts(number: signal.Signals) -> None:
    is_cleaned_up = False
    with pytest.raises(KeyboardInterrupt), first_interrupt_only():
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)
            with interrupts_deferred():
                os.kill(os.getpid(), signal.SIGINT)
            is_cleaned_up = True
    assert is_cleaned_up


def test_clean_up_after_a_deferred_interrupt_is_not_interrupted() -> None:
    is_cleaned_up = False
    with pytest.raises(KeyboardInterrupt), first_interrupt_only():
        try:
            with interrupts_deferred():
                os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            is_cleaned_up = True
    assert is_cleaned_up


def test_clean_up_that_began_without_an_interrupt_is_not_interrupted() -> None:
    with first_interrupt_only() as ignore_interrupts:
        ignore_interrupts()
        os.kill(os.getpid(), signal.SIGINT)


def test_interrupts_interrupt_again_after_the_block() -> None:
    with first_interrupt_only() as ignore_interrupts:
        ignore_interrupts()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_first_interrupt_of_an_inner_block_is_the_first_of_the_outer_one_too() -> None:
    with first_interrupt_only():
        with pytest.raises(KeyboardInterrupt), first_interrupt_only():
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_inner_block_leaves_the_interrupt_to_who_handles_it() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        with first_interrupt_only():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert came == [signal.SIGINT]


def test_other_thread_runs_a_block_as_it_is() -> None:
    ran = threading.Event()

    def block() -> None:
        with first_interrupt_only() as ignore_interrupts:
            ignore_interrupts()
            ran.set()

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert ran.is_set()


def test_other_threads_defer_nothing() -> None:
    failures: list[BaseException] = []

    def defer() -> None:
        try:
            with interrupts_deferred():
                pass
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            failures.append(error)

    thread = threading.Thread(target=defer)
    thread.start()
    thread.join()
    assert failures == []


def test_group_is_gone_after_the_block() -> None:
    script = "sleep 300 & echo up; wait"
    with started(["sh", "-c", script], {}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert len(family) == 3  # with the watcher
    assert alive_after(5, family) == []


def test_second_interrupt_does_not_break_off_the_end_of_the_group(tmp_path: Path) -> None:
    script = f"trap 'kill -INT {os.getpid()}; sleep 0.5; touch {tmp_path}/saved; exit' INT; echo up; sleep 9 & wait"
    with pytest.raises(KeyboardInterrupt), started(["sh", "-c", script], {}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(os.getpid(), signal.SIGINT)
    assert (tmp_path / "saved").exists()


@pytest.mark.parametrize(
    ("script", "exit_code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", -15), ("kill -KILL $$", -9)]
)
def test_exit_code_is_the_commands(script: str, exit_code: int) -> None:
    assert run("sh", "-c", script) == (exit_code, "")


def test_exit_code_is_the_commands_however_often_the_watcher_looks() -> None:
    script = (
        "import os; from scripts.processes import watched_group; watched_group.POLL_SECONDS = 1e-4\n"
        "watched_group.run(os.getppid(), ['sh', '-c', 'exit 7'])"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 7


def test_output_is_the_commands() -> None:
    assert run("sh", "-c", "echo out; echo err >&2") == (0, "out\nerr\n")


def test_command_that_is_not_there_says_so() -> None:
    assert run("/no/command") == (127, "/no/command: No such file or directory\n")


def test_interrupt_reaches_the_command_once() -> None:
    # No shell: its `sleep` would be interrupted as well, and whether the shell then goes on is another matter.
    script = """
import signal, time
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
print("up", flush=True)
time.sleep(0.6)
"""
    with started([sys.executable, "-c", script], {}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process_group.send(process, signal.SIGINT)
        output, _ = process.communicate()
    assert (process.returncode, output) == (0, "interrupted\n")


def test_interrupt_of_a_command_that_has_just_begun_does_not_end_its_watcher(tmp_path: Path) -> None:
    command = f"trap 'sleep 0.2; touch {tmp_path}/saved; exit 0' INT; touch {tmp_path}/up; while :; do sleep 0.1; done"
    script = f"""
import os, time
from scripts.processes import watched_group
fork = os.fork
def slow_fork():
    child = fork()
    if child:
        time.sleep(0.5)  # the machine is busy, and the command would be faster
    return child
os.fork = slow_fork
watched_group.run(os.getppid(), ["bash", "-c", {command!r}])
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, start_new_session=True) as watcher:
        clock = AwsClock(speed=1)
        deadline = clock.now_seconds() + 30
        while not (tmp_path / "up").exists():
            assert clock.now_seconds() < deadline
            threading.Event().wait(0.01)
        os.killpg(watcher.pid, signal.SIGINT)
        assert watcher.wait(30) == 0
    assert (tmp_path / "saved").exists()


def test_command_does_not_start_when_its_parent_has_gone(tmp_path: Path) -> None:
    watcher = [
        sys.executable,
        "-I",
        "-S",
        "scripts/processes/watched_group.py",
        "1",
        "touch",
        str(tmp_path / "started"),
    ]
    done = subprocess.run(watcher, cwd=ROOT, capture_output=True, text=True, start_new_session=True)
    assert done.returncode == 1
    assert "is gone" in done.stderr
    assert not (tmp_path / "started").exists()


def test_group_ends_soon_after_its_parent_was_killed() -> None:
    script = (
        "from scripts.processes.process_group import started; import sys, threading\n"
        "def run():\n"
        f"    with started([sys.executable, '-c', {STUBBORN_FAMILY!r}], {{}}) as process:\n"
        "        print(process.stdout.readline(), end='', flush=True); process.wait()\n"
        "threading.Thread(target=run).start()"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        family = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
    assert len(family) == 3
    assert alive_after(10, family) == []
