"""Which requests change something. Knows AWS's protocols and naming, no state."""

from __future__ import annotations

from localcloud.gateway.moto_backend import action_of
from localcloud.gateway.wire import Request

REST_SERVICES = frozenset(
    {"s3", "cloudfront", "cloudfront-keyvaluestore", "route53", "apigateway", "lambda", "scheduler", "fis"}
)
READ_PREFIXES = ("Get", "List", "Describe", "Head", "Lookup", "Search", "Query", "Scan", "Filter", "Test", "Simulate")
TELEMETRY = frozenset(
    {"PutMetricData", "PutLogEvents", "Publish", "PublishBatch", "AssumeRole", "AssumeRoleWithWebIdentity", "Invoke"}
)
"""Operations that write data which nothing is configured by."""


def is_mutation(request: Request, service: str) -> bool:
    """Return whether a request, if it succeeds, changes what a client could read."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return False
    if service in REST_SERVICES:
        return not request.raw_path.endswith("/invocations") and "select" not in request.query
    operation = (request.header("X-Amz-Target") or "").rpartition(".")[2] or action_of(request) or ""
    return not operation.startswith(READ_PREFIXES) and operation not in TELEMETRY


def is_configuration(request: Request, service: str) -> bool:
    """Return whether a mutation is one of configuration: everything but writes of S3 objects and DynamoDB items."""
    if service == "dynamodb":
        return "Item" not in (request.header("X-Amz-Target") or "")
    if service != "s3":
        return True
    _, _, key = request.path.lstrip("/").partition("/")
    return not key and "delete" not in request.query
