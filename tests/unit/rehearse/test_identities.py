"""What a plan names by an identity of the user's account."""

from pathlib import Path
from typing import Any

import pytest

from scripts.lint.reading import read_paths
from scripts.rehearse.identities import looked_up, named, zone_of

CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/shield/12345678-1234-1234-1234-123456789012"


def plan(*resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A plan that creates these."""
    changes = [{"type": type_, "mode": "managed", "change": {"after": after}} for type_, after in resources]
    return {"resource_changes": changes}


def distribution(**more: Any) -> tuple[str, dict[str, Any]]:
    return ("aws_cloudfront_distribution", {"aliases": ["www.shop.example"], **more})


def record(**more: Any) -> tuple[str, dict[str, Any]]:
    return ("aws_route53_record", {"zone_id": "Z0123456789ABCDEFGHIJ", **more})


def test_zone_of_records_is_named_after_them_and_the_aliases() -> None:
    found = named(plan(record(name="www"), record(name="shop.example."), distribution()))
    assert found.zones == {"Z0123456789ABCDEFGHIJ": "shop.example"}


def test_zone_that_the_plan_makes_is_not_known_yet() -> None:
    assert not named(plan(("aws_route53_record", {"name": "www"}), distribution())).zones


def test_certificate_and_web_acl_of_a_distribution_are_found_with_its_names() -> None:
    certificate = [{"acm_certificate_arn": CERTIFICATE, "ssl_support_method": "sni-only"}]
    found = named(plan(distribution(viewer_certificate=certificate, web_acl_id=WEB_ACL)))
    assert found.certificates == {CERTIFICATE: ("www.shop.example",)}
    assert found.web_acls == {WEB_ACL: "shield"}


def test_bucket_of_an_origin_is_found_unless_the_plan_makes_it() -> None:
    origins = [
        {"domain_name": "pages.s3.eu-west-1.amazonaws.com"},
        {"domain_name": "old.pages.s3.amazonaws.com"},
        {"domain_name": "own.s3.eu-west-1.amazonaws.com"},
        {"domain_name": "app.example.com"},
        {},
    ]
    found = named(plan(distribution(origin=origins), ("aws_s3_bucket", {"bucket": "own"})))
    assert found.buckets == {"pages": "eu-west-1", "old.pages": "us-east-1"}


def test_texts_that_are_no_identity_are_left_alone() -> None:
    odd = distribution(
        viewer_certificate=[{"acm_certificate_arn": ""}], web_acl_id="473e64fd-f30b-4765-81a0-62ad96dd167a"
    )
    found = named(plan(odd, ("aws_route53_record", {"zone_id": "example.com", "name": "www"})))
    assert (found.zones, found.certificates, found.web_acls) == ({}, {}, {})


def test_zone_that_is_looked_up_by_id_is_named_after_what_the_configuration_names(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "zone" {\n  default = "Z0123456789ABCDEFGHIJ"\n}\n'
        'data "aws_route53_zone" "this" {\n  zone_id = var.zone\n}\n'
        'data "aws_route53_zone" "named" {\n  name = "other.example"\n}\n'
        'resource "aws_acm_certificate" "this" {\n  domain_name = "shop.example"\n  validation_method = "DNS"\n}\n'
        'resource "aws_cloudfront_distribution" "this" {\n  aliases = ["www.shop.example"]\n}\n'
    )
    assert looked_up(read_paths([tmp_path])).zones == {"Z0123456789ABCDEFGHIJ": "shop.example"}


@pytest.mark.parametrize(
    ("names", "zone"),
    [
        (["www.example.com"], "example.com"),
        (["example.com"], "example.com"),
        (["example.com.", "*.example.com"], "example.com"),
        (["a.shop.example.com", "b.shop.example.com"], "shop.example.com"),
        (["www.example.com", "example.com"], "example.com"),
        (["a.example.com", "b.example.org"], "example.com"),
        (["long.name.example.com", "e.com"], "e.com"),
        (["www", ""], "example.com"),
    ],
)
def test_zone_of_names(names: list[str], zone: str) -> None:
    assert zone_of(names) == zone
