"""Which resource types of CloudFormation are which of Terraform's, and how their properties are called there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

TYPES: Mapping[str, str] = {
    "AWS::CertificateManager::Certificate": "aws_acm_certificate",
    "AWS::CloudFront::CachePolicy": "aws_cloudfront_cache_policy",
    "AWS::CloudFront::Distribution": "aws_cloudfront_distribution",
    "AWS::CloudFront::Function": "aws_cloudfront_function",
    "AWS::CloudFront::KeyValueStore": "aws_cloudfront_key_value_store",
    "AWS::CloudFront::OriginAccessControl": "aws_cloudfront_origin_access_control",
    "AWS::CloudWatch::Alarm": "aws_cloudwatch_metric_alarm",
    "AWS::Route53::HealthCheck": "aws_route53_health_check",
    "AWS::Route53::HostedZone": "aws_route53_zone",
    "AWS::Route53::RecordSet": "aws_route53_record",
    "AWS::Route53::RecordSetGroup": "aws_route53_record",
    "AWS::S3::Bucket": "aws_s3_bucket",
    "AWS::S3::BucketPolicy": "aws_s3_bucket_policy",
}
REFERENCES: Mapping[str, str] = {
    "AWS::Route53::HostedZone": "zone_id",
    "AWS::CertificateManager::Certificate": "certificate_arn",
}
"""What `Ref` returns of a type, in Terraform's words; `id` where it is not here."""
REFERRED: Mapping[str, str] = {"AWS::CertificateManager::Certificate": "aws_acm_certificate_validation"}
"""What a reference leads to where it is another of Terraform's types: CloudFormation's certificate is done when it is issued."""
ATTRIBUTES: Mapping[str, str] = {
    "Arn": "arn",
    "DomainName": "domain_name",
    "FunctionARN": "arn",
    "HealthCheckId": "id",
    "Id": "id",
    "RegionalDomainName": "bucket_regional_domain_name",
}
"""What `Fn::GetAtt` returns, in Terraform's words."""

Properties = Mapping[str, object]
Made = tuple[str, str, dict[str, object]]

_NAMES = {
    "AliasTarget": "alias",
    "AttributeName": "name",
    "CacheBehaviors": "ordered_cache_behavior",
    "ChildHealthChecks": "child_healthchecks",
    "CustomErrorResponses": "custom_error_response",
    "CustomHeaders": "custom_header",
    "DNSName": "name",
    "FullyQualifiedDomainName": "fqdn",
    "FunctionAssociations": "function_association",
    "FunctionCode": "code",
    "HealthThreshold": "child_health_threshold",
    "HostedZoneId": "zone_id",
    "Inverted": "invert_healthcheck",
    "LambdaFunctionARN": "lambda_arn",
    "LambdaFunctionAssociations": "lambda_function_association",
    "MultiValueAnswer": "multivalue_answer_routing_policy",
    "Origins": "origin",
    "ResourceRecords": "records",
    "TTL": "ttl",
}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def converted(type_: str, label: str, properties: object) -> Iterator[Made]:
    """Yields (Terraform's type, label, body) of a resource, and of what Terraform has as resources beside it."""
    known = properties if isinstance(properties, Mapping) else {}
    yield from _CONVERTERS.get(type_, _as_it_is)(TYPES[type_], label, known)


def _snake(name: str) -> str:
    return _NAMES.get(name) or _WORD.sub("_", name).lower()


def _block(properties: object, *, without: tuple[str, ...] = ()) -> dict[str, object]:
    if not isinstance(properties, Mapping):
        return {}
    return {_snake(key): _renamed(value) for key, value in properties.items() if key not in without}


def _renamed(value: object) -> object:
    if isinstance(value, Mapping):
        return _block(value)
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def _items(value: object) -> list[object]:
    items = value.get("Items") if isinstance(value, Mapping) else value
    return items if isinstance(items, list) else []


