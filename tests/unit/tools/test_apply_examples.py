"""What `make apply` takes for left over: everything of the old state that the provider does not report as gone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.fake_terraform import Fake
from tools.examples.apply_examples import gone, owned, push, unprotect

BUCKET, ZONE = "aws_s3_bucket.site", "aws_route53_zone.zone"


def resource(type_: str, name: str, mode: str = "managed", instances: int = 1) -> dict[str, Any]:
    return {"mode": mode, "type": type_, "name": name, "instances": [{}] * instances}


STATE = {
    "resources": [
        resource("aws_s3_bucket", "site"),
        resource("aws_route53_zone", "zone"),
        resource("aws_sns_topic", "none", instances=0),
        resource("aws_caller_identity", "me", mode="data"),
        resource("terraform_data", "policy"),
        resource("aws_acm_certificate_validation", "valid"),
    ]
}


def drift(address: str, action: str) -> str:
    return json.dumps({"type": "resource_drift", "change": {"resource": {"addr": address}, "action": action}})


def test_owned_is_what_exists_in_an_account() -> None:
    assert owned(json.dumps(STATE)) == {BUCKET, ZONE}


def test_gone_is_what_the_provider_finds_no_more(tmp_path: Path) -> None:
    fake = Fake(tmp_path, "\n".join(f"echo '{line}'" for line in (drift(BUCKET, "delete"), drift(ZONE, "update"))))
    push(fake.terraform(), fake.stack, json.dumps(STATE))
    assert gone(fake.terraform(), fake.stack) == {BUCKET}
    pushed, planned = fake.arguments.read_text(encoding="utf-8").splitlines()
    assert "state push -force" in pushed
    assert "plan -refresh-only" in planned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"deletion_protection": true, "multi_az": true}', '{"deletion_protection": false, "multi_az": true}'),
        ('{"deletion_protection_enabled": true}', '{"deletion_protection_enabled": false}'),
        ('{"multi_az": true}', None),
    ],
)
def test_deletion_protection_is_turned_off_where_it_is(tmp_path: Path, text: str, expected: str | None) -> None:
    fake = Fake(tmp_path)
    stack = fake.stack / "cdk.tf.json"
    stack.write_text(text, encoding="utf-8")
    unprotect(fake.terraform(), fake.stack)
    assert stack.read_text(encoding="utf-8") == (expected or text)
    assert fake.arguments.exists() is (expected is not None)
