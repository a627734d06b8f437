variable "blue" {
  type = bool
}

resource "aws_cloudfront_distribution" "blue" {
  count   = var.blue ? 1 : 0
  enabled = true
  aliases = ["www.lemonade.example"]
}

resource "aws_cloudfront_distribution" "green" {
  count   = var.blue ? 0 : 1
  enabled = true
  aliases = ["www.lemonade.example"]
}
