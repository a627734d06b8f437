"""`failover performance` and `failover slo` on a history: exit codes, refusals, documents."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import cli
from scripts.clock import unix_now
from scripts.errors import MissingOutputError, WrongUsageError
from scripts.probe.history import History
from tests.unit.probe.test_history import VIEW

OUTPUTS = {
    "edge": {
        "hostname": "www.example.test",
        "hosted_zone_id": "Z1",
        "key_value_store_arn": "arn",
        "health_check_ids": {"path": "p"},
        "buckets": {"eu-central-1": "b1", "us-east-1": "b2"},
        "roles": {"eu-central-1": "primary", "us-east-1": "secondary"},
        "distributions": {},
        "objectives": {"rto_seconds": 120, "rpo_seconds": 900, "availability_ratio": 0.9, "monthly_cost_usd": 5},
    }
}
runner = CliRunner()


class World:
    """A folder with outputs and a history: an hour ago quick and good, now slow, some failed."""

    def __init__(self, folder: Path) -> None:
        self.outputs, self.history, self.folder = folder / "outputs.json", folder / "h.sqlite", folder
        self.outputs.write_text(json.dumps(OUTPUTS), encoding="utf-8")
        kept, now = History(self.history), unix_now()
        slow = dataclasses.replace(VIEW, at=now - 60, total=0.4)
        kept.add([dataclasses.replace(VIEW, at=now - 3660, total=0.1)] * 20 + [slow] * 17)
        kept.add([dataclasses.replace(slow, error="timeout", total=None)] * 3)
        kept.close()

    def run(self, verb: str, *arguments: str) -> tuple[int, str]:
        given = [verb, "--outputs", str(self.outputs), "--history", str(self.history), *arguments]
        if verb == "slo":
            given += ["--report", str(self.folder / "slo"), "--drills", str(self.folder / "drills.jsonl")]
        done = runner.invoke(cli.application((verb,)), given, catch_exceptions=True)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("FAILOVER_LOCALCLOUD", raising=False)
    return World(tmp_path)


def an_hour_ago() -> str:
    import datetime as dt

    return dt.datetime.fromtimestamp(unix_now() - 3600, dt.UTC).isoformat()


def test_performance_compares_two_windows(world: World) -> None:
    code, text = world.run("performance", "--window", "30m", "--against", an_hour_ago(), "--json")
    document = json.loads(text)
    assert code == 0
    assert document["groups"]["all"]["page_views"] == 17
    assert document["against"]["all"]["page_views"] == 20
    assert 2.5 < document["p95_growth_ratio"] < 3.5


@pytest.mark.parametrize(("allowed", "exit_code"), [("0.5", 1), ("9", 0)])
def test_performance_ends_with_1_when_it_grew_too_much(world: World, allowed: str, exit_code: int) -> None:
    arguments = ("--window", "30m", "--against", an_hour_ago(), "--max-growth", allowed)
    assert world.run("performance", *arguments)[0] == exit_code


@pytest.mark.parametrize(
    "arguments",
    [("--by", "planet"), ("--window", "0h"), ("--window", "soon"), ("--max-growth", "1"), ("--until", "yesterday")],
)
def test_performance_rejects_what_means_nothing(world: World, arguments: tuple[str, ...]) -> None:
    with pytest.raises(WrongUsageError, match=arguments[0]):
        world.run("performance", *arguments)


@pytest.mark.parametrize("verb", ["performance", "slo"])
def test_history_that_is_not_there_is_named_and_not_made(world: World, verb: str) -> None:
    world.history = world.folder / "absent.sqlite"
    with pytest.raises(MissingOutputError, match="let `failover probe` run"):
        world.run(verb)
    assert not world.history.exists()


def test_performance_of_an_empty_window_is_refused(world: World) -> None:
    with pytest.raises(MissingOutputError, match="no good page view in the window"):
        world.run("performance", "--window", "1m", "--until", "2020-01-01T00:00Z")


@pytest.mark.parametrize(("window", "exit_code"), [("24h", 0), ("30m", 1)])
def test_slo_ends_with_1_when_an_objective_was_missed(world: World, window: str, exit_code: int) -> None:
    code, text = world.run("slo", "--window", window, "--json")
    document = json.loads(text)
    assert code == exit_code
    assert document["availability_ratio"] == pytest.approx(37 / 40 if window == "24h" else 17 / 20)
    assert {path.name for path in (world.folder / "slo").iterdir()} == {"slo.json", "slo.html", "slo.md"}
