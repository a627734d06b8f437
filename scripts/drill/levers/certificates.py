"""The read-only drill `certificate`: would every certificate be renewed, and are visitors shown the right one.

Nothing is broken: no lever of AWS's makes a certificate expire. ACM renews one that is in use and whose validation record still
stands: https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import dns.asyncquery
import dns.exception
import dns.message
import dns.rdatatype

from scripts.aws.clients import aws_client, translated
from scripts.clock import unix_now
from scripts.drill.levers.lever import Json, statement
from scripts.probe.http1 import MalformedResponseError, connect_tcp, start_http
from scripts.probe.network import Network
from scripts.probe.resolver import CachingResolver, ResolutionError
from scripts.probe.samples import Family
from scripts.terraform.outputs import Deployment

RENEWED_DAYS = 45.0
"""ACM renews before that (https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html); later, something is missing."""
_DAY_SECONDS = 86_400
_TIMEOUT_SECONDS = 10.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """One thing that was wanted of one certificate."""

    subject: str
    wanted: str
    found: str
    passed: bool


def look_at_certificates(
    deployment: Deployment, endpoints: dict[str, str], network: Network
) -> tuple[CertificateRow, ...]:
    """Return what ACM, DNS and the handshakes say of every certificate of the site.

    Args:
        deployment: the site.
        endpoints: region -> the name that alias records to its regional endpoint point at.
        network: how to reach it.

    Raises:
        AwsError: AWS refused.
    """
    rows: list[CertificateRow] = []
    for where, region, arn in _certificates(deployment):
        with translated("DescribeCertificate", arn, region=region):
            found = aws_client("acm", region=region).describe_certificate(CertificateArn=arn)["Certificate"]
        rows += _acm_rows(where, found)
        rows += asyncio.run(_record_rows(where, found, network))
    names = {name: (name, name) for name in (deployment.hostname, *deployment.regional_hostnames)}
    names |= {f"regional endpoint in {region}": (deployment.hostname, name) for region, name in endpoints.items()}
    rows += [asyncio.run(_shown(what, host, name, network)) for what, (host, name) in names.items()]
    return tuple(rows)


def rights(deployment: Deployment) -> list[Json]:
    """Return the statements that the look needs; it changes nothing."""
    distributions = [each.arn for each in deployment.distributions.values()]
    account = distributions[0].split(":")[4] if distributions else "*"
    regions = sorted({*deployment.roles, "us-east-1"})
    names = [f"arn:aws:apigateway:{region}::/domainnames/{deployment.hostname}" for region in deployment.roles]
    certificates = [f"arn:aws:acm:{region}:{account}:certificate/*" for region in regions]
    return [
        statement("cloudfront:GetDistribution", resource=distributions),
        statement("apigateway:GET", resource=names),
        statement("acm:DescribeCertificate", resource=certificates),
    ]


def _certificates(deployment: Deployment) -> Iterator[tuple[str, str, str]]:
    """Yields where a certificate is used, its region and its ARN; one that several distributions have, once."""
    seen = set()
    for region, distribution in deployment.distributions.items():
        with translated("GetDistribution", distribution.id):
            answer = aws_client("cloudfront", region="us-east-1").get_distribution(Id=distribution.id)["Distribution"]
        arn = answer["DistributionConfig"]["ViewerCertificate"]["ACMCertificateArn"]
        if arn not in seen:
            seen.add(arn)
            yield f"CloudFront, first the distribution in {region}", "us-east-1", arn
    for region in deployment.roles:
        with translated("GetDomainName", deployment.hostname, region=region):
            answer = aws_client("apigatewayv2", region=region).get_domain_name(DomainName=deployment.hostname)
        yield f"regional endpoint in {region}", region, answer["DomainNameConfigurations"][0]["CertificateArn"]


def _acm_rows(where: str, found: dict[str, Any]) -> Iterator[CertificateRow]:
    status, eligibility = found["Status"], found.get("RenewalEligibility", "unknown")
    yield CertificateRow(subject=where, wanted="issued", found=status.lower(), passed=status == "ISSUED")
    in_use = len(found.get("InUseBy", []))
    is_renewable = found.get("Type") == "AMAZON_ISSUED" and eligibility != "INELIGIBLE"
    told = f"{found.get('Type', 'unknown').lower()}, {eligibility.lower()}, in use by {in_use}"
    yield CertificateRow(subject=where, wanted="renewed by ACM itself", found=told, passed=is_renewable)
    if "NotAfter" in found:
        days = (found["NotAfter"] - dt.datetime.now(dt.UTC)).total_seconds() / _DAY_SECONDS
        wanted = f"{RENEWED_DAYS:g} days or more left"
        yield CertificateRow(subject=where, wanted=wanted, found=f"{days:.0f} days", passed=days >= RENEWED_DAYS)


async def _record_rows(where: str, found: dict[str, Any], network: Network) -> list[CertificateRow]:
    """Whether the CNAME by which ACM validates each name still stands."""
    wanted = {
        option["ResourceRecord"]["Name"]: option["ResourceRecord"]["Value"]
        for option in found.get("DomainValidationOptions", [])
        if "ResourceRecord" in option
    }
    rows = []
    for name, value in wanted.items():
        answer = await _cname(name, network)
        passed = answer.rstrip(".").lower() == value.rstrip(".").lower()
        told = "as ACM gave it" if passed else answer or "nothing"
        rows.append(CertificateRow(subject=where, wanted=f"validation record {name}", found=told, passed=passed))
    return rows


async def _cname(name: str, network: Network) -> str:
    server, query = network.resolvers[0], dns.message.make_query(name, "CNAME")
    try:
        answer, _ = await dns.asyncquery.udp_with_fallback(
            query, server.address, port=server.port, timeout=_TIMEOUT_SECONDS, ignore_unexpected=True
        )
    except (OSError, EOFError, dns.exception.DNSException) as error:
        return f"{server.address} does not say: {error or type(error).__name__}"
    values = [str(each) for found in answer.answer if found.rdtype == dns.rdatatype.CNAME for each in found]
    return values[0] if values else ""


async def _shown(what: str, host: str, name: str, network: Network) -> CertificateRow:
    """The handshake that a visitor makes: it fails where the certificate is of another name, or not valid now."""
    clock, wanted = network.clock(), "a certificate that visitors believe"
    try:
        async with clock.timeout_at(clock.now_seconds() + _TIMEOUT_SECONDS * network.speed):
            resolver = CachingResolver(nameservers=network.resolvers, clock=clock)
            raw = await connect_tcp((await resolver.addresses(name, Family.IPV4))[0], network.https_port)
            connection = await start_http(raw, tls=network.tls(), server_name=host)
        try:
            period = connection.certificate_period()
        finally:
            connection.abort()
    except (ResolutionError, MalformedResponseError, TimeoutError, EOFError, OSError) as error:
        told = str(error) or type(error).__name__
        return CertificateRow(subject=what, wanted=wanted, found=told, passed=False)
    days = 0.0 if period is None else (period[1] - unix_now()) / _DAY_SECONDS
    return CertificateRow(subject=what, wanted=wanted, found=f"valid for {days:.0f} days", passed=days > 0)
