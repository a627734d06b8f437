"""What a plan names by an identity of the user's account: a zone by its id, a certificate by its ARN, a bucket by its host.

On localcloud they are nowhere. They are made there, and the copy names what was made; the plan is then made again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from scripts.lint.model import Configuration
from scripts.local.endpoints import Endpoints
from scripts.rehearse.surroundings import certificate, clients, is_bucket_name, public_bucket

_CERTIFICATE = re.compile(r"arn:aws[\w-]*:acm:(?P<region>[a-z0-9-]+):\d{12}:certificate/[\w-]+")
_WEB_ACL = re.compile(r"arn:aws[\w-]*:wafv2:us-east-1:\d{12}:global/webacl/(?P<name>[\w-]+)/[\w-]+")
_ZONE = re.compile(r"Z[A-Z0-9]{1,31}")
_BUCKET_HOST = re.compile(r"(?P<bucket>.+?)\.s3(?:[.-](?P<region>[a-z]{2}-[a-z-]+-\d))?\.amazonaws\.com")
_OF_CERTIFICATES = frozenset({"acm_certificate_arn", "certificate_arn", "regional_certificate_arn"})
_ZONE_TYPE, _NAMED = "aws_route53_zone", ("aws_route53_record", "aws_acm_certificate")
_TEXTS = ("*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json")
FALLBACK_ZONE = "example.com"
"""Where no name tells which zone it is: a name of documentation (RFC 2606)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Identities that a plan knows and does not make.

    Attributes:
        zones: id -> name, guessed from the names of what is in it.
        certificates: ARN -> names that it has to be valid for.
        web_acls: ARN -> name.
        buckets: name -> region, of origins.
    """

    zones: Mapping[str, str] = field(default_factory=dict)
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    web_acls: Mapping[str, str] = field(default_factory=dict)
    buckets: Mapping[str, str] = field(default_factory=dict)


def named(plan: Mapping[str, Any]) -> Named:
    """Return what a plan (`terraform show -json`) names, whether it is there or not."""
    planned = [
        (each["type"], each["change"]["after"])
        for each in plan.get("resource_changes", ())
        if each.get("mode") == "managed" and each["change"].get("after")
    ]
    distributions = [after for type_, after in planned if type_ == "aws_cloudfront_distribution"]
    aliases = tuple(dict.fromkeys(alias for after in distributions for alias in after.get("aliases") or ()))
    in_zone: dict[str, list[str]] = {}
    for type_, after in planned:
        id_ = after.get("zone_id") or after.get("hosted_zone_id")
        if type_.startswith("aws_route53_") and isinstance(id_, str) and _ZONE.fullmatch(id_):
            in_zone.setdefault(id_, []).append(str(after.get("name") or ""))
    certificates = {
        arn: aliases or (FALLBACK_ZONE,)
        for _, after in planned
        for arn in _texts_of(after, _OF_CERTIFICATES)
        if _CERTIFICATE.fullmatch(arn)
    }
    return Named(
        zones={id_: zone_of([*names, *aliases]) for id_, names in in_zone.items()},
        certificates=certificates,
        web_acls={
            arn: match["name"]
            for after in distributions
            for arn in _texts_of(after, {"web_acl_id"})
            if (match := _WEB_ACL.fullmatch(arn))
        },
        buckets=dict(_buckets(planned)),
    )


def looked_up(configuration: Configuration) -> Named:
    """Return the zones that a configuration looks up by their ids: without them there is no plan."""
    names = [
        name
        for each in configuration.resources
        for name in (
            *each.body.texts("aliases"),
            *(each.body.text(key) or "" for key in ("name", "domain_name") if each.type in _NAMED),
        )
    ]
    ids = (each.body.text("zone_id") for each in configuration.resources if each.is_data and each.type == _ZONE_TYPE)
    return Named(zones={id_: zone_of(names) for id_ in ids if id_ and _ZONE.fullmatch(id_)})


def zone_of(names: Iterable[str]) -> str:
    """Return a zone in which all full names among these can be, the closest; of a single name below a domain that domain."""
    full = sorted({name.rstrip(".").lower().removeprefix("*.") for name in names if "." in name.rstrip(".")})
    if not full:
        return FALLBACK_ZONE
    shared = full[0].split(".")
    for name in full[1:]:
        labels = name.split(".")
        while shared != labels[len(labels) - len(shared) :]:
            shared = shared[1:]
    if len(shared) < 2:  # two domains: the first one counts
        return zone_of(full[:1])
    return ".".join(shared[1:] if len(full) == 1 and len(shared) > 2 else shared)


def _texts_of(value: object, keys: Collection[str]) -> Iterator[str]:
    """Yield the texts of attributes of these names, however deep."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in keys and isinstance(each, str):
                yield each
            else:
                yield from _texts_of(each, keys)
    elif isinstance(value, list):
        for each in value:
            yield from _texts_of(each, keys)


