"""Copies of a process, forked in a process of the test's own: pytest's has other threads."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 30


def python(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import os, time, sys\nfrom scripts.processes.forked import Forked, can_fork\n{code}"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_each_copy_works_on_its_share() -> None:
    done = python(
        "with Forked(lambda share: repr((os.getpid() != here, share)).encode(), [[1, 2], [3]]) as copies:\n"
        "    print(copies.results())".replace("with", "here = os.getpid()\nwith", 1)
    )
    assert (done.stdout, done.stderr) == ("[b'(True, [1, 2])', b'(True, [3])']\n", "")


def test_result_that_no_pipe_holds_comes_whole() -> None:
    done = python(
        "with Forked(lambda share: b'x' * share[0], [[5_000_000]]) as copies:\n    print(len(copies.results()[0]))"
    )
    assert (done.stdout, done.stderr) == ("5000000\n", "")


@pytest.mark.parametrize("end", ["1 / 0", "os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 2)", "sys.exit(0)"])
def test_copy_that_does_not_come_to_its_end_has_no_result_and_says_nothing(end: str) -> None:
    done = python(
        f"def work(share):\n    if share == [1]:\n        {end}\n    return b'good'\n"
        "with Forked(work, [[1], [2]]) as copies:\n    print(copies.results())"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[b'good']\n", "")


def test_copies_are_gone_after_the_block_whatever_ended_it() -> None:
    done = python(
        "try:\n    with Forked(lambda share: time.sleep(600) or b'', [[1], [2]]) as copies:\n"
        "        pids = list(copies._copies)\n        raise OSError\n"
        "except OSError:\n    print(*pids)"
    )
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_copies_end_with_a_process_that_is_killed() -> None:
    code = (
        "import os, signal\nfrom scripts.processes.forked import Forked\n"
        "copies = Forked(lambda share: b'x' * 5_000_000, [[1], [2]])\n"
        "print(*copies._copies, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    pids = [int(pid) for pid in done.stdout.split()]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_process_with_threads_is_not_copied() -> None:
    done = python(
        "import threading\nprint(can_fork())\ndone = threading.Event()\n"
        "thread = threading.Thread(target=done.wait)\nthread.start()\nprint(can_fork())\ndone.set()\nthread.join()"
    )
    assert done.stdout.split() == [str(sys.platform == "linux"), "False"]


def test_machine_without_room_for_another_process_has_no_results() -> None:
    done = python(
        "def full():\n    raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "os.fork = full\nwith Forked(lambda share: b'', [[1], [2]]) as copies:\n    print(copies.results())"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
