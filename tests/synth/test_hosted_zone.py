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
    assert all(record["type"] != "CAA" for record in stack["resource"]["aws_route53_record"].values())
