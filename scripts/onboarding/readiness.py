"""Whether this machine, the account and the domain are ready for a site: one look each, with a remedy for what is not.

A look never raises: what cannot be looked at is `unknown`, with the reason, and is never taken for ready.
"""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts.aws.clients import aws_client, caller_account, translated
from scripts.errors import OpsError
from scripts.probe.authority import ask
from scripts.probe.network import Network
from scripts.probe.resolver import ResolutionError
from scripts.terraform import provider_source, toolchain

GLOBAL_REGION = "us-east-1"
# https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html
AMAZONS_AUTHORITIES = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
# The parity check and the endpoint reserve nothing by themselves; a new account has 10 executions at once in a region:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
FEWEST_EXECUTIONS = 50
SHORTEST_CERTIFICATE_DAYS = 45


class State(StrEnum):
    """What a look found."""

    READY = "ready"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing that was looked at.

    Attributes:
        subject: what.
        detail: what was found.
        remedy: what to do; "" when it is ready.
    """

    subject: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the synthesized stacks say of the site.

    Attributes:
        regions: of the site and its state.
    """

    domain: str
    hostname: str
    regions: tuple[str, ...]


def machine() -> Iterator[Look]:
    """Looks at what set-up and synthesis need on this machine."""
    yield Look(subject="Python", state=State.READY, detail=platform.python_version())
    yield _tool("Terraform", lambda: f"{toolchain.terraform().product} {_shown(toolchain.terraform())}")
    yield _tool("Node.js", lambda: _shown(toolchain.node()))
    yield _tool("AWS provider", lambda: str(provider_source.provider()))
    for name, folder in (("home folder", Path.home()), ("temporary folder", Path(tempfile.gettempdir()))):
        yield _writable(name, folder)


def account(regions: Iterable[str]) -> Iterator[Look]:
    """Looks at the credentials and, with them, at the account's regions and quotas."""
    try:
        number = caller_account(GLOBAL_REGION)
    except OpsError as error:
        yield Look(
            subject="credentials",
            state=State.PROBLEM,
            detail=str(error),
            remedy="sign in (`aws sso login`, or set AWS_PROFILE), then run this again",
        )
        return
    yield Look(subject="credentials", state=State.READY, detail=f"account {number}")
    yield from _opted_in(sorted(set(regions)))
    for region in sorted(set(regions)):
        yield _executions(region)


def domain(site: Site, network: Network) -> Iterator[Look]:
    """Looks at the delegation of the domain and at who may issue certificates for it."""
    yield _delegation(site, network)
    yield _authorities(site, network)


def certificates(site: Site) -> Iterator[Look]:
    """Looks at the site's certificates, in the regions that have one already."""
    for region in sorted({GLOBAL_REGION, *site.regions}):
        yield from _certificates(site, region)


def _tool(subject: str, find: Callable[[], str]) -> Look:
    try:
        return Look(subject=subject, state=State.READY, detail=find())
    except OpsError as error:
        return Look(subject=subject, state=State.PROBLEM, detail=str(error), remedy="the message says what to install")


def _shown(tool: toolchain.Tool) -> str:
    return f"{'.'.join(map(str, tool.version))}, {tool.path}"


def _writable(subject: str, folder: Path) -> Look:
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            free_bytes = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    except OSError as error:
        return Look(
            subject=subject,
            state=State.PROBLEM,
            detail=f"{folder}: {error.strerror}",
            remedy="jsii keeps its cache there: make it writable, or set HOME or TMPDIR to a folder that is",
        )
    if free_bytes < 1_000_000_000:
        remedy = "free 1 GB: jsii's cache and the provider need it"
        return Look(
            subject=subject, state=State.PROBLEM, detail=f"{folder}: {free_bytes / 1e6:.0f} MB free", remedy=remedy
        )
    return Look(subject=subject, state=State.READY, detail=f"{folder}, {free_bytes / 1e9:.0f} GB free")


