variable "ttl" {
  type = number
}

variable "records" {
  type = map(object({
    address = string
    weight  = optional(number, 0)
  }))
}

resource "aws_route53_record" "www" {
  for_each       = var.records
  zone_id        = "Z1"
  name           = "www.lemonade.example"
  type           = "A"
  ttl            = var.ttl
  records        = [each.value.address]
  set_identifier = each.key

  weighted_routing_policy {
    weight = each.value.weight
  }
}
