resource "aws_route53_health_check" "fast" {
  for_each         = toset(["eu", "us"])
  type             = "TCP"
  ip_address       = "198.51.100.7"
  port             = 443
  request_interval = 10
}

resource "aws_route53_health_check" "slow" {
  type             = "TCP"
  ip_address       = "198.51.100.7"
  port             = 443
  request_interval = 30
  regions          = ["us-east-1", "eu-west-1", "ap-southeast-1"]
}
