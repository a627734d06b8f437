"""The site file's frozen models: names, types, defaults and the rules inside one section.

Rules that need two sections live in `rules.py`; turning pydantic's errors into our report in `loader.py`.
Every key has its unit in its name. A key that costs money says how much in its description (USD, aws-region dependent
prices as of 2026-10; `failover cost` prices the synthesized result).
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from constructs_lib.site_file.aws_regions import HEALTH_CHECKER_REGIONS, UNKNOWN_TO_STATE_BACKEND
from constructs_lib.site_file.base import A_REGION as _A_REGION
from constructs_lib.site_file.base import DNS_NAME, refuse
from constructs_lib.site_file.base import Bool as _Bool
from constructs_lib.site_file.base import Float as _Float
from constructs_lib.site_file.base import Int as _Int
from constructs_lib.site_file.base import Section as _Section
from constructs_lib.site_file.base import known_region as _known_region
from constructs_lib.site_file.base import pattern as _pattern
from constructs_lib.site_file.base import says as _says
from constructs_lib.site_file.content import Content
from constructs_lib.site_file.database import Database
from constructs_lib.site_file.extensions import Account, Accounts, Api
from constructs_lib.site_file.monitoring import Alerts
from constructs_lib.site_file.security import Features, Github, Headers, Residency
from constructs_lib.site_file.targets import Endpoint, Target, known_interval

# The first name of a certificate is its common name; the others, of up to 253 characters, are the regional names:
# https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
LONGEST_HOSTNAME = 64
LONGEST_NEGATIVE_TTL_SECONDS = 10_800  # RFC 2308 section 5: one to three hours work well, longer ones are trouble
_DEFAULT_NEGATIVE_TTL_SECONDS = 60
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_RESERVED_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")

_A_DOMAIN_NAME = "a DNS name in lower case such as example.com"
_A_HOSTNAME = "a DNS name in lower case such as www.example.com"
_CHECKER_REGIONS = f"a list of three or more different ones of {', '.join(HEALTH_CHECKER_REGIONS)}"


class Role(StrEnum):
    """The part a region plays when everything is healthy."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class CertificateNames(StrEnum):
    """What CloudFront's certificate names beside the public name."""

    REGIONS = "regions"
    WILDCARD = "wildcard"


class Entry(StrEnum):
    """What stands behind the public name."""

    CLOUDFRONT = "cloudfront"
    REGIONAL = "regional"


class Policy(StrEnum):
    """Routing policy between the regions, in Route 53's words."""

    FAILOVER = "failover"
    WEIGHTED = "weighted"
    LATENCY = "latency"
    GEOLOCATION = "geolocation"
    GEOPROXIMITY = "geoproximity"
    MULTIVALUE = "multivalue"


class StateBackend(StrEnum):
    """Where Terraform keeps its state."""

    S3 = "s3"
    LOCAL = "local"


class Protocol(StrEnum):
    """Protocol of a health check."""

    HTTP = "http"
    HTTPS = "https"


class InsufficientDataHealthStatus(StrEnum):
    """What a check that follows an alarm says while CloudWatch has no data: API_HealthCheckConfig's words."""

    HEALTHY = "Healthy"
    UNHEALTHY = "Unhealthy"
    LAST_KNOWN_STATUS = "LastKnownStatus"


class PriceClass(StrEnum):
    """CloudFront price class: which edge locations serve the site."""

    PRICECLASS_100 = "PriceClass_100"
    PRICECLASS_200 = "PriceClass_200"
    PRICECLASS_ALL = "PriceClass_All"


