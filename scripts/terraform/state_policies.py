"""Policies of the state buckets and of the role that copies one to the other, as dictionaries. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TLS_ONLY = "DenyInsecureTransport"
"""The statement's Sid."""

ASSUMED_BY_S3: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
"""Who takes the replication's role."""


def tls_only(name: str) -> dict[str, Any]:
    """Returns the statement that refuses requests without TLS."""
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def replication(source: str, destination: str) -> dict[str, Any]:
    """Returns the role's policy: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
                "Resource": f"arn:aws:s3:::{source}",
            },
            {
                "Effect": "Allow",
                "Action": [
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionTagging",
                ],
                "Resource": f"arn:aws:s3:::{source}/*",
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                "Resource": f"arn:aws:s3:::{destination}/*",
            },
        ],
    }
