"""IAM and bucket policies as dictionaries. Pure functions; nothing here knows a construct."""

import json
from collections.abc import Sequence
from typing import Any

from constructs_lib.naming import ERRORS_PREFIX, HEALTH_PREFIX, MANIFESTS_PREFIX, POINTER_KEY, RELEASES_PREFIX

PolicyDocument = dict[str, Any]
_VERSION = "2012-10-17"


def document(*statements: dict[str, Any]) -> PolicyDocument:
    """Returns a policy document of the statements, in order."""
    return {"Version": _VERSION, "Statement": list(statements)}


def to_json(policy: PolicyDocument) -> str:
    """Returns the document as the string that Terraform's arguments take."""
    return json.dumps(policy, sort_keys=True)


def assume_role(service: str) -> PolicyDocument:
    """Returns the trust policy of a role that only `service` assumes, as AWS documents it for Lambda and for replication.

    No source conditions: neither guide says that the service sets the keys, and one that is not set would stop it silently
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html).
    """
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def content_bucket(
    bucket_arn: str,
    *,
    distribution_arns: Sequence[str],
    plain_http_keys: Sequence[str] = (),
    replicating_role_arns: Sequence[str] = (),
    publisher_arns: Sequence[str] = (),
) -> PolicyDocument:
    """Returns the policy of a content bucket: readable by these distributions only (or by none), over TLS only.

    `replicating_role_arns` are other accounts' roles that bring replicas, `publisher_arns` other accounts' publishers: across
    accounts IAM wants the bucket to allow them as well.

    `plain_http_keys` are exempt from TLS: CloudFront asks S3 by the protocol that the viewer used
    (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPandHTTPSRequests.html), so a health check over HTTP
    of a public marker would always meet the Deny.

    ListBucket makes a missing key 404 instead of 403, so that 403 can mean broken access and fail over
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). `control/` is not for viewers.
    """
    deny = deny_insecure_transport(bucket_arn, plain_http_keys)
    return document(
        *(_read_by(bucket_arn, distribution_arns) if distribution_arns else ()),
        *(_replicated_by(bucket_arn, replicating_role_arns) if replicating_role_arns else ()),
        *(_published_by(bucket_arn, publisher_arns) if publisher_arns else ()),
        deny,
    )


def _read_by(bucket_arn: str, distribution_arns: Sequence[str]) -> tuple[dict[str, Any], ...]:
    by_distribution = {"StringEquals": {"AWS:SourceArn": list(distribution_arns)}}
    cloudfront = {"Service": "cloudfront.amazonaws.com"}
    return (
        {
            "Sid": "ReadByDistributions",
            "Effect": "Allow",
            "Principal": cloudfront,
            "Action": "s3:GetObject",
            "Resource": [f"{bucket_arn}/{prefix}*" for prefix in (RELEASES_PREFIX, HEALTH_PREFIX, ERRORS_PREFIX)],
            "Condition": by_distribution,
        },
        {
            "Sid": "TellMissingFromForbidden",
            "Effect": "Allow",
            "Principal": cloudfront,
            "Action": "s3:ListBucket",
            "Resource": bucket_arn,
            "Condition": by_distribution,
        },
    )


