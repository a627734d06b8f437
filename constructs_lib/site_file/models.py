"""The site file's frozen models: names, types, defaults and the rules inside one section.

Rules that need two sections live in `rules.py`; turning pydantic's errors into our report in `loader.py`.
Every key has its unit in its name. A key that costs money says how much in its description (USD, aws-region dependent
prices as of 2026-08; `failover cost` prices the synthesized result).
"""

import difflib
import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from constructs_lib.site_file.aws_regions import (
    HEALTH_CHECKER_REGIONS,
    REGIONS,
    UNKNOWN_TO_PROVIDER,
    UNKNOWN_TO_STATE_BACKEND,
)
from constructs_lib.site_file.content import Content

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# The top-level label is not all digits, or 10.0.0.1 would be a name: https://www.rfc-editor.org/rfc/rfc3696#section-2
_DNS_NAME = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)+(?![0-9]+\Z){_LABEL}\Z")
# The first name of a certificate is its common name; the others, of up to 253 characters, are the regional names:
# https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
_LONGEST_HOSTNAME = 64
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_RESERVED_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")

_A_DOMAIN_NAME = "a DNS name in lower case such as example.com"
_A_HOSTNAME = "a DNS name in lower case such as www.example.com"
_A_REGION = f"an AWS region: {', '.join(REGIONS)}"
_CHECKER_REGIONS = f"a list of three or more different ones of {', '.join(HEALTH_CHECKER_REGIONS)}"


def refuse(*, allowed: str, remedy: str) -> PydanticCustomError:
    """Returns the error that the report prints with these two texts."""
    return PydanticCustomError("refused", "{allowed}", {"allowed": allowed, "remedy": remedy})


def _known_region(value: str) -> str:
    if value in UNKNOWN_TO_PROVIDER:
        raise refuse(
            allowed=_A_REGION, remedy="choose another: Terraform's AWS provider 5.100.0 does not know this one"
        )
    if value not in REGIONS:
        near = difflib.get_close_matches(value, REGIONS, n=3)
        remedy = f"did you mean {' or '.join(near)}?" if near else "write an AWS region's code name"
        raise refuse(allowed=_A_REGION, remedy=remedy)
    return value


class Role(StrEnum):
    """The part a region plays when everything is healthy."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


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


class PriceClass(StrEnum):
    """CloudFront price class: which edge locations serve the site."""

    PRICECLASS_100 = "PriceClass_100"
    PRICECLASS_200 = "PriceClass_200"
    PRICECLASS_ALL = "PriceClass_All"


# TOML has integers, floats and booleans of its own: "10" and true are not numbers here.
_Int = Annotated[int, Field(strict=True)]
_Float = Annotated[float, Field(strict=True)]
_Bool = Annotated[bool, Field(strict=True)]


def _pattern(pattern: str, allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` instead of a regular expression."""
    return Field(pattern=pattern, json_schema_extra={"allowed": allowed})


def _says(allowed: str) -> Any:  # noqa: ANN401  (pydantic.Field returns Any)
    """Returns a field whose report says `allowed` when the key is missing or of another type."""
    return Field(json_schema_extra={"allowed": allowed})


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(_Section):
    """`[site]`: the names.

    `hosted_zone_id` names an existing public hosted zone of `domain_name`; without it the dns stack makes one.
    `project` and `environment` start every resource's name; together they leave room for the region and the account id in
    S3's limit of 63 characters (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
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

    @field_validator("domain_name")
    @classmethod
    def _is_dns_name(cls, value: str) -> str:
        if not _DNS_NAME.fullmatch(value):
            raise refuse(
                allowed=_A_DOMAIN_NAME,
                remedy="write the name of the hosted zone, without scheme, path or trailing dot",
            )
        return value

    @field_validator("hostname")
    @classmethod
    def _is_inside_domain(cls, value: str, info: ValidationInfo) -> str:
        domain = info.data.get("domain_name")
        if not _DNS_NAME.fullmatch(value):
            raise refuse(
                allowed=_A_HOSTNAME,
                remedy="write the public host name, without scheme, port, path or trailing dot",
            )
        if domain is not None and value != domain and not value.endswith(f".{domain}"):
            raise refuse(
                allowed=f"site.domain_name or a name below it, such as www.{domain}",
                remedy="use a host name inside the domain, or correct site.domain_name",
            )
        if len(value) > _LONGEST_HOSTNAME:
            raise refuse(
                allowed=f"at most {_LONGEST_HOSTNAME} characters",
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


class Region(_Section):
    """One `[[region]]`: a region that holds the whole site."""

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

    @field_validator("policy")
    @classmethod
    def _can_use_aliases(cls, value: Policy) -> Policy:
        if value is Policy.MULTIVALUE:
            raise refuse(
                allowed='"failover"',
                remedy="Route 53 allows no alias in a multivalue answer, and CloudFront and API Gateway can only be reached "
                "by alias (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
                "resource-record-sets-values-multivalue.html): use failover",
            )
        return value


class HealthCheck(_Section):
    """`[health_check]`: the Route 53 checks.

    `request_interval_seconds` 10 costs 1.00 USD a month and check more than 30. `string_match` adds 1.00 USD a month.
    `region_check_protocol` "https" costs 1.00 USD a month and region more than "http"; the checked object is a public
    marker of a few bytes. Prices for AWS endpoints: https://aws.amazon.com/route53/pricing/
    """

    request_interval_seconds: _Int = 30
    failure_threshold: Annotated[_Int, Field(ge=1, le=10)] = 3
    checker_regions: Annotated[tuple[str, ...], _says(_CHECKER_REGIONS)] = ("us-east-1", "eu-west-1", "ap-southeast-1")
    region_check_protocol: Protocol = Protocol.HTTP
    string_match: _Bool = False

    @field_validator("request_interval_seconds")
    @classmethod
    def _is_route53_interval(cls, value: int) -> int:
        if value not in (10, 30):
            raise refuse(
                allowed="10 or 30",
                remedy="Route 53 has these two: 30 is the standard, 10 detects faster and costs 1.00 USD a month and check",
            )
        return value

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
    monthly_cost_usd: Annotated[_Float, Field(gt=0, le=1_000_000)] = 3.30


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
    routing: Routing = Routing()
    health_check: HealthCheck = HealthCheck()
    objectives: Objectives = Objectives()
    traffic: Traffic = Traffic()
    content: Content = Content()
    state: State

    @property
    def primary(self) -> Region:
        """The region that serves when everything is healthy."""
        return next(region for region in self.region if region.role is Role.PRIMARY)

    @property
    def secondary(self) -> Region:
        """The region that takes over."""
        return next(region for region in self.region if region.role is Role.SECONDARY)

    @property
    def prefix(self) -> str:
        """`<project>-<environment>`, the start of every resource's name."""
        return f"{self.site.project}-{self.site.environment}"
