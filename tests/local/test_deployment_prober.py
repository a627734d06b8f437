"""A site with a prober in a region that does not serve: what it sees and publishes there, what its alarm mails, and its end."""

import asyncio
import datetime as dt
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from rich.console import Console

from scripts.local.control import ControlApi
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.terraform.cli import from_this_machine
from scripts.terraform.deploy import deploy
from tests.worlds.deployment_world import ROOT, DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

REGION, STACK = "eu-west-1", "prober-eu-west-1"
SPEED = 5.0
PATIENCE_SECONDS = 240.0
PAGE = (
    '<!doctype html><html lang="en"><head><meta name="release" content=""><title>t</title></head><body>t</body></html>'
)


class Site(DeploymentWorld):
    """A deployed site of its own, with a release that is live."""

    def client(self, service: Any) -> Any:
        environment = self.endpoints.environment
        return boto3.client(
            service, region_name=REGION, endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"], aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        )  # fmt: skip

    def newest(self, name: str) -> float | None:
        """Returns the newest value of a metric in the prober's region; None before there is one."""
        dimensions = [{"Name": "Hostname", "Value": "www.example.test"}, {"Name": "ProbeRegion", "Value": REGION}]
        now = dt.datetime.now(dt.UTC)
        points = self.client("cloudwatch").get_metric_statistics(
            Namespace="FailoverSite", MetricName=name, Dimensions=dimensions, Statistics=["Maximum"], Period=60,
            StartTime=now - dt.timedelta(hours=2), EndTime=now + dt.timedelta(hours=2),
        )["Datapoints"]  # fmt: skip
        return max(points, key=lambda point: point["Timestamp"])["Maximum"] if points else None

    def alarm(self) -> str:
        (found,) = self.client("cloudwatch").describe_alarms(
            AlarmNames=[f"failover-site-demo-alarm-prober-failed.{REGION}"]
        )["MetricAlarms"]
        return str(found["StateValue"])

    def mails(self) -> list[dict[str, Any]]:
        answer = asyncio.run(ControlApi(self.endpoints.control_url).get("/mailbox"))
        assert isinstance(answer, dict)
        return [mail for mail in answer["mails"] if REGION in str(mail["subject"])]

    @contextmanager
    def broken(self, *faults: tuple[str, str]) -> Iterator[None]:
        control = ControlApi(self.endpoints.control_url)
        made = [asyncio.run(control.post("/faults", {"target": target, "kind": kind})) for target, kind in faults]
        try:
            yield
        finally:
            for fault in made:
                assert isinstance(fault, dict)
                asyncio.run(control.delete(f"/faults/{fault['id']}"))


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(1)
    return condition()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("probed")
    demo = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8").replace("7.50", "12.00")
    (folder / "site.toml").write_text(f'{demo}\n[features]\nprober = ["{REGION}"]\nprober_alarms = true\n')
    command = [sys.executable, str(ROOT / "main.py"), str(folder / "site.toml"), "--output", str(folder / "cdktf.out")]
    subprocess.run(command, check=True, capture_output=True)
    with running_localcloud(folder / "localcloud", speed=SPEED, arguments=ANY_PORT) as endpoints:
        made = Site(folder=folder, endpoints=endpoints, terraform=from_this_machine(folder, endpoints.environment))
        deploy(made.terraform, made.stacks, folder / "outputs.json", Console(stderr=True))
        content = folder / "content"
        content.mkdir()
        for name in ("index.html", "404.html"):
            (content / name).write_text(PAGE, encoding="utf-8")
        made.failover("sync-content", str(content), "--apply")
        yield made


def test_prober_sees_that_everything_is_as_it_must_be(site: Site) -> None:
    assert eventually(lambda: site.newest("GoodAnswers") == 1 and site.newest("FailedChecks") == 0)
    assert (site.newest("BadAnswers"), site.newest("ServedBySecondary")) == (0, 0)
    assert (site.newest("AnswerMilliseconds") or 0) > 0
    assert eventually(lambda: site.alarm() == "OK")


def test_region_that_is_ill_is_seen_and_alarms_nobody_who_is_served(site: Site) -> None:
    with site.broken(("s3:eu-central-1", "refuse")):
        assert eventually(lambda: (site.newest("FailedChecks") or 0) > 0 and site.newest("ServedBySecondary") == 1)
        assert site.newest("BadAnswers") == 0
    assert eventually(lambda: site.newest("FailedChecks") == 0)


def test_site_that_nobody_reaches_is_mailed_from_that_region(site: Site) -> None:
    before = len(site.mails())
    with site.broken(("cloudfront", "expired-certificate")):
        assert eventually(lambda: site.newest("BadAnswers") == 1)
        assert eventually(lambda: site.alarm() == "ALARM")
        assert eventually(lambda: len(site.mails()) > before)
    mail = site.mails()[-1]
    assert "visitors in eu-west-1 cannot load the site" in mail["subject"]
    assert "failover status" in mail["text"]
    assert eventually(lambda: site.alarm() == "OK")


def test_second_plan_is_clean_and_the_stack_goes_with_the_site(site: Site) -> None:
    assert site.terraform.plan_exit_code(site.stacks / STACK) == 0
    site.failover("destroy", "--stacks", str(site.stacks), "--force", "--apply")
    state = json.loads((site.folder / f"terraform.{STACK}.tfstate").read_text(encoding="utf-8"))
    assert state["resources"] == []
    assert site.client("lambda").list_functions()["Functions"] == []
