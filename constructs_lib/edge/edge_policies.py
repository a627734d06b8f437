"""What CloudFront caches and which headers it adds: shared by both distributions."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.cloudfront_cache_policy import (
    CloudfrontCachePolicy,
    CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOrigin,
    CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfig,
    CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfig,
    CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfig,
)
from cdktf_cdktf_provider_aws.cloudfront_origin_request_policy import (
    CloudfrontOriginRequestPolicy,
    CloudfrontOriginRequestPolicyCookiesConfig,
    CloudfrontOriginRequestPolicyHeadersConfig,
    CloudfrontOriginRequestPolicyHeadersConfigHeaders,
    CloudfrontOriginRequestPolicyQueryStringsConfig,
)
from cdktf_cdktf_provider_aws.cloudfront_response_headers_policy import (
    CloudfrontResponseHeadersPolicy,
    CloudfrontResponseHeadersPolicyCustomHeadersConfig,
    CloudfrontResponseHeadersPolicyCustomHeadersConfigItems,
    CloudfrontResponseHeadersPolicySecurityHeadersConfig,
    CloudfrontResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicy,
    CloudfrontResponseHeadersPolicySecurityHeadersConfigContentTypeOptions,
    CloudfrontResponseHeadersPolicySecurityHeadersConfigFrameOptions,
    CloudfrontResponseHeadersPolicySecurityHeadersConfigReferrerPolicy,
    CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.checkov_skips import skip
from constructs_lib.edge import security_headers
from constructs_lib.lint_waivers import waive
from constructs_lib.site_file.security import Headers

CACHING_DISABLED_POLICY_ID = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's managed policy Managed-CachingDisabled.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
"""

_NO_PRELOAD = (
    "HSTS for a year, but preload and subdomains only by headers.hsts_preload and headers.hsts_include_subdomains: they bind "
    "every host of the domain, for months after they are taken back (https://hstspreload.org/)."
)
_EDGE_TTL_SECONDS = 31_536_000


class EdgePolicies(Construct):
    """Cache policy and response headers policy.

    The cache key is the path alone: it holds the release after the router's rewrite, and a static site has no use for
    query strings or cookies. An object of a release never changes, so the edge keeps it for a year by the minimum TTL, whatever
    its Cache-Control says; the header goes on to browsers and proxies, for which it is meant. An s-maxage would be theirs too
    (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html). Errors have lifetimes of their own.

    Attributes:
        cache_policy_id: for released content.
        response_headers_policy_id: security headers, for everything.
        origin_request_policy_id: the viewer's place for the router function; None when its policy does not ask.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        headers: Headers,
        viewer_headers: Sequence[str] = (),
        provider: AwsProvider,
    ) -> None:
        """`prefix` starts the policies' names, `viewer_headers` are what a router function reads of the viewer's place."""
        super().__init__(scope, id_)
        cache = CloudfrontCachePolicy(
            self,
            "cache_policy",
            name=f"{prefix}-releases",
            comment="Path only; the path holds the release",
            min_ttl=_EDGE_TTL_SECONDS,
            default_ttl=_EDGE_TTL_SECONDS,
            max_ttl=_EDGE_TTL_SECONDS,
            parameters_in_cache_key_and_forwarded_to_origin=_key_is_path_only(),
            provider=provider,
        )
        added = CloudfrontResponseHeadersPolicy(
            self,
            "response_headers_policy",
            name=f"{prefix}-security-headers",
            comment="Security headers",
            security_headers_config=_security_headers(headers),
            custom_headers_config=CloudfrontResponseHeadersPolicyCustomHeadersConfig(
                items=[
                    CloudfrontResponseHeadersPolicyCustomHeadersConfigItems(
                        header="permissions-policy", value=security_headers.PERMISSIONS_POLICY, override=True
                    ),
                    # S3 stores no Vary, and both the router and CloudFront's own compression choose by this header.
                    CloudfrontResponseHeadersPolicyCustomHeadersConfigItems(
                        header="vary", value="Accept-Encoding", override=True
                    ),
                ]
            ),
            provider=provider,
        )
        if headers.hsts_preload:
            waive(added, {"FW311": "headers.hsts_preload of the site file: the owner of the domain asks for it."})
        else:
            skip(added, {"CKV_AWS_259": _NO_PRELOAD})
        self.cache_policy_id = cache.id
        self.response_headers_policy_id = added.id
        self.origin_request_policy_id = self._add_viewer_headers(prefix, viewer_headers, provider)

    def _add_viewer_headers(self, prefix: str, names: Sequence[str], provider: AwsProvider) -> str | None:
        """Not in the cache policy: the cache key must not change with the viewer's place.

        A function sees these headers only when a cache or origin request policy lists them:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/example-function-redirect-url.html
        """
        if not names:
            return None
        return CloudfrontOriginRequestPolicy(
            self,
            "viewer_headers",
            name=f"{prefix}-viewer-place",
            comment="The viewer's place, for the router function",
            headers_config=CloudfrontOriginRequestPolicyHeadersConfig(
                header_behavior="whitelist",
                headers=CloudfrontOriginRequestPolicyHeadersConfigHeaders(items=list(names)),
            ),
            cookies_config=CloudfrontOriginRequestPolicyCookiesConfig(cookie_behavior="none"),
            query_strings_config=CloudfrontOriginRequestPolicyQueryStringsConfig(query_string_behavior="none"),
            provider=provider,
        ).id


def _key_is_path_only() -> CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOrigin:
    return CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOrigin(
        enable_accept_encoding_brotli=True,
        enable_accept_encoding_gzip=True,
        cookies_config=CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfig(
            cookie_behavior="none"
        ),
        headers_config=CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfig(
            header_behavior="none"
        ),
        query_strings_config=CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfig(
            query_string_behavior="none"
        ),
    )


def _security_headers(headers: Headers) -> CloudfrontResponseHeadersPolicySecurityHeadersConfig:
    return CloudfrontResponseHeadersPolicySecurityHeadersConfig(
        content_security_policy=CloudfrontResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicy(
            content_security_policy=headers.content_security_policy, override=True
        ),
        content_type_options=CloudfrontResponseHeadersPolicySecurityHeadersConfigContentTypeOptions(override=True),
        frame_options=CloudfrontResponseHeadersPolicySecurityHeadersConfigFrameOptions(
            frame_option=security_headers.FRAME_OPTIONS, override=True
        ),
        referrer_policy=CloudfrontResponseHeadersPolicySecurityHeadersConfigReferrerPolicy(
            referrer_policy=security_headers.REFERRER_POLICY, override=True
        ),
        strict_transport_security=CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity(
            access_control_max_age_sec=security_headers.HSTS_MAX_AGE_SECONDS,
            include_subdomains=headers.hsts_include_subdomains,
            preload=headers.hsts_preload,
            override=True,
        ),
    )
