"""The whole product on localcloud: deployed by cdktf, planned clean, published, rolled back, drilled."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import dns.message
import dns.query
import dns.rdatatype
import pytest
from botocore.config import Config

from constructs_lib.output_contract import outputs_of
from scripts.clock import AwsClock
from scripts.commands.build import make
from scripts.local.control import ControlApi
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from scripts.terraform.cli import PLAN_CLEAN
from tests.worlds import terraform_types
from tests.worlds.deployment_world import PATIENCE_SECONDS, STACKS, DeploymentWorld

pytestmark = pytest.mark.local

HOSTNAME, EDGE = "www.example.test", "127.0.10.1"
SITE_SOURCE = Path(__file__).parents[2] / "site" / "src"


def await_region(deployment: DeploymentWorld, region: str) -> None:
    """Wait until a region's bucket answers the public name; a KeyValueStore write takes two AWS seconds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answered := serving_region(deployment)) != region:
        assert time.monotonic() < deadline, f"{answered} answers, not {region}"
        time.sleep(0.1)


def serving_region(deployment: DeploymentWorld) -> str:
    """Return the region whose bucket answers the public name through the edge, uncached."""
    context = ssl.create_default_context(cafile=deployment.endpoints.ca_certificate)
    connection = HTTPConnection(HOSTNAME)
    with socket.create_connection((EDGE, deployment.endpoints.https_port), timeout=60) as raw:
        connection.sock = context.wrap_socket(raw, server_hostname=HOSTNAME)
        try:
            connection.request("GET", "/health/region.json")
            return str(json.loads(connection.getresponse().read())["region"])
        finally:
            connection.close()


def s3_client(deployment: DeploymentWorld, region: str) -> Any:
    url = deployment.endpoints.gateway_url
    session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
    config = Config(proxies={"http": url}, s3={"addressing_style": "path"})
    return session.client("s3", region_name=region, endpoint_url=url, config=config)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo site, built."""
    folder = tmp_path_factory.mktemp("site") / "build"
    write_site(make(SITE_SOURCE, ContentRules()).files, folder)
    return folder


@pytest.fixture(scope="module", autouse=True)
def second_plans(deployment: DeploymentWorld) -> Iterator[dict[str, Future[int]]]:
    """Exit code of each stack's second plan, made while the tests before the one that asks for it publish and read."""
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(deployment.terraform.plan_exit_code, deployment.stacks / name) for name in STACKS}


@pytest.fixture(scope="module")
def release_id(deployment: DeploymentWorld, site: Path) -> str:
    """The site, published once."""
    document = json.loads(deployment.failover("sync-content", str(site), "--apply", "--json").stdout)
    assert document["applied"] is True
    return str(document["release_id"])


def test_outputs_name_what_the_commands_need(deployment: DeploymentWorld) -> None:
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    assert set(outputs) == set(STACKS)
    assert len(outputs["dns"]["name_servers"]) == 4
    assert set(outputs["edge"]["health_check_ids"]) == {"path", "eu-central-1", "us-east-1"}


def test_outputs_of_a_real_apply_have_the_documented_types(deployment: DeploymentWorld) -> None:
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    for stack, values in outputs.items():
        for name, output in outputs_of(stack).items():
            if not output.only_with:
                assert terraform_types.problems(values[name], output.type, at=f"{stack}.{name}") == []


def test_publish_without_apply_is_a_plan(deployment: DeploymentWorld, release_id: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>other</title>", encoding="utf-8")
    document = json.loads(deployment.failover("sync-content", str(tmp_path), "--force", "--json").stdout)
    assert document["applied"] is False
    assert document["active_release_id"] == release_id
    assert document["uploads"] == {"eu-central-1": ["index.html"], "us-east-1": ["index.html"]}


def test_second_publish_has_nothing_to_do(deployment: DeploymentWorld, release_id: str, site: Path) -> None:
    assert release_id in deployment.failover("sync-content", str(site), "--apply").stdout
    assert "Nothing to do" in deployment.failover("sync-content", str(site), "--apply").stdout


PARITY_ALARM = "failover-site-demo-alarm-parity-lost.eu-central-1"


def test_lost_objects_come_back_by_themselves(deployment: DeploymentWorld, release_id: str) -> None:
    """One under a delete marker, from its older version; one without any version, from the other region."""
    buckets = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))["edge"]["buckets"]
    s3, bucket = s3_client(deployment, "eu-central-1"), buckets["eu-central-1"]
    marked, erased = (f"releases/{release_id}/{path}" for path in ("index.html", "404.html"))
    s3.delete_object(Bucket=bucket, Key=marked)
    for version in s3.list_object_versions(Bucket=bucket, Prefix=erased)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=erased, VersionId=version["VersionId"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := {each["Key"] for each in listed(s3, bucket, release_id)} & {marked, erased}) < 2:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    s3.close()


