"""Configurations as other teams write them, for rehearsals: one bucket, two in a group, the trap, web servers in a module."""

from pathlib import Path

_PROVIDERS = """
terraform {
  required_version = ">= 99"
  backend "s3" {
    bucket = "state-of-production"
    key    = "site"
    region = "eu-central-1"
  }
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 4.0"
    }
  }
}
provider "aws" {
  region  = "eu-central-1"
  profile = "production"
  assume_role {
    role_arn = "arn:aws:iam::111122223333:role/deploy"
  }
}
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
"""
_ACCESS = """
resource "aws_cloudfront_origin_access_control" "this" {
  name                              = "access"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}
"""


def _bucket(name: str, provider: str = "aws") -> str:
    return f"""
resource "aws_s3_bucket" "{name}" {{
  provider = {provider}
  bucket   = "rehearsed-{name}"
}}
resource "aws_s3_bucket_policy" "{name}" {{
  provider = {provider}
  bucket   = aws_s3_bucket.{name}.id
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{
    Effect = "Allow", Principal = {{ Service = "cloudfront.amazonaws.com" }}, Action = ["s3:GetObject"],
    Resource = "${{aws_s3_bucket.{name}.arn}}/*" }}] }})
}}
"""


def _distribution(name: str, origins: str, target: str, *, aliases: str = "[]", certificate: str = "") -> str:
    shown = certificate or "cloudfront_default_certificate = true"
    return f"""
resource "aws_cloudfront_distribution" "{name}" {{
  enabled             = true
  aliases             = {aliases}
  default_root_object = "index.html"
  wait_for_deployment = false
  {origins}
  default_cache_behavior {{
    target_origin_id       = "{target}"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }}
  restrictions {{
    geo_restriction {{
      restriction_type = "none"
    }}
  }}
  viewer_certificate {{
    {shown}
  }}
}}
"""


def _origin(bucket: str) -> str:
    return f"""origin {{
    domain_name              = aws_s3_bucket.{bucket}.bucket_regional_domain_name
    origin_id                = "{bucket}"
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
    connection_attempts      = 1
    connection_timeout       = 2
  }}
"""


def _certified(domain: str) -> str:
    return f"""
data "aws_route53_zone" "this" {{ name = "{domain}" }}
data "aws_acm_certificate" "this" {{
  provider = aws.us
  domain   = "{domain}"
}}
"""


_OWN_CERTIFICATE = """acm_certificate_arn      = data.aws_acm_certificate.this.arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
"""


def single(folder: Path) -> Path:
    """Writes one bucket behind CloudFront, and a resource that localcloud does not model."""
    text = _PROVIDERS + _ACCESS + _bucket("one") + _distribution("this", _origin("one"), "one")
    text += """
resource "aws_elasticache_cluster" "cache" {
  cluster_id      = "cache"
  engine          = "redis"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 1
}
"""
    text += 'resource "aws_sns_topic" "noted" {\n  provisioner "local-exec" {\n    command = "touch executed"\n  }\n}\n'
    return _written(folder, text)


def group(folder: Path) -> Path:
    """Writes an origin group of buckets in two regions."""
    members = "".join(f'    member {{\n      origin_id = "{each}"\n    }}\n' for each in ("one", "two"))
    criteria = "    failover_criteria {\n      status_codes = [500, 502, 503, 504]\n    }\n"
    origins = _origin("one") + _origin("two") + f'origin_group {{\n    origin_id = "both"\n{criteria}{members}  }}\n'
    text = _PROVIDERS + _ACCESS + _bucket("one") + _bucket("two", "aws.us")
    return _written(folder, text + _distribution("this", origins, "both"))


def trap(folder: Path) -> Path:
    """Writes Route 53 failover between two distributions for one name."""
    text = _PROVIDERS + _ACCESS + _certified("trap.example.com") + _bucket("one") + _bucket("two", "aws.us")
    for name in ("one", "two"):
        text += _distribution(name, _origin(name), name, aliases='["trap.example.com"]', certificate=_OWN_CERTIFICATE)
        role = "PRIMARY" if name == "one" else "SECONDARY"
        text += f"""
resource "aws_route53_record" "{name}" {{
  zone_id        = data.aws_route53_zone.this.zone_id
  name           = "trap.example.com"
  type           = "A"
  set_identifier = "{name}"
  failover_routing_policy {{
    type = "{role}"
  }}
  alias {{
    name                   = aws_cloudfront_distribution.{name}.domain_name
    zone_id                = aws_cloudfront_distribution.{name}.hosted_zone_id
    evaluate_target_health = false
  }}
}}
"""
    return _written(folder, text)


def servers(folder: Path) -> Path:
    """Writes a root module that calls a module beside it for each of two web servers."""
    module = folder / "modules" / "site"
    origin = """origin {
    domain_name = var.server
    origin_id   = "server"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
"""
    _written(module, 'variable "server" {\n  type = string\n}\n' + _distribution("this", origin, "server"))
    called = """
module "site" {
  source   = "../modules/site"
  for_each = toset(["a.example.com", "b.example.com"])
  server   = each.key
}
"""
    return _written(folder / "root", _PROVIDERS + called)


def _written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(text, encoding="utf-8")
    return folder


_RUNTIME_1 = """
resource "aws_cloudfront_function" "index" {
  name    = "rehearsed-index"
  runtime = "cloudfront-js-1.0"
  code    = <<-EOT
    function handler(event) {
      var request = event.request;
      if (request.uri.endsWith('/')) { request.uri += 'index.html'; }
      return request;
    }
  EOT
}
"""


def account_bound(folder: Path) -> Path:
    """Writes what names a zone by its id, a certificate by its ARN, and looks up a bucket and a certificate of Amazon's."""
    text = _PROVIDERS + _RUNTIME_1
    text += 'variable "zone_id" {\n  type = string\n}\nvariable "certificate_arn" {\n  type = string\n}\n'
    text += 'data "aws_route53_zone" "also" {\n  zone_id = "Z9876543210ABCDEFGHIJ"\n}\n'
    text += 'data "aws_s3_bucket" "pages" {\n  bucket = "rehearsed-pages"\n}\n'
    text += """
data "aws_acm_certificate" "regional" {
  domain      = "*.bound.example.com"
  types       = ["AMAZON_ISSUED"]
  statuses    = ["ISSUED"]
  most_recent = true
}
resource "aws_route53_record" "this" {
  zone_id = var.zone_id
  name    = "www.bound.example.com"
  type    = "A"
  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
}
output "regional" {
  value = data.aws_acm_certificate.regional.arn
}
"""
    origin = """origin {
    domain_name = data.aws_s3_bucket.pages.bucket_regional_domain_name
    origin_id   = "pages"
  }
"""
    certificate = _OWN_CERTIFICATE.replace("data.aws_acm_certificate.this.arn", "var.certificate_arn")
    made = _distribution("this", origin, "pages", aliases='["www.bound.example.com"]', certificate=certificate)
    associated = (
        "cache_policy_id        = "
        '"658327ea-f89d-4fab-a63d-7e88639e58f6"\n    function_association {\n      event_type   = "viewer-request"\n'
        "      function_arn = aws_cloudfront_function.index.arn\n    }"
    )
    text += made.replace('cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"', associated)
    _written(folder, text)
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
    (folder / "terraform.tfvars").write_text(f'zone_id = "Z0123456789ABCDEFGHIJ"\ncertificate_arn = "{arn}"\n')
    return folder
