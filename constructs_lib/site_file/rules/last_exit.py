"""Rules of an `[[endpoint]]` behind CloudFront: the last exit, a server outside AWS, for when AWS's edge serves nobody.

It stands behind the regional endpoint in a failover pair of its own, so that everybody who could reach CloudFront must be able to
reach it: at the same name, over HTTPS, at the same port, by IPv4 and IPv6.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.models import LONGEST_HOSTNAME, Entry, Routing, Site
from constructs_lib.site_file.rules.routing import KEY_POLICIES
from constructs_lib.site_file.targets import CheckProtocol, Endpoint

_HTTPS_PORT = 443


def last_exit_can_serve(sections: Mapping[str, Any]) -> list[Problem]:
    """Nothing while a section that the rules read is itself wrong."""
    routing: Routing | None = sections.get("routing")
    site: Site | None = sections.get("site")
    if routing is None or site is None or "endpoint" not in sections or routing.entry is not Entry.CLOUDFRONT:
        return []
    endpoints: tuple[Endpoint, ...] = sections["endpoint"]
    problems = [*_is_the_only_one(endpoints), *_endpoint_name_fits(endpoints, site)]
    for index, endpoint in enumerate(endpoints):
        problems += _takes_every_viewer(f"endpoint[{index}]", endpoint, site)
    return problems


def _is_the_only_one(endpoints: tuple[Endpoint, ...]) -> Iterator[Problem]:
    if len(endpoints) > 1:
        yield Problem(
            key="endpoint",
            value=f'{len(endpoints)} tables with entry = "cloudfront"',
            allowed='at most one [[endpoint]] with entry = "cloudfront": the last exit, behind the regional endpoint',
            remedy='keep one, or use entry = "regional" with another policy than failover: a failover record has one SECONDARY',
        )


def _takes_every_viewer(table: str, endpoint: Endpoint, site: Site) -> Iterator[Problem]:
    for key, policy in KEY_POLICIES.items():
        if key in endpoint.model_fields_set:
            yield Problem(
                key=f"{table}.{key}",
                value=f'{getattr(endpoint, key)!s} with entry = "cloudfront"',
                allowed=f'{key} with entry = "regional" and policy = "{policy}" only',
                remedy="remove it: behind CloudFront the endpoint is the last exit, which nothing chooses",
            )
    if endpoint.ipv6_address is None:
        yield Problem(
            key=f"{table}.ipv6_address",
            value=None,
            allowed='a public IPv6 address with entry = "cloudfront"',
            remedy="add it: A and AAAA fail over separately, and without one IPv6 viewers would stay where nothing answers",
        )
    if endpoint.check_protocol is not CheckProtocol.HTTPS or endpoint.port != _HTTPS_PORT:
        yield Problem(
            key=f"{table}.check_protocol",
            value=f'"{endpoint.check_protocol}" at port {endpoint.port} with entry = "cloudfront"',
            allowed='"https" at port 443',
            remedy=f"viewers come by HTTPS: give the server a certificate for {site.hostname} and let the check ask as they do. "
            "Route 53 validates none: `failover status` looks at it",
        )
    if endpoint.check_host not in (None, site.hostname):
        yield Problem(
            key=f"{table}.check_host",
            value=f'"{endpoint.check_host}" with entry = "cloudfront"',
            allowed=f"{site.hostname}, which is the default",
            remedy="remove it: viewers ask the exit for the public name, so the check must ask for that",
        )


def _endpoint_name_fits(endpoints: tuple[Endpoint, ...], site: Site) -> Iterator[Problem]:
    """The regional endpoint then has a name of its own, for its health check, which is the common name of its certificate."""
    name = f"endpoint.{site.hostname}"
    if endpoints and len(name) > LONGEST_HOSTNAME:
        yield Problem(
            key="site.hostname",
            value=f'"{site.hostname}" with an [[endpoint]]',
            allowed=f"a name with which {name} has at most {LONGEST_HOSTNAME} characters",
            remedy="shorten it, or remove [[endpoint]]: ACM takes no longer common name",
        )
