"""One CloudFront distribution per region; the primary region's also holds the public name.

A name sits on one distribution only, so nothing here tries to put the public name on both: docs/ARCHITECTURE.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistribution,
    CloudfrontDistributionCustomErrorResponse,
    CloudfrontDistributionDefaultCacheBehavior,
    CloudfrontDistributionDefaultCacheBehaviorFunctionAssociation,
    CloudfrontDistributionOrderedCacheBehavior,
    CloudfrontDistributionOrderedCacheBehaviorFunctionAssociation,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionOriginGroup,
    CloudfrontDistributionOriginGroupFailoverCriteria,
    CloudfrontDistributionOriginGroupMember,
    CloudfrontDistributionRestrictions,
    CloudfrontDistributionRestrictionsGeoRestriction,
    CloudfrontDistributionViewerCertificate,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import naming
from constructs_lib.checkov_skips import skip
from constructs_lib.edge.edge_policies import CACHING_DISABLED_POLICY_ID, EdgePolicies
from constructs_lib.edge.router_source import ORIGIN_CONNECTION_TIMEOUT_SECONDS, failover_status_codes
from constructs_lib.site_file.models import PriceClass, Protocol

READ_METHODS = ["GET", "HEAD"]
_CONNECTION_ATTEMPTS = 1
# How long an edge repeats an error before it asks again. AWS's default of 10 s would prolong every outage.
_ERROR_TTL_SECONDS = {403: 1, 500: 1, 502: 1, 503: 1, 504: 1}
_NOT_FOUND_TTL_SECONDS = 10


_ONE_REGION = (
    "The site has one region: a second [[region]] in the site file adds the bucket that an origin group needs."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionAccess:
    """What a distribution is allowed to use: its certificate, origin access control and router function.

    `web_acl_arn` names the AWS WAF web ACL before it; None: there is none.
    """

    certificate_arn: str
    origin_access_control_id: str
    router_function_arn: str
    web_acl_arn: str | None = None


class RegionalDistribution(Construct):
    """The distribution of one region: its own bucket first, the other one when that fails.

    Attributes:
        id: id of the distribution.
        arn: its ARN.
        domain_name: its own name, `d....cloudfront.net`.
        hosted_zone_id: CloudFront's hosted zone, for alias records.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        comment: str,
        region: str,
        price_class: PriceClass = PriceClass.PRICECLASS_100,
        region_check_protocol: Protocol = Protocol.HTTPS,
        has_kms: bool = False,
        is_logged: bool = False,
        aliases: Sequence[str],
        bucket_domain_names: Mapping[str, str],
        access: DistributionAccess,
        edge_policies: EdgePolicies,
        provider: AwsProvider,
    ) -> None:
        """Adds the distribution.

        Args:
            scope: the stack, or a construct in it.
            id_: the construct's id.
            comment: what the console shows beside the id.
            region: whose bucket is asked first.
            price_class: which edge locations serve; default: the cheapest ones.
            region_check_protocol: what Route 53's region checks speak; default: HTTPS only.
            has_kms: the buckets' objects are under a KMS key, whose errors fail over as well; default: they are not.
            is_logged: another construct delivers its access logs; default: nobody does.
            aliases: alternate domain names; each on one distribution only, over all accounts.
            bucket_domain_names: region -> host of its bucket's REST endpoint; two of them, as an origin group takes, or one,
                which then has nothing behind it.
            access: what the distribution may use.
            edge_policies: what it caches, and which headers it adds.
            provider: an AWS provider; CloudFront has one API, in us-east-1.
        """
        super().__init__(scope, id_)
        own_first = sorted(bucket_domain_names, key=lambda name: name != region)
        target = naming.ORIGIN_GROUP_ID if len(own_first) > 1 else naming.origin_id(region)
        distribution = CloudfrontDistribution(
            self,
            "distribution",
            comment=comment,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class=price_class.value,
            aliases=list(aliases),
            default_root_object="index.html",
            web_acl_id=access.web_acl_arn,
            origin=[
                CloudfrontDistributionOrigin(
                    origin_id=naming.origin_id(name),
                    domain_name=bucket_domain_names[name],
                    origin_access_control_id=access.origin_access_control_id,
                    connection_attempts=_CONNECTION_ATTEMPTS,
                    connection_timeout=ORIGIN_CONNECTION_TIMEOUT_SECONDS,
                )
                for name in own_first
            ],
            origin_group=[_origin_group(own_first, failover_status_codes(has_kms=has_kms))]
            if len(own_first) > 1
            else None,
            default_cache_behavior=_released_content(target, access, edge_policies),
            ordered_cache_behavior=[
                *(_region_check(name, region_check_protocol, edge_policies) for name in own_first),
                _uncached("/health/*", target, access, edge_policies),
                _uncached("/errors/*", target, access, edge_policies),
            ],
            custom_error_response=_error_responses(),
            viewer_certificate=CloudfrontDistributionViewerCertificate(
                acm_certificate_arn=access.certificate_arn,
                ssl_support_method="sni-only",
                minimum_protocol_version="TLSv1.2_2021",
            ),
            restrictions=CloudfrontDistributionRestrictions(
                geo_restriction=CloudfrontDistributionRestrictionsGeoRestriction(restriction_type="none")
            ),
            provider=provider,
        )
        alone = {"CKV_AWS_310": _ONE_REGION} if len(own_first) == 1 else {}
        skip(distribution, {**_skips(access, region_check_protocol, is_logged), **alone})
        self.id = distribution.id
        self.arn = distribution.arn
        self.domain_name = distribution.domain_name
        self.hosted_zone_id = distribution.hosted_zone_id