def _replicated_by(bucket_arn: str, role_arns: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """The destination's part: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-walkthrough-2.html.

    Replicas belong to the destination's account without an owner override, because the bucket's owner is enforced
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-change-owner.html).
    """
    principal = {"AWS": list(role_arns)}
    return (
        {
            "Sid": "ReplicasFromOtherAccounts",
            "Effect": "Allow",
            "Principal": principal,
            "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
            "Resource": f"{bucket_arn}/{RELEASES_PREFIX}*",
        },
        {
            "Sid": "SeenByReplication",
            "Effect": "Allow",
            "Principal": principal,
            "Action": ["s3:GetBucketVersioning", "s3:ListBucket"],
            "Resource": bucket_arn,
        },
    )


def _published_by(bucket_arn: str, principal_arns: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """What `failover sync-content`, `rollback`, `verify` and `prune` need, as the content role has it (access_policies)."""
    principal = {"AWS": list(principal_arns)}
    pruned = [f"{bucket_arn}/{prefix}*" for prefix in (RELEASES_PREFIX, MANIFESTS_PREFIX)]
    return (
        {
            "Sid": "PublishedFromAnotherAccount",
            "Effect": "Allow",
            "Principal": principal,
            "Action": [
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:GetObjectTagging",
                "s3:PutObject",
                "s3:PutObjectTagging",
            ],
            "Resource": [*pruned, f"{bucket_arn}/{ERRORS_PREFIX}*", f"{bucket_arn}/{POINTER_KEY}"],
        },
        {
            "Sid": "PrunedFromAnotherAccount",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:DeleteObject",
            "Resource": pruned,
        },
        {
            "Sid": "ListedFromAnotherAccount",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:ListBucket",
            "Resource": bucket_arn,
        },
    )


def audit_bucket(bucket_arn: str, *, trail_arn: str) -> PolicyDocument:
    """Returns the policy of the audit trail's bucket: written by this very trail, over TLS only.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    by_trail = {"aws:SourceArn": trail_arn}
    return document(
        {
            "Sid": "LookedAtByTrail",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:GetBucketAcl",
            "Resource": bucket_arn,
            "Condition": {"StringEquals": by_trail},
        },
        {
            "Sid": "WrittenByTrail",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/AWSLogs/*",
            "Condition": {"StringEquals": {**by_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        deny_insecure_transport(bucket_arn),
    )


def zone_signing_key(account_id: str, *, zone_id: str) -> PolicyDocument:
    """Returns the policy of the key that signs a zone: used by Route 53 for this very zone, administered by the account.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/access-control-managing-permissions.html#KMS-key-policy-for-DNSSEC
    """
    route53 = {"Service": "dnssec-route53.amazonaws.com"}
    for_zone = {
        "StringEquals": {"aws:SourceAccount": account_id},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:route53:::hostedzone/{zone_id}"},
    }
    return document(
        administered_by_account(account_id),
        {
            "Sid": "SignedByRoute53",
            "Effect": "Allow",
            "Principal": route53,
            "Action": ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"],
            "Resource": "*",
            "Condition": for_zone,
        },
        {
            "Sid": "GrantedByRoute53",
            "Effect": "Allow",
            "Principal": route53,
            "Action": "kms:CreateGrant",
            "Resource": "*",
            "Condition": {**for_zone, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )


def account_key(account_id: str) -> PolicyDocument:
    """Returns the policy of a key that the account's own policies govern; RDS uses it by grants of whoever makes the instance.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
    """
    return document(administered_by_account(account_id))


def query_log(log_group_arn: str, *, account_id: str, zone_id: str) -> PolicyDocument:
    """Returns the resource policy of a query log: written by Route 53 for this very zone.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
    """
    return document(
        {
            "Sid": "WrittenByRoute53",
            "Effect": "Allow",
            "Principal": {"Service": "route53.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_group_arn}:*",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": account_id},
                "ArnLike": {"aws:SourceArn": f"arn:aws:route53:::hostedzone/{zone_id}"},
            },
        }
    )


def administered_by_account(account_id: str) -> dict[str, Any]:
    """Returns the statement of a key policy that leaves the key to the account's own policies.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return {
        "Sid": "AdministeredByAccount",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def write_log(log_group_arn: str) -> dict[str, Any]:
    """Returns the statement with which a function writes its own log."""
    return {
        "Sid": "WriteLog",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{log_group_arn}:*",
    }


def deny_insecure_transport(bucket_arn: str, plain_http_keys: Sequence[str] = ()) -> dict[str, Any]:
    """Returns the statement that a bucket is reached over TLS only, but for these keys."""
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        **_everything_but(bucket_arn, plain_http_keys),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _everything_but(bucket_arn: str, keys: Sequence[str]) -> dict[str, list[str]]:
    if keys:
        return {"NotResource": [f"{bucket_arn}/{key}" for key in keys]}
    return {"Resource": [bucket_arn, f"{bucket_arn}/*"]}


def regional_endpoint(bucket_arn: str, *, log_group_arn: str) -> PolicyDocument:
    """Returns what the regional endpoint's function may do: read its own region's bucket and write its own log."""
    return document(
        {
            "Sid": "ReadContent",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [
                *(f"{bucket_arn}/{prefix}*" for prefix in (RELEASES_PREFIX, HEALTH_PREFIX, ERRORS_PREFIX)),
                f"{bucket_arn}/{POINTER_KEY}",
            ],
        },
        {"Sid": "TellMissingFromForbidden", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket_arn},
        write_log(log_group_arn),
    )


def replication(source_arn: str, destination_arns: Sequence[str]) -> PolicyDocument:
    """Returns what the replication role may do, from one bucket to the others, releases only.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """
    return document(
        {
            "Effect": "Allow",
            "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            "Resource": source_arn,
        },
        {
            "Effect": "Allow",
            "Action": [
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            "Resource": f"{source_arn}/{RELEASES_PREFIX}*",
        },
        {
            "Effect": "Allow",
            "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
            "Resource": [f"{arn}/{RELEASES_PREFIX}*" for arn in destination_arns],
        },
    )
