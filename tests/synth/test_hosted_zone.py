"""A hosted zone that exists already: the plan refuses one that cannot hold the site's records."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import bindings
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.site_file.models import SiteFile

bindings.load()

import cdktf  # noqa: E402  (the bindings come first)

from constructs_lib.stacks.dns_stack import DnsStack  # noqa: E402

DEMO = Path(__file__).parents[2] / "config" / "demo.toml"
ZONE_ID = "Z0123456789ABCDEFGHIJ"


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> SiteFile:
    path = tmp_path_factory.mktemp("site") / "site.toml"
    text = DEMO.read_text(encoding="utf-8")
    path.write_text(text.replace("[site]", f'[site]\nhosted_zone_id = "{ZONE_ID}"'), encoding="utf-8")
    return load_site_file(path)


@pytest.fixture(scope="module")
def stack(existing: SiteFile) -> dict[str, Any]:
    synthesized: dict[str, Any] = json.loads(cdktf.Testing.synth(DnsStack(cdktf.Testing.app(), site=existing)))
    return synthesized


@pytest.fixture(scope="module")
def postconditions(stack: dict[str, Any]) -> list[dict[str, str]]:
    (zone,) = stack["data"]["aws_route53_zone"].values()
    assert zone["zone_id"] == ZONE_ID
    found: list[dict[str, str]] = zone["lifecycle"]["postcondition"]
    return found


def test_existing_zone_must_be_of_the_domain(postconditions: list[dict[str, str]]) -> None:
    (of_name,) = (each for each in postconditions if "self.name" in each["condition"])
    assert of_name["condition"] == '${self.name == "example.test"}'
    assert ZONE_ID in of_name["error_message"]
    assert "correct hosted_zone_id" in of_name["error_message"]


def test_existing_zone_must_be_public(postconditions: list[dict[str, str]]) -> None:
    (of_kind,) = (each for each in postconditions if "private_zone" in each["condition"])
    assert of_kind["condition"] == "${!self.private_zone}"
    assert "is private" in of_kind["error_message"]


def test_existing_zone_is_left_alone(stack: dict[str, Any]) -> None:
    assert "aws_route53_zone" not in stack["resource"]
    types = {record["type"] for record in stack["resource"]["aws_route53_record"].values()}
    assert not types & {"CAA", "SOA"}


def test_accelerated_recovery_asks_for_the_provider_that_knows_it(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = DEMO.read_text(encoding="utf-8")
    found = {}
    for name, more in (("off", ""), ("on", "[features]\naccelerated_recovery = true\n")):
        path.write_text(text.replace("[health_check]", f"{more}[health_check]"), encoding="utf-8")
        document = json.loads(cdktf.Testing.synth(DnsStack(cdktf.Testing.app(), site=load_site_file(path))))
        (zone,) = document["resource"]["aws_route53_zone"].values()
        versions = document["terraform"]["required_providers"]["aws"]["version"]
        found[name] = (zone.get("enable_accelerated_recovery"), versions)
    assert found == {"off": (None, ">= 5.100.0, < 7.0.0"), "on": (True, ">= 6.25.0, < 7.0.0")}


def soa(folder: Path, change: tuple[str, str]) -> dict[str, Any]:
    path = folder / "site.toml"
    path.write_text(DEMO.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    document = json.loads(cdktf.Testing.synth(DnsStack(cdktf.Testing.app(), site=load_site_file(path))))
    (record,) = [each for each in document["resource"]["aws_route53_record"].values() if each["type"] == "SOA"]
    found: dict[str, Any] = record
    return found


@pytest.mark.parametrize(
    ("change", "seconds", "server"),
    [
        (("[site]", "[site]"), 60, "aws_route53_zone."),
        (("[health_check]", "[dns]\nnegative_ttl_seconds = 30\n[health_check]"), 30, "aws_route53_zone."),
        (
            ("[site]", f'[dns]\nnegative_ttl_seconds = 5\n[site]\nhosted_zone_id = "{ZONE_ID}"'),
            5,
            "data.aws_route53_zone.",
        ),
    ],
)
def test_negative_answers_are_kept_for_the_lesser_of_both_fields(
    tmp_path: Path, change: tuple[str, str], seconds: int, server: str
) -> None:
    """RFC 2308 section 5: a resolver takes the minimum of the SOA's TTL and its last field."""
    record = soa(tmp_path, change)
    (value,) = record["records"]
    assert (record["ttl"], int(value.split()[-1]), record["allow_overwrite"]) == (seconds, seconds, True)
    assert value.startswith(f"${{{server}")
    assert ".primary_name_server}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 " in value
