"""How the tests are shared out: one process alone loads the bindings, and every test runs in a process that has collected it."""

from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.shared_out import Groups, is_left_out

SYNTH = ["tests/synth/test_a.py::test_1", "tests/synth/test_b.py::test_1", "tests/synth/test_b.py::test_2"]
UNIT = [f"tests/unit/test_{letter}.py::test_{number}" for letter in "abc" for number in range(3)]
LOCAL = ["tests/local/test_deployment.py::test_1", "tests/local/test_release_crash.py::test_1"]


class Process:
    """Stands for a process of xdist's; runs what it is sent."""

    def __init__(self, collected: list[str]) -> None:
        self.collected = collected
        self.waiting: list[int] = []
        self.ran: list[str] = []
        self.shutting_down = False

    def send_runtest_some(self, indexes: list[int]) -> None:
        self.waiting += indexes

    def shutdown(self) -> None:
        self.shutting_down = True


def config_of(worker: str | None) -> pytest.Config:
    given = {} if worker is None else {"workerinput": {"workerid": worker, "workercount": 3}}
    return cast("pytest.Config", SimpleNamespace(**given))


@pytest.mark.parametrize(
    ("worker", "path", "expected"),
    [
        ("gw0", "tests/synth/test_a.py", False),
        ("gw1", "tests/synth/test_a.py", True),
        ("gw2", "tests/local/test_gateway_generated_sites.py", True),
        ("gw2", "tests/local/test_gateway_s3.py", False),
        ("gw1", "tests/unit/test_a.py", False),
        ("gw3", "tests/synth/test_a.py", False),  # in the place of one that crashed
        (None, "tests/synth/test_a.py", False),
    ],
)
def test_one_process_collects_what_loads_the_bindings(worker: str | None, path: str, expected: bool) -> None:
    assert is_left_out(PurePosixPath(path), config_of(worker)) is expected


@pytest.mark.parametrize("first", [0, 1, 2])
def test_every_test_runs_once_and_where_it_was_collected(first: int) -> None:
    """Whichever process is ready first."""
    everything = [*SYNTH, *UNIT, *LOCAL]
    processes = [Process([*UNIT, *LOCAL]), Process([*UNIT, *LOCAL])]
    processes.insert(first, Process(everything))
    run(processes)
    assert sorted(test for process in processes for test in process.ran) == sorted(everything)
    assert set(SYNTH) <= set(processes[first].ran)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_deployment_s_tests_come_first_where_the_bindings_are_not(first: int) -> None:
    processes = [Process([*UNIT, *LOCAL]), Process([*UNIT, *LOCAL])]
    processes.insert(first, Process([*SYNTH, *UNIT, *LOCAL]))
    run(processes)
    assert [test for process in processes for test in process.ran[:2] if test in LOCAL] == LOCAL
    assert processes[first].ran[0] in SYNTH


def test_processes_without_any_test_end() -> None:
    processes = [Process([]), Process(SYNTH), Process([])]
    run(processes)
    assert processes[1].ran == SYNTH
    assert [process.shutting_down for process in processes] == [True, True, True]


def run(processes: list[Process]) -> None:
    """Plays xdist: each process runs its next test as long as it knows the one after it, the last one when it is told to end."""
    session = SimpleNamespace(testscollected=0)
    config: Any = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=True),
        getvalue=lambda _name: ["popen"] * 3,
        pluginmanager=SimpleNamespace(get_plugin={"session": session}.get),
    )
    scheduler: Any = Groups(config, None)
    for process in processes:
        scheduler.add_node(process)
    for process in processes:
        scheduler.add_node_collection(process, process.collected)
    scheduler.schedule()
    for _ in range(100):
        if scheduler.tests_finished:
            for process in processes:
                process.shutdown()
        for process in processes:
            if len(process.waiting) > (0 if process.shutting_down else 1):
                index = process.waiting.pop(0)
                process.ran.append(process.collected[index])
                scheduler.mark_test_complete(process, index)
    assert not scheduler.has_pending
    assert session.testscollected == len({test for process in processes for test in process.collected})
