locals {
  hostname = "www.lemonade.example"
  roles = {
    primary   = aws_cloudfront_distribution.this["eu"]
    secondary = aws_cloudfront_distribution.this["us"]
  }
}

resource "aws_route53_zone" "this" {
  name = "lemonade.example"
}

resource "aws_cloudfront_distribution" "this" {
  for_each = toset(["eu", "us"])
  enabled  = true
  aliases  = ["${each.key}.lemonade.example"]
}

resource "aws_route53_health_check" "this" {
  for_each          = toset(["eu", "us"])
  type              = "HTTPS"
  fqdn              = "${each.value}.lemonade.example"
  port              = 443
  resource_path     = "/health"
  request_interval  = 30
  failure_threshold = 3
}

resource "aws_route53_record" "failover" {
  for_each = {
    for pair in setproduct(keys(local.roles), ["A", "AAAA"]) : "${pair[0]}-${pair[1]}" => {
      role = pair[0]
      type = pair[1]
    }
  }

  zone_id         = aws_route53_zone.this.zone_id
  name            = local.hostname
  type            = each.value.type
  set_identifier  = each.value.role
  health_check_id = aws_route53_health_check.this[each.value.role == "primary" ? "eu" : "us"].id

  failover_routing_policy {
    type = upper(each.value.role)
  }

  alias {
    name                   = local.roles[each.value.role].domain_name
    zone_id                = local.roles[each.value.role].hosted_zone_id
    evaluate_target_health = false
  }
}
