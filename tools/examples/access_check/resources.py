"""The ARNs that a call is about, by AWS's Service Authorization Reference. Pure functions.

An id that AWS makes is `new` where the call creates the thing. What has no resource in the reference is `*`, which only a
statement for `*` admits: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from tools.examples.access_check.calls import Call

ACCOUNT = "123456789012"  # localcloud's

# Of the actions that the recordings hold, those whose row in the reference names no resource type; as of 2026-11.
WITHOUT_RESOURCE = frozenset(
    {
        "acm:ListCertificates",
        "acm:RequestCertificate",
        "cloudfront:CreateCachePolicy",
        "cloudfront:CreateDistribution",
        "cloudfront:CreateFunction",
        "cloudfront:CreateKeyValueStore",
        "cloudfront:CreateMonitoringSubscription",
        "cloudfront:CreateOriginAccessControl",
        "cloudfront:CreateResponseHeadersPolicy",
        "cloudfront:DeleteMonitoringSubscription",
        "cloudfront:GetMonitoringSubscription",
        "cloudfront:ListCachePolicies",
        "cloudfront:ListDistributions",
        "cloudfront:ListResponseHeadersPolicies",
        "cloudtrail:DescribeTrails",
        "cloudwatch:GetMetricData",
        "cloudwatch:GetMetricStatistics",
        "cloudwatch:ListDashboards",
        "cloudwatch:PutMetricData",
        "kms:CreateKey",
        "kms:ListAliases",
        "lambda:ListEventSourceMappings",
        "lambda:ListFunctions",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DeleteResourcePolicy",
        "logs:DescribeDeliveries",
        "logs:DescribeDeliveryDestinations",
        "logs:DescribeDeliverySources",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "rds:CrossRegionCommunication",
        "rds:DescribeDBEngineVersions",
        "rds:DescribeOrderableDBInstanceOptions",
        "route53:CreateHealthCheck",
        "route53:CreateHostedZone",
        "route53:ListHealthChecks",
        "route53:ListHostedZones",
        "route53:ListHostedZonesByName",
        "s3:ListAllMyBuckets",
        "secretsmanager:GetRandomPassword",
        "sns:GetSubscriptionAttributes",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
        "synthetics:CreateCanary",
        "wafv2:ListWebACLs",
    }
)


def resources(call: Call) -> list[str]:
    """Returns the ARNs of what a call reads or changes: each must be allowed.

    Raises:
        ValueError: nothing here knows the service.
    """
    if call.service not in _BY_SERVICE:
        raise ValueError(f"no ARNs are known for {call.service} {call.operation}")
    found = _BY_SERVICE[call.service](call)
    return found if isinstance(found, list) else [found]


def _arn(service: str, call: Call, resource: str) -> str:
    return resource if resource.startswith("arn:") else f"arn:aws:{service}:{call.region}:{ACCOUNT}:{resource}"


def _named(service: str, kind: str, *names: str) -> Callable[[Call], str]:
    """Of an API whose parameters hold a name, an id or an ARN; one in `Arn` wins, as the tag operations have it."""

    def arn(call: Call) -> str:
        whole = call.get("ResourceARN", "ResourceArn", "resourceArn", "ResourceName")
        if whole and whole.startswith("arn:"):
            return whole
        name = call.get(*names) or "new"
        return _arn(service, call, name if name.startswith("arn:") else f"{kind}{name}")

    return arn


def _s3(call: Call) -> str:
    bucket, key = call.get("Bucket"), call.get("Key")
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}" if bucket else "*"


def _iam(call: Call) -> str:
    if name := call.get("RoleName"):
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"
    made = call.get("PolicyName") or "new"
    return call.get("PolicyArn", "OpenIDConnectProviderArn") or f"arn:aws:iam::{ACCOUNT}:policy/{made}"


def _lambda(call: Call) -> str:
    name = call.get("FunctionName", "Resource", "ARN") or "new"
    return name if name.startswith("arn:") else _arn("lambda", call, f"function:{name}")


def _api_gateway(call: Call) -> str:
    """API Gateway's ARNs are the paths: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html."""
    path = call.path.removeprefix("/v2")
    if path.startswith("/tags/"):
        path = f"/tags/{quote(path.removeprefix('/tags/'), safe='')}"
    return f"arn:aws:apigateway:{call.region}::{path}"


def _logs(call: Call) -> str | list[str]:
    if call.operation == "CreateDelivery":
        source = _arn("logs", call, f"delivery-source:{call.get('deliverySourceName')}")
        return [_arn("logs", call, "delivery:new"), source, str(call.get("deliveryDestinationArn"))]
    if name := call.get("logGroupName"):
        return _arn("logs", call, f"log-group:{name}")
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", re.sub(r"^[A-Z][a-z]+|(Configuration|Policy)$", "", call.operation)).lower()
    name = call.get("name", "id", "deliveryDestinationName")
    is_of_tags = call.operation in ("ListTagsForResource", "TagResource", "UntagResource")
    return str(call.get("resourceArn")) if is_of_tags else _arn("logs", call, f"{kind}:{name or 'new'}")


def _cloudwatch(call: Call) -> list[str]:
    if call.operation == "DescribeAlarms":  # docs/SANDBOX.md, row 45
        return [_arn("cloudwatch", call, "alarm:*")]
    dashboards = [value for key, value in call.parameters.items() if key.startswith("DashboardName")]
    if dashboards:
        return [f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}" for name in dashboards]
    alarms = [value for key, value in call.parameters.items() if key.startswith("AlarmName")]
    return [_arn("cloudwatch", call, f"alarm:{name}") for name in alarms] or [call.get("ResourceARN") or "*"]


