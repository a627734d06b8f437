"""`failover rehearse` on configurations that are not ours: applied by the real provider, broken, and nothing else touched."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.foreign_terraform import account_bound, group, servers, single, trap

ROOT = Path(__file__).parents[2]


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rehearsed(tmp_path: Path, write: Callable[[Path], Path], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Returns exit code and report; requires that the folder is as it was."""
    source = tmp_path / "source"
    directory = write(source)
    before = digest(source)
    program = str(Path(sys.executable).with_name("failover"))
    done = subprocess.run(
        [
            program,
            "rehearse",
            str(directory),
            "--json",
            "--speed",
            "5",
            "--output",
            str(tmp_path / "output"),
            *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert digest(source) == before
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_origin_group_saves_the_pages_that_nobody_asked_for(tmp_path: Path) -> None:
    exit_code, report = rehearsed(tmp_path, group, "--drill", "503")
    assert report["resources"]["left_out"] == []
    (drill,) = report["drills"]
    assert (drill["outcome"], drill["cached"]["failed"], drill["uncached"]["failed"]) == ("nothing lost", 0, 0)
    assert drill["fault"] == "s3:eu-central-1 status 503"
    has_errors = any(each["severity"] == "error" for each in report["lint"])
    assert exit_code == int(has_errors)


@pytest.mark.slow
def test_failover_between_two_distributions_is_refused_and_linted(tmp_path: Path) -> None:
    exit_code, report = rehearsed(tmp_path, trap, "--drill", "503", "--sites", "1")
    refused = [each for each in report["resources"]["left_out"] if each["why"].startswith("refused")]
    assert [each["type"] for each in refused] == ["aws_cloudfront_distribution"]
    assert "CNAMEAlreadyExists" in refused[0]["detail"]
    assert any(each["severity"] == "error" for each in report["lint"])
    assert "hosted zone trap.example.com" in report["assumed"]
    assert exit_code == 1


@pytest.mark.slow
def test_single_bucket_loses_what_the_edge_does_not_hold(tmp_path: Path) -> None:
    exit_code, report = rehearsed(tmp_path, single, "--drill", "503", "--drill", "edge")
    left_out = {each["type"]: each["why"] for each in report["resources"]["left_out"]}
    assert left_out == {"aws_elasticache_cluster": "localcloud does not model it"}
    by_drill = {each["drill"]: each for each in report["drills"]}
    assert by_drill["origin bucket answers 503"]["cached"]["outcome"] == "nothing lost"
    assert by_drill["origin bucket answers 503"]["uncached"]["outcome"] == "lost until it was healed"
    assert by_drill["edge is dead"]["cached"]["outcome"] == "lost until it was healed"
    assert all(each["back_after_seconds"] is not None for each in report["drills"])
    assert "provisioners" in report["replaced"]
    assert not list(tmp_path.rglob("executed"))
    assert exit_code == 1


@pytest.mark.slow
def test_web_servers_of_a_module_are_stood_in_for(tmp_path: Path) -> None:
    exit_code, report = rehearsed(tmp_path, servers, "--drill", "503")
    broken = sorted(each["fault"] for each in report["drills"])
    assert broken == ["origin:a.example.com status 503", "origin:b.example.com status 503"]
    assert all(each["uncached"]["outcome"] == "lost until it was healed" for each in report["drills"])
    assert "a stand-in of the web server a.example.com" in report["assumed"]
    assert exit_code == 1


@pytest.mark.slow
def test_what_a_configuration_names_in_an_account_is_made_up(tmp_path: Path) -> None:
    exit_code, report = rehearsed(tmp_path, account_bound, "--drill", "503")
    assert report["resources"]["left_out"] == []
    (drill,) = report["drills"]
    assert (drill["hostname"], drill["cached"]["outcome"]) == ("www.bound.example.com", "nothing lost")
    assert drill["uncached"]["outcome"] == "lost until it was healed"
    made_up = " ".join(report["assumed"])
    for each in (
        "hosted zone bound.example.com for Z0123456789ABCDEFGHIJ",
        "hosted zone bound.example.com for Z9876543210ABCDEFGHIJ",
        "certificate of www.bound.example.com in us-east-1",
        "certificate of *.bound.example.com in eu-central-1",
        "bucket rehearsed-pages in eu-central-1",
    ):
        assert each in made_up
    assert report["notes"] == []
    assert exit_code == 1
