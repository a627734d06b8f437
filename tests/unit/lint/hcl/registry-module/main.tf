module "records" {
  source  = "terraform-aws-modules/route53/aws//modules/records"
  version = "~> 4.0"

  zone_id = aws_route53_zone.this.zone_id
  records = [{ name = "www", type = "A", set_identifier = "secondary" }]
}

resource "aws_route53_zone" "this" {
  name = "lemonade.example"
}

resource "aws_route53_record" "primary" {
  zone_id         = aws_route53_zone.this.zone_id
  name            = "www.lemonade.example"
  type            = "A"
  ttl             = 60
  records         = ["198.51.100.7"]
  set_identifier  = "primary"
  health_check_id = "abcdef11-2222-3333-4444-555555fedcba"

  failover_routing_policy {
    type = "PRIMARY"
  }
}