class Site(_Section):
    """`[site]`: the names.

    `hosted_zone_id` names an existing public hosted zone of `domain_name`; without it the dns stack makes one.
    `project` and `environment` start every resource's name; together they leave room for the region and the account id in
    S3's limit of 63 characters (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
    `certificate` is what CloudFront's certificate names beside `hostname`: "regions" each region's own name, "wildcard"
    `*.<hostname>`, which stays the same when a region is added. A site with one region needs "wildcard". Choose it before the
    first deployment: a certificate with other names is another certificate, and one in use cannot be deleted.
    `takes_name` is false while another distribution still serves `hostname`: everything is made but what holds the name, so
    that `failover take-name` can move it without a gap (docs/MIGRATING.md).
    """

    domain_name: Annotated[str, _says(_A_DOMAIN_NAME)]
    hostname: Annotated[str, _says(_A_HOSTNAME)]
    hosted_zone_id: (
        Annotated[str, _pattern(r"^Z[A-Z0-9]{3,31}$", "a hosted zone id such as Z0123456789ABCDEFGHIJ")] | None
    ) = None
    environment: Annotated[
        str,
        _pattern(r"^[a-z][a-z0-9-]{0,10}[a-z0-9]$", "2 to 12 of a-z, 0-9 and -, a letter first, such as prod"),
    ]
    project: Annotated[
        str,
        _pattern(r"^[a-z][a-z0-9-]{0,18}[a-z0-9]$", "2 to 20 of a-z, 0-9 and -, a letter first, such as my-site"),
    ]
    certificate: CertificateNames = CertificateNames.REGIONS
    takes_name: _Bool = True

    @field_validator("domain_name")
    @classmethod
    def _is_dns_name(cls, value: str) -> str:
        if not DNS_NAME.fullmatch(value):
            raise refuse(
                allowed=_A_DOMAIN_NAME,
                remedy="write the name of the hosted zone, without scheme, path or trailing dot",
            )
        return value

    @field_validator("hostname")
    @classmethod
    def _is_inside_domain(cls, value: str, info: ValidationInfo) -> str:
        domain = info.data.get("domain_name")
        if not DNS_NAME.fullmatch(value):
            raise refuse(
                allowed=_A_HOSTNAME,
                remedy="write the public host name, without scheme, port, path or trailing dot",
            )
        if domain is not None and value != domain and not value.endswith(f".{domain}"):
            raise refuse(
                allowed=f"site.domain_name or a name below it, such as www.{domain}",
                remedy="use a host name inside the domain, or correct site.domain_name",
            )
        if len(value) > LONGEST_HOSTNAME:
            raise refuse(
                allowed=f"at most {LONGEST_HOSTNAME} characters",
                remedy="shorten it: ACM takes no longer one as a certificate's first name, which is its common name",
            )
        return value

    @field_validator("project")
    @classmethod
    def _starts_no_reserved_bucket_name(cls, value: str, info: ValidationInfo) -> str:
        start = f"{value}-{info.data.get('environment', '')}-"
        reserved = [prefix for prefix in _RESERVED_BUCKET_PREFIXES if start.startswith(prefix)]
        if reserved:
            raise refuse(
                allowed=f"a name with which no bucket starts with {' or '.join(_RESERVED_BUCKET_PREFIXES)}",
                remedy=f"choose another: buckets are called <project>-<environment>-..., and S3 reserves {reserved[0]}",
            )
        return value


class Region(Target):
    """One `[[region]]`: a region that holds the whole site, with what the routing policy needs to know of it.

    A region of after 2019-03-20, such as eu-south-1 or af-south-1, is off in an account until it is enabled
    (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html): synthesis says so, `failover doctor` looks.
    """

    name: Annotated[str, _says(_A_REGION)]
    role: Role

    @field_validator("name")
    @classmethod
    def _is_aws_region(cls, value: str) -> str:
        return _known_region(value)


class Routing(_Section):
    """`[routing]`: how a viewer reaches a region. Defaults: CloudFront in front, failover behind it."""

    entry: Entry = Entry.CLOUDFRONT
    policy: Policy = Policy.FAILOVER
    price_class: PriceClass = PriceClass.PRICECLASS_100


class Dns(_Section):
    """`[dns]`: the hosted zone.

    `negative_ttl_seconds` is how long a resolver may keep the answer that a name does not exist: the TTL and the last field of
    the zone's SOA (RFC 2308). Default: 60 in a zone made here; an existing zone's SOA is touched only when it is given.
    """

    negative_ttl_seconds: Annotated[_Int, Field(ge=1, le=LONGEST_NEGATIVE_TTL_SECONDS)] | None = None


