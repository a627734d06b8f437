"""Policies of what `[features]` adds to protect content: keys, access logs, fault injection. Pure functions."""

from collections.abc import Sequence

from constructs_lib.policies import PolicyDocument, administered_by_account, deny_insecure_transport, document

SERVER_LOGS_PREFIX = "s3/"
"""Where S3's server access logs lie in a log bucket."""


def log_bucket(bucket_arn: str, *, account_id: str, content_bucket_arn: str) -> PolicyDocument:
    """Returns the policy of a region's log bucket: written by S3 about its content bucket and by CloudFront's log delivery.

    A delivery source's id is made with the distribution, in another stack, so this one admits those of the account; they exist
    in us-east-1 only. https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html and
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    """
    return document(
        {
            "Sid": "WrittenByServerAccessLogging",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/{SERVER_LOGS_PREFIX}*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": content_bucket_arn},
                "StringEquals": {"aws:SourceAccount": account_id},
            },
        },
        {
            "Sid": "WrittenByLogDelivery",
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/AWSLogs/{account_id}/*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": f"arn:aws:logs:us-east-1:{account_id}:delivery-source:*"},
                "StringEquals": {"aws:SourceAccount": account_id, "s3:x-amz-acl": "bucket-owner-full-control"},
            },
        },
        deny_insecure_transport(bucket_arn),
    )


def content_key(account_id: str, *, prefix: str, region: str) -> PolicyDocument:
    """Returns the policy of the content key of one region: every right to use it, in one place.

    The distributions are known by account, not by id, because the key is there before them; the bucket policies name them. What
    the site's roles read, their own policies and the bucket's say; this lets S3 decrypt it for them, and encrypt for those that
    publish, replicate and apply. They are named by pattern, which a principal cannot be, so the principal is everybody and the
    conditions bind it to this account, as in the policy of the AWS managed key of S3.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html (SSE-KMS)
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    roles = f"arn:aws:iam::{account_id}:role/{prefix}"
    through_s3 = {"kms:CallerAccount": account_id, "kms:ViaService": f"s3.{region}.amazonaws.com"}
    return document(
        administered_by_account(account_id),
        {
            "Sid": "DecryptedForDistributions",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws:cloudfront::{account_id}:distribution/*"}},
        },
        {
            "Sid": "DecryptedForRolesOfTheSite",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringEquals": through_s3, "ArnLike": {"aws:PrincipalArn": f"{roles}-*"}},
        },
        {
            "Sid": "EncryptedForThoseThatWrite",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["kms:Encrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {
                "StringEquals": through_s3,
                "ArnLike": {
                    "aws:PrincipalArn": [
                        f"{roles}-replicate-*",
                        f"{roles}-parity-*",
                        f"{roles}-ci-content",
                        f"{roles}-ci-deploy",
                    ],
                },
            },
        },
    )


def fault_injection(account_id: str, *, region: str) -> PolicyDocument:
    """Returns the trust policy of a role for AWS FIS experiments of this account and region.

    https://docs.aws.amazon.com/fis/latest/userguide/getting-started-iam-service-role.html
    """
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "fis.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": account_id},
                "ArnLike": {"aws:SourceArn": f"arn:aws:fis:{region}:{account_id}:experiment/*"},
            },
        }
    )


def replication_pause(source_arn: str, *, destination_regions: Sequence[str]) -> PolicyDocument:
    """Returns what an experiment needs to pause replication from one bucket, and nothing that would change it for good.

    https://docs.aws.amazon.com/fis/latest/userguide/security_iam_id-based-policy-examples.html#security-iam-policy-examples-s3
    """
    return document(
        {
            "Sid": "PauseReplication",
            "Effect": "Allow",
            "Action": "s3:PauseReplication",
            "Resource": source_arn,
            "Condition": {"StringEquals": {"s3:DestinationRegion": list(destination_regions)}},
        },
        {
            "Sid": "ChangeRulesForThePauseOnly",
            "Effect": "Allow",
            "Action": ["s3:GetReplicationConfiguration", "s3:PutReplicationConfiguration"],
            "Resource": source_arn,
            "Condition": {"BoolIfExists": {"s3:IsReplicationPauseRequest": "true"}},
        },
        # Targets are found by tag; neither action knows resources.
        {
            "Sid": "FindTargets",
            "Effect": "Allow",
            "Action": ["s3:ListAllMyBuckets", "tag:GetResources"],
            "Resource": "*",
        },
    )
