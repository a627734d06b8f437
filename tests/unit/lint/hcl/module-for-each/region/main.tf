variable "name" {}
variable "role" {}
variable "hosted_zone" {}

resource "aws_apigatewayv2_domain_name" "this" {
  domain_name = "www.lemonade.example"

  domain_name_configuration {
    certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/x"
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_route53_record" "this" {
  zone_id        = var.hosted_zone
  name           = "www"
  type           = "A"
  set_identifier = var.name

  failover_routing_policy {
    type = "PRIMARY"
  }

  alias {
    name                   = aws_apigatewayv2_domain_name.this.domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.this.domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = true
  }
}

output "fqdn" {
  value = aws_route53_record.this.fqdn
}
