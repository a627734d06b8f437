locals {
  buckets = {
    eu = "lemonade-eu"
    us = "lemonade-us"
  }
}

resource "aws_s3_bucket" "content" {
  for_each = local.buckets
  bucket   = each.value
}

resource "aws_s3_bucket_versioning" "content" {
  for_each = aws_s3_bucket.content
  bucket   = each.value.id

  versioning_configuration {
    status = each.key == "eu" ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_replication_configuration" "content" {
  for_each = { eu = "us", us = "eu" }

  bucket = aws_s3_bucket.content[each.key].id
  role   = "arn:aws:iam::111122223333:role/replication"

  rule {
    id     = "everything"
    status = "Enabled"
    filter {}

    delete_marker_replication {
      status = "Enabled"
    }

    destination {
      bucket = aws_s3_bucket.content[each.value].arn
    }
  }

  depends_on = [aws_s3_bucket_versioning.content]
}