def _buckets(planned: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, str]]:
    """Yield the buckets of origins whose hosts are known before anything is made, with their regions."""
    own = {after.get("bucket") for type_, after in planned if type_ == "aws_s3_bucket"}
    for type_, after in planned:
        if type_ != "aws_cloudfront_distribution":
            continue
        for origin in after.get("origin") or ():
            match = _BUCKET_HOST.fullmatch(str(origin.get("domain_name") or "").lower())
            if match and match["bucket"] not in own:
                yield match["bucket"], match["region"] or "us-east-1"


def supply(wanted: Named, endpoints: Endpoints, copy: Path) -> tuple[list[str], bool]:
    """Make what is named and localcloud lacks; return a phrase for each, and whether the copy was changed."""
    made: list[str] = []
    instead: dict[str, str] = {}
    route53 = clients(endpoints, "route53")
    zones = route53.list_hosted_zones()["HostedZones"]
    there = {zone["Name"].rstrip("."): zone["Id"].rpartition("/")[2] for zone in zones}
    for id_, name in wanted.zones.items():
        if id_ not in there.values() and _is_written(id_, copy):
            if name not in there:
                zone = route53.create_hosted_zone(Name=name, CallerReference=f"rehearsal {id_}")["HostedZone"]
                there[name] = zone["Id"].rpartition("/")[2]
            instead[id_] = there[name]
            made.append(f"hosted zone {name} for {id_}")
    for arn, names in wanted.certificates.items():
        region = arn.split(":")[3]
        summaries = clients(endpoints, "acm", region).list_certificates()["CertificateSummaryList"]
        if arn not in {each["CertificateArn"] for each in summaries} and _is_written(arn, copy):
            with suppress(ClientError):  # a name that AWS refuses: Terraform will say so
                instead[arn] = certificate(endpoints, region, names)
        if arn in instead:
            made.append(f"certificate of {', '.join(names)} in {region} for {arn.rpartition('/')[2]}")
    for arn, name in wanted.web_acls.items():
        if _is_written(arn, copy):
            instead[arn] = _web_acl(endpoints, name)
            made.append(f"web ACL {name}, which lets everything pass")
    held = {bucket["Name"] for bucket in clients(endpoints, "s3").list_buckets()["Buckets"]}
    for bucket, region in wanted.buckets.items():
        if bucket not in held and is_bucket_name(bucket):
            public_bucket(endpoints, bucket, region)
            made.append(f"bucket {bucket} in {region}, which everybody may read")
    if instead:
        _replace(copy, instead)
    return made, bool(instead)


def _web_acl(endpoints: Endpoints, name: str) -> str:
    visible = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "rehearsal"}
    summary = clients(endpoints, "wafv2").create_web_acl(
        Name=name, Scope="CLOUDFRONT", DefaultAction={"Allow": {}}, VisibilityConfig=visible
    )["Summary"]
    return str(summary["ARN"])


def _is_written(identity: str, copy: Path) -> bool:
    return any(identity.encode() in file.read_bytes() for file in _files(copy))


def _files(copy: Path) -> Iterator[Path]:
    return (file for pattern in _TEXTS for file in sorted(copy.rglob(pattern)) if ".terraform" not in file.parts)


def _replace(copy: Path, instead: Mapping[str, str]) -> None:
    for file in _files(copy):
        before = text = file.read_bytes()
        for old, new in instead.items():
            text = re.sub(rb"(?<![\w/-])" + re.escape(old.encode()) + rb"(?![\w-])", new.encode(), text)
        if text != before:
            file.write_bytes(text)
