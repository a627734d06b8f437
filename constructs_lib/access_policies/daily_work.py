"""The roles of daily work: publishing and drills; and of what is rare, a takedown."""

from typing import Any

from constructs_lib.access_policies.scope import Scope
from constructs_lib.access_policies.statements import PUBLISHED, find_outputs, switch, watch_alarms
from constructs_lib.naming import ERRORS_PREFIX, MANIFESTS_PREFIX, PATH_CHECK_KEY, POINTER_KEY, RELEASES_PREFIX
from constructs_lib.policies import PolicyDocument, document


def content(scope: Scope) -> PolicyDocument:
    """Returns what `failover sync-content`, `rollback`, `verify`, `prune` and `status` need: releases and the active pointer."""
    return document(
        {
            "Sid": "ListReleases",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketVersions"],
            "Resource": scope.buckets,
        },
        {
            # An object that was deleted by mistake is restored from its version (failover verify --repair).
            "Sid": "ReadPublished",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging"],
            "Resource": scope.objects(*PUBLISHED),
        },
        {
            "Sid": "Publish",
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"],
            "Resource": scope.objects(*PUBLISHED),
        },
        {
            "Sid": "Prune",
            "Effect": "Allow",
            "Action": "s3:DeleteObject",
            "Resource": scope.objects(f"{RELEASES_PREFIX}*", f"{MANIFESTS_PREFIX}*"),
        },
        switch(scope),
        {
            "Sid": "SeeHealthChecks",
            "Effect": "Allow",
            "Action": "route53:GetHealthCheckStatus",
            "Resource": "arn:aws:route53:::healthcheck/*",
        },
        {
            # What the parity check found last stands in `failover status` (features.parity).
            "Sid": "SeeParity",
            "Effect": "Allow",
            "Action": "cloudwatch:GetMetricStatistics",  # metrics have no ARN
            "Resource": "*",
        },
        watch_alarms(scope),
        *find_outputs(scope),
    )


def takedown(scope: Scope) -> PolicyDocument:
    """Returns what `failover takedown` needs: the only role that deletes versions, so that the others' deletions can be undone.

    It publishes nothing: of what it writes, manifests list what is there already, and the page of the error response is a copy.
    """
    return document(
        {
            "Sid": "ListVersions",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketVersions"],
            "Resource": scope.buckets,
        },
        {
            "Sid": "ReadPublished",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectTagging"],
            "Resource": scope.objects(*PUBLISHED),
        },
        {
            "Sid": "Forget",
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:PutObjectTagging"],
            "Resource": scope.objects(f"{ERRORS_PREFIX}*", f"{MANIFESTS_PREFIX}*", POINTER_KEY),
        },
        {
            "Sid": "DeleteForGood",
            "Effect": "Allow",
            "Action": "s3:DeleteObjectVersion",
            "Resource": scope.objects(f"{RELEASES_PREFIX}*", f"{ERRORS_PREFIX}*"),
        },
        switch(scope),
        _empty_caches(scope),
        *find_outputs(scope),
    )


def drill(scope: Scope) -> PolicyDocument:
    """Returns what evacuating a region and breaking a health check on purpose need; no content, no records, no settings."""
    return document(
        switch(scope),
        {
            "Sid": "BreakAndMendHealthChecks",
            "Effect": "Allow",
            "Action": ["route53:GetHealthCheck", "route53:GetHealthCheckStatus", "route53:UpdateHealthCheck"],
            "Resource": "arn:aws:route53:::healthcheck/*",
        },
        # A drill of layer 1 empties the caches, so that pages come from the other bucket: docs/FAILOVER_TESTING.md
        _empty_caches(scope),
        {
            # `failover divert` deletes the object that the path check reads, and takes the deletion back.
            "Sid": "Divert",
            "Effect": "Allow",
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": scope.objects(PATH_CHECK_KEY),
        },
        *find_outputs(scope),
        {
            "Sid": "CompareRegions",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetObject"],
            "Resource": [*scope.buckets, *scope.objects(*PUBLISHED)],
        },
        {
            "Sid": "Watch",
            "Effect": "Allow",
            "Action": ["cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics"],  # metrics have no ARN
            "Resource": "*",
        },
        watch_alarms(scope),
    )


def _empty_caches(scope: Scope) -> dict[str, Any]:
    return {
        "Sid": "EmptyCaches",
        "Effect": "Allow",
        "Action": "cloudfront:CreateInvalidation",
        "Resource": f"arn:aws:cloudfront::{scope.account_id}:distribution/*",
        "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
    }