def listed(s3: Any, bucket: str, release_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = s3.list_objects_v2(Bucket=bucket, Prefix=f"releases/{release_id}/")["Contents"]
    return found


def test_rollback_goes_back_and_forth(deployment: DeploymentWorld, release_id: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>other</title>", encoding="utf-8")
    other = json.loads(deployment.failover("sync-content", str(tmp_path), "--force", "--apply", "--json").stdout)[
        "release_id"
    ]
    document = json.loads(deployment.failover("rollback", "--apply", "--json").stdout)
    assert (document["from_release_id"], document["to_release_id"], document["applied"]) == (other, release_id, True)


def test_evacuated_region_is_asked_last_until_it_is_restored(deployment: DeploymentWorld, release_id: str) -> None:
    await_region(deployment, "eu-central-1")
    deployment.failover("evacuate", "eu-central-1", "--apply")
    try:
        await_region(deployment, "us-east-1")
        status = json.loads(deployment.failover("status", "--json", exit_code=None).stdout)
        assert (status["active_release_id"], status["drained_regions"]) == (release_id, ["eu-central-1"])
        # The alarm of the objects lost above may still be on: it ends when the check next finds nothing.
        assert set(status["problems"]) <= {f"alarm on in eu-central-1: {PARITY_ALARM}"}
    finally:
        deployment.failover("restore", "eu-central-1", "--apply")
    await_region(deployment, "eu-central-1")


def test_prune_removes_an_orphan_from_both_regions(deployment: DeploymentWorld, release_id: str) -> None:
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))["edge"]
    clients = {region: s3_client(deployment, region) for region in outputs["buckets"]}
    for region, bucket in outputs["buckets"].items():
        clients[region].put_object(Bucket=bucket, Key="releases/orphan/index.html", Body=b"half a release")
    document = json.loads(
        deployment.failover("prune", "--grace-seconds", "0", "--pause-seconds", "1", "--apply", "--json").stdout
    )
    assert [removal["release_id"] for removal in document["removals"]] == ["orphan"]
    assert release_id in document["kept"]
    for region, bucket in outputs["buckets"].items():
        assert "Contents" not in clients[region].list_objects_v2(Bucket=bucket, Prefix="releases/orphan/")


@pytest.mark.parametrize("record_type", ["A", "AAAA"])
def test_public_name_is_answered_over_udp_and_tcp(deployment: DeploymentWorld, record_type: str) -> None:
    endpoint = deployment.endpoints.dns
    query = dns.message.make_query("www.example.test", record_type)
    for ask in (dns.query.udp, dns.query.tcp):
        answer = ask(query, endpoint.address, port=endpoint.port, timeout=60)
        (rrset,) = answer.answer
        assert rrset.rdtype == dns.rdatatype.from_text(record_type)
        assert rrset.ttl == 60


def test_second_plan_is_clean(second_plans: dict[str, Future[int]]) -> None:
    """Before the first fault, which Terraform would meet as well."""
    assert {name: plan.result() for name, plan in second_plans.items()} == dict.fromkeys(STACKS, PLAN_CLEAN)


def test_origin_outage_drill_is_within_its_objective(
    deployment: DeploymentWorld, release_id: str, tmp_path: Path
) -> None:
    done = deployment.failover(
        "drill",
        "origin-outage",
        "--variant",
        "status-503",
        "--report",
        str(tmp_path),
        "--stacks",
        str(deployment.stacks),
        "--json",
    )
    (scenario,) = json.loads(done.stdout)["scenarios"]
    assert scenario["verdict"] == "within"
    assert scenario["served_by"] == ["eu-central-1", "us-east-1", "eu-central-1"]
    assert (scenario["failed_requests"], scenario["wrong_content_requests"]) == (0, 0)
    assert json.loads(done.stdout)["release"] == release_id
    assert (tmp_path / "report.html").is_file()


def test_unknown_scenario_is_refused(deployment: DeploymentWorld) -> None:
    assert "allowed: origin-outage, edge-outage" in deployment.failover("drill", "meteor", exit_code=2).stderr


def test_cost_of_the_synthesized_site_is_within_its_objective(deployment: DeploymentWorld) -> None:
    document = json.loads(deployment.failover("cost", "--stacks", str(deployment.stacks), "--json").stdout)
    assert 0 < document["usd_per_month"] <= document["objective_usd_per_month"]


def test_every_health_check_is_healthy(deployment: DeploymentWorld) -> None:
    """The region checks go over HTTP, which the bucket policy allows for their marker only."""
    control, clock = ControlApi(deployment.endpoints.control_url), AwsClock(speed=deployment.endpoints.speed)

    async def until_healthy() -> dict[str, bool]:
        deadline = clock.now_seconds() + 120
        while True:
            checks = await control.get("/health-checks")
            assert isinstance(checks, dict)
            found = {key: bool(check["is_healthy"]) for key, check in checks.items()}
            if all(found.values()) or clock.now_seconds() > deadline:
                return found
            await clock.sleep(1)

    assert sorted(asyncio.run(until_healthy()).values()) == [True, True, True]


