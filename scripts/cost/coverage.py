"""Which resource types the estimate knows: what it prices, and what AWS gives free of charge. Of any other it says so.

A type is free here when the resource itself costs nothing; what flows through it is priced with the resource that it flows from.
"""

from __future__ import annotations

from collections import Counter

from scripts.cost.resources import Stacks, resources_of

PRICED = frozenset(
    {
        "aws_apigatewayv2_api",
        "aws_cloudfront_distribution",
        "aws_cloudfront_function",
        "aws_cloudfront_key_value_store",
        "aws_cloudfront_monitoring_subscription",
        "aws_cloudtrail",
        "aws_cloudwatch_composite_alarm",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_log_delivery",
        "aws_cloudwatch_metric_alarm",
        "aws_db_instance",
        "aws_dynamodb_table",
        "aws_fis_experiment_template",
        "aws_kms_key",
        "aws_kms_replica_key",
        "aws_lambda_function",
        "aws_route53_health_check",
        "aws_route53_query_log",
        "aws_route53_record",
        "aws_route53_zone",
        "aws_s3_bucket",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_notification",
        "aws_s3_bucket_replication_configuration",
        "aws_synthetics_canary",
        "aws_wafv2_web_acl",
    }
)
FREE = frozenset(
    {
        "aws_acm_certificate",  # public, and not exportable
        "aws_acm_certificate_validation",
        "aws_apigatewayv2_api_mapping",
        "aws_apigatewayv2_authorizer",
        "aws_apigatewayv2_domain_name",
        "aws_apigatewayv2_integration",
        "aws_apigatewayv2_route",
        "aws_apigatewayv2_stage",
        "aws_budgets_budget",  # without actions
        "aws_cloudfront_cache_policy",
        "aws_cloudfront_origin_access_control",
        "aws_cloudfront_origin_request_policy",
        "aws_cloudfront_response_headers_policy",
        "aws_cloudwatch_event_rule",
        "aws_cloudwatch_event_target",
        "aws_cloudwatch_log_delivery_destination",
        "aws_cloudwatch_log_delivery_source",
        "aws_cloudwatch_log_group",  # functions log kilobytes, and the first 5 GB are free; the query log is priced
        "aws_cloudwatch_log_resource_policy",
        "aws_db_parameter_group",
        "aws_db_subnet_group",
        "aws_iam_openid_connect_provider",
        "aws_iam_policy",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_kms_alias",
        "aws_lambda_permission",
        "aws_route53_hosted_zone_dnssec",  # its key is priced
        "aws_route53_key_signing_key",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_object_lock_configuration",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_s3_object",  # health objects, bytes
        "aws_security_group",
        "aws_sns_topic",
        "aws_sns_topic_policy",
        "aws_sns_topic_subscription",  # the first 1,000 mails a month
        "aws_subnet",
        "aws_vpc",
        "aws_vpc_security_group_ingress_rule",
        "terraform_data",
    }
)


def not_priced(stacks: Stacks) -> dict[str, int]:
    """Returns resource type -> how many there are, of those that the estimate knows nothing of."""
    counts = Counter(kind for kind, _ in resources_of(stacks) if kind not in PRICED | FREE)
    return dict(sorted(counts.items()))
