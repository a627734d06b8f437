"""What a routing policy chooses between: the keys that `[[region]]` and `[[endpoint]]` share, and external endpoints."""

from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from constructs_lib.site_file.base import DNS_NAME, Bool, Float, Int, Section, pattern, refuse, says
from constructs_lib.site_file.locations import CONTINENTS, ROUTED_COUNTRIES, SUBDIVISIONS

_CONTINENTS = f"a list of continent codes: {', '.join(CONTINENTS)}"
_COUNTRIES = 'a list of two-letter country codes in upper case, such as ["DE", "FR"]'
_SUBDIVISIONS = 'a list of states of the US, such as ["US-VA", "US-CA"]'
_A_HOST = "a DNS name in lower case such as www.example.com"
_A_PUBLIC_ADDRESS = "a public IPv4 address, such as 198.51.100.10"
_A_PUBLIC_IPV6_ADDRESS = "a public IPv6 address, such as 2001:db8::10"
_A_STORE = "content_folder alone, or content_bucket together with content_endpoint_url"


class CheckProtocol(StrEnum):
    """Protocol of an external endpoint's health check."""

    HTTP = "http"
    HTTPS = "https"
    TCP = "tcp"


class Target(Section):
    """The keys of one target that a policy reads; each belongs to one policy and is refused under another.

    `weight`: share of the sum of all weights, 0 to 255 (https://docs.aws.amazon.com/Route53/latest/APIReference/
    API_ResourceRecordSet.html). `continents`, `countries`, `subdivisions`, `is_default_location`: the areas of geolocation; the
    smallest area that holds the viewer wins. `bias`: geoproximity, -99 to 99; above 0 draws more viewers.
    """

    weight: Annotated[Int, Field(ge=0, le=255)] | None = None
    continents: Annotated[tuple[str, ...], says(_CONTINENTS)] = ()
    countries: Annotated[tuple[str, ...], says(_COUNTRIES)] = ()
    subdivisions: Annotated[tuple[str, ...], says(_SUBDIVISIONS)] = ()
    is_default_location: Bool = False
    bias: Annotated[Int, Field(ge=-99, le=99)] | None = None

    @field_validator("continents")
    @classmethod
    def _are_continents(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _known(value, list(CONTINENTS), allowed=_CONTINENTS)

    @field_validator("countries")
    @classmethod
    def _are_countries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _known(value, ROUTED_COUNTRIES, allowed=_COUNTRIES)

    @field_validator("subdivisions")
    @classmethod
    def _are_subdivisions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _known(value, SUBDIVISIONS, allowed=_SUBDIVISIONS)

    @property
    def areas(self) -> tuple[str, ...]:
        """Every area of this target, as `continent EU`, `country DE`, `subdivision US-VA` or `default`."""
        return (
            *(f"continent {code}" for code in self.continents),
            *(f"country {code}" for code in self.countries),
            *(f"subdivision {code}" for code in self.subdivisions),
            *(["default"] if self.is_default_location else []),
        )


def _known(value: tuple[str, ...], known: Sequence[str], *, allowed: str) -> tuple[str, ...]:
    unknown = [code for code in value if code not in known]
    if unknown:
        raise refuse(allowed=allowed, remedy=f"correct {', '.join(unknown)}: Route 53 has no records for such an area")
    return value


class Endpoint(Target):
    """One `[[endpoint]]`: a server outside this site's AWS regions, reached and health-checked by its address.

    Route 53 checks it at `check_port` (default: 80 for HTTP, else 443) by `check_protocol`; `check_host` is the Host header and
    SNI name. A TCP check only connects: it takes no `check_path`, `check_host` or `check_search_string`. An endpoint outside
    AWS costs 0.75 USD a month and check, HTTPS, string match and 10 s intervals 2.00 USD each (https://aws.amazon.com/route53/pricing/);
    an address has one check, so an endpoint with both kinds of address has two. `check_request_interval_seconds` is 10 or 30;
    default: `health_check.request_interval_seconds`. `near_region` is the AWS region that the latency policy takes it for;
    `latitude` and `longitude` place it for geoproximity.

    `content_folder` or `content_bucket` is where releases are published for it: a folder that the server serves `current` of, or
    a bucket of any S3-compatible store at `content_endpoint_url`, in `content_region`, with the keys of the profile
    `content_profile` of AWS's configuration files (default: the endpoint's name). Default: nothing is published to it.
    """

    name: Annotated[str, pattern(r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$", "2 to 32 of a-z, 0-9 and -, such as on-premises")]
    ipv4_address: Annotated[str, says(_A_PUBLIC_ADDRESS)]
    ipv6_address: Annotated[str | None, says(_A_PUBLIC_IPV6_ADDRESS)] = None
    near_region: str | None = None
    latitude: Annotated[Float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[Float, Field(ge=-180, le=180)] | None = None
    check_protocol: CheckProtocol = CheckProtocol.HTTPS
    check_port: Annotated[Int, Field(ge=1, le=65_535)] | None = None
    check_path: Annotated[
        str, pattern(r"^/[!-~]{0,254}$", "a path that starts with /, at most 255 characters, no space")
    ] = "/"
    check_host: Annotated[str | None, says(_A_HOST)] = None
    check_request_interval_seconds: Int | None = None
    check_search_string: Annotated[str, pattern(r"^[ -~]{1,255}$", "1 to 255 printable ASCII characters")] | None = None
    content_folder: (
        Annotated[str, pattern(r"^/[!-~]{0,254}[!-.0-~]$", "an absolute path without a / at its end")] | None
    ) = None
    content_bucket: (
        Annotated[str, pattern(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "a bucket's name: 3 to 63 of a-z, 0-9, . and -")]
        | None
    ) = None
    content_endpoint_url: (
        Annotated[
            str,
            pattern(
                r"^(https://[a-z0-9.-]+|http://127\.[0-9.]+)(:[0-9]{1,5})?$",
                "https:// and the host of an S3-compatible store, without a path",
            ),
        ]
        | None
    ) = None
    content_region: Annotated[str, pattern(r"^[a-z0-9-]{1,40}$", "the store's name of its region")] = "us-east-1"
    content_profile: Annotated[str, pattern(r"^[!-~]{1,64}$", "a profile of AWS's configuration files")] | None = None

    @field_validator("ipv4_address")
    @classmethod
    def _is_public_ipv4(cls, value: str) -> str:
        return _public(value, IPv4Address, allowed=_A_PUBLIC_ADDRESS)

    @field_validator("ipv6_address")
    @classmethod
    def _is_public_ipv6(cls, value: str | None) -> str | None:
        return None if value is None else _public(value, IPv6Address, allowed=_A_PUBLIC_IPV6_ADDRESS)

    @field_validator("check_host")
    @classmethod
    def _is_host(cls, value: str | None) -> str | None:
        if value is not None and not DNS_NAME.fullmatch(value):
            raise refuse(
                allowed=_A_HOST, remedy="write the name that the server answers to, without scheme, port or path"
            )
        return value

    @field_validator("check_path", "check_host", "check_search_string")
    @classmethod
    def _is_asked_for(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("check_protocol") is CheckProtocol.TCP:
            raise refuse(
                allowed='this key with check_protocol = "http" or "https"',
                remedy="remove it, or choose another protocol: a TCP check connects and asks for nothing",
            )
        return value

    @field_validator("latitude", "longitude")
    @classmethod
    def _has_two_decimals(cls, value: float | None) -> float | None:
        if value is not None and value != round(value, 2):
            raise refuse(allowed="degrees with at most two decimals", remedy=f"write {round(value, 2)}: {_COORDINATES}")
        return value

    @field_validator("check_request_interval_seconds")
    @classmethod
    def _is_route53_interval(cls, value: int | None) -> int | None:
        return None if value is None else known_interval(value)

    @model_validator(mode="after")
    def _has_one_store(self) -> Self:
        of_bucket = (self.content_bucket, self.content_endpoint_url)
        settings = {"content_region", "content_profile"} & self.model_fields_set
        has_bucket = any(each is not None for each in of_bucket)
        if (has_bucket and None in of_bucket) or (has_bucket and self.content_folder is not None):
            raise refuse(
                allowed=_A_STORE, remedy="name one place, whole: a bucket outside AWS is found at its endpoint URL only"
            )
        if settings and not has_bucket:
            raise refuse(
                allowed=_A_STORE,
                remedy=f"remove {' and '.join(sorted(settings))}, or name the bucket: nothing else reads it",
            )
        return self

    @property
    def content(self) -> dict[str, str] | None:
        """Where releases are published for it, as the edge stack's output has it; None: nowhere."""
        if self.content_folder is not None:
            return {"folder": self.content_folder}
        if self.content_bucket is None or self.content_endpoint_url is None:
            return None
        return {
            "bucket": self.content_bucket,
            "endpoint_url": self.content_endpoint_url,
            "region": self.content_region,
            "profile": self.content_profile or self.name,
        }

    @property
    def port(self) -> int:
        """Where Route 53 checks it: `check_port`, else the protocol's own; TCP has none, so it is HTTPS's."""
        return self.check_port or (80 if self.check_protocol is CheckProtocol.HTTP else 443)

    @property
    def addresses(self) -> dict[str, str]:
        """Record type (A, AAAA) -> address."""
        both = {"A": self.ipv4_address, "AAAA": self.ipv6_address}
        return {type_: address for type_, address in both.items() if address is not None}


_COORDINATES = (
    "Route 53 takes no more, a kilometre (https://docs.aws.amazon.com/Route53/latest/APIReference/API_Coordinates.html)"
)


def known_interval(value: int) -> int:
    """Returns an interval that Route 53 has.

    Raises:
        PydanticCustomError: it is another one.
    """
    if value not in (10, 30):
        raise refuse(
            allowed="10 or 30",
            remedy="Route 53 has these two: 30 is the standard, 10 detects faster and costs 1.00 USD a month and check "
            "(2.00 outside AWS)",
        )
    return value


# Documentation ranges count as private in Python, but not for Route 53's checkers: examples and rehearsals use them.
_DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")
# Python calls everything global that it has no name for: IPv4 addresses in IPv6 form, site-local ones, what nobody was given.
# Hosts are in 2000::/3 (https://www.iana.org/assignments/ipv6-address-space/), but for 6to4, of both kinds (RFC 7526).
_UNICAST = (ip_network("0.0.0.0/0"), ip_network("2000::/3"))
_6TO4 = (ip_network("192.88.99.0/24"), ip_network("2002::/16"))


def _public(value: str, kind: type[IPv4Address] | type[IPv6Address], *, allowed: str) -> str:
    """Refuses what Route 53 cannot check: local, private, nonroutable and multicast addresses.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html, IPAddress
    """
    try:
        address = kind(value)
    except ValueError as error:
        raise refuse(allowed=allowed, remedy="write one address, without port or mask") from error
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise refuse(
            allowed=allowed, remedy="write it without %: an interface's name means nothing outside the machine"
        )
    if not _is_a_hosts(address):
        raise refuse(
            allowed=allowed, remedy="give a public address: Route 53 checks no private, local or multicast one"
        )
    return str(address)


def _is_a_hosts(address: IPv4Address | IPv6Address) -> bool:
    if str(address).startswith(_DOCUMENTATION):
        return True
    is_unicast = any(address in network for network in _UNICAST) and not any(address in network for network in _6TO4)
    return is_unicast and address.is_global and not address.is_multicast