class HealthCheck(_Section):
    """`[health_check]`: the Route 53 checks.

    `request_interval_seconds` 10 costs 1.00 USD a month and check more than 30; `region_request_interval_seconds` is another
    interval for the region checks (default: the same). `string_match` adds 1.00 USD a month, without CloudFront a region.
    `region_check_protocol` "https" costs 1.00 USD a month and region more than "http"; the checked object is a public
    marker of a few bytes. `measure_latency` adds 1.00 USD a month and check. `alarm_check` lets an alarm on 5xx answers turn what
    decides the records unhealthy as well: two checks more, 0.50 USD a month each above the first 50, and an alarm, 0.10 USD above
    the first 10; `insufficient_data_health_status` is what it says without data. Prices for AWS endpoints, an `[[endpoint]]`
    costs twice the option price: https://aws.amazon.com/route53/pricing/
    """

    request_interval_seconds: _Int = 30
    region_request_interval_seconds: _Int | None = None
    failure_threshold: Annotated[_Int, Field(ge=1, le=10)] = 3
    checker_regions: Annotated[tuple[str, ...], _says(_CHECKER_REGIONS)] = ("us-east-1", "eu-west-1", "ap-southeast-1")
    region_check_protocol: Protocol = Protocol.HTTP
    string_match: _Bool = False
    measure_latency: _Bool = False
    alarm_check: _Bool = False
    insufficient_data_health_status: InsufficientDataHealthStatus = InsufficientDataHealthStatus.LAST_KNOWN_STATUS

    @property
    def region_interval_seconds(self) -> int:
        """The interval of the region checks."""
        return self.region_request_interval_seconds or self.request_interval_seconds

    @field_validator("request_interval_seconds", "region_request_interval_seconds")
    @classmethod
    def _is_route53_interval(cls, value: int | None) -> int | None:
        return None if value is None else known_interval(value)

    @field_validator("checker_regions")
    @classmethod
    def _are_checker_regions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in value if name not in HEALTH_CHECKER_REGIONS]
        if unknown or len(set(value)) < 3 or len(set(value)) != len(value):
            raise refuse(
                allowed=_CHECKER_REGIONS,
                remedy="Route 53 checks from these regions only, and from three at least",
            )
        return value


class Objectives(_Section):
    """`[objectives]`: what a drill and the cost command are judged against."""

    rto_seconds: Annotated[_Int, Field(ge=1, le=86_400)] = 180
    rpo_seconds: Annotated[_Int, Field(ge=0, le=86_400)] = 900
    availability_ratio: Annotated[_Float, Field(gt=0, lt=1)] = 0.999
    monthly_cost_usd: Annotated[_Float, Field(ge=0.01, le=1_000_000)] = 3.30


class Traffic(_Section):
    """`[traffic]`: what the cost estimate assumes."""

    page_views_per_month: Annotated[_Int, Field(ge=0, le=10_000_000_000)] = 100_000
    requests_per_page_view: Annotated[_Float, Field(ge=1, le=1_000)] = 5.0
    bytes_per_page_view: Annotated[_Int, Field(ge=0, le=1_000_000_000)] = 200_000
    site_bytes: Annotated[_Int, Field(ge=0, le=1_000_000_000_000)] = 50_000_000


