"""S3 in front of moto: what moto loses, replication, and a fast path for reading objects."""