def _opted_in(regions: list[str]) -> Iterator[Look]:
    """Regions of after 2019 are off until asked for.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    try:
        with translated("DescribeRegions", "the account's regions"):
            answer = aws_client("ec2", region=GLOBAL_REGION).describe_regions(AllRegions=True)
    except OpsError as error:
        yield Look(subject="regions", state=State.UNKNOWN, detail=str(error), remedy="needs ec2:DescribeRegions")
        return
    found = {each["RegionName"]: each.get("OptInStatus", "opt-in-not-required") for each in answer["Regions"]}
    for region in regions:
        status = found.get(region, "unknown to this account")
        if status in ("opted-in", "opt-in-not-required"):
            yield Look(subject=f"region {region}", state=State.READY, detail=status)
        else:
            remedy = f"enable it: aws account enable-region --region-name {region}; that takes minutes to hours"
            yield Look(subject=f"region {region}", state=State.PROBLEM, detail=status, remedy=remedy)


def _executions(region: str) -> Look:
    subject = f"Lambda executions in {region}"
    try:
        with translated("GetAccountSettings", subject, region=region):
            limit = aws_client("lambda", region=region, is_hasty=True).get_account_settings()["AccountLimit"]
    except OpsError as error:
        return Look(subject=subject, state=State.UNKNOWN, detail=str(error), remedy="needs lambda:GetAccountSettings")
    return _enough(subject, int(limit["ConcurrentExecutions"]))


def _enough(subject: str, count: int) -> Look:
    if count < FEWEST_EXECUTIONS:
        remedy = "ask for more (Service Quotas, L-B99A9384): during a failover every visitor's page runs the endpoint's function"
        return Look(subject=subject, state=State.PROBLEM, detail=f"{count} at once", remedy=remedy)
    return Look(subject=subject, state=State.READY, detail=f"{count} at once")


def _ask(network: Network, name: str, record_type: str) -> tuple[str, ...]:
    """Returns the records of a name; none where the name is not known.

    Raises:
        ResolutionError: the resolver is silent, or fails.
    """
    try:
        return asyncio.run(ask(network.resolvers[0], name, record_type, network.clock())).values
    except ResolutionError as error:
        if "NXDOMAIN" in str(error):
            return ()
        raise


def _delegation(site: Site, network: Network) -> Look:
    """Compares the NS records that the world sees with those of the account's hosted zone."""
    subject = f"delegation of {site.domain}"
    try:
        seen = {name.rstrip(".") for name in _ask(network, site.domain, "NS")}
        with translated("ListHostedZonesByName", site.domain):
            zones = aws_client("route53", region=GLOBAL_REGION).list_hosted_zones_by_name(DNSName=site.domain)[
                "HostedZones"
            ]
        ids = [
            zone["Id"]
            for zone in zones
            if zone["Name"].rstrip(".") == site.domain and not zone["Config"]["PrivateZone"]
        ]
        with translated("GetHostedZone", site.domain):
            client = aws_client("route53", region=GLOBAL_REGION)
            ours = [
                {each.lower() for each in client.get_hosted_zone(Id=id_)["DelegationSet"]["NameServers"]} for id_ in ids
            ]
    except (OpsError, ResolutionError) as error:
        return Look(
            subject=subject, state=State.UNKNOWN, detail=str(error), remedy="ask again when DNS and Route 53 answer"
        )
    if not ours:
        remedy = "deploy the stack dns, or name the zone in site.hosted_zone_id; then enter its name servers at your registrar"
        return Look(
            subject=subject, state=State.PROBLEM, detail="this account has no hosted zone of that name", remedy=remedy
        )
    if seen not in ours:
        remedy = f"enter these name servers at your registrar: {', '.join(sorted(ours[0]))}"
        return Look(
            subject=subject,
            state=State.PROBLEM,
            detail=f"the world sees {', '.join(sorted(seen)) or 'none'}",
            remedy=remedy,
        )
    return Look(subject=subject, state=State.READY, detail=", ".join(sorted(seen)))


def _authorities(site: Site, network: Network) -> Look:
    """CAA of the name or of the nearest parent that has one: https://www.rfc-editor.org/rfc/rfc8659#section-3."""
    subject = f"CAA of {site.hostname}"
    labels = site.hostname.split(".")
    try:
        for start in range(len(labels) - 1):
            name = ".".join(labels[start:])
            if values := _ask(network, name, "CAA"):
                return _judged(subject, name, values)
    except ResolutionError as error:
        return Look(subject=subject, state=State.UNKNOWN, detail=str(error), remedy="ask again when DNS answers")
    return Look(subject=subject, state=State.READY, detail="none, so every authority may issue")


def _judged(subject: str, name: str, values: tuple[str, ...]) -> Look:
    issuers = [value for value in values if " issue " in f" {value} "]
    if not issuers or any(each in value for value in issuers for each in AMAZONS_AUTHORITIES):
        return Look(subject=subject, state=State.READY, detail=f"{name} admits Amazon")
    remedy = f'add `0 issue "amazon.com"` to the CAA records of {name}: else no certificate is issued'
    return Look(subject=subject, state=State.PROBLEM, detail=f"{name} admits {', '.join(issuers)} only", remedy=remedy)


def _certificates(site: Site, region: str) -> Iterator[Look]:
    subject = f"certificate in {region}"
    try:
        with translated("ListCertificates", subject, region=region):
            client = aws_client("acm", region=region, is_hasty=True)
            found = [
                each
                for page in client.get_paginator("list_certificates").paginate()
                for each in page["CertificateSummaryList"]
            ]
            ours = [each for each in found if _covers(each, site.hostname)]
            described = [
                client.describe_certificate(CertificateArn=each["CertificateArn"])["Certificate"] for each in ours
            ]
    except OpsError as error:
        yield Look(subject=subject, state=State.UNKNOWN, detail=str(error), remedy="needs acm:ListCertificates")
        return
    yield from (_certificate(subject, each) for each in described)


def _covers(summary: Mapping[str, Any], hostname: str) -> bool:
    names = {summary.get("DomainName"), *summary.get("SubjectAlternativeNameSummaries", ())}
    return hostname in names or f"*.{hostname.partition('.')[2]}" in names


def _certificate(subject: str, certificate: Mapping[str, Any]) -> Look:
    status = str(certificate["Status"])
    if status != "ISSUED":
        remedy = "look at its validation records: each name's CNAME must be in the zone, and the zone delegated"
        return Look(subject=subject, state=State.PROBLEM, detail=status, remedy=remedy)
    ends = certificate.get("NotAfter")
    if ends is None:
        return Look(subject=subject, state=State.READY, detail="issued")
    days = (ends - ends.now(ends.tzinfo)).days
    if days < SHORTEST_CERTIFICATE_DAYS:
        remedy = "ACM renews 60 days before the end: its validation record is gone, or it is in use nowhere"
        return Look(subject=subject, state=State.PROBLEM, detail=f"expires in {days} days", remedy=remedy)
    return Look(subject=subject, state=State.READY, detail=f"issued, {days} days left")