class State(_Section):
    """`[state]`: where Terraform keeps its state; an S3 bucket outside the serving regions, or local for rehearsals.

    `replica_region` holds a copy of the state, `<bucket>-replica`; `failover bootstrap` makes both. Default: no copy.
    """

    backend: StateBackend
    bucket: (
        Annotated[
            str,
            _pattern(r"^[a-z0-9][a-z0-9-]{1,53}[a-z0-9]$", "3 to 55 of a-z, 0-9 and -, which leaves room for -replica"),
        ]
        | None
    ) = None
    region: Annotated[str | None, _says(_A_REGION)] = None
    replica_region: Annotated[str | None, _says(_A_REGION)] = None

    @field_validator("bucket")
    @classmethod
    def _is_not_reserved(cls, value: str | None) -> str | None:
        if value and (value.startswith(_RESERVED_BUCKET_PREFIXES) or value.endswith(_RESERVED_BUCKET_SUFFIXES)):
            raise refuse(
                allowed=f"a name that does not start with {' or '.join(_RESERVED_BUCKET_PREFIXES)} "
                f"and does not end with {' or '.join(_RESERVED_BUCKET_SUFFIXES)}",
                remedy="choose another: S3 reserves these",
            )
        return value

    @field_validator("region", "replica_region")
    @classmethod
    def _is_aws_region(cls, value: str | None) -> str | None:
        return None if value is None else _known_region(value)

    @field_validator("region")
    @classmethod
    def _is_known_to_backend(cls, value: str | None) -> str | None:
        if value in UNKNOWN_TO_STATE_BACKEND:
            raise refuse(
                allowed=f"an AWS region but {' and '.join(UNKNOWN_TO_STATE_BACKEND)}",
                remedy="choose another: the S3 backend of Terraform 1.11 does not know this one",
            )
        return value

    @model_validator(mode="after")
    def _has_what_backend_needs(self) -> Self:
        given = self.bucket is not None or self.region is not None
        complete = self.bucket is not None and self.region is not None
        if self.backend is StateBackend.S3 and not complete:
            raise refuse(
                allowed='backend = "s3" together with bucket and region',
                remedy='name the state bucket and its region, or use backend = "local" for a rehearsal on a laptop',
            )
        if self.backend is StateBackend.LOCAL and (given or self.replica_region is not None):
            raise refuse(
                allowed='backend = "local" alone',
                remedy='remove bucket, region and replica_region, or use backend = "s3"',
            )
        if self.replica_region is not None and self.replica_region == self.region:
            raise refuse(
                allowed="a replica_region other than region",
                remedy="keep the copy in another region, or leave replica_region out",
            )
        return self


class SiteFile(_Section):
    """A whole site file. Build it with `load_site_file`, which also applies the rules between sections."""

    site: Site
    region: tuple[Region, ...]
    endpoint: tuple[Endpoint, ...] = ()
    routing: Routing = Routing()
    dns: Dns = Dns()
    health_check: HealthCheck = HealthCheck()
    objectives: Objectives = Objectives()
    traffic: Traffic = Traffic()
    alerts: Alerts = Alerts()
    features: Features = Features()
    headers: Headers = Headers()
    github: Github = Github()
    residency: Residency = Residency()
    content: Content = Content()
    api: Api = Api()
    accounts: Accounts = Accounts()
    database: Database = Database()
    state: State

    @property
    def primary(self) -> Region:
        """The region that serves when everything is healthy."""
        return next(region for region in self.region if region.role is Role.PRIMARY)

    @property
    def secondary(self) -> Region:
        """The region that takes over; the first one where the policy allows several.

        With one region it is that one: its regional endpoint stands behind CloudFront, and no other bucket behind its own.
        """
        return next((region for region in self.region if region.role is Role.SECONDARY), self.primary)

    @property
    def has_one_region(self) -> bool:
        """Whether the site is still waiting for its second region."""
        return len(self.region) == 1

    @property
    def last_exit(self) -> Endpoint | None:
        """The server outside AWS that stands behind the regional endpoint; only behind CloudFront."""
        return next(iter(self.endpoint), None) if self.routing.entry is Entry.CLOUDFRONT else None

    @property
    def negative_ttl_seconds(self) -> int | None:
        """How long the zone lets a negative answer be kept; None leaves an existing zone as it is."""
        if self.site.hosted_zone_id is not None or self.dns.negative_ttl_seconds is not None:
            return self.dns.negative_ttl_seconds
        return _DEFAULT_NEGATIVE_TTL_SECONDS

    @property
    def prefix(self) -> str:
        """`<project>-<environment>`, the start of every resource's name."""
        return f"{self.site.project}-{self.site.environment}"

    def may_hold_data(self, region: str) -> bool:
        """Returns whether `[residency]` lets logs and the like be in a region."""
        return not self.residency.allowed_regions or region in self.residency.allowed_regions

    def account_of(self, region: str) -> Account | None:
        """Returns the role for what lies in a region; us-east-1, where global services live, is the zone's."""
        return self.accounts.region.get(region, self.accounts.zone)

    def is_of_zone_account(self, region: str) -> bool:
        """Returns whether what lies in a region belongs to the account of the zone; without `[accounts]` everything does."""
        account, zone = self.account_of(region), self.accounts.zone
        return account is None or zone is None or account.account_id == zone.account_id
