"""The metrics that alarms and dashboards read: AWS's names, dimensions and regions. Pure functions."""

from constructs_lib.monitoring.alarms.metric_alarm import Metric

PROBER_NAMESPACE = "FailoverSite"
"""Where a prober publishes, and with `features.parity` the parity check: docs/MONITORING.md; each costs 0.30 USD a month."""


def health_check_status(health_check_id: str) -> Metric:
    """Returns 1 for healthy, 0 for not; in us-east-1 only.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    """
    return Metric(
        namespace="AWS/Route53",
        name="HealthCheckStatus",
        dimensions={"HealthCheckId": health_check_id},
        statistic="Minimum",
    )


def health_check_percentage(health_check_id: str) -> Metric:
    """Returns the share of checkers that call the endpoint healthy, in percent; in us-east-1 only."""
    return Metric(
        namespace="AWS/Route53",
        name="HealthCheckPercentageHealthy",
        dimensions={"HealthCheckId": health_check_id},
        statistic="Average",
    )


def distribution(distribution_id: str, name: str, statistic: str, *, period_seconds: int = 60) -> Metric:
    """Returns a distribution's metric; in us-east-1 only.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
    """
    return Metric(
        namespace="AWS/CloudFront",
        name=name,
        dimensions={"DistributionId": distribution_id, "Region": "Global"},
        statistic=statistic,
        period_seconds=period_seconds,
    )


def http_api(api_id: str, name: str, statistic: str, *, period_seconds: int = 60) -> Metric:
    """Returns an HTTP API's metric, in its region.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    """
    return Metric(
        namespace="AWS/ApiGateway",
        name=name,
        dimensions={"ApiId": api_id},
        statistic=statistic,
        period_seconds=period_seconds,
    )


def function(function_name: str, name: str, statistic: str, *, period_seconds: int = 60) -> Metric:
    """Returns a function's metric, in its region.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    return Metric(
        namespace="AWS/Lambda",
        name=name,
        dimensions={"FunctionName": function_name},
        statistic=statistic,
        period_seconds=period_seconds,
    )


def replication(source: str, destination: str, rule_id: str, name: str) -> Metric:
    """Returns a replication metric of one direction; in the destination's region, but for the count of failed operations.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
    """
    return Metric(
        namespace="AWS/S3",
        name=name,
        dimensions={"SourceBucket": source, "DestinationBucket": destination, "RuleId": rule_id},
        statistic="Maximum",
        period_seconds=300,
    )


def missing_objects(hostname: str, region: str, statistic: str, *, period_seconds: int = 60) -> Metric:
    """Returns how many objects of its releases a region lacked, as `functions/parity_check` publishes it in that region."""
    return Metric(
        namespace=PROBER_NAMESPACE,
        name="MissingObjects",
        dimensions={"Hostname": hostname, "Region": region},
        statistic=statistic,
        period_seconds=period_seconds,
    )


def prober(hostname: str, region: str, name: str, statistic: str, *, period_seconds: int = 60) -> Metric:
    """Returns a metric of the prober in a region, as `functions/site_prober` publishes it there."""
    return Metric(
        namespace=PROBER_NAMESPACE,
        name=name,
        dimensions={"Hostname": hostname, "ProbeRegion": region},
        statistic=statistic,
        period_seconds=period_seconds,
    )


def days_to_expiry(certificate_arn: str) -> Metric:
    """Returns the days until a certificate ends, in its region, twice a day.

    https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
    """
    return Metric(
        namespace="AWS/CertificateManager",
        name="DaysToExpiry",
        dimensions={"CertificateArn": certificate_arn},
        statistic="Minimum",
        period_seconds=86_400,
    )


def canary_success(canary_name: str, *, period_seconds: int) -> Metric:
    """Returns the share of a canary's runs that succeeded, in percent, in its region.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries_metrics.html
    """
    return Metric(
        namespace="CloudWatchSynthetics",
        name="SuccessPercent",
        dimensions={"CanaryName": canary_name},
        statistic="Average",
        period_seconds=period_seconds,
    )
