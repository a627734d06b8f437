variable "hostname" {}

resource "aws_acm_certificate" "cert" {
  domain_name       = var.hostname
  validation_method = "DNS"
}

resource "aws_cloudfront_distribution" "cdn" {
  enabled = true
  aliases = [var.hostname]

  origin {
    origin_id   = "api"
    domain_name = "api.lemonade.example"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "api"
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn = aws_acm_certificate.cert.arn
    ssl_support_method  = "sni-only"
  }
}
