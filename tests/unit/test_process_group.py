"""Children that never outlive the block that started them."""

import os
import signal
import sys
import threading

import psutil
import pytest

from scripts.process_group import interrupts_deferred, started


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
    script = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']); print('up', flush=True); input()"
    )
    with started([sys.executable, "-c", script], {}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert len(family) == 2
    _, alive = psutil.wait_procs(family, timeout=5)
    assert [member for member in alive if member.status() != psutil.STATUS_ZOMBIE] == []
