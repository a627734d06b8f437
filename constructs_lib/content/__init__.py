"""What holds the site's files: the versioned private bucket of a region, its replication, its keys, its access logs.

Who may read the bucket through CloudFront is said here too; CloudFront itself belongs into `edge`.
"""
