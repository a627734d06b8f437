locals {
  share  = 100
  canary = local.share - 100
  targets = [
    { name = "old", weight = local.canary, address = "198.51.100.7" },
    { name = "new", weight = local.share * 3, address = "203.0.113.7" },
  ]
}

resource "aws_route53_record" "www" {
  count = length(local.targets)

  zone_id        = "Z1"
  name           = "www.lemonade.example"
  type           = "A"
  ttl            = 60
  records        = [local.targets[count.index].address]
  set_identifier = local.targets[count.index].name

  weighted_routing_policy {
    weight = local.targets[count.index]["weight"]
  }
}
