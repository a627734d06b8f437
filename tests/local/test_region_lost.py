"""A whole region dies with its control planes, another one takes its place, what is left is retired: by the commands alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from scripts.local.process import ANY_PORT, running_localcloud
from scripts.terraform.cli import Terraform, from_this_machine
from scripts.terraform.deploy import deploy
from tests.worlds.deployment_world import ROOT

pytestmark = [pytest.mark.local, pytest.mark.slow]

OLD, STAYING, NEW = "eu-central-1", "us-east-1", "eu-west-1"
SPEED = 2.0
PAGE = '<!doctype html><html lang="en"><head><meta name="release" content=""><title>{0}</title></head><body>{0}</body></html>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A deployed site of its own, which the tests take apart in their order."""

    folder: Path
    terraform: Terraform

    @property
    def stacks(self) -> Path:
        return self.folder / "cdktf.out" / "stacks"

    def failover(self, *arguments: str, code: int = 0) -> str:
        environment = {
            "FAILOVER_LOCALCLOUD": str(self.folder / "localcloud"),
            "FAILOVER_OUTPUTS": str(self.folder / "outputs.json"),
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("failover")), *arguments],
            cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def publish(self, text: str) -> str:
        content = self.folder / "content"
        content.mkdir(exist_ok=True)
        for name in ("index.html", "404.html"):
            (content / name).write_text(PAGE.format(text), encoding="utf-8")
        return str(json.loads(self.failover("sync-content", str(content), "--apply", "--json"))["release_id"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("lost")
    # Parity's functions write into the buckets until they are gone, also while a region is retired.
    text = (
        (ROOT / "config" / "demo.toml")
        .read_text(encoding="utf-8")
        .replace("monthly_cost_usd = 7.50", "monthly_cost_usd = 9")
    )
    (folder / "site.toml").write_text(f"{text}\n[features]\nparity = true\n", encoding="utf-8")
    command = [sys.executable, str(ROOT / "main.py"), str(folder / "site.toml"), "--output", str(folder / "cdktf.out")]
    subprocess.run(command, check=True, capture_output=True)
    with running_localcloud(folder / "localcloud", speed=SPEED, arguments=ANY_PORT) as endpoints:
        made = Site(folder=folder, terraform=from_this_machine(folder, endpoints.environment))
        deploy(made.terraform, made.stacks, folder / "outputs.json", Console(stderr=True))
        yield made


@pytest.fixture(scope="module")
def found(site: Site) -> dict[str, Any]:
    """What the drill reports."""
    site.publish("first")
    site.publish("second")
    site.failover(
        "drill", "region-lost", "--site-file", str(site.folder / "site.toml"), "--new-region", NEW,
        "--stacks", str(site.stacks), "--report", str(site.folder / "drill"), "--rate", "2",
    )  # fmt: skip
    document: dict[str, Any] = json.loads((site.folder / "drill" / "region-lost.json").read_bytes())
    return document


def test_nobody_loses_a_page_once_the_first_failover_is_done(found: dict[str, Any]) -> None:
    assert (found["failed_after"], found["is_good"]) == (0, True)
    assert found["page_views"] > 100
    assert found["recovered_seconds"] < 60


def test_report_has_the_clock_of_the_replacement(found: dict[str, Any]) -> None:
    replacement = found["replacement"]
    assert replacement["seconds"] == pytest.approx(sum(step["seconds"] for step in replacement["steps"]), abs=1)
    assert (replacement["is_old_silent"], replacement["verified"]) == (True, replacement["objects"])


def test_both_regions_hold_every_release_and_a_rollback_works(site: Site, found: dict[str, Any]) -> None:
    assert found["is_good"]
    assert "Every region holds all of it." in site.failover("verify")
    document = json.loads(site.failover("releases", "--json"))
    assert len(document["releases"]) == 2
    site.failover("rollback", "--apply")


def test_plan_of_every_stack_is_clean_and_none_reaches_the_old_region(site: Site, found: dict[str, Any]) -> None:
    assert found["is_good"]
    folders = sorted(site.stacks.iterdir())
    for folder in folders:
        site.terraform.init(folder)
    assert {folder.name: site.terraform.plan_exit_code(folder) for folder in folders} == dict.fromkeys(
        [folder.name for folder in folders], 0
    )
    assert OLD not in [folder.name.partition("-")[2] for folder in folders]
    assert OLD not in (site.folder / "site.toml").read_text(encoding="utf-8")


def test_region_does_not_come_back_before_its_remains_are_gone(site: Site, found: dict[str, Any]) -> None:
    assert found["is_good"]
    arguments = ("--site-file", str(site.folder / "site.toml"), "--stacks", str(site.stacks))
    said = site.failover("replace-region", NEW, OLD, *arguments, code=1)
    assert f"failover retire-region {OLD} --apply" in said


def test_region_that_answers_again_is_retired_and_nothing_is_left(site: Site, found: dict[str, Any]) -> None:
    assert found["is_good"]
    stacks = ("--stacks", str(site.stacks))
    assert f"region-{OLD}: " in site.failover("retire-region", OLD, *stacks)
    site.failover("retire-region", OLD, *stacks, "--apply")
    said = site.failover("retire-region", OLD, *stacks, "--apply", code=2)
    assert f"no states of {OLD} are kept aside" in said


def test_region_of_the_site_is_not_retired(site: Site, found: dict[str, Any]) -> None:
    assert found["is_good"]
    said = site.failover("retire-region", NEW, "--stacks", str(site.stacks), "--apply", code=1)
    assert "failover replace-region takes it out first" in said