def _route53(call: Call) -> str:
    """IDs are in the path, but for what is made below a zone: hostedzone, healthcheck, change, queryloggingconfig."""
    _, _, kind, *rest = [*call.path.split("/"), ""]
    zone = re.search(r"<HostedZoneId>([^<]*)</HostedZoneId>", call.body)
    if kind == "tags":
        kind, rest = rest[0], rest[1:]
    if kind == "keysigningkey" or (kind == "queryloggingconfig" and zone):
        kind, rest = "hostedzone", [zone[1]] if zone else rest
    return f"arn:aws:route53:::{kind}/{rest[0] or 'new'}" if rest else "*"


def _cloudfront(call: Call) -> str:
    _, _, kind, *rest = call.path.split("/")
    if kind == "tagging":
        return call.get("Resource") or "*"
    return f"arn:aws:cloudfront::{ACCOUNT}:{kind}/{rest[0] if rest else 'new'}"


def _cloudtrail(call: Call) -> list[str]:
    trails = call.parameters.get("ResourceIdList") or [call.get("Name", "TrailName", "ResourceId") or "new"]
    return [_arn("cloudtrail", call, trail if trail.startswith("arn:") else f"trail/{trail}") for trail in trails]


def _wafv2(call: Call) -> list[str]:
    if arn := call.get("ResourceARN", "ResourceArn"):
        return [arn]
    rules = re.findall(r'"ManagedRuleGroupStatement":\s*\{[^}]*"Name":"([^"]*)"[^}]*"VendorName":"([^"]*)"', call.body)
    own = _arn("wafv2", call, f"global/webacl/{call.get('Name')}/{call.get('Id') or 'new'}")
    return [own, *(f"arn:aws:wafv2:{call.region}:aws:global/managedruleset/{vendor}/{name}" for name, vendor in rules)]


def _rds(call: Call) -> list[str]:
    """An instance is made of a parameter group and a subnet group as well, and of its engine's default option group."""
    if arn := call.get("ResourceName"):
        return [arn]
    kinds = {"DBInstanceIdentifier": "db", "DBSubnetGroupName": "subgrp", "DBParameterGroupName": "pg"}
    found = [_arn("rds", call, f"{kind}:{call.get(name)}") for name, kind in kinds.items() if call.get(name)]
    if call.operation in ("CreateDBInstance", "CreateDBInstanceReadReplica"):
        found.append(_arn("rds", call, "og:default:postgres-17"))
    if source := call.get("SourceDBInstanceIdentifier"):
        found.append(source)
    return found or ["*"]


def _ec2(call: Call) -> list[str]:
    makes = {"CreateVpc": "vpc", "CreateSubnet": "subnet", "CreateSecurityGroup": "security-group"}
    found = [_arn("ec2", call, f"{makes[call.operation]}/new")] if call.operation in makes else []
    kinds = {
        "VpcId": "vpc",
        "SubnetId": "subnet",
        "GroupId": "security-group",
        "SecurityGroupRuleId": "security-group-rule",
    }
    found += [_arn("ec2", call, f"{kind}/{call.get(name)}") for name, kind in kinds.items() if call.get(name)]
    if call.operation == "AuthorizeSecurityGroupIngress" and call.tags:
        found.append(_arn("ec2", call, "security-group-rule/new"))
    if call.operation.endswith("Tags"):
        found += [
            _arn("ec2", call, f"{_ec2_kind(value)}/{value}")
            for key, value in call.parameters.items()
            if "ResourceId" in key
        ]
    return ["*"] if call.operation.startswith("Describe") else found or ["*"]


def _ec2_kind(identifier: str) -> str:
    prefixes = {"vpc": "vpc", "subnet": "subnet", "sg": "security-group", "sgr": "security-group-rule"}
    return prefixes[identifier.partition("-")[0]]


def _fis(call: Call) -> list[str]:
    if arn := call.get("resourceArn"):
        return [arn]
    actions = re.findall(r'"actionId":"([^"]*)"', call.body)
    made = _arn("fis", call, f"experiment-template/{call.get('id') or 'new'}")
    return [made, *(f"arn:aws:fis:{call.region}:{ACCOUNT}:action/{action}" for action in actions)]


def _budgets(call: Call) -> str:
    name = call.get("BudgetName") or (call.parameters.get("Budget") or call.parameters.get("NewBudget") or {}).get(
        "BudgetName"
    )
    return call.get("ResourceARN") or f"arn:aws:budgets::{ACCOUNT}:budget/{name}"


_BY_SERVICE: dict[str, Callable[[Call], str | list[str]]] = {
    "acm": _named("acm", "certificate/", "CertificateArn"),
    "apigateway": _api_gateway,
    "budgets": _budgets,
    "cloudfront": _cloudfront,
    "cloudfront-keyvaluestore": lambda call: str(call.get("KvsARN")),
    "cloudtrail": _cloudtrail,
    "dynamodb": _named("dynamodb", "table/", "TableName"),
    "ec2": _ec2,
    "events": _named("events", "rule/", "Rule", "Name"),
    "fis": _fis,
    "iam": _iam,
    "kms": _named("kms", "key/", "KeyId"),
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _cloudwatch,
    "rds": _rds,
    "route53": _route53,
    "s3": _s3,
    "secretsmanager": lambda _: "*",
    "sns": _named("sns", "", "TopicArn", "Name"),
    "ssm": _named("ssm", "parameter", "Name"),
    "sts": lambda _: "*",
    "tagging": lambda _: "*",
    "wafv2": _wafv2,
}
