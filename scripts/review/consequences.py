"""What it means for users when a resource is replaced or deleted, by its type. A type that is not here is told by its action."""

from __future__ import annotations

from scripts.review.plans import Change, Kind

_MEANWHILE = {
    "aws_route53_health_check": "the records that it decides have no check meanwhile, so they do not fail over",
    "aws_route53_record": "resolvers that ask meanwhile get no answer, and keep that for the zone's negative TTL",
    "aws_cloudfront_distribution": "the name is not served by CloudFront until the new one is deployed, 5 to 20 minutes",
    "aws_cloudfront_function": "the distribution refuses to lose it: the apply fails unless the new one is made first",
    "aws_cloudfront_key_value_store": "the routing in it is gone: no release is active until the next publish",
    "aws_s3_bucket": "a bucket with objects cannot be deleted: the apply fails, and its content would be lost",
    "aws_s3_bucket_versioning": "replication needs versioning, so it stops",
    "aws_s3_bucket_policy": "CloudFront gets 403 from this bucket meanwhile; the other region's bucket covers",
    "aws_s3_bucket_replication_configuration": "new objects are not copied to the other region meanwhile",
    "aws_route53_zone": "the domain is not resolved until the registrar has the new name servers",
    "aws_acm_certificate": "what uses it must get the new one first: the apply fails while it is in use",
    "aws_apigatewayv2_domain_name": "the regional endpoint does not answer to the name meanwhile: no way around CloudFront",
    "aws_apigatewayv2_api": "the regional endpoint does not answer meanwhile: no way around CloudFront",
    "aws_lambda_function": "its callers get errors meanwhile",
    "aws_sns_topic": "its subscribers must confirm again, and nobody is told of alarms until they have",
    "aws_cloudwatch_metric_alarm": "nothing watches its metric meanwhile",
    "aws_kms_key": "what is encrypted with it cannot be read once it is deleted",
    "aws_cloudfront_origin_access_control": "buckets refuse the distribution until it uses the new one",
}
_FOR_GOOD = {
    "aws_route53_record": "the name no longer leads there",
    "aws_route53_health_check": "the records that it decided no longer fail over by it",
    "aws_cloudwatch_metric_alarm": "nothing watches its metric any more",
    "aws_sns_topic": "nobody is told by it any more",
    "aws_s3_bucket_replication_configuration": "new objects are no longer copied to the other region",
}


def consequence(change: Change) -> str:
    """Returns what users or operators notice; "" when nothing is known of the type."""
    if change.kind is Kind.DELETE:
        return _FOR_GOOD.get(change.type, _MEANWHILE.get(change.type, "").replace(" meanwhile", ""))
    if change.new_first:
        return "the new one is made before the old one goes"
    return _MEANWHILE.get(change.type, "")
