"""A website as many are: one bucket, one distribution, a zone with two simple records, by a Terraform of its own."""

import json
from pathlib import Path

DOMAIN = "example.test"
HOSTNAME = "www.example.test"
PAGE = '<!doctype html><html lang="en"><title>Old</title><p>The old site'
# The prober tells visitors apart by this file: docs/MIGRATING.md.
MARKER = json.dumps({"region": "old-site"})

MAIN = f"""
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws", version = ">= 5.100.0, < 7.0.0" }}
  }}
}}
provider "aws" {{ region = "us-east-1" }}

resource "aws_route53_zone" "zone" {{ name = "{DOMAIN}" }}

resource "aws_acm_certificate" "site" {{
  domain_name       = "{HOSTNAME}"
  validation_method = "DNS"
}}
resource "aws_route53_record" "proof" {{
  zone_id = aws_route53_zone.zone.zone_id
  name    = one([for option in aws_acm_certificate.site.domain_validation_options : option.resource_record_name])
  type    = one([for option in aws_acm_certificate.site.domain_validation_options : option.resource_record_type])
  records = [one([for option in aws_acm_certificate.site.domain_validation_options : option.resource_record_value])]
  ttl     = 60
}}
resource "aws_acm_certificate_validation" "site" {{
  certificate_arn = aws_acm_certificate.site.arn
  depends_on      = [aws_route53_record.proof]
}}

resource "aws_s3_bucket" "site" {{ bucket = "the-old-site" }}
resource "aws_s3_object" "page" {{
  bucket       = aws_s3_bucket.site.id
  key          = "index.html"
  content      = {json.dumps(PAGE)}
  content_type = "text/html"
}}
resource "aws_s3_object" "marker" {{
  bucket       = aws_s3_bucket.site.id
  key          = "health/region.json"
  content      = {json.dumps(MARKER)}
  content_type = "application/json"
}}
resource "aws_cloudfront_origin_access_control" "site" {{
  name                              = "old-site"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}}
resource "aws_s3_bucket_policy" "site" {{
  bucket = aws_s3_bucket.site.id
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{
    Effect    = "Allow", Principal = {{ Service = "cloudfront.amazonaws.com" }}, Action = ["s3:GetObject"],
    Resource  = "${{aws_s3_bucket.site.arn}}/*",
    Condition = {{ StringEquals = {{ "AWS:SourceArn" = aws_cloudfront_distribution.site.arn }} }} }}] }})
}}
resource "aws_cloudfront_distribution" "site" {{
  enabled             = true
  is_ipv6_enabled     = true
  aliases             = ["{HOSTNAME}"]
  default_root_object = "index.html"
  wait_for_deployment = false
  origin {{
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.site.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site.id
  }}
  default_cache_behavior {{
    target_origin_id       = "bucket"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }}
  restrictions {{
    geo_restriction {{ restriction_type = "none" }}
  }}
  viewer_certificate {{
    acm_certificate_arn      = aws_acm_certificate_validation.site.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }}
}}
resource "aws_route53_record" "name" {{
  for_each = toset(["A", "AAAA"])
  zone_id  = aws_route53_zone.zone.zone_id
  name     = "{HOSTNAME}"
  type     = each.key
  alias {{
    name                   = aws_cloudfront_distribution.site.domain_name
    zone_id                = aws_cloudfront_distribution.site.hosted_zone_id
    evaluate_target_health = false
  }}
}}
output "hosted_zone_id" {{ value = aws_route53_zone.zone.zone_id }}
output "distribution_id" {{ value = aws_cloudfront_distribution.site.id }}
"""


def write(folder: Path) -> Path:
    """Writes the configuration; returns its folder."""
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN, encoding="utf-8")
    return folder
