"""What the data plane serves: one immutable picture of the control plane's resources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from localcloud.model.addresses import AWS_EDGE, CLOUDFRONT_EDGE, AwsName, api_gateway_address
from localcloud.model.cache import DEFAULT_ERROR_CACHING_MIN_TTL_SECONDS, CachePolicy
from localcloud.model.forwarding import Forwarding
from localcloud.model.health import HealthCheck
from localcloud.model.http_routes import DEFAULT_ROUTE, HttpRoute
from localcloud.model.origins import Origin
from localcloud.model.records import HostedZone
from localcloud.model.response_headers import ResponseHeadersPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheBehaviour:
    """A cache behaviour; the default one has the pattern `*`.

    Attributes:
        target_origin_id: Id of an origin or of an origin group.
        cached_methods: of GET, HEAD and OPTIONS, those whose answers are cached.
        functions: `viewer-request` or `viewer-response` -> function ARN.
        forwarded_headers: lower-case names that the origin request policy lists.
        forwarding: what custom origins get beside what the cache key holds.
        compresses: whether the edge compresses what the origin does not.
    """

    path_pattern: str
    target_origin_id: str
    viewer_protocol_policy: str
    allowed_methods: frozenset[str]
    cache_policy: CachePolicy
    response_headers_policy: ResponseHeadersPolicy | None = None
    functions: Mapping[str, str] = field(default_factory=dict)
    forwarded_headers: frozenset[str] = frozenset()
    cached_methods: frozenset[str] = frozenset({"GET", "HEAD"})
    forwarding: Forwarding = field(default_factory=Forwarding)
    compresses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginGroup:
    """Two origins in order of priority, and the status codes that move a request to the second."""

    member_ids: tuple[str, ...]
    status_codes: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomErrorResponse:
    """What CloudFront makes of an error status; without a page only the caching time differs."""

    response_page_path: str = ""
    response_code: int | None = None
    error_caching_min_ttl_seconds: float = DEFAULT_ERROR_CACHING_MIN_TTL_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A CloudFront distribution.

    Attributes:
        certificate_arn: ACM certificate of the aliases; None for the default certificate.
        behaviours: In the distribution's order, the default behaviour last.
        http_version: `http1.1`, `http2`, `http3` or `http2and3`; HTTP/3 is not modelled.
        unsupported: Why it is refused; requests to it get 502 with this text. Empty when it is served.
    """

    id: str
    arn: str
    domain_name: str
    aliases: tuple[str, ...] = ()
    is_enabled: bool = True
    has_ipv6: bool = True
    certificate_arn: str | None = None
    default_root_object: str = ""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    origin_groups: Mapping[str, OriginGroup] = field(default_factory=dict)
    behaviours: tuple[CacheBehaviour, ...] = ()
    custom_errors: Mapping[int, CustomErrorResponse] = field(default_factory=dict)
    http_version: str = "http1.1"
    unsupported: str = ""

    @property
    def has_http2(self) -> bool:
        """Whether viewers are offered HTTP/2."""
        return self.http_version in ("http2", "http2and3")

    def error_response(self, status_code: int) -> CustomErrorResponse:
        """Return what the distribution configures for an error status, or the defaults."""
        return self.custom_errors.get(status_code, CustomErrorResponse())


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalidation:
    """An invalidation: paths with an optional `*` at the end."""

    id: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFunction:
    """The LIVE stage of a CloudFront function; `etag` changes with its code."""

    name: str
    arn: str
    runtime: str
    code: str
    etag: str
    key_value_store_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFrontState:
    """All of CloudFront but the contents of key value stores."""

    distributions: tuple[Distribution, ...] = ()
    functions: Mapping[str, EdgeFunction] = field(default_factory=dict)
    key_value_store_arns: tuple[str, ...] = ()
    invalidations: Mapping[str, tuple[Invalidation, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket: where it is and its policy document, parsed; None when it has none."""

    name: str
    region: str
    policy: Mapping[str, Any] | None = None

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunction:
    """A Lambda function; `code_sha256` changes with its code.

    Attributes:
        api_source_arns: `AWS:SourceArn` patterns of the statements that let API Gateway invoke it.
        reserved_concurrency: how many runs at once; None: what the account has left.
    """

    name: str
    arn: str
    region: str
    runtime: str
    handler: str
    code_url: str
    code_sha256: str
    timeout_seconds: float
    memory_megabytes: int
    environment: Mapping[str, str]
    api_source_arns: tuple[str, ...] = ()
    reserved_concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDomain:
    """A regional custom domain of API Gateway with what its root mapping leads to.

    Attributes:
        target_domain_name: `d-xxx.execute-api.<region>.amazonaws.com`.
        function_arn: Lambda function of every route; None when the domain leads nowhere.
        routes: the routes of the API.
        has_cors: whether API Gateway itself answers preflight requests.
        integration_timeout_seconds: At most 30, https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    """

    domain_name: str
    region: str
    target_domain_name: str
    is_dualstack: bool
    certificate_arn: str | None = None
    api_id: str = ""
    stage: str = "$default"
    account_id: str = ""
    function_arn: str | None = None
    routes: tuple[HttpRoute, ...] = (HttpRoute(key=DEFAULT_ROUTE),)
    has_cors: bool = False
    integration_timeout_seconds: float = 30.0
    unsupported: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionalState:
    """API Gateway domains and Lambda functions of all regions."""

    domains: tuple[ApiDomain, ...] = ()
    functions: Mapping[str, LambdaFunction] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything, at one revision of the control plane.

    Attributes:
        certificates: ACM certificate ARN -> its names.
        key_value_stores: ARN -> contents.
    """

    zones: tuple[HostedZone, ...] = ()
    health_checks: Mapping[str, HealthCheck] = field(default_factory=dict)
    cloudfront: CloudFrontState = field(default_factory=CloudFrontState)
    key_value_stores: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: Mapping[str, Bucket] = field(default_factory=dict)
    regional: RegionalState = field(default_factory=RegionalState)

    @cached_property
    def api_regions(self) -> tuple[str, ...]:
        """The regions that hold API Gateway domains, sorted: they number the regional endpoints' addresses."""
        return tuple(sorted({domain.region for domain in self.regional.domains}))

    @cached_property
    def alias_holders(self) -> dict[str, str]:
        """Alternate and own domain names of enabled and disabled distributions -> distribution id."""
        return {
            name: distribution.id
            for distribution in self.cloudfront.distributions
            for name in (*distribution.aliases, distribution.domain_name)
        }

    @cached_property
    def distributions_by_id(self) -> dict[str, Distribution]:
        """Distribution id -> distribution."""
        return {distribution.id: distribution for distribution in self.cloudfront.distributions}

    @cached_property
    def api_domains_by_name(self) -> dict[tuple[str, str], ApiDomain]:
        """(region, domain name) -> API Gateway domain."""
        return {(domain.region, domain.domain_name): domain for domain in self.regional.domains}

    @cached_property
    def aws_names(self) -> dict[str, AwsName]:
        """The names that AWS answers for: distributions and regional API Gateway domains."""
        return {
            **_distribution_names(self.cloudfront.distributions),
            **_api_names(self.regional.domains, self.api_regions),
        }


def _distribution_names(distributions: Iterable[Distribution]) -> dict[str, AwsName]:
    return {
        f"{distribution.domain_name}.": AwsName(
            ipv4_address=CLOUDFRONT_EDGE,
            has_ipv6=distribution.has_ipv6,
            fault_targets=("cloudfront", f"cloudfront:{distribution.id}", AWS_EDGE),
        )
        for distribution in distributions
    }


def _api_names(domains: Iterable[ApiDomain], regions: tuple[str, ...]) -> dict[str, AwsName]:
    return {
        f"{domain.target_domain_name}.".lower(): AwsName(
            ipv4_address=api_gateway_address(domain.region, regions),
            has_ipv6=domain.is_dualstack,
            fault_targets=(f"apigateway:{domain.region}", AWS_EDGE),
        )
        for domain in domains
    }
