"""What a configuration looks up or points at."""

from pathlib import Path

import pytest

from scripts.lint.reading import read_paths
from scripts.rehearse.surroundings import Expected, expected, is_bucket_name

TEXT = """
provider "aws" {
  region = "eu-west-1"
}
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
variable "domain" {
  default = "shop.example"
}
data "aws_route53_zone" "this" { name = "${var.domain}." }
data "aws_s3_bucket" "logs" { bucket = "logs-of-${var.domain}" }
resource "aws_s3_bucket" "own" { bucket = "made-for-${var.domain}" }
data "aws_s3_bucket" "own" { bucket = "made-for-${var.domain}" }
data "aws_s3_bucket" "unknown" { bucket = "NO" }
data "aws_acm_certificate" "this" {
  provider = aws.us
  domain   = "*.${var.domain}"
  types    = ["AMAZON_ISSUED"]
}
data "aws_acm_certificate" "bought" {
  domain    = var.domain
  types     = ["IMPORTED"]
  key_types = ["EC_prime256v1"]
}
data "aws_acm_certificate" "tagged" {
  tags = { site = "shop" }
}
"""


def test_lookups_are_expected_with_region_kind_and_key(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TEXT)
    assert expected(read_paths([tmp_path])) == Expected(
        zones=("shop.example",),
        certificates=(("*.shop.example", "us-east-1", "RSA_2048"),),
        imported=(("shop.example", "eu-west-1", "EC_prime256v1"),),
        buckets=(("logs-of-shop.example", "eu-west-1"),),
    )


@pytest.mark.parametrize("name", ["ab", "a..b", "-ab", "ab-", "Abc", "a_b", "a" * 64, ""])
def test_bucket_name_rejects(name: str) -> None:
    assert not is_bucket_name(name)
