resource "aws_route53_health_check" "fast" {
  type             = "TCP"
  ip_address       = "198.51.100.7"
  request_interval = 10
}
