provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "virginia"
  region = "us-east-1"
}

data "aws_region" "current" {}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = toset(["4xxErrorRate", "5xxErrorRate"])

  alarm_name          = "${data.aws_region.current.name}-${each.key}"
  namespace           = "AWS/CloudFront"
  metric_name         = each.key
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  threshold           = each.key == "5xxErrorRate" ? 1 : 10
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    DistributionId = "E1"
    Region         = "Global"
  }
}
