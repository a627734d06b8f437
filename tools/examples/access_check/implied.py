"""Rights that a call needs beside its own action: tags on what is made, roles passed on, services' own roles. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from tools.examples.access_check.actions import GLOBAL_REGION, Need, context_of
from tools.examples.access_check.calls import Call
from tools.examples.access_check.resources import ACCOUNT, resources

# Operation -> the action by which AWS asks for tags in its request, about the thing that is made. Documented for these:
# https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_sns.html ; as "Dependent actions" rds, wafv2 and ec2.
# Those of budgets, cloudtrail, dynamodb, events, fis, iam, lambda, logs and monitoring stand here from memory.
_TAGS_WHEN_MADE = {
    "acm:RequestCertificate": "acm:AddTagsToCertificate",
    "budgets:CreateBudget": "budgets:TagResource",
    "cloudfront:CreateDistributionWithTags": "cloudfront:TagResource",
    "cloudtrail:CreateTrail": "cloudtrail:AddTags",
    "dynamodb:CreateTable": "dynamodb:TagResource",
    "ec2:AuthorizeSecurityGroupIngress": "ec2:CreateTags",
    "ec2:CreateSecurityGroup": "ec2:CreateTags",
    "ec2:CreateSubnet": "ec2:CreateTags",
    "ec2:CreateVpc": "ec2:CreateTags",
    "events:PutRule": "events:TagResource",
    "fis:CreateExperimentTemplate": "fis:TagResource",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateRole": "iam:TagRole",
    "kms:CreateKey": "kms:TagResource",
    "kms:ReplicateKey": "kms:TagResource",
    "lambda:CreateFunction": "lambda:TagResource",
    "logs:CreateDelivery": "logs:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "logs:PutDeliveryDestination": "logs:TagResource",
    "logs:PutDeliverySource": "logs:TagResource",
    "monitoring:PutMetricAlarm": "cloudwatch:TagResource",
    "rds:CreateDBInstance": "rds:AddTagsToResource",
    "rds:CreateDBInstanceReadReplica": "rds:AddTagsToResource",
    "rds:CreateDBParameterGroup": "rds:AddTagsToResource",
    "rds:CreateDBSubnetGroup": "rds:AddTagsToResource",
    "sns:CreateTopic": "sns:TagResource",
    "wafv2:CreateWebACL": "wafv2:TagResource",
}
_TAGGED_RULE = "AuthorizeSecurityGroupIngress"

# Operation -> the service that gets a role: the reference's "Dependent actions", and
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
_PASSED_TO = {
    "events:PutTargets": "events.amazonaws.com",
    "fis:CreateExperimentTemplate": "fis.amazonaws.com",
    "fis:UpdateExperimentTemplate": "fis.amazonaws.com",
    "lambda:CreateFunction": "lambda.amazonaws.com",
    "lambda:UpdateFunctionConfiguration": "lambda.amazonaws.com",
    "s3:PutBucketReplication": "s3.amazonaws.com",
}
_ROLE = re.compile(r'(?:"(?:Role|RoleArn|roleArn)":\s*"|<Role>)(arn:aws:iam::[^"<]*)')

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
_API_LOGS = ("CreateLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery", "ListLogDeliveries",
             "PutResourcePolicy", "UpdateLogDelivery")  # fmt: skip


def implied(call: Call, action: str) -> Iterator[Need]:
    """Yields what AWS asks for beside the action of the call."""
    name, context = f"{call.service}:{call.operation}", context_of(call)
    if call.tags and name in _TAGS_WHEN_MADE:
        made = {"ec2:CreateAction": call.operation} if call.service == "ec2" else {}
        yield Need(action=_TAGS_WHEN_MADE[name], resource=_made(call), context={**context, **made})
    if name in _PASSED_TO:
        for role in _ROLE.findall(call.body):
            yield Need(action="iam:PassRole", resource=role, context=_of_iam("iam:PassedToService", _PASSED_TO[name]))
    for service in _service_linked(name, call):
        role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/{_ROLE_NAMES[service]}"
        yield Need(action="iam:CreateServiceLinkedRole", resource=role, context=_of_iam("iam:AWSServiceName", service))
    yield from _by_service(name, call, context)
    if action == "s3:PutObject" and "x-amz-tagging" in call.headers:
        yield Need(action="s3:PutObjectTagging", resource=resources(call)[0], context=context)
    if source := call.headers.get("x-amz-copy-source"):
        # A source with tags would need s3:GetObjectTagging as well; nothing that is copied has any (the publisher puts none):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
        path = unquote(source.removeprefix("/").partition("?")[0])
        yield Need(action="s3:GetObject", resource=f"arn:aws:s3:::{path}", context=context)


def _of_iam(key: str, service: str) -> dict[str, str]:
    return {"aws:RequestedRegion": GLOBAL_REGION, key: service}


def _made(call: Call) -> str:
    if call.operation == _TAGGED_RULE:
        return f"arn:aws:ec2:{call.region}:{ACCOUNT}:security-group-rule/new"
    if call.service == "cloudfront":
        return f"arn:aws:cloudfront::{ACCOUNT}:distribution/new"
    return resources(call)[0]


_ROLE_NAMES = {
    "ops.apigateway.amazonaws.com": "AWSServiceRoleForAPIGateway",
    "replication.dynamodb.amazonaws.com": "AWSServiceRoleForDynamoDBReplication",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
    "mrk.kms.amazonaws.com": "AWSServiceRoleForKeyManagementServiceMultiRegionKeys",
}


def _service_linked(name: str, call: Call) -> list[str]:
    """Services whose own role a call makes where the account has none yet.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html
    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html
    """
    if name == "apigateway:CreateDomainName":
        return ["ops.apigateway.amazonaws.com"]
    if name == "dynamodb:UpdateTable" and "ReplicaUpdates" in call.parameters:
        return ["replication.dynamodb.amazonaws.com"]
    if name in ("rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica"):
        return ["rds.amazonaws.com"]
    is_multi_region = call.parameters.get("MultiRegion") is True or name == "kms:ReplicateKey"
    return ["mrk.kms.amazonaws.com"] if is_multi_region else []


def _by_service(name: str, call: Call, context: Mapping[str, str]) -> Iterator[Need]:
    if name == "apigateway:CreateStage" and "accessLogSettings" in call.parameters:
        yield from (Need(action=f"logs:{each}", resource="*", context=context) for each in _API_LOGS)
    elif name in ("kms:CreateKey", "kms:ReplicateKey"):
        # "Dependent actions"; that the request's tags are asked about along with it is not documented:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
        key = f"arn:aws:kms:{call.region}:{ACCOUNT}:key/new"
        yield Need(action="kms:PutKeyPolicy", resource=key, context=context)
        if name == "kms:ReplicateKey":
            region = {**context, "aws:RequestedRegion": str(call.get("ReplicaRegion"))}
            yield Need(action="kms:CreateKey", resource="*", context=region)
    elif name == "logs:PutDeliverySource":
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html#permissions-standard-logging
        yield Need(
            action="cloudfront:AllowVendedLogDeliveryForResource",
            resource=str(call.get("resourceArn")),
            context=context,
        )
    elif name == "rds:CreateDBInstanceReadReplica" and call.get(
        "SourceRegion", "PreSignedUrl", "SourceDBInstanceIdentifier"
    ):
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
        yield Need(action="rds:CrossRegionCommunication", resource="*", context=context)
    if name in ("rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica") and call.get("KmsKeyId"):
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
        for right in ("kms:CreateGrant", "kms:DescribeKey"):
            yield Need(action=right, resource=str(call.get("KmsKeyId")), context=context)
