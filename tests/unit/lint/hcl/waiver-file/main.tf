resource "aws_route53_health_check" "fast" {
  for_each         = toset(["eu", "us"])
  type             = "TCP"
  ip_address       = "198.51.100.7"
  port             = 443
  request_interval = 10
}
