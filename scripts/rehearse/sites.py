"""What was applied, as viewers meet it: each distribution with its name, origins and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.message
import dns.query

from scripts.local.endpoints import Endpoints
from scripts.rehearse.surroundings import clients

PAGE = b"<!DOCTYPE html><html><title>A page of this rehearsal</title><p>Good.</p></html>\n"
UNCACHED_PAGES = 400
_BUCKET = re.compile(r"(?P<bucket>.+)\.s3(?:-website)?[.-](?:[a-z]+-[a-z]+-\d\.)?amazonaws\.com")
_LABEL_FOR_WILDCARD = "rehearsal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An origin: a bucket in a region, or the domain name of a web server."""

    id: str
    domain_name: str
    bucket: str = ""
    region: str = ""
    path: str = ""

    @property
    def fault_target(self) -> str:
        """What a fault on it is aimed at."""
        return f"s3:{self.region}" if self.bucket else f"origin:{self.domain_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A distribution.

    Attributes:
        hostname: what viewers ask for: the first alternate name that DNS answers for, else the distribution's own.
        origins: of the default behaviour, in order of priority.
        page: path of the page that the edge is to hold.
        unanswered: alternate names that DNS does not answer for.
        names: all alternate names.
    """

    id: str
    domain_name: str
    hostname: str
    origins: tuple[Origin, ...]
    page: str
    unanswered: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def uncached(self, number: int) -> str:
        """Return the path of a page that nobody has asked for."""
        return f"/rehearsal-{number}.txt"


def sites_of(endpoints: Endpoints) -> list[Site]:
    """Return the enabled distributions, those with a name of one's own first."""
    cloudfront = clients(endpoints, "cloudfront")
    pages = cloudfront.get_paginator("list_distributions").paginate()
    ids = [item["Id"] for page in pages for item in page["DistributionList"].get("Items", ())]
    found = [_site(cloudfront.get_distribution(Id=id_)["Distribution"], endpoints) for id_ in ids]
    return sorted((site for site in found if site), key=lambda site: site.hostname == site.domain_name)


def undrilled_names(endpoints: Endpoints, sites: Sequence[Site]) -> list[str]:
    """Return a sentence for each name whose records have a routing policy and of which no distribution is known.

    Viewers of a rehearsal come through CloudFront: what load balancers, addresses and other services serve is not looked at.
    """
    route53 = clients(endpoints, "route53")
    drilled = {name for site in sites for name in (site.hostname, *site.names)}
    found: dict[str, set[str]] = {}
    for zone in route53.list_hosted_zones()["HostedZones"]:
        pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
        for record in (each for page in pages for each in page["ResourceRecordSets"]):
            name = record["Name"].rstrip(".").replace("\\052", "*")
            if record.get("SetIdentifier") and name not in drilled:
                found.setdefault(name, set()).update(_targets(record))
    return [
        f"{name} is answered with one of {', '.join(sorted(targets))}, and no distribution has that name: it was not drilled"
        for name, targets in sorted(found.items())
    ]


def _targets(record: Mapping[str, Any]) -> Iterator[str]:
    if "AliasTarget" in record:
        yield record["AliasTarget"]["DNSName"].rstrip(".")
    yield from (each["Value"] for each in record.get("ResourceRecords", ()))


def _site(distribution: Mapping[str, Any], endpoints: Endpoints) -> Site | None:
    config = distribution["DistributionConfig"]
    if not config["Enabled"]:
        return None
    aliases = [alias.replace("*", _LABEL_FOR_WILDCARD) for alias in (config.get("Aliases") or {}).get("Items", ())]
    answered = [alias for alias in aliases if is_answered(endpoints, alias)]
    root = config.get("DefaultRootObject") or "index.html"
    return Site(
        id=distribution["Id"],
        domain_name=distribution["DomainName"],
        hostname=answered[0] if answered else distribution["DomainName"],
        origins=tuple(_origins(config, endpoints)),
        page=f"/{root}",
        unanswered=tuple(alias for alias in aliases if alias not in answered),
        names=tuple((config.get("Aliases") or {}).get("Items", ())),
    )


def _origins(config: Mapping[str, Any], endpoints: Endpoints) -> Iterator[Origin]:
    target = config["DefaultCacheBehavior"]["TargetOriginId"]
    groups = {group["Id"]: group for group in (config.get("OriginGroups") or {}).get("Items", ())}
    members = groups[target]["Members"]["Items"] if target in groups else [{"OriginId": target}]
    by_id = {origin["Id"]: origin for origin in config["Origins"]["Items"]}
    for origin in (by_id[member["OriginId"]] for member in members):
        name, path = origin["DomainName"].lower(), (origin.get("OriginPath") or "").strip("/")
        match = _BUCKET.fullmatch(name)
        bucket = match["bucket"] if match else ""
        region = _region(bucket, endpoints) if bucket else ""
        yield Origin(id=origin["Id"], domain_name=name, bucket=bucket if region else "", region=region, path=path)


def _region(bucket: str, endpoints: Endpoints) -> str:
    s3 = clients(endpoints, "s3")
    try:
        return s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
    except s3.exceptions.ClientError:
        return ""


def is_answered(endpoints: Endpoints, name: str) -> bool:
    """Return whether localcloud's DNS has an address for a name."""
    query = dns.message.make_query(name, "A")
    try:
        answer = dns.query.udp(query, endpoints.dns.address, port=endpoints.dns.port, timeout=10)
    except (dns.exception.DNSException, OSError):
        return False
    return any(item for rrset in answer.answer for item in rrset if rrset.rdtype.name == "A")


def publish(site: Site, endpoints: Endpoints) -> list[str]:
    """Put pages into the buckets of a site where they are missing; return the buckets."""
    buckets = []
    for origin in site.origins:
        if not origin.bucket:
            continue
        s3 = clients(endpoints, "s3", origin.region)
        prefix = f"{origin.path}/" if origin.path else ""
        held = {item["Key"] for item in s3.list_objects_v2(Bucket=origin.bucket).get("Contents", ())}
        if f"{prefix}{site.page.strip('/')}" not in held:
            s3.put_object(
                Bucket=origin.bucket, Key=f"{prefix}{site.page.strip('/')}", Body=PAGE, ContentType="text/html"
            )
        for number in range(UNCACHED_PAGES):
            key = f"{prefix}{site.uncached(number).strip('/')}"
            s3.put_object(Bucket=origin.bucket, Key=key, Body=b"good\n", ContentType="text/plain")
        buckets.append(origin.bucket)
    return buckets
