provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "us"
  region = "us-east-1"
}

locals {
  hostname = "www.lemonade.example"
  members  = ["primary", "secondary"]
}

resource "aws_s3_bucket" "primary" {
  bucket = "lemonade-primary"
}

resource "aws_s3_bucket" "secondary" {
  provider = aws.us
  bucket   = "lemonade-secondary"
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = "s3"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "this" {
  enabled             = true
  default_root_object = "index.html"

  dynamic "origin" {
    for_each = {
      primary   = aws_s3_bucket.primary
      secondary = aws_s3_bucket.secondary
    }
    content {
      origin_id                = origin.key
      domain_name              = origin.value.bucket_regional_domain_name
      origin_access_control_id = aws_cloudfront_origin_access_control.this.id
      connection_attempts      = 1
      connection_timeout       = 2
      response_completion_timeout = 60
    }
  }

  origin_group {
    origin_id = "both"
    failover_criteria {
      status_codes = [403, 500, 502, 503, 504]
    }
    dynamic "member" {
      for_each = local.members
      content {
        origin_id = member.value
      }
    }
  }

  default_cache_behavior {
    target_origin_id       = "both"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
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

data "aws_iam_policy_document" "read" {
  for_each = {
    primary   = aws_s3_bucket.primary.arn
    secondary = aws_s3_bucket.secondary.arn
  }

  statement {
    actions   = ["s3:GetObject"]
    resources = ["${each.value}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.this.arn]
    }
  }

  statement {
    actions   = ["s3:ListBucket"]
    resources = [each.value]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "AWS:SourceArn"
      values   = [aws_cloudfront_distribution.this.arn]
    }
  }
}

resource "aws_s3_bucket_policy" "primary" {
  bucket = aws_s3_bucket.primary.id
  policy = data.aws_iam_policy_document.read["primary"].json
}

resource "aws_s3_bucket_policy" "secondary" {
  provider = aws.us
  bucket   = aws_s3_bucket.secondary.id
  policy   = data.aws_iam_policy_document.read["secondary"].json
}
