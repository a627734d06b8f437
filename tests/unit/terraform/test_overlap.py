"""Which stacks wait for which, and what of a stack nobody waits for."""

import itertools
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from scripts.errors import OpsError
from scripts.processes.process_group import interrupts_deferred
from scripts.terraform import deploy, overlap
from scripts.terraform.cli import Terraform
from scripts.terraform.overlap import early, in_parallel, needs

LIFECYCLE = {
    "aws_s3_bucket": {"b": {}},
    "aws_s3_bucket_lifecycle_configuration": {"l": {"bucket": "${aws_s3_bucket.b.id}"}},
}


def stacks(folder: Path, dependencies: dict[str, list[str]], reads: dict[str, list[str]]) -> Path:
    out = folder / "stacks"
    for name in dependencies:
        (out / name).mkdir(parents=True)
        states: dict[str, Any] = {f"cross-stack-reference-input-{other}": {} for other in reads.get(name, ())}
        document = {"data": {"terraform_remote_state": states}, "resource": {}}
        (out / name / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")
    manifest = {"stacks": {name: {"dependencies": found} for name, found in dependencies.items()}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return out


def test_stack_waits_for_what_the_synthesis_says_but_its_certificates_wait_for_dns_themselves(tmp_path: Path) -> None:
    folder = stacks(
        tmp_path,
        {"dns": [], "region-a": ["dns"], "edge": ["dns", "region-a"]},
        {"edge": ["dns", "region-a"]},
    )
    waves = [["dns"], ["region-a"], ["edge"]]
    assert needs(folder, waves) == {"dns": set(), "region-a": set(), "edge": {"dns", "region-a"}}


def test_stack_waits_for_all_waves_before_without_a_manifest(tmp_path: Path) -> None:
    folder = stacks(tmp_path, {"dns": [], "region-a": [], "edge": []}, {})
    (tmp_path / "manifest.json").unlink()
    assert needs(folder, [["dns"], ["region-a"], ["edge"]])["edge"] == {"dns", "region-a"}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (LIFECYCLE, ["aws_s3_bucket.b"]),
        ({**LIFECYCLE, "x": {"y": {"depends_on": ["aws_s3_bucket_lifecycle_configuration.l"]}}}, []),
        ({"aws_s3_bucket": {"b": {}}}, []),
    ],
)
def test_what_is_late_is_left_for_later_unless_something_refers_to_it(
    resources: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"resource": resources}), encoding="utf-8")
    assert early(tmp_path) == expected


def test_stacks_run_at_once_and_each_after_those_that_it_needs() -> None:
    both, order = threading.Barrier(2, timeout=10), []

    def act(name: str, wait: Callable[[], None], ready: Callable[[], None]) -> None:
        wait()
        if name in ("a", "b"):
            both.wait()
        order.append(name)
        ready()

    in_parallel({"c": ["a", "b"], "a": [], "b": []}, act, lambda: None)
    assert order[2] == "c"


def test_what_need_not_be_waited_for_goes_on() -> None:
    reader_is_done, order = threading.Event(), []

    def act(name: str, wait: Callable[[], None], ready: Callable[[], None]) -> None:
        wait()
        ready()
        if name == "region":
            assert reader_is_done.wait(10)
        else:
            reader_is_done.set()
        order.append(name)

    in_parallel({"region": [], "edge": ["region"]}, act, lambda: None)
    assert order == ["edge", "region"]


def test_failure_ends_what_is_under_way_and_what_needs_it_is_not_touched() -> None:
    stopped, touched = threading.Event(), []

    def act(name: str, wait: Callable[[], None], ready: Callable[[], None]) -> None:
        wait()
        touched.append(name)
        if name == "bad":
            raise OpsError("bad failed")
        assert stopped.wait(10)
        ready()

    with pytest.raises(OpsError, match="bad failed"):
        in_parallel({"bad": [], "slow": [], "after": ["bad"]}, act, stopped.set)
    assert "after" not in touched


def test_interrupt_between_two_stacks_that_begin_ends_those_that_have_begun() -> None:
    has_begun, stopped, was_stopped, looks = threading.Event(), threading.Event(), [], itertools.count()

    class InterruptedHalfWay(dict[str, list[str]]):
        """Looked through once for the names and once to begin the stacks: Ctrl-C comes then, after the first has begun."""

        def __iter__(self) -> Iterator[str]:
            is_beginning = next(looks) == 1
            yield "a"
            if is_beginning:
                assert has_begun.wait(10)
                signal.raise_signal(signal.SIGINT)
            yield "b"

    def act(_name: str, _wait: Callable[[], None], _ready: Callable[[], None]) -> None:
        has_begun.set()
        was_stopped.append(stopped.wait(10))

    with pytest.raises(KeyboardInterrupt):
        in_parallel(InterruptedHalfWay({"a": [], "b": []}), act, stopped.set)
    assert was_stopped == [True, True]


def interrupted_again_before_the_end(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
    """Let a Ctrl-C come just before the module holds interrupts back to stop what is under way, for the second time."""
    blocks = itertools.count()

    def deferred() -> AbstractContextManager[None]:
        if next(blocks) == 1:
            signal.raise_signal(signal.SIGINT)
        return interrupts_deferred()

    monkeypatch.setattr(module, "interrupts_deferred", deferred)


def test_second_interrupt_does_not_keep_the_stacks_from_being_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, was_stopped = threading.Event(), []
    interrupted_again_before_the_end(monkeypatch, overlap)

    def act(name: str, _wait: Callable[[], None], _ready: Callable[[], None]) -> None:
        if name == "a":
            os.kill(os.getpid(), signal.SIGINT)
        was_stopped.append(stopped.wait(10))

    with pytest.raises(KeyboardInterrupt):
        in_parallel({"a": [], "b": []}, act, stopped.set)
    assert was_stopped == [True, True]


def test_second_interrupt_does_not_keep_a_wave_from_being_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_stopped = []
    interrupted_again_before_the_end(monkeypatch, deploy)

    class Stoppable(Terraform):
        stopped = threading.Event()

        def interrupt(self) -> None:
            self.stopped.set()

    def act(folder: Path, _doing: Callable[[str], None]) -> None:
        if folder.name == "a":
            os.kill(os.getpid(), signal.SIGINT)
        was_stopped.append(Stoppable.stopped.wait(10))

    terraform = Stoppable(binary=tmp_path / "terraform", environment={}, log_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        deploy.run_waves(terraform, tmp_path, [["a", "b"]], Console(quiet=True), act)
    assert was_stopped == [True, True]
