"""The `failover` command on a release world: a fixture that runs it, and the probe that it asks."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from scripts import cli
from scripts.release.manifest import ReleaseFile
from scripts.release.samples import BadAnswer
from tests.worlds.manual_clock import ManualClock
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

Failover = Callable[..., tuple[int, str, str]]


READERS = ("releases", "status", "verify", "prune", "evacuate", "restore", "divert", "rollback", "sync_content")


class FakeProbe:
    """Finds what the test says; `files` are those of the last question."""

    bad: ClassVar[list[BadAnswer]] = []
    files: ClassVar[list[str]] = []

    def __init__(self, world: ReleaseWorld) -> None:
        self._world = world

    def ask(self, files: Sequence[ReleaseFile]) -> list[BadAnswer]:
        FakeProbe.files = [file.path for file in files]
        return FakeProbe.bad


@pytest.fixture
def failover(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Failover:
    """Run the command line against this test's website; return exit code, stdout and stderr."""
    # Options last: a verb's module that is imported only now must not take the replacement for its own.
    for name in (*READERS, "shared.options"):
        monkeypatch.setattr(f"scripts.commands.{name}.open_website", lambda _outputs, **_: world.site)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("XDG_CACHE_HOME", str(world.folder.parent / "cache"))
    monkeypatch.setattr("scripts.commands.prune.AwsClock", lambda **_speed: ManualClock())
    monkeypatch.setattr("scripts.release.probe.network_probe", lambda *_arguments: FakeProbe(world))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["failover", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


def document(failover: Failover, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    code, output, error = failover(*arguments, "--json")
    assert code == exit_code, error
    return dict(json.loads(output))
