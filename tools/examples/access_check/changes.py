"""Changes an applied stack's JSON so that the next apply updates most of its resources in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

_Change = Callable[[Any], Any]


def _reworded(text: str) -> str:
    return f"{text} (changed)"


def _more(number: int) -> int:
    return number + 1


def _with_sid(policy: str) -> str:
    document = json.loads(policy)
    document["Statement"][0]["Sid"] = "Changed"
    return json.dumps(document)


# Resource type -> attribute -> its next value. A description that cannot change in place is not among them.
_CHANGES: dict[str, dict[str, _Change]] = {
    "aws_apigatewayv2_integration": {"timeout_milliseconds": lambda _: 29_000},
    "aws_budgets_budget": {"limit_amount": lambda amount: str(float(amount) + 1)},
    "aws_cloudfront_cache_policy": {"comment": _reworded},
    "aws_cloudfront_distribution": {"comment": _reworded},
    "aws_cloudfront_function": {"comment": _reworded},
    "aws_cloudfront_key_value_store": {"comment": _reworded},
    "aws_cloudfront_response_headers_policy": {"comment": _reworded},
    "aws_cloudwatch_dashboard": {"dashboard_body": lambda body: body.replace('"height":6', '"height":5', 1)},
    "aws_cloudwatch_event_rule": {"description": lambda text: _reworded(text or "")},
    "aws_cloudwatch_log_group": {"retention_in_days": lambda days: 400 if days == 365 else 365},
    "aws_cloudwatch_metric_alarm": {"alarm_description": _reworded},
    "aws_db_instance": {"backup_retention_period": _more},
    "aws_fis_experiment_template": {"description": _reworded},
    "aws_iam_role": {"description": _reworded, "assume_role_policy": _with_sid},
    "aws_kms_key": {"description": _reworded},
    "aws_kms_replica_key": {"description": _reworded},
    "aws_lambda_function": {"timeout": _more, "source_code_hash": lambda _: "changed"},
    "aws_route53_health_check": {"failure_threshold": _more},
    "aws_route53_record": {"ttl": _more},
    "aws_route53_zone": {"comment": _reworded},
    "aws_s3_object": {"cache_control": lambda value: f"{value}, max-age=0"},
    "aws_sns_topic": {"display_name": lambda _: "changed"},
    "aws_vpc_security_group_ingress_rule": {"description": _reworded},
    "aws_wafv2_web_acl": {"description": _reworded},
}
_ADDED = {"timeout_milliseconds", "display_name"}  # to resources that leave them out


# What takes tags; stages of API Gateway do too, but localcloud cannot change theirs. apigateway:* is one right for all of them.
_TAGGED = frozenset(
    {
        "aws_acm_certificate",
        "aws_apigatewayv2_api",
        "aws_budgets_budget",
        "aws_cloudfront_distribution",
        "aws_cloudwatch_event_rule",
        "aws_cloudwatch_log_group",
        "aws_cloudwatch_metric_alarm",
        "aws_db_instance",
        "aws_db_parameter_group",
        "aws_db_subnet_group",
        "aws_dynamodb_table",
        "aws_fis_experiment_template",
        "aws_iam_role",
        "aws_kms_key",
        "aws_kms_replica_key",
        "aws_lambda_function",
        "aws_route53_health_check",
        "aws_route53_zone",
        "aws_s3_bucket",
        "aws_s3_object",
        "aws_security_group",
        "aws_sns_topic",
        "aws_subnet",
        "aws_vpc",
        "aws_wafv2_web_acl",
    }
)


def change(stack: Path) -> None:
    """Changes attributes of a stack's resources, and adds a tag where they take tags."""
    path = stack / "cdk.tf.json"
    document = json.loads(path.read_bytes())
    for kind, resources in document["resource"].items():
        for resource in resources.values():
            if kind in _TAGGED:
                resource.setdefault("tags", {})["Changed"] = "yes"
            for attribute, next_value in _CHANGES.get(kind, {}).items():
                if attribute in resource or attribute in _ADDED:
                    resource[attribute] = next_value(resource.get(attribute))
    path.write_text(json.dumps(document), encoding="utf-8")
