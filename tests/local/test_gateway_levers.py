"""AWS's own levers at the gateway: what each breaks, that its undo is exact, and what a SIGKILL at any step leaves."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.drill.faults import Fault
from scripts.drill.journal import FaultJournal, JournaledFault, recover_journal
from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.levers.alarm_path import QUEUE, REASON, AlarmPath
from scripts.drill.levers.catalogue import KINDS, lever_of
from scripts.drill.levers.injector import LeverInjector
from scripts.drill.levers.lever import Json, Lever
from scripts.drill.levers.origin_denied import SID
from scripts.errors import AwsError, EnvironmentFailureError, NotSteadyError
from scripts.release.routing import Routing, ServedRelease
from tests.local.kill_levers import KILLED
from tests.worlds.gateway_world import GatewayWorld

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
ROOT = Path(__file__).parents[2]
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "CloudFront",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::BUCKET/*",
        }
    ],
}


@pytest.fixture(autouse=True)
def clients_at_the_gateway(gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(gateway_world).items():
        monkeypatch.setenv(name, value)


def environment(world: GatewayWorld) -> dict[str, str]:
    url = world.gateway.url
    proxy = dict.fromkeys(("HTTP_PROXY", "http_proxy"), url)
    keys = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return {**keys, **proxy, "NO_PROXY": "", "no_proxy": "", "AWS_EC2_METADATA_DISABLED": "true"}


class Site:
    """Everything that a lever may touch, and its snapshot."""

    def __init__(self, world: GatewayWorld) -> None:
        self.world = world
        self.buckets = {region: world.bucket(region) for region in (PRIMARY, SECONDARY)}
        for region, bucket in self.buckets.items():
            s3: Any = world.client("s3", region)
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(POLICY).replace("BUCKET", bucket))
            for key in ("health/path.json", "health/region.json", f"health/{region}.json"):
                s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"region": region}).encode())
        self._replicate()
        self.function = self._function()
        self.health_check_id = self._health_check()
        self.store_arn = self._store()
        self.alarm, self.topics = self._alarm()
        self._queues_of_others = self._queues()

    def lever(self, kind: str) -> Lever:
        return lever_of(kind, self.where(kind))

    def where(self, kind: str) -> dict[str, str]:
        bucket, other = self.buckets[PRIMARY], self.buckets[SECONDARY]
        return {
            "origin-denied": {"region": PRIMARY, "bucket": bucket},
            "path-check-fails": {"key": "health/path.json", "buckets": json.dumps(self.buckets)},
            "path-check-inverted": {"health_check_id": self.health_check_id},
            "region-marker-missing": {"key": f"health/{PRIMARY}.json", "buckets": json.dumps({PRIMARY: bucket})},
            "endpoint-throttled": {"region": SECONDARY, "function": self.function, "account": "123456789012"},
            "replication-stall": {
                "region": PRIMARY,
                "bucket": bucket,
                "other_region": SECONDARY,
                "other_bucket": other,
                "role_arn": self._role,
            },
            "evacuate-restore": {"region": PRIMARY, "key_value_store_arn": self.store_arn},
            "bad-release": {"key_value_store_arn": self.store_arn},
            "alarm-path": {
                "account": "123456789012",
                "alarms": json.dumps([self.alarm]),
                "topics": json.dumps({PRIMARY: self.topics}),
            },
        }[kind]

    def snapshot(self) -> Json:
        """Return every touched API object, without the counters that each write raises."""
        found: Json = {}
        for region, bucket in self.buckets.items():
            s3: Any = self.world.client("s3", region)
            found[f"policy {region}"] = s3.get_bucket_policy(Bucket=bucket)["Policy"]
            listed = s3.list_object_versions(Bucket=bucket)
            kept = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
            found[f"versions {region}"] = sorted((each["Key"], each["VersionId"], each["IsLatest"]) for each in kept)
        s3 = self.world.client("s3", PRIMARY)
        found["replication"] = s3.get_bucket_replication(Bucket=self.buckets[PRIMARY])["ReplicationConfiguration"]
        check = self.world.client("route53").get_health_check(HealthCheckId=self.health_check_id)["HealthCheck"]
        found["check"] = check["HealthCheckConfig"]
        function: Any = self.world.client("lambda", SECONDARY)
        concurrency = function.get_function_concurrency(FunctionName=self.function)
        found["concurrency"] = concurrency.get("ReservedConcurrentExecutions")
        store: Any = self.world.client("cloudfront-keyvaluestore")
        items = store.list_keys(KvsARN=self.store_arn)["Items"]
        found["store"] = {each["Key"]: each["Value"] for each in items}
        found["routing"] = found["store"]["routing"]
        (alarm,) = self.world.client("cloudwatch", PRIMARY).describe_alarms(AlarmNames=[self.alarm])["MetricAlarms"]
        found["alarm"] = alarm["StateValue"]
        sns: Any = self.world.client("sns", PRIMARY)
        heard = [sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] for topic in self.topics]
        found["subscriptions"] = sorted(each["Endpoint"] for each in (*heard[0], *heard[1]))
        found["queues"] = sorted(self._queues() - self._queues_of_others)
        return found

    def _queues(self) -> set[str]:
        return set(self.world.client("sqs", PRIMARY).list_queues(QueueNamePrefix=QUEUE).get("QueueUrls", []))

    def _alarm(self) -> tuple[str, list[str]]:
        """An alarm that is OK, the topic that it tells, and the topic that people hear."""
        name, sns = self.world.unique("alarm"), self.world.client("sns", PRIMARY)
        topics = [str(sns.create_topic(Name=self.world.unique(kind))["TopicArn"]) for kind in ("alarms", "alerts")]
        cloudwatch: Any = self.world.client("cloudwatch", PRIMARY)
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="test",
            MetricName=name,
            Statistic="Maximum",
            Period=86400,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",
            AlarmActions=topics[:1],
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="as it was")
        return name, topics

    def _replicate(self) -> None:
        iam, name = self.world.client("iam"), self.world.unique("replication")
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        self._role = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])
        rule = {
            "ID": "r1",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {"Prefix": "releases/"},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{self.buckets[SECONDARY]}"},
        }
        self.world.client("s3", PRIMARY).put_bucket_replication(
            Bucket=self.buckets[PRIMARY], ReplicationConfiguration={"Role": self._role, "Rules": [rule]}
        )

    def _function(self) -> str:
        from tests.local.test_gateway_regional import deployment_package

        name = self.world.unique("endpoint")
        self.world.client("lambda", SECONDARY).create_function(
            FunctionName=name,
            Role=self._role,
            Runtime="python3.13",
            Handler="handler.handler",
            Code={"ZipFile": deployment_package()},
        )
        return name

    def _health_check(self) -> str:
        config = {
            "Type": "HTTPS",
            "FullyQualifiedDomainName": "www.example.test",
            "ResourcePath": "/health/path.json",
            "RequestInterval": 10,
            "FailureThreshold": 3,
        }
        made = self.world.client("route53").create_health_check(
            CallerReference=self.world.unique("check"), HealthCheckConfig=config
        )
        return str(made["HealthCheck"]["Id"])

    def _store(self) -> str:
        name = self.world.unique("kvs")
        arn = str(self.world.client("cloudfront").create_key_value_store(Name=name)["KeyValueStore"]["ARN"])
        store: Any = self.world.client("cloudfront-keyvaluestore")
        routing = Routing(active=ServedRelease(id="a" * 16, base="a" * 16))
        etag = store.describe_key_value_store(KvsARN=arn)["ETag"]
        store.put_key(KvsARN=arn, Key="routing", Value=routing.to_json(), IfMatch=etag)
        return arn


@pytest.fixture
def site(gateway_world: GatewayWorld) -> Site:
    return Site(gateway_world)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_lever_is_a_scenario_and_the_other_way_round() -> None:
    assert set(KINDS) == set(LEVER_SCENARIOS)


def test_lever_breaks_something_and_its_undo_is_exact(site: Site, kind: str) -> None:
    lever, before = site.lever(kind), site.snapshot()
    captured = json.loads(json.dumps(lever.capture()))
    assert site.snapshot() == before
    lever.pull(captured)
    assert site.snapshot() != before
    lever_of(kind, site.where(kind)).restore(captured)
    assert site.snapshot() == before
    lever.restore(captured)
    assert site.snapshot() == before


def test_lever_that_is_pulled_already_is_refused(site: Site, kind: str) -> None:
    lever = site.lever(kind)
    lever.pull(lever.capture())
    with pytest.raises(NotSteadyError, match=r"failover chaos recover"):
        lever.capture()


def test_restoring_what_was_never_pulled_changes_nothing(site: Site, kind: str) -> None:
    before = site.snapshot()
    site.lever(kind).restore(site.lever(kind).capture())
    assert site.snapshot() == before


@pytest.mark.slow
def test_kill_at_any_step_leaves_nothing_broken_after_recovery(site: Site, kind: str, tmp_path: Path) -> None:
    before, kills, journals = site.snapshot(), 0, 0
    for told in killed(site, kind, tmp_path):
        assert told["recovered"] == 0, told
        assert site.snapshot() == before, told
        assert not any(tmp_path.glob("fault-journal*")), told
        kills += told["code"] == KILLED
        journals += told["journal"]
    assert told["code"] == 0, "the last child is the one that nobody killed"
    assert kills >= 8  # capture, caller, pull and restore, each before and after its call
    assert journals >= 4  # from the pull to the end of the undo


def killed(site: Site, kind: str, folder: Path) -> Iterator[Json]:
    command = [sys.executable, "-m", "tests.local.kill_levers", kind, json.dumps(site.where(kind)), str(folder)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment(site.world)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            yield json.loads(line)
            process.stdin.write("\n")
            process.stdin.flush()
    assert process.returncode == 0


def pulled(site: Site, kind: str, folder: Path) -> None:
    """Pull a lever as a drill that is never heard of again."""
    fault = JournaledFault(
        fault=Fault(target="aws", kind=kind),
        scenario=kind,
        injector=LeverInjector(kind, site.lever(kind)),
        journal=FaultJournal(folder),
        control_url="",
    )
    asyncio.run(fault.inject())


def test_recovery_with_another_accounts_credentials_is_refused_and_the_journal_stays(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(site, "path-check-inverted", tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("scripts.aws.clients.caller_account", lambda _region: "999999999999")
        with pytest.raises(EnvironmentFailureError, match="sign in to the former"):
            recover_journal(tmp_path)
    assert recover_journal(tmp_path) is not None
    assert recover_journal(tmp_path) is None


def _edit_policy(site: Site) -> None:
    s3: Any = site.world.client("s3", PRIMARY)
    bucket = site.buckets[PRIMARY]
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"].append({**policy["Statement"][0], "Sid": "Added"})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _publish(site: Site) -> None:
    store: Any = site.world.client("cloudfront-keyvaluestore")
    routing = json.loads(store.get_key(KvsARN=site.store_arn, Key="routing")["Value"])
    changed = json.dumps(routing).replace("a" * 16, "b" * 16)
    etag = store.describe_key_value_store(KvsARN=site.store_arn)["ETag"]
    store.put_key(KvsARN=site.store_arn, Key="routing", Value=changed, IfMatch=etag)


def _reserve(site: Site) -> None:
    function: Any = site.world.client("lambda", SECONDARY)
    function.put_function_concurrency(FunctionName=site.function, ReservedConcurrentExecutions=7)


@pytest.mark.parametrize(
    ("kind", "change", "kept"),
    [
        ("origin-denied", _edit_policy, lambda found: '"Added"' in found[f"policy {PRIMARY}"]),
        ("evacuate-restore", _publish, lambda found: "b" * 16 in found["routing"]),
        ("endpoint-throttled", _reserve, lambda found: found["concurrency"] == 7),
    ],
)
def test_what_somebody_else_changed_meanwhile_stays(
    site: Site, kind: str, change: Callable[[Site], None], kept: Callable[[Json], bool]
) -> None:
    lever = site.lever(kind)
    captured = lever.capture()
    lever.pull(captured)
    change(site)
    lever.restore(captured)
    found = site.snapshot()
    assert kept(found)
    assert SID not in json.dumps(found)
    assert json.loads(found["routing"]).get("drained_regions", []) == []


def test_statements_name_resources_and_no_star(site: Site, kind: str) -> None:
    for each in site.lever(kind).statements():
        assert "*" not in json.dumps(each["Action"])
        resources = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
        assert all(resource.startswith("arn:aws:") for resource in resources), each


def test_alarm_and_mail_are_heard_where_their_topics_send_them(site: Site) -> None:
    lever = site.lever("alarm-path")
    assert isinstance(lever, AlarmPath)
    captured = lever.capture()
    lever.pull(captured)
    sns = site.world.client("sns", PRIMARY)
    sns.publish(TopicArn=site.topics[1], Message=f"What happened: nothing\nCloudWatch: {REASON}")
    sns.publish(TopicArn=site.topics[1], Message="What happened: something else at the same time")
    heard = lever.heard()
    assert heard.alarms == {site.alarm}
    assert heard.mails == {PRIMARY}
    assert lever.heard().alarms == set()  # read once
    lever.restore(captured)


def test_alarm_that_is_on_already_is_not_rehearsed(site: Site) -> None:
    site.world.client("cloudwatch", PRIMARY).set_alarm_state(AlarmName=site.alarm, StateValue="ALARM", StateReason="x")
    with pytest.raises(NotSteadyError, match=site.alarm):
        site.lever("alarm-path").capture()


def test_alarm_that_went_on_for_a_reason_of_its_own_meanwhile_stays_on(site: Site) -> None:
    lever, cloudwatch = site.lever("alarm-path"), site.world.client("cloudwatch", PRIMARY)
    captured = lever.capture()
    lever.pull(captured)
    cloudwatch.set_alarm_state(AlarmName=site.alarm, StateValue="OK", StateReason="its metric")
    cloudwatch.set_alarm_state(AlarmName=site.alarm, StateValue="ALARM", StateReason="its metric")
    lever.restore(captured)
    found = site.snapshot()
    assert (found["alarm"], found["subscriptions"], found["queues"]) == ("ALARM", [], [])


def test_canary_of_somebody_else_is_not_ended(site: Site) -> None:
    lever = site.lever("bad-release")
    captured = lever.capture()
    lever.pull(captured)
    store: Any = site.world.client("cloudfront-keyvaluestore")
    routing = json.loads(store.get_key(KvsARN=site.store_arn, Key="routing")["Value"])
    routing["canary"] = {**routing["active"], "id": "c" * 16, "percent": 10}
    etag = store.describe_key_value_store(KvsARN=site.store_arn)["ETag"]
    store.put_key(KvsARN=site.store_arn, Key="routing", Value=json.dumps(routing), IfMatch=etag)
    lever.restore(captured)
    assert json.loads(site.snapshot()["routing"])["canary"]["id"] == "c" * 16


def expired(*_arguments: object, **_more: object) -> None:
    raise AwsError(operation="GetCallerIdentity", resource="you", code="ExpiredToken", detail="Sign in to AWS")


@pytest.mark.parametrize("kind", ["origin-denied", "bad-release", "alarm-path"])
def test_session_that_expires_in_the_middle_leaves_the_undo_for_the_next_one(
    site: Site, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = site.snapshot()
    fault = JournaledFault(
        fault=Fault(target="aws", kind=kind),
        scenario=kind,
        injector=LeverInjector(kind, site.lever(kind)),
        journal=FaultJournal(tmp_path),
        control_url="",
    )
    asyncio.run(fault.inject())
    with monkeypatch.context() as patched:
        patched.setattr("scripts.aws.clients.caller_account", expired)
        with pytest.raises(
            EnvironmentFailureError, match=r"ExpiredToken.*failover chaos recover` once AWS answers you"
        ):
            asyncio.run(fault.undo())
    assert (tmp_path / "fault-journal.json").exists()
    assert site.snapshot() != before
    assert recover_journal(tmp_path) is not None  # signed in again
    assert site.snapshot() == before
