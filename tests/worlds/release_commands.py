"""The `failover` command on a release world: a fixture that runs it, and the probe that it asks."""

import json
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar

import pytest

from scripts import cli
from scripts.release.manifest import ReleaseFile
from scripts.release.samples import BadAnswer
from scripts.release.serving.content_settings import parse_content
from scripts.status.entries import Answer, Entry
from scripts.terraform.outputs import Deployment, Distribution, ExternalEndpoint, Objectives, OtherOutputs, Routing
from tests.worlds.manual_clock import ManualClock
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

Failover = Callable[..., tuple[int, str, str]]


READERS = (
    "releases",
    "status",
    "verify",
    "prune",
    "evacuate",
    "restore",
    "divert",
    "rollback",
    "takedown",
    "publishing.promotion",
    "publishing.publishing",
)


class FakeProbe:
    """Finds what the test says; `files` are those of the last question."""

    bad: ClassVar[list[BadAnswer]] = []
    files: ClassVar[list[str]] = []

    def __init__(self, world: ReleaseWorld) -> None:
        self._world = world

    def ask(self, files: Sequence[ReleaseFile]) -> list[BadAnswer]:
        FakeProbe.files = [file.path for file in files]
        return FakeProbe.bad

    def ask_gone(self, addresses: Sequence[str], md5s: Collection[str]) -> list[BadAnswer]:
        FakeProbe.files = [*addresses, *sorted(md5s)]
        return FakeProbe.bad


class FakeEntries:
    """Every entry serves the home page that is active, by CloudFront; `region` is where from."""

    region: ClassVar[str] = PRIMARY

    def __init__(self, world: ReleaseWorld) -> None:
        self._world = world

    def ask(self, entries: Sequence[Entry]) -> list[Answer]:
        return [Answer(entry=each, served_by="cloudfront", region=FakeEntries.region) for each in entries]


def deployment_of(world: ReleaseWorld) -> Deployment:
    """Outputs of this website: without health checks, and with alarms nowhere."""
    site = world.site
    return Deployment(
        hostname=site.hostname,
        hosted_zone_id="Z1",
        key_value_store_arn="arn:store",
        health_check_ids={},
        buckets={region: bucket.name for region, bucket in site.buckets.items()},
        roles={PRIMARY: "primary", SECONDARY: "secondary"},
        distributions={
            region: Distribution(id=region, arn=region, domain_name=region, hostname=f"{region}.{site.hostname}")
            for region in site.buckets
        },
        objectives=Objectives(rto_seconds=120, rpo_seconds=60, availability_ratio=0.99, monthly_cost_usd=1),
        routing=Routing(entry=site.entry),
        external_endpoints={
            name: ExternalEndpoint(addresses={"A": "203.0.113.10"}, health_check_ids={}, content=content)
            for name, content in world.exits.items()
        },
    )


@pytest.fixture
def failover(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Failover:
    """Run the command line against this test's website; return exit code, stdout and stderr."""
    # Options last: a verb's module that is imported only now must not take the replacement for its own.
    for name in (*READERS, "shared.options"):
        monkeypatch.setattr(f"scripts.commands.{name}.open_website", lambda _outputs, **_: world.site)
    monkeypatch.setattr(
        "scripts.commands.sync_content.content_rules", lambda _outputs: parse_content(world.site.content)
    )
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(FakeEntries, "region", PRIMARY)
    monkeypatch.setenv("XDG_CACHE_HOME", str(world.folder.parent / "cache"))
    monkeypatch.setattr("scripts.commands.prune.AwsClock", lambda **_speed: ManualClock())
    monkeypatch.setattr("scripts.release.probe.network_probe", lambda *_arguments: FakeProbe(world))
    monkeypatch.setattr("scripts.commands.status.network_entry_probe", lambda _endpoints: FakeEntries(world))
    monkeypatch.setattr("scripts.commands.status.load_deployment", lambda _outputs: deployment_of(world))
    monkeypatch.setattr("scripts.commands.takedown.load_deployment", lambda _outputs: deployment_of(world))
    monkeypatch.setattr("scripts.exits.words.load_deployment", lambda _outputs: deployment_of(world))
    others = OtherOutputs(alarm_names=("site-test-alarm-path-unhealthy",))
    monkeypatch.setattr("scripts.commands.status.load_other_outputs", lambda _outputs: others)

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
