"""A first plan says "known after apply" of what the configuration leaves to AWS, which is no more than that it is not set."""

import pytest

from tests.unit.lint import examples as e
from tests.unit.lint.shapes import as_plan
from tests.unit.lint.test_spellings import Json, is_found

UNVERSIONED = {address: body for address, body in e.replication().items() if "versioning" not in address}
TWICE = {
    one: {"zone_id": "Z1", "name": "www", "type": "A", "records": ["192.0.2.9"]} for one in (e.RECORD_1, e.RECORD_2)
}
WITHOUT_RIGHTS = e.with_role("s3:GetReplicationConfiguration")


def left_to_aws(resources: Json, address: str, attribute: str) -> Json:
    """A plan in which Terraform prints one attribute as the provider does that computes it."""
    raw = as_plan(e.document(resources))
    change = next(one["change"] for one in raw["resource_changes"] if one["address"] == address)
    change["after_unknown"][attribute] = True
    return raw


@pytest.mark.parametrize(
    ("rule_id", "resources", "address", "attribute"),
    [
        ("FW056", TWICE, e.RECORD_1, "allow_overwrite"),
        ("FW112", {**e.watched(), e.CHECK: {**e.watched()[e.CHECK], "triggers": None}}, e.CHECK, "triggers"),
        ("FW197", e.site(), "aws_s3_bucket.a", "acl"),
        ("FW197", e.site(), "aws_s3_bucket.a", "policy"),
        ("FW202", {**e.replication(), **e.kms()}, "aws_s3_bucket.a", "server_side_encryption_configuration"),
        ("FW211", UNVERSIONED, "aws_s3_bucket.a", "versioning"),
        ("FW217", WITHOUT_RIGHTS, e.ROLE, "inline_policy"),
        ("FW217", WITHOUT_RIGHTS, e.ROLE, "managed_policy_arns"),
        ("FW264", {
            e.REST_API: {"name": "site"},
            "aws_api_gateway_integration.i": {"rest_api_id": f"${{{e.REST_API}.id}}",
            "uri": "arn:aws:apigateway:us-east-1:s3:path/c"},
        }, e.REST_API, "binary_media_types"),
    ],
)  # fmt: skip
def test_attribute_that_aws_fills_is_not_set(rule_id: str, resources: Json, address: str, attribute: str) -> None:
    assert is_found(rule_id, left_to_aws(resources, address, attribute))
