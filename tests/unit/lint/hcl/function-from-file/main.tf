resource "aws_cloudfront_key_value_store" "routes" {
  name = "routes"
}

resource "aws_cloudfront_function" "router" {
  name                         = "router"
  runtime                      = "cloudfront-js-1.0"
  publish                      = true
  code                         = file("${path.module}/functions/router.js")
  key_value_store_associations = [aws_cloudfront_key_value_store.routes.arn]
}
