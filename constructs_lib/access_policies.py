"""What GitHub's roles may do, as dictionaries. Pure functions; nothing here knows a construct.

Four roles, because four jobs need different things: `plan` reads settings and states, `deploy` changes the site's stacks,
`content` publishes releases, `drill` breaks and mends on purpose. What none of them may: touch these roles, their boundary, the
OIDC provider or the audit trail. Those are an administrator's, as are deletions of buckets and of the hosted zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib import naming
from constructs_lib.naming import ERRORS_PREFIX, HEALTH_PREFIX, MANIFESTS_PREFIX, POINTER_KEY, RELEASES_PREFIX
from constructs_lib.policies import PolicyDocument, document

GITHUB_ISSUER = "token.actions.githubusercontent.com"
GITHUB_AUDIENCE = "sts.amazonaws.com"

# What the publisher writes.
_PUBLISHED = (f"{RELEASES_PREFIX}*", f"{ERRORS_PREFIX}*", f"{MANIFESTS_PREFIX}*", POINTER_KEY)
# The roles of the stacks are passed to these services only.
_PASSED_TO = (
    "lambda.amazonaws.com",
    "s3.amazonaws.com",
    "synthetics.amazonaws.com",
    "events.amazonaws.com",
    "fis.amazonaws.com",
)
# https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
_SERVICE_LINKED = ("ops.apigateway.amazonaws.com", "replication.dynamodb.amazonaws.com", "rds.amazonaws.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What belongs to the site, for ARNs.

    Attributes:
        prefix: start of every resource's name.
        project: value of the tag `Project`.
        account_id: the account, 12 digits or a reference to them.
        regions: the serving regions.
        state_region: region of the state bucket; None for local state.
        state_bucket: name of the state bucket; None for local state.
        state_prefix: start of every state's key.
        hosted_zone_id: the zone, or None when the dns stack makes it.
        has_database: whether the database's stacks are there; default false. The deploy role then has `deploy_database` too.
    """

    prefix: str
    project: str
    account_id: str
    regions: tuple[str, ...]
    state_region: str | None
    state_bucket: str | None
    state_prefix: str
    hosted_zone_id: str | None
    has_database: bool = False

    @property
    def buckets(self) -> list[str]:
        """ARNs of the content buckets."""
        return [f"arn:aws:s3:::{self.prefix}-{region}-{self.account_id}" for region in self.regions]

    @property
    def boundary_arn(self) -> str:
        """ARN of the boundary of every role that the stacks make."""
        return f"arn:aws:iam::{self.account_id}:policy/{naming.permissions_boundary(self.prefix)}"

    def objects(self, *keys: str) -> list[str]:
        """Returns ARNs of these keys in every content bucket."""
        return [f"{bucket}/{key}" for bucket in self.buckets for key in keys]

    def named(self, service: str, kind: str) -> str:
        """Returns the ARN pattern of the site's resources of a kind, in every region."""
        return f"arn:aws:{service}:*:{self.account_id}:{kind}{self.prefix}-*"

    def everywhere(self, service: str, resource: str) -> str:
        """Returns an ARN pattern in this account, in every region."""
        return f"arn:aws:{service}:*:{self.account_id}:{resource}"


def github_trust(provider_arn: str, *, subjects: Sequence[str], suffixes: Sequence[str]) -> PolicyDocument:
    """Returns the trust policy of a role for workflow runs whose token's subject is a subject and a suffix, exactly.

    https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
    """
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{GITHUB_ISSUER}:aud": GITHUB_AUDIENCE,
                    f"{GITHUB_ISSUER}:sub": [
                        f"{subject}:{suffix}" for subject in sorted(subjects) for suffix in suffixes
                    ],
                }
            },
        }
    )


