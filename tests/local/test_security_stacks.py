"""The access stack, and the dns stack with DNSSEC and query log, applied to localcloud by the real provider."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

from scripts.local.process import ANY_PORT, running_localcloud
from scripts.terraform.cli import PLAN_CLEAN, Terraform, from_this_machine

pytestmark = [pytest.mark.local, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
# The audit stack takes another minute of the provider's waiting for S3; `make checkov ARGS=--plan` applies it.
STACKS = ("access", "dns")
SPEED = 20.0
LOCAL_STATE = '[state]\nbackend = "local"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The stacks and what runs them."""

    terraform: Terraform
    folders: dict[str, Path]
    session: Any
    url: str

    def client(self, service: str) -> Any:
        return self.session.client(service, region_name="us-east-1", endpoint_url=self.url)

    def on_each(self, work: Any) -> list[Any]:
        """Runs both stacks side by side: most of it the provider waits."""
        with ThreadPoolExecutor(len(self.folders)) as pool:
            return list(pool.map(work, self.folders.values()))


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    folder = tmp_path_factory.mktemp("security")
    text = (ROOT / "config" / "hardened.example.toml").read_text(encoding="utf-8")
    (folder / "site.toml").write_text(text[: text.index("[state]")] + LOCAL_STATE, encoding="utf-8")
    command = [sys.executable, str(ROOT / "main.py"), str(folder / "site.toml"), "--output", str(folder / "out")]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with running_localcloud(folder / "localcloud", speed=SPEED, arguments=ANY_PORT) as endpoints:
        world = Applied(
            terraform=from_this_machine(folder, endpoints.environment),
            folders={name: folder / "out" / "stacks" / name for name in STACKS},
            session=boto3.Session(aws_access_key_id="test", aws_secret_access_key="test"),
            url=endpoints.gateway_url,
        )
        world.on_each(world.terraform.init)
        world.on_each(world.terraform.apply)
        yield world


def test_second_plan_of_the_security_stacks_is_clean(applied: Applied) -> None:
    assert applied.on_each(applied.terraform.plan_exit_code) == [PLAN_CLEAN, PLAN_CLEAN]


def test_zone_is_signed_and_says_what_the_registrar_needs(applied: Applied) -> None:
    outputs = applied.terraform.output(applied.folders["dns"])
    dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DS, outputs["ds_record"])
    status = applied.client("route53").get_dnssec(HostedZoneId=outputs["hosted_zone_id"])["Status"]
    assert status["ServeSignature"] == "SIGNING"


def test_roles_are_there_for_each_job(applied: Applied) -> None:
    arns = applied.terraform.output(applied.folders["access"])["role_arns"]
    names = {role["RoleName"] for role in applied.client("iam").list_roles()["Roles"]}
    assert set(arns) == {"plan", "deploy", "content", "drill", "takedown"}
    assert {arn.rpartition("/")[2] for arn in arns.values()} <= names


def test_destroy_leaves_nothing(applied: Applied) -> None:
    applied.on_each(applied.terraform.destroy)
    assert applied.client("route53").list_hosted_zones()["HostedZones"] == []
    assert applied.client("iam").list_roles()["Roles"] == []
    assert applied.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