def _skips(access: DistributionAccess, region_check_protocol: Protocol, is_logged: bool) -> dict[str, str]:
    """Returns why the distribution does not do what checkov asks for, as far as its arguments leave it undone."""
    reasons = {
        "CKV_AWS_86": "Standard logs cost storage and hold viewers' addresses; CloudWatch's metrics and the health checks tell "
        "of failures without them; features.access_logs keeps them.",
        "CKV_AWS_374": "The website is for every country. routing.price_class limits which edge locations serve it.",
        "CKV2_AWS_47": "Static files from S3: nothing behind the distribution runs Java. features.waf adds "
        "AWSManagedRulesKnownBadInputsRuleSet; the check also wants AWSManagedRulesAnonymousIpList, which turns readers with a "
        "VPN away.",
    }
    if is_logged:
        reasons["CKV_AWS_86"] = (
            "Standard logging (v2) keeps them (aws_cloudwatch_log_delivery); the check knows only the legacy log, which needs a "
            "bucket with ACLs."
        )
    if access.web_acl_arn is None:
        reasons["CKV_AWS_68"] = (
            "AWS WAF costs 7.00 USD a month and 0.60 USD per million requests, and a static site has no code to attack; "
            "features.waf adds it."
        )
    if region_check_protocol is Protocol.HTTP:
        reasons["CKV_AWS_34"] = (
            "Only /health/<region>.json, a public marker of a few bytes, is served over HTTP: a redirect would count as healthy, "
            "and HTTPS checks cost 1.00 USD a month and region (health_check.region_check_protocol)."
        )
    return reasons


def _origin_group(regions: Sequence[str], status_codes: list[int]) -> CloudfrontDistributionOriginGroup:
    return CloudfrontDistributionOriginGroup(
        origin_id=naming.ORIGIN_GROUP_ID,
        failover_criteria=CloudfrontDistributionOriginGroupFailoverCriteria(status_codes=status_codes),
        member=[CloudfrontDistributionOriginGroupMember(origin_id=naming.origin_id(region)) for region in regions],
    )


def _released_content(
    target: str, access: DistributionAccess, edge_policies: EdgePolicies
) -> CloudfrontDistributionDefaultCacheBehavior:
    return CloudfrontDistributionDefaultCacheBehavior(
        target_origin_id=target,
        allowed_methods=READ_METHODS,
        cached_methods=READ_METHODS,
        viewer_protocol_policy="redirect-to-https",
        compress=True,
        cache_policy_id=edge_policies.cache_policy_id,
        origin_request_policy_id=edge_policies.origin_request_policy_id,
        response_headers_policy_id=edge_policies.response_headers_policy_id,
        function_association=[
            CloudfrontDistributionDefaultCacheBehaviorFunctionAssociation(
                event_type="viewer-request", function_arn=access.router_function_arn
            )
        ],
    )


def _uncached(
    path_pattern: str, target: str, access: DistributionAccess, edge_policies: EdgePolicies
) -> CloudfrontDistributionOrderedCacheBehavior:
    """Through the origin group, if there is one, like the site itself, but always asking: who answers now?"""
    return CloudfrontDistributionOrderedCacheBehavior(
        path_pattern=path_pattern,
        target_origin_id=target,
        allowed_methods=READ_METHODS,
        cached_methods=READ_METHODS,
        viewer_protocol_policy="redirect-to-https",
        compress=True,
        cache_policy_id=CACHING_DISABLED_POLICY_ID,
        origin_request_policy_id=edge_policies.origin_request_policy_id,
        response_headers_policy_id=edge_policies.response_headers_policy_id,
        function_association=[
            CloudfrontDistributionOrderedCacheBehaviorFunctionAssociation(
                event_type="viewer-request", function_arn=access.router_function_arn
            )
        ],
    )


def _region_check(
    region: str, protocol: Protocol, edge_policies: EdgePolicies
) -> CloudfrontDistributionOrderedCacheBehavior:
    """Pinned to one bucket and without the router: through the origin group this check would never fail.

    Over HTTP the check must not be redirected, because Route 53 takes a 3xx for healthy
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html). The
    object is a public marker of a few bytes.
    """
    return CloudfrontDistributionOrderedCacheBehavior(
        path_pattern=naming.region_check_path(region),
        target_origin_id=naming.origin_id(region),
        allowed_methods=READ_METHODS,
        cached_methods=READ_METHODS,
        viewer_protocol_policy="allow-all" if protocol is Protocol.HTTP else "https-only",
        compress=True,
        cache_policy_id=CACHING_DISABLED_POLICY_ID,
        response_headers_policy_id=edge_policies.response_headers_policy_id,
    )


def _error_responses() -> list[CloudfrontDistributionCustomErrorResponse]:
    """Short error caching; the 404 page lies in both buckets. No error becomes a 200: it would hide a dead origin."""
    return [
        CloudfrontDistributionCustomErrorResponse(
            error_code=404,
            response_code=404,
            response_page_path=f"/{naming.ERRORS_PREFIX}404.html",
            error_caching_min_ttl=_NOT_FOUND_TTL_SECONDS,
        ),
        *(
            CloudfrontDistributionCustomErrorResponse(error_code=code, error_caching_min_ttl=ttl)
            for code, ttl in _ERROR_TTL_SECONDS.items()
        ),
    ]