def plan(scope: Scope) -> PolicyDocument:
    """Returns what `terraform plan -lock=false` needs: settings and states to read, nothing to write, no content, no logs."""
    return document(
        *_state(scope, write=False),
        {"Sid": "ReadSettings", "Effect": "Allow", "Action": list(_READ_EVERYWHERE), "Resource": "*"},
        {
            "Sid": "ReadBucketSettings",
            "Effect": "Allow",
            "Action": list(_READ_BUCKET),
            "Resource": [*scope.buckets, *_audit_bucket(scope), *_other_buckets(scope)],
        },
        {
            "Sid": "ReadHealthObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectTagging"],
            "Resource": scope.objects(f"{HEALTH_PREFIX}*"),
        },
        {
            "Sid": "ReadApis",
            "Effect": "Allow",
            "Action": "apigateway:GET",
            "Resource": _apis(scope.regions),
        },
        {
            "Sid": "ReadRoles",
            "Effect": "Allow",
            "Action": ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"],
            "Resource": f"arn:aws:iam::{scope.account_id}:role/{scope.prefix}-*",
        },
        {
            "Sid": "ReadAccess",
            "Effect": "Allow",
            "Action": ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetOpenIDConnectProvider"],
            "Resource": [
                scope.boundary_arn,
                *(
                    f"arn:aws:iam::{scope.account_id}:policy/{naming.ci_deploy_policy(scope.prefix, part)}"
                    for part in ("limits", "database")
                ),
                f"arn:aws:iam::{scope.account_id}:oidc-provider/{GITHUB_ISSUER}",
            ],
        },
    )


def deploy(scope: Scope) -> PolicyDocument:
    """Returns what applying the stacks dns, region-*, edge and monitoring needs; access and audit are an administrator's."""
    return document(
        *_state(scope, write=True),
        *_site_settings(scope),
        *_names_and_edge(scope),
        *_roles_with_boundary(scope),
    )


def deploy_limits(scope: Scope) -> PolicyDocument:
    """Returns what the deploy role must never do, whatever `deploy` and `deploy_database` allow.

    A policy of its own, because the ones inside a role hold 10,240 characters together
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    """
    return document(*_never(scope))


