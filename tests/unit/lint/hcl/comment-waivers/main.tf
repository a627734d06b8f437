terraform {
  # failover:ignore FW292 we move to lock files in January
  backend "s3" {
    bucket         = "lemonade-tfstate"
    key            = "site/terraform.tfstate"
    region         = "eu-west-3"
    dynamodb_table = "locks"
  }
}

# A name that moves this week.
# failover:ignore FW311 the whole domain is ours, and stays on HTTPS
resource "aws_cloudfront_response_headers_policy" "security" {
  name = "security"

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      preload                    = true
      override                   = true
    }
  }
}

resource "aws_route53_health_check" "fast" { # failover:ignore FW121
  type             = "TCP"
  ip_address       = "198.51.100.7"
  port             = 443
  request_interval = 10
}

// failover:ignore FW061 gone long ago
resource "aws_route53_record" "www" {
  zone_id = "Z1"
  name    = "www.lemonade.example"
  type    = "A"
  ttl     = 60
  records = ["198.51.100.7"]
}

# failover:ignore FW043 the old one goes on Friday
resource "aws_route53_record" "weighted" {
  for_each       = { old = 300, new = 10 }
  zone_id        = "Z1"
  name           = "w.lemonade.example"
  type           = "A"
  ttl            = 60
  records        = ["198.51.100.7"]
  set_identifier = each.key

  weighted_routing_policy {
    weight = each.value
  }
}