def test_unreachable_bucket_stays_a_matter_of_layer_1(deployment: DeploymentWorld, release_id: str) -> None:
    """The path check must not fail while CloudFront serves everybody from the other bucket."""
    assert release_id
    control, clock = ControlApi(deployment.endpoints.control_url), AwsClock(speed=deployment.endpoints.speed)
    assert asyncio.run(_answers_during_fault(deployment, control, clock)) == {"127.0.10.1"}


async def _answers_during_fault(deployment: DeploymentWorld, control: ControlApi, clock: AwsClock) -> set[str]:
    """Returns the addresses that the public name had during 50 s; a check at 10 s x 3 would turn unhealthy within 45 s."""
    endpoint, query = deployment.endpoints.dns, dns.message.make_query("www.example.test", "A")
    seen = set()
    fault = await control.post("/faults", {"target": "s3:eu-central-1", "kind": "unreachable"})
    try:
        deadline = clock.now_seconds() + 50
        while clock.now_seconds() < deadline:
            answer = dns.query.udp(query, endpoint.address, port=endpoint.port, timeout=60)
            seen |= {str(item) for item in answer.answer[0]}
            await clock.sleep(1)
    finally:
        assert isinstance(fault, dict)
        await control.delete(f"/faults/{fault['id']}")
    return seen


def test_covered_outage_mails_what_covers_and_what_to_do(deployment: DeploymentWorld, release_id: str) -> None:
    """From the fault to the inbox: checkers, metric, alarms, topic, the formatter's own handler, the second topic."""
    assert release_id
    control, clock = ControlApi(deployment.endpoints.control_url), AwsClock(speed=deployment.endpoints.speed)
    wanted = "the bucket in eu-central-1 does not answer; us-east-1 covers"
    mails = asyncio.run(_mails_during_fault(control, clock, wanted=wanted))
    (mail,) = mails  # one cause, one mail
    assert wanted in mail["subject"]
    assert mail["address"] == "oncall@example.test"
    assert mail["topic_arn"].endswith("-alerts")
    assert "What covers:   Layer 1" in mail["text"]
    assert "failover evacuate eu-central-1 --apply" in mail["text"]
    assert "Health checks now: path healthy, eu-central-1 unhealthy, us-east-1 healthy" in mail["text"]
    assert (
        'Runbook:       docs/DISASTER_RECOVERY.md in the repository of this site, section "region-unhealthy"'
        in mail["text"]
    )
    events = logged_alarms(deployment, "us-east-1")
    assert ("failover-site-demo-alarm-region-unhealthy.eu-central-1", "ALARM") in events


async def _mails_during_fault(control: ControlApi, clock: AwsClock, *, wanted: str) -> list[dict[str, Any]]:
    """Returns the new e-mails once one has a subject like this; detection takes 28 s, the alarm's minutes up to 185 s more."""
    before = len(await _mailbox(control))
    fault = await control.post("/faults", {"target": "s3:eu-central-1", "kind": "status", "value": 503})
    try:
        deadline = clock.now_seconds() + 400
        while True:
            mails = (await _mailbox(control))[before:]
            if any(wanted in mail["subject"] for mail in mails) or clock.now_seconds() > deadline:
                return mails
            await clock.sleep(2)
    finally:
        assert isinstance(fault, dict)
        await control.delete(f"/faults/{fault['id']}")


async def _mailbox(control: ControlApi) -> list[dict[str, Any]]:
    document = await control.get("/mailbox")
    assert isinstance(document, dict)
    mails: list[dict[str, Any]] = document["mails"]
    return mails


def logged_alarms(deployment: DeploymentWorld, region: str) -> set[tuple[str, str]]:
    """Returns alarm and state of every event in a region's timeline."""
    session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
    client = session.client("logs", region_name=region, endpoint_url=deployment.endpoints.gateway_url)
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))["monitoring"]
    found = client.filter_log_events(logGroupName=outputs["event_log_groups"][region])["events"]
    details = [json.loads(event["message"])["detail"] for event in found]
    client.close()
    return {(detail["alarmName"], detail["state"]["value"]) for detail in details}


def test_lost_objects_raised_an_alarm_that_is_over(deployment: DeploymentWorld, release_id: str) -> None:
    """Asked long after they were lost: the alarm and the retry that ends it each take an AWS minute, which others use."""
    assert release_id
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not {(PARITY_ALARM, "ALARM"), (PARITY_ALARM, "OK")} <= (seen := logged_alarms(deployment, "eu-central-1")):
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)