def deploy_database(scope: Scope) -> PolicyDocument:
    """Returns what the deploy role needs beside `deploy` where there is a database.

    A policy of its own, for the reason of `deploy_limits`. Instances without their deletion, and the network they may be given;
    a network of the site carries its tag.
    """
    makes = ["CreateVpc", "CreateSubnet", "CreateSecurityGroup"]
    changes = ("Modify*", "AuthorizeSecurityGroup*", "RevokeSecurityGroup*", "CreateTags", "DeleteTags", "DeleteVpc",
               "DeleteSubnet", "DeleteSecurityGroup")  # fmt: skip
    return document(
        {
            "Sid": "Database",
            "Effect": "Allow",
            "Action": "rds:*",
            "Resource": [scope.named("rds", kind) for kind in ("db:", "subgrp:", "pg:", "snapshot:")],
        },
        {
            # An instance that names no option group gets its engine's default one, which must be allowed as well:
            # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html
            "Sid": "DefaultOptions",
            "Effect": "Allow",
            "Action": ["rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:ModifyDBInstance"],
            "Resource": scope.everywhere("rds", "og:default*"),
        },
        {
            # With the project's tag from the first moment, which the providers' default tags send along.
            "Sid": "MakeNetwork",
            "Effect": "Allow",
            "Action": [f"ec2:{make}" for make in makes],
            "Resource": [scope.everywhere("ec2", f"{kind}/*") for kind in ("vpc", "subnet", "security-group")],
            "Condition": {"StringEquals": {"aws:RequestTag/Project": scope.project}},
        },
        {
            # EC2 asks about the VPC that it is made in as well, which gets no tag by that and may be a given one:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            "Sid": "MakeInNetwork",
            "Effect": "Allow",
            "Action": ["ec2:CreateSubnet", "ec2:CreateSecurityGroup"],
            "Resource": scope.everywhere("ec2", "vpc/*"),
        },
        {
            # What it makes, and nothing that is there: a tag would make that the site's own.
            "Sid": "TagNetwork",
            "Effect": "Allow",
            "Action": "ec2:CreateTags",
            "Resource": scope.everywhere("ec2", "*"),
            "Condition": {"StringEquals": {"ec2:CreateAction": [*makes, "AuthorizeSecurityGroupIngress"]}},
        },
        {
            "Sid": "OwnNetwork",
            "Effect": "Allow",
            "Action": [f"ec2:{change}" for change in changes],
            "Resource": scope.everywhere("ec2", "*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
        },
        {
            "Sid": "NeverTheDatabase",
            "Effect": "Deny",
            "Action": "rds:DeleteDB*",
            "Resource": [scope.named("rds", "db:"), scope.named("rds", "snapshot:")],
        },
    )


def content(scope: Scope) -> PolicyDocument:
    """Returns what `failover sync-content`, `rollback`, `verify` and `prune` need: releases and the active pointer."""
    return document(
        {"Sid": "ListReleases", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": scope.buckets},
        {
            "Sid": "ReadPublished",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectTagging"],
            "Resource": scope.objects(*_PUBLISHED),
        },
        {
            "Sid": "Publish",
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"],
            "Resource": scope.objects(*_PUBLISHED),
        },
        {
            "Sid": "Prune",
            "Effect": "Allow",
            "Action": "s3:DeleteObject",
            "Resource": scope.objects(f"{RELEASES_PREFIX}*", f"{MANIFESTS_PREFIX}*"),
        },
        _switch(scope),
    )


def drill(scope: Scope) -> PolicyDocument:
    """Returns what evacuating a region and breaking a health check on purpose need; no content, no records, no settings."""
    return document(
        _switch(scope),
        {
            "Sid": "BreakAndMendHealthChecks",
            "Effect": "Allow",
            "Action": ["route53:GetHealthCheck", "route53:GetHealthCheckStatus", "route53:UpdateHealthCheck"],
            "Resource": "arn:aws:route53:::healthcheck/*",
        },
        {
            "Sid": "CompareRegions",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetObject"],
            "Resource": [*scope.buckets, *scope.objects(*_PUBLISHED)],
        },
        {
            "Sid": "Watch",
            "Effect": "Allow",
            "Action": ["cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics"],  # metrics have no ARN
            "Resource": "*",
        },
        _watch_alarms(scope),
    )


def permissions_boundary(scope: Scope) -> PolicyDocument:
    """Returns the most that any role of the stacks can do, whatever the deploy role writes into its policy.

    No IAM and no STS, so a role of the site cannot make another one.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    return document(
        {
            "Sid": "OwnBuckets",
            "Effect": "Allow",
            "Action": ["s3:Get*", "s3:List*", "s3:PutObject", "s3:Replicate*", "s3:PauseReplication"],
            "Resource": [*scope.buckets, *scope.objects("*"), f"arn:aws:s3:::{scope.prefix}-c-*"],
        },
        {
            # Whether a role may is in its own policy; the condition is AWS's own, and is absent from an experiment's other calls.
            "Sid": "PauseReplication",
            "Effect": "Allow",
            "Action": "s3:PutReplicationConfiguration",
            "Resource": scope.buckets,
            "Condition": {"BoolIfExists": {"s3:IsReplicationPauseRequest": "true"}},
        },
        {
            "Sid": "OwnParts",
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction", "sns:Publish", "dynamodb:*Item", "dynamodb:Query", "ssm:GetParameter"],
            "Resource": [
                scope.named("lambda", "function:"),
                scope.named("sns", ""),
                scope.named("dynamodb", "table/"),
                scope.everywhere("ssm", f"parameter/{scope.prefix}/*"),
            ],
        },
        _watch_alarms(scope),
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup"],
            "Resource": scope.everywhere("logs", "log-group:*"),
        },
        {
            "Sid": "Observe",
            "Effect": "Allow",
            "Action": [
                "cloudwatch:PutMetricData",
                "s3:ListAllMyBuckets",
                "tag:GetResources",
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
            ],
            "Resource": "*",
        },
        {
            "Sid": "UseKeys",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
            "Resource": scope.everywhere("kms", "key/*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
        },
    )


def _state(scope: Scope, *, write: bool) -> list[dict[str, Any]]:
    """The S3 backend's rights: https://developer.hashicorp.com/terraform/language/backend/s3#permissions-required."""
    if scope.state_bucket is None:
        return []
    bucket = f"arn:aws:s3:::{scope.state_bucket}"
    states = f"{bucket}/{scope.state_prefix}*.tfstate"
    reads: list[dict[str, Any]] = [
        {"Sid": "FindStates", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
        {"Sid": "ReadStates", "Effect": "Allow", "Action": "s3:GetObject", "Resource": states},
    ]
    if not write:
        return reads
    writes: list[dict[str, Any]] = [
        {"Sid": "WriteStates", "Effect": "Allow", "Action": "s3:PutObject", "Resource": states},
        {
            "Sid": "Lock",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"{states}.tflock",
        },
    ]
    return reads + writes


def _switch(scope: Scope) -> dict[str, Any]:
    return {
        "Sid": "SwitchRouting",
        "Effect": "Allow",
        "Action": [
            "cloudfront-keyvaluestore:DescribeKeyValueStore",
            "cloudfront-keyvaluestore:GetKey",
            "cloudfront-keyvaluestore:ListKeys",
            "cloudfront-keyvaluestore:PutKey",
            "cloudfront-keyvaluestore:UpdateKeys",
        ],
        "Resource": f"arn:aws:cloudfront::{scope.account_id}:key-value-store/*",
    }


def _site_settings(scope: Scope) -> list[dict[str, Any]]:
    """Buckets without their deletion, the regional endpoints, and what watches the site."""
    return [
        {
            "Sid": "BucketSettings",
            "Effect": "Allow",
            "Action": [*_READ_BUCKET, *_WRITE_BUCKET],
            "Resource": [*scope.buckets, *_other_buckets(scope)],
        },
        {
            "Sid": "HealthObjects",
            "Effect": "Allow",
            "Action": [
                "s3:GetObject*",
                "s3:PutObject",
                "s3:PutObjectTagging",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
            ],
            "Resource": scope.objects(f"{HEALTH_PREFIX}*"),
        },
        {"Sid": "Apis", "Effect": "Allow", "Action": "apigateway:*", "Resource": _apis(["*"])},
        {
            "Sid": "OwnParts",
            "Effect": "Allow",
            "Action": [
                "lambda:*",
                "sns:*",
                "logs:*",
                "cloudwatch:*",
                "events:*",
                "synthetics:*",
                "budgets:*",
                "ssm:*",
                "dynamodb:*",
            ],
            "Resource": [
                scope.named("lambda", "function:"),
                scope.named("sns", ""),
                scope.everywhere("logs", f"log-group:/aws/*/{scope.prefix}-*"),
                scope.everywhere("logs", f"log-group:{scope.prefix}-*"),
                scope.named("cloudwatch", "alarm:"),
                f"arn:aws:cloudwatch::{scope.account_id}:dashboard/{scope.prefix}-*",
                scope.named("events", "rule/"),
                scope.named("synthetics", "canary:"),
                *_canary_parts(scope),
                f"arn:aws:budgets::{scope.account_id}:budget/{scope.prefix}-*",
                scope.everywhere("ssm", f"parameter/{scope.prefix}/*"),
                scope.named("dynamodb", "table/"),
            ],
        },
        {
            # Access logs of an HTTP API: these have no resource of their own.
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
            "Sid": "LogDelivery",
            "Effect": "Allow",
            "Action": [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DeleteResourcePolicy",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            "Resource": "*",
        },
        *_viewer_logs(scope),
        {
            "Sid": "Experiments",
            "Effect": "Allow",
            "Action": [
                "fis:*ExperimentTemplate",
                "fis:TagResource",
                "fis:UntagResource",
            ],
            "Resource": [scope.everywhere("fis", "experiment-template/*"), "arn:aws:fis:*:*:action/*"],
        },
        {
            "Sid": "Certificates",
            "Effect": "Allow",
            "Action": ["acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate"],
            "Resource": scope.everywhere("acm", "certificate/*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
        },
        {
            "Sid": "RequestCertificates",
            "Effect": "Allow",
            "Action": ["acm:RequestCertificate", "acm:AddTagsToCertificate"],
            "Resource": "*",
            "Condition": _tagged_when_made(scope),
        },
        {"Sid": "ReadSettings", "Effect": "Allow", "Action": list(_READ_EVERYWHERE), "Resource": "*"},
    ]


def _tagged_when_made(scope: Scope) -> dict[str, Any]:
    """The project's tag from the first moment, and on nothing that carries the tag of another project.

    IAM cannot tell what is being made from what is there without that tag: in both cases there is no aws:ResourceTag/Project,
    and a new key's tags are allowed by a right on `key/*` as an old one's are. So what has no tag `Project` stays within reach.
    https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html
    """
    return {
        "StringEquals": {"aws:RequestTag/Project": scope.project},
        "StringEqualsIfExists": {"aws:ResourceTag/Project": scope.project},
    }


def _watch_alarms(scope: Scope) -> dict[str, Any]:
    """AWS asks for the right on every alarm's ARN, whatever prefix is looked for (docs/SANDBOX.md, row 45)."""
    return {
        "Sid": "WatchAlarms",
        "Effect": "Allow",
        "Action": "cloudwatch:DescribeAlarms",
        "Resource": scope.everywhere("cloudwatch", "alarm:*"),
    }


def _canary_parts(scope: Scope) -> list[str]:
    """The function and the layer that Synthetics makes of a canary with its caller's rights: cwsyn- and the canary's name.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries_Roles.html, the policy
    CloudWatchSyntheticsFullAccess; the runtime's own layer, which is read, belongs to an account of AWS.
    """
    return [scope.everywhere("lambda", f"{kind}:cwsyn-{scope.prefix}-*") for kind in ("function", "layer")]


def _viewer_logs(scope: Scope) -> list[dict[str, Any]]:
    """CloudFront's standard logs (v2): https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html."""
    return [
        {
            "Sid": "ViewerLogs",
            "Effect": "Allow",
            "Action": [
                "logs:CreateDelivery",
                "logs:DeleteDelivery*",
                "logs:PutDelivery*",
                "logs:TagResource",
                "logs:UntagResource",
                "logs:UpdateDeliveryConfiguration",
            ],
            "Resource": [
                scope.everywhere("logs", f"{kind}:*")
                for kind in ("delivery", "delivery-source", "delivery-destination")
            ],
        },
        {
            "Sid": "ViewerLogsOfDistributions",
            "Effect": "Allow",
            "Action": "cloudfront:AllowVendedLogDeliveryForResource",
            "Resource": f"arn:aws:cloudfront::{scope.account_id}:distribution/*",
        },
    ]


def _names_and_edge(scope: Scope) -> list[dict[str, Any]]:
    """CloudFront, Route 53 without DeleteHostedZone, AWS WAF, and the key that signs the zone."""
    zone = f"arn:aws:route53:::hostedzone/{scope.hosted_zone_id or '*'}"
    makes_zone = [] if scope.hosted_zone_id else [{"Action": "route53:CreateHostedZone", "Resource": "*"}]
    return [
        {
            "Sid": "Edge",
            "Effect": "Allow",
            "Action": [f"cloudfront:{verb}*" for verb in ("Create", "Update", "Delete", "Publish", "Tag", "Untag")],
            "Resource": f"arn:aws:cloudfront::{scope.account_id}:*",
        },
        *({"Sid": "MakeZone", "Effect": "Allow", **statement} for statement in makes_zone),
        {
            "Sid": "Records",
            "Effect": "Allow",
            "Action": [
                "route53:ChangeResourceRecordSets",
                "route53:ChangeTagsForResource",
                "route53:UpdateHostedZoneComment",
                "route53:*KeySigningKey",
                "route53:EnableHostedZoneDNSSEC",
                "route53:DisableHostedZoneDNSSEC",
                "route53:CreateQueryLoggingConfig",
                "route53:DeleteQueryLoggingConfig",
            ],
            "Resource": [zone, "arn:aws:route53:::healthcheck/*", "arn:aws:route53:::queryloggingconfig/*"],
        },
        {
            "Sid": "HealthChecks",
            "Effect": "Allow",
            "Action": ["route53:UpdateHealthCheck", "route53:DeleteHealthCheck"],
            "Resource": "arn:aws:route53:::healthcheck/*",
        },
        {
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html: no resource to name
            "Sid": "MakeHealthChecks",
            "Effect": "Allow",
            "Action": "route53:CreateHealthCheck",
            "Resource": "*",
        },
        {
            "Sid": "Firewall",
            "Effect": "Allow",
            "Action": [
                f"wafv2:{verb}"
                for verb in ("CreateWebACL", "UpdateWebACL", "DeleteWebACL", "TagResource", "UntagResource")
            ],
            "Resource": [
                f"arn:aws:wafv2:us-east-1:{scope.account_id}:global/webacl/{scope.prefix}-*/*",
                "arn:aws:wafv2:us-east-1:*:global/managedruleset/*/*",
            ],
        },
        {
            "Sid": "MakeKeys",
            "Effect": "Allow",
            "Action": ["kms:CreateKey", "kms:TagResource"],
            "Resource": "*",
            "Condition": _tagged_when_made(scope),
        },
        {
            "Sid": "OwnKeys",
            "Effect": "Allow",
            "Action": [
                "kms:PutKeyPolicy",
                "kms:EnableKeyRotation",
                "kms:ReplicateKey",
                "kms:UpdateKeyDescription",
                "kms:ScheduleKeyDeletion",
                "kms:CreateGrant",
                "kms:Sign",
                "kms:TagResource",
                "kms:UntagResource",
            ],
            "Resource": scope.everywhere("kms", "key/*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
        },
    ]


def _roles_with_boundary(scope: Scope) -> list[dict[str, Any]]:
    roles = f"arn:aws:iam::{scope.account_id}:role/{scope.prefix}-*"
    return [
        {
            "Sid": "RolesInsideTheBoundary",
            "Effect": "Allow",
            "Action": ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary"],
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": scope.boundary_arn}},
        },
        {
            "Sid": "RoleSettings",
            "Effect": "Allow",
            "Action": [
                "iam:GetRole*",
                "iam:ListRole*",
                "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:DeleteRole",
                "iam:UpdateAssumeRolePolicy",
            ],
            "Resource": roles,
        },
        {
            "Sid": "PassRoles",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PassedToService": list(_PASSED_TO)}},
        },
        {
            "Sid": "ServiceLinkedRoles",
            "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": f"arn:aws:iam::{scope.account_id}:role/aws-service-role/*",
            "Condition": {"StringEquals": {"iam:AWSServiceName": list(_SERVICE_LINKED)}},
        },
    ]


def _never(scope: Scope) -> list[dict[str, Any]]:
    """What an Allow above might reach, and must not: its own rights, the audit trail, and other regions."""
    regions = sorted({*scope.regions, naming.GLOBAL_REGION, *filter(None, [scope.state_region])})
    states = [
        f"arn:aws:s3:::{scope.state_bucket}/{scope.state_prefix}{stack}.tfstate"
        for stack in naming.ADMINISTRATORS_STACKS
    ]
    return [
        {
            "Sid": "NeverItsOwnRights",
            "Effect": "Deny",
            "Action": "iam:*",
            "Resource": [
                f"arn:aws:iam::{scope.account_id}:role/{naming.ci_role(scope.prefix, '*')}",
                f"arn:aws:iam::{scope.account_id}:policy/{naming.ci_role(scope.prefix, '*')}",
                scope.boundary_arn,
                f"arn:aws:iam::{scope.account_id}:oidc-provider/*",
            ],
        },
        {
            "Sid": "NeverWithoutBoundary",
            "Effect": "Deny",
            "Action": "iam:DeleteRolePermissionsBoundary",
            "Resource": "*",
        },
        {
            "Sid": "NeverTheAuditTrail",
            "Effect": "Deny",
            "Action": ["s3:*", "cloudtrail:*"],
            "Resource": [
                *_audit_bucket(scope),
                *(f"{arn}/*" for arn in _audit_bucket(scope)),
                f"arn:aws:cloudtrail:*:{scope.account_id}:trail/{scope.prefix}-*",
            ],
        },
        *(
            [{"Sid": "NeverTheAdministratorsStates", "Effect": "Deny", "Action": "s3:PutObject", "Resource": states}]
            if scope.state_bucket
            else []
        ),
        {
            "Sid": "NeverTheData",
            "Effect": "Deny",
            "Action": ["dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"],
            "Resource": scope.named("dynamodb", "table/"),
        },
        {
            "Sid": "NeverElsewhere",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": regions}},
        },
    ]


def _audit_bucket(scope: Scope) -> list[str]:
    return [f"arn:aws:s3:::{naming.audit_bucket(scope.prefix, scope.account_id)}"]


def _other_buckets(scope: Scope) -> list[str]:
    """Those of the canaries' artifacts and of the access logs."""
    return [f"arn:aws:s3:::{scope.prefix}-{kind}-*" for kind in ("c", "l")]


def _apis(regions: Sequence[str]) -> list[str]:
    """API Gateway's ARNs hold no account and no name: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html."""
    return [
        f"arn:aws:apigateway:{region}::/{path}" for region in regions for path in ("apis*", "domainnames*", "tags/*")
    ]


_READ_EVERYWHERE = (
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "acm:ListTagsForCertificate",
    "budgets:ViewBudget",
    "budgets:ListTagsForResource",
    "cloudfront:Describe*",
    "cloudfront:Get*",
    "cloudfront:List*",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrail",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:ListTags",
    "cloudwatch:Describe*",
    "cloudwatch:GetDashboard",
    "cloudwatch:List*",
    "dynamodb:Describe*",
    "dynamodb:ListTagsOfResource",
    "ec2:Describe*",
    "events:Describe*",
    "events:List*",
    "fis:GetExperimentTemplate",
    "fis:ListTagsForResource",
    "kms:Describe*",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "lambda:GetFunction*",
    "lambda:GetLayerVersion",
    "lambda:GetPolicy",
    "lambda:List*",
    "logs:Describe*",
    "logs:GetDelivery*",
    "logs:ListTagsForResource",
    "rds:Describe*",
    "rds:ListTagsForResource",
    "route53:Get*",
    "route53:List*",
    "secretsmanager:GetRandomPassword",
    "sns:GetTopicAttributes",
    "sns:GetSubscriptionAttributes",
    "sns:ListTagsForResource",
    "synthetics:Get*",
    "wafv2:Get*",
    "wafv2:List*",
)
_READ_BUCKET = (
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket*",  # and versions, by which the provider deletes an object
)
_WRITE_BUCKET = (
    "s3:CreateBucket",
    "s3:PutBucket*",
    "s3:DeleteBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)