def _as_it_is(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    yield type_, label, _block(properties)


def _within(key: str) -> Callable[[str, str, Properties], Iterator[Made]]:
    """Returns what reads a resource whose properties stand within one of them."""

    def convert(type_: str, label: str, properties: Properties) -> Iterator[Made]:
        yield type_, label, _block(properties.get(key))

    return convert


def _bucket(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    name = properties.get("BucketName")
    own = f"${{{type_}.{label}.id}}"
    yield type_, label, {"bucket": name} if name is not None else {}
    versioning = properties.get("VersioningConfiguration")
    if isinstance(versioning, Mapping):
        yield "aws_s3_bucket_versioning", label, {"bucket": own, "versioning_configuration": _block(versioning)}
    replication = properties.get("ReplicationConfiguration")
    if isinstance(replication, Mapping):
        rules = [_replication_rule(rule) for rule in _items(replication.get("Rules")) if isinstance(rule, Mapping)]
        body = {"bucket": own, "role": replication.get("Role"), "rule": rules}
        # CloudFormation makes a bucket with its versioning, before what is written to it.
        waits = {"depends_on": [f"aws_s3_bucket_versioning.{label}"]}
        yield "aws_s3_bucket_replication_configuration", label, {**body, **waits}


def _replication_rule(rule: Properties) -> dict[str, object]:
    body = _block(rule, without=("Filter", "TagFilter"))
    if "Filter" in rule:
        body["filter"] = _block(rule["Filter"])
    return body


def _bucket_policy(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    yield type_, label, {"bucket": properties.get("Bucket"), "policy": json.dumps(properties.get("PolicyDocument"))}


def _function(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    settings = properties.get("FunctionConfig")
    known = settings if isinstance(settings, Mapping) else {}
    stores = [
        one.get("KeyValueStoreARN")
        for one in _items(known.get("KeyValueStoreAssociations"))
        if isinstance(one, Mapping)
    ]
    body = {"code": properties.get("FunctionCode"), "runtime": known.get("Runtime"), "name": properties.get("Name")}
    yield type_, label, {**body, **({"key_value_store_associations": stores} if stores else {})}


def _zone(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    yield type_, label, {"name": properties.get("Name")}


def _record(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    routed = ("Failover", "Weight", "Region", "GeoLocation", "TTL")
    body = _block(properties, without=routed)
    if "TTL" in properties:
        body["ttl"] = properties["TTL"]
    for key, policy, name in (
        ("Failover", "failover_routing_policy", "type"),
        ("Weight", "weighted_routing_policy", "weight"),
        ("Region", "latency_routing_policy", "region"),
    ):
        if key in properties:
            body[policy] = {name: properties[key]}
    if isinstance(location := properties.get("GeoLocation"), Mapping):
        body["geolocation_routing_policy"] = {
            key.removesuffix("Code").lower(): value for key, value in location.items()
        }
    if isinstance(body.get("alias"), dict):
        body["alias"] = {"evaluate_target_health": False, **_mapping(body["alias"])}
    yield type_, label, body


def _record_group(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    shared = {key: value for key, value in properties.items() if key != "RecordSets"}
    for index, record in enumerate(_items(properties.get("RecordSets"))):
        yield from _record(type_, f"{label}_{index}", {**shared, **_mapping(record)})


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}


def _health_check(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    settings = _mapping(properties.get("HealthCheckConfig"))
    alarm = _mapping(settings.pop("AlarmIdentifier", None))
    named = (
        {"cloudwatch_alarm_name": alarm.get("Name"), "cloudwatch_alarm_region": alarm.get("Region")} if alarm else {}
    )
    yield type_, label, {**_block(settings), **named}


def _certificate(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    yield type_, label, _block(properties)
    yield REFERRED["AWS::CertificateManager::Certificate"], label, {"certificate_arn": f"${{{type_}.{label}.arn}}"}


def _distribution(type_: str, label: str, properties: Properties) -> Iterator[Made]:
    settings = _mapping(properties.get("DistributionConfig"))
    body = _block(settings, without=("Origins", "OriginGroups", "Restrictions"))
    body["origin"] = [
        {**_block(origin, without=("Id",)), "origin_id": origin.get("Id")}
        for origin in _items(settings.get("Origins"))
        if isinstance(origin, Mapping)
    ]
    body["origin_group"] = [
        _group(group) for group in _items(settings.get("OriginGroups")) if isinstance(group, Mapping)
    ]
    yield type_, label, body


def _group(group: Properties) -> dict[str, object]:
    criteria = _mapping(_mapping(group.get("FailoverCriteria")).get("StatusCodes"))
    return {
        "origin_id": group.get("Id"),
        "failover_criteria": {"status_codes": _items(criteria)},
        "member": [_block(member) for member in _items(group.get("Members"))],
    }


_CONVERTERS: Mapping[str, Callable[[str, str, Properties], Iterator[Made]]] = {
    "AWS::CertificateManager::Certificate": _certificate,
    "AWS::CloudFront::CachePolicy": _within("CachePolicyConfig"),
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::CloudFront::Function": _function,
    "AWS::CloudFront::OriginAccessControl": _within("OriginAccessControlConfig"),
    "AWS::Route53::HealthCheck": _health_check,
    "AWS::Route53::HostedZone": _zone,
    "AWS::Route53::RecordSet": _record,
    "AWS::Route53::RecordSetGroup": _record_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
}
