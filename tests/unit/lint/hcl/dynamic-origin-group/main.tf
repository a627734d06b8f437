variable "origins" {
  type = list(object({
    id      = string
    region  = string
    attempts = optional(number, 3)
  }))
  default = [
    { id = "primary", region = "eu-west-1" },
    { id = "secondary", region = "us-east-1", attempts = 1 },
  ]
}

resource "aws_s3_bucket" "primary" {
  bucket = "lemonade-primary"
}

resource "aws_s3_bucket" "secondary" {
  bucket   = "lemonade-secondary"
  provider = aws.us
}

provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "us"
  region = "us-east-1"
}

locals {
  domain_names = {
    primary   = aws_s3_bucket.primary.bucket_regional_domain_name
    secondary = aws_s3_bucket.secondary.bucket_regional_domain_name
  }
}

resource "aws_cloudfront_distribution" "this" {
  enabled             = true
  default_root_object = "index.html"

  dynamic "origin" {
    for_each = var.origins
    content {
      origin_id                = origin.value.id
      domain_name              = local.domain_names[origin.value.id]
      origin_access_control_id = "E1OAC"
      connection_attempts      = origin.value.attempts
    }
  }

  origin_group {
    origin_id = "group"

    failover_criteria {
      status_codes = [500, 502, 503, 504, 418]
    }

    dynamic "member" {
      for_each = var.origins
      iterator = one
      content {
        origin_id = one.value.id
      }
    }
  }

  default_cache_behavior {
    target_origin_id       = "group"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD", "OPTIONS"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
