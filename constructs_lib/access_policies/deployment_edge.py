"""What the deploy role may do to names, CloudFront, the firewall and keys."""

from typing import Any

from constructs_lib.access_policies.scope import Scope

# AWS names no resource for these: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html
_MADE_IN_CLOUDFRONT = (
    "Create*Policy",
    "CreateDistribution",
    "CreateFunction",
    "CreateKeyValueStore",
    "CreateOriginAccessControl",
    "*MonitoringSubscription",
)


def names_and_edge(scope: Scope) -> list[dict[str, Any]]:
    """CloudFront, Route 53 without DeleteHostedZone, AWS WAF, and the key that signs the zone."""
    zone = f"arn:aws:route53:::hostedzone/{scope.hosted_zone_id or '*'}"
    makes_zone = [] if scope.hosted_zone_id else ["route53:CreateHostedZone"]
    return [
        {
            "Sid": "Edge",
            "Effect": "Allow",
            "Action": [f"cloudfront:{verb}*" for verb in ("Update", "Delete", "Publish", "Tag", "Untag")],
            "Resource": f"arn:aws:cloudfront::{scope.account_id}:*",
        },
        {
            # No resource to name, as in CloudFront:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html
            "Sid": "MakeNamesAndEdge",
            "Effect": "Allow",
            "Action": [
                *(f"cloudfront:{made}" for made in _MADE_IN_CLOUDFRONT),
                "route53:CreateHealthCheck",
                *makes_zone,
            ],
            "Resource": "*",
        },
        {
            "Sid": "Records",
            "Effect": "Allow",
            "Action": [
                "route53:ChangeResourceRecordSets",
                "route53:ChangeTagsForResource",
                "route53:UpdateHostedZoneComment",
                "route53:*KeySigningKey",
                "route53:*HostedZoneDNSSEC",
                "route53:*QueryLoggingConfig",
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
            # A key is made with its policy, to AWS's reference an action of its own; PutKeyPolicy by itself carries no tag.
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
            "Sid": "MakeKeys",
            "Effect": "Allow",
            "Action": ["kms:CreateKey", "kms:PutKeyPolicy", "kms:TagResource"],
            "Resource": "*",
            "Condition": tagged_when_made(scope),
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


def tagged_when_made(scope: Scope) -> dict[str, Any]:
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
