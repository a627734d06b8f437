variable "weights" {
  type = map(number)
}

resource "aws_route53_record" "www" {
  for_each       = var.weights
  zone_id        = "Z1"
  name           = "www.lemonade.example"
  type           = "A"
  ttl            = 60
  records        = ["198.51.100.7"]
  set_identifier = each.key

  weighted_routing_policy {
    weight = each.value
  }
}
