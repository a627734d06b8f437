resource "aws_s3_bucket" "content" {
  bucket = local.name
}

resource "aws_s3_bucket_replication_configuration" "content" {
  bucket = aws_s3_bucket.content.id
  role   = "arn:aws:iam::111122223333:role/replication"

  rule {
    status = "Enabled"
    destination {
      bucket = "arn:aws:s3:::lemonade-copy"
    }
  }
}
