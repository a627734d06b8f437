provider "aws" {
  region = "eu-west-1"
}

module "region" {
  source   = "./region"
  for_each = { eu = "PRIMARY", us = "SECONDARY" }

  name        = each.key
  role        = each.value
  hosted_zone = aws_route53_zone.this.zone_id
}

resource "aws_route53_zone" "this" {
  name = "lemonade.example"
}

output "endpoints" {
  value = { for name, region in module.region : name => region.fqdn }
}
