provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "virginia"
  region = "us-east-1"
}

variable "domain" {
  default = "lemonade.example"
}

data "aws_route53_zone" "this" {
  name = var.domain
}

resource "aws_acm_certificate" "regional" {
  domain_name       = "www.${var.domain}"
  validation_method = "DNS"
}

resource "aws_acm_certificate" "edge" {
  provider          = aws.virginia
  domain_name       = "www.${var.domain}"
  validation_method = "DNS"
}

resource "aws_route53_record" "regional" {
  for_each = {
    for option in aws_acm_certificate.regional.domain_validation_options : option.domain_name => {
      name   = option.resource_record_name
      record = option.resource_record_value
      type   = option.resource_record_type
    }
  }

  allow_overwrite = true
  name            = each.value.name
  records         = [each.value.record]
  ttl             = 60
  type            = each.value.type
  zone_id         = data.aws_route53_zone.this.zone_id
}

resource "aws_route53_record" "edge" {
  for_each = {
    for option in aws_acm_certificate.edge.domain_validation_options : option.domain_name => {
      name   = option.resource_record_name
      record = option.resource_record_value
      type   = option.resource_record_type
    }
  }

  allow_overwrite = true
  name            = each.value.name
  records         = [each.value.record]
  ttl             = 60
  type            = each.value.type
  zone_id         = data.aws_route53_zone.this.zone_id
}
