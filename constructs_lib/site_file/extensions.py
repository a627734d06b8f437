"""The site file's sections of the extensions: `[api]`, `[accounts]`. Each belongs to one key of `[features]`.

Rules between these sections and the others live in `extension_rules.py`.
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from constructs_lib.site_file.base import DNS_NAME, Bool, Int, Section, known_region, pattern, refuse, says

# ACM takes no longer common name: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
LONGEST_API_HOSTNAME = 64

_A_HOSTNAME = "a DNS name in lower case below site.domain_name, such as api.example.com"
_AN_ISSUER = "the https URL of an OpenID Connect issuer, such as https://login.example.com/realm"
_AUDIENCES = 'a list such as ["api.example.com"]'
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, audiences of an authorizer
_MOST_AUDIENCES = 50


class ApiPolicy(StrEnum):
    """Routing policy of the API's name: Route 53's words, without multivalue, which takes no alias."""

    FAILOVER = "failover"
    WEIGHTED = "weighted"
    LATENCY = "latency"
    GEOLOCATION = "geolocation"
    GEOPROXIMITY = "geoproximity"


class Api(Section):
    """`[api]`: an HTTP API with a function and a DynamoDB global table in every region. There with `features.api`.

    `hostname` defaults to `api.<site.domain_name>`, `policy` to `routing.policy`. Everything below /v1/ wants authorization:
    AWS IAM's signature, or with `jwt_issuer` and `jwt_audiences` a token of that issuer. `tracing` is X-Ray's of the function:
    5.00 USD per million traces above the first 100,000, and health checks are traced as well, 5.26 USD a month with two regions
    at 30 s and 100,000 requests (https://aws.amazon.com/xray/pricing/). `deletion_protection` keeps the table from being deleted.
    `requests_per_month`, `write_ratio` and `table_bytes` are what the cost estimate assumes.
    """

    hostname: Annotated[str | None, says(_A_HOSTNAME)] = None
    policy: ApiPolicy | None = None
    jwt_issuer: Annotated[str | None, says(_AN_ISSUER)] = None
    jwt_audiences: Annotated[tuple[str, ...], says(_AUDIENCES)] = ()
    tracing: Bool = False
    deletion_protection: Bool = True
    requests_per_month: Annotated[Int, Field(ge=0, le=10_000_000_000)] = 100_000
    write_ratio: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.2
    table_bytes: Annotated[Int, Field(ge=0, le=1_000_000_000_000)] = 100_000_000

    @field_validator("hostname")
    @classmethod
    def _is_dns_name(cls, value: str | None) -> str | None:
        if value is not None and not DNS_NAME.fullmatch(value):
            raise refuse(allowed=_A_HOSTNAME, remedy="write the host name, without scheme, port, path or trailing dot")
        return value

    @field_validator("jwt_issuer")
    @classmethod
    def _is_https(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\s?#]*)?", value):
            raise refuse(
                allowed=_AN_ISSUER,
                remedy="write the issuer exactly as its tokens' claim `iss` has it; API Gateway reads its keys over HTTPS",
            )
        return value

    @field_validator("jwt_audiences")
    @classmethod
    def _are_few(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > _MOST_AUDIENCES or not all(value):
            raise refuse(
                allowed=f"at most {_MOST_AUDIENCES} audiences, none empty", remedy="name those that your tokens carry"
            )
        return value


_A_ROLE = "the ARN of a role, such as arn:aws:iam::111122223333:role/site-deploy"
_PRINCIPALS = 'a list of ARNs of roles or users, such as ["arn:aws:iam::111122223333:role/site-publish"]'
_PRINCIPAL = re.compile(r"arn:aws:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]{1,512}")


class Account(Section):
    """One role that Terraform takes to work in an account.

    `external_id` is what the role's trust policy may ask for
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html). It is no secret.
    """

    role_arn: Annotated[str, pattern(r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$", _A_ROLE)]
    external_id: (
        Annotated[str, pattern(r"^[A-Za-z0-9+=,.@:/-]{2,1224}$", "2 to 1224 of letters, digits and +=,.@:/-")] | None
    ) = None

    @property
    def account_id(self) -> str:
        """The 12 digits of the account."""
        return self.role_arn.split(":")[4]


class Accounts(Section):
    """`[accounts]`: a role for the zone and one for each region. There with `features.multi_account`.

    `zone` is the account of everything global: hosted zone, health checks, CloudFront with its certificate. `region` names each
    region's role. `state` is the role for the state bucket (default: the caller's own rights). `publisher_arns` may publish to
    the buckets; they belong to the zone's account, whose KeyValueStore they switch.
    """

    zone: Account | None = None
    region: dict[str, Account] = Field(default_factory=dict)
    state: Account | None = None
    publisher_arns: Annotated[tuple[str, ...], says(_PRINCIPALS)] = ()

    @field_validator("region")
    @classmethod
    def _are_regions(cls, value: dict[str, Account]) -> dict[str, Account]:
        return {known_region(name): account for name, account in value.items()}

    @field_validator("publisher_arns")
    @classmethod
    def _are_principals(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_PRINCIPAL.fullmatch(arn) for arn in value):
            raise refuse(allowed=_PRINCIPALS, remedy="name each role or user in full, without wildcards")
        return value
