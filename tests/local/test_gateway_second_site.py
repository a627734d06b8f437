"""`failover plan` and `deploy` in a fresh clone: the bucket of states is asked before a second site is made of a rename."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from scripts.aws.clients import s3_client
from scripts.cli import application
from scripts.errors import UnsafePlanError
from scripts.onboarding.site_in_bucket import refuse_another_site
from tests.worlds.gateway_world import GatewayWorld

pytestmark = pytest.mark.local

HOSTNAME, REGION = "www.a.test", "eu-west-1"
NAMES = {"regions": [f"eu-central-1.{HOSTNAME}", f"us-east-1.{HOSTNAME}"], "wildcard": [f"*.{HOSTNAME}"]}
Json = dict[str, Any]


class Clone:
    """Stacks that were synthesized and never planned, and the bucket in which their states would be."""

    def __init__(self, bucket: str, folder: Path) -> None:
        self.bucket = bucket
        self.stacks = folder / "stacks"
        self.told: list[str] = []
        self._s3: Any = boto3.client("s3", region_name=REGION)

    def make_bucket(self) -> None:
        self._s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def synthesize(self, names: str, *, certificate: str = "regions", hostname: str = HOSTNAME) -> None:
        of = {"domain_name": hostname, "subject_alternative_names": NAMES[certificate]}
        documents: dict[str, Json] = {
            "edge": {"output": {"hostname": {"value": hostname}}},
            "dns": {"resource": {"aws_acm_certificate": {"one": of}}},
        }
        for stack, document in documents.items():
            backend = {"bucket": self.bucket, "region": REGION, "key": f"{names}/{stack}.tfstate"}
            folder = self.stacks / stack
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"s3": backend}}, **document}))

    def deploy(self, names: str, *, certificate: str = "regions", hostname: str = HOSTNAME, resources: int = 1) -> None:
        prefix = names.replace("/", "-")
        outputs = {
            "hostname": hostname,
            "buckets": {"eu-central-1": f"{prefix}-eu-central-1-123456789012"},
            "roles": {"eu-central-1": "primary", "us-east-1": "secondary"},
            "distributions": {"eu-central-1": {}},
        }
        attributes = {"domain_name": hostname, "subject_alternative_names": [hostname, *NAMES[certificate]]}
        dns = {"resources": [{"type": "aws_acm_certificate", "instances": [{"attributes": attributes}]}]}
        edge = {"outputs": {key: {"value": value} for key, value in outputs.items()}, "resources": [{}] * resources}
        for stack, state in (("dns", dns), ("edge", edge)):
            self._s3.put_object(Bucket=self.bucket, Key=f"{names}/{stack}.tfstate", Body=json.dumps(state).encode())

    def look(self) -> None:
        refuse_another_site(self.stacks, s3_client, self.told.append)


@pytest.fixture
def clone(gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Clone]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", gateway_world.gateway.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    clone = Clone(gateway_world.unique("states"), tmp_path)
    clone.make_bucket()
    yield clone


@pytest.mark.parametrize("new", ["shop/new", "other/prod"])
@pytest.mark.parametrize("verb", ["plan", "deploy"])
def test_site_under_other_names_is_refused_before_terraform_is_asked(
    clone: Clone, new: str, verb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clone.deploy("shop/prod")
    clone.synthesize(new)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scripts.rollout.plans.load", lambda *_, **__: None)
    monkeypatch.setattr("scripts.rollout.stages.stages", lambda *_: [])
    monkeypatch.setattr("scripts.commands.deploy._print", lambda *_: None)
    more = {"plan": (), "deploy": ("--apply", "--approved", "0")}[verb]
    done = CliRunner().invoke(application((verb,)), [verb, "--stacks", str(clone.stacks), *more])
    assert isinstance(done.exception, UnsafePlanError)
    assert done.exception.exit_code == 1
    said = str(done.exception)
    assert said.startswith(f"s3://{clone.bucket}/shop/prod/edge.tfstate holds the site shop-prod")
    assert f"a second site, {new.replace('/', '-')}" in said
    assert "Write its project and environment back" in said
    assert not list(clone.stacks.rglob(".terraform"))


@pytest.mark.parametrize(
    ("deployed", "hostname", "resources"),
    [
        ("shop/prod", HOSTNAME, 1),
        ("shop/other", "other.a.test", 1),
        ("shop/gone", HOSTNAME, 0),
    ],
    ids=["itself", "another name", "taken down"],
)
def test_what_is_no_second_site_is_planned(clone: Clone, deployed: str, hostname: str, resources: int) -> None:
    clone.deploy(deployed, hostname=hostname, resources=resources)
    clone.synthesize("shop/prod")
    clone.look()
    assert clone.told == []


def test_site_that_is_there_itself_is_not_held_against_others(clone: Clone) -> None:
    clone.deploy("shop/prod")
    clone.deploy("shop/old")
    clone.synthesize("shop/prod")
    clone.look()


@pytest.mark.parametrize(("deployed", "written"), [("regions", "wildcard"), ("wildcard", "regions")])
def test_another_certificate_is_refused(clone: Clone, deployed: str, written: str) -> None:
    clone.deploy("shop/prod", certificate=deployed)
    clone.synthesize("shop/prod", certificate=written)
    with pytest.raises(UnsafePlanError, match=f'Write certificate = "{deployed}" back'):
        clone.look()
    clone.synthesize("shop/prod", certificate=deployed)
    clone.look()


def test_bucket_that_cannot_be_asked_is_told_and_terraform_has_its_turn(clone: Clone) -> None:
    clone.bucket += "-absent"
    clone.synthesize("shop/prod")
    clone.look()
    (told,) = clone.told
    assert told.startswith(
        f"not known whether another site has {HOSTNAME}: ListObjectsV2 on s3://{clone.bucket} failed"
    )


def test_stacks_with_states_on_this_machine_ask_nobody(tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"local": {"path": "x"}}}}))
    refuse_another_site(tmp_path, lambda region: pytest.fail(f"{region} was asked"), pytest.fail)
