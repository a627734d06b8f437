"""Named properties of a site over several accounts: who takes which role, and what one account allows another."""

import json
from typing import Any

import pytest

from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES
from tests.synth.test_security import bodies, one
from tests.worlds.synthesized import Stacks, example_text, replaced, stacks_of

ZONE, FIRST, SECOND = (f"arn:aws:iam::{digit * 12}:role/site-deploy" for digit in "123")
ROLES = {"us-east-1": ZONE, "eu-central-1": FIRST, "eu-west-1": SECOND}


@pytest.fixture(scope="module")
def stacks() -> Stacks:
    return stacks_of(example_text("accounts.example"))


def test_every_provider_takes_its_regions_role(stacks: Stacks) -> None:
    for name, stack in stacks.items():
        for provider in stack["provider"]["aws"]:
            (role,) = provider["assume_role"]
            assert role["role_arn"] == ROLES[provider["region"]], name
            assert role.get("external_id") == (None if role["role_arn"] == ZONE else "failover-site-multi")


def test_state_is_written_and_read_by_its_own_role(stacks: Stacks) -> None:
    wanted = {"role_arn": "arn:aws:iam::444444444444:role/site-state"}
    for stack in stacks.values():
        assert stack["terraform"]["backend"]["s3"]["assume_role"] == wanted
        for other in stack.get("data", {}).get("terraform_remote_state", {}).values():
            assert other["config"]["assume_role"] == wanted


def test_certificate_for_cloudfront_is_of_the_distributions_account(stacks: Stacks) -> None:
    """CloudFront refuses a certificate of another account, and both are the zone's by construction."""
    assert [provider["region"] for provider in stacks["dns"]["provider"]["aws"]] == ["us-east-1"]
    for distribution in bodies({"edge": stacks["edge"]}, "aws_cloudfront_distribution"):
        assert distribution["provider"] == "aws.global"


def test_certificate_of_a_regions_account_is_proved_by_records_of_its_own(stacks: Stacks) -> None:
    for region in ("eu-central-1", "eu-west-1"):
        stack = {region: stacks[f"region-{region}"]}
        record = one(stack, "aws_route53_record")
        assert record["provider"] == "aws.zone"
        assert "www.example.com" in record["name"]
        (dependency,) = one(stack, "aws_acm_certificate_validation")["depends_on"]
        assert dependency.startswith("aws_route53_record.")


def statements(stacks: Stacks, region: str) -> dict[str, Any]:
    (policy,) = [
        body["policy"]
        for name, body in stacks[f"attachment-{region}"]["resource"]["aws_s3_bucket_policy"].items()
        if name == f"bucket_policy_{region}"
    ]
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}


@pytest.mark.parametrize(("region", "source"), [("eu-central-1", "eu-west-1"), ("eu-west-1", "eu-central-1")])
def test_bucket_takes_replicas_from_the_other_accounts_role_into_releases_only(
    stacks: Stacks, region: str, source: str
) -> None:
    found = statements(stacks, region)["ReplicasFromOtherAccounts"]
    (principal,) = found["Principal"]["AWS"]
    assert f"replication_{source}" in principal
    assert found["Action"] == ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
    assert found["Resource"].endswith("/releases/*")


def test_publisher_of_the_zones_account_may_write_what_is_published_and_no_health_object(stacks: Stacks) -> None:
    found = statements(stacks, "eu-central-1")
    published = found["PublishedFromAnotherAccount"]
    assert published["Principal"] == {"AWS": ["arn:aws:iam::111111111111:role/site-publish"]}
    keys = {resource.partition("/")[2] for resource in published["Resource"]}
    assert keys == {"releases/*", "control/manifests/*", "errors/*", "control/active.json"}
    deleted = {resource.partition("/")[2] for resource in found["PrunedFromAnotherAccount"]["Resource"]}
    assert deleted == {"releases/*", "control/manifests/*"}


def test_bucket_of_one_account_allows_no_other() -> None:
    stacks = stacks_of(replaced(example_text("accounts.example"), (FIRST, ZONE), (SECOND, ZONE)))
    for region in ("eu-central-1", "eu-west-1"):
        assert not [sid for sid in statements(stacks, region) if "Account" in sid]
        assert "aws_route53_record" not in stacks[f"region-{region}"]["resource"]


def test_what_watches_a_region_is_named_by_the_regions_account(stacks: Stacks) -> None:
    for name, role in (("monitoring", ZONE), ("attachment-eu-central-1", FIRST), ("attachment-eu-west-1", SECOND)):
        (provider,) = stacks[name]["provider"]["aws"]
        assert role in json.dumps(provider["assume_role"])
        assert stacks[name]["data"]["aws_caller_identity"].keys() == {"account"}


def test_linter_takes_two_accounts_records_of_one_name_for_two(stacks: Stacks) -> None:
    """The same stacks under one role fall into the trap."""
    text = json.dumps(stacks).replace(FIRST, ZONE).replace(SECOND, ZONE)
    for document, expected in ((stacks, set()), (json.loads(text), {"FW223"})):
        configuration = Configuration([read_document(name, stack) for name, stack in document.items()])
        assert {violation.rule.id for violation in lint(configuration, ALL_RULES)} == expected
