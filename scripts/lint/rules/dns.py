"""Settings that bind a domain for long: HSTS preload, CAA, DNSSEC (trap 31)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.records import RECORD, full_name
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import route53
from scripts.lint.values import Block

# https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html
_AMAZON = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}
_CAA = re.compile(r'\s*\d+\s+(?P<tag>issue|issuewild)\s+"?\s*(?P<name>[^";\s]*)', re.IGNORECASE)
_KEY_ARN = re.compile(r"arn:[^:]*:kms:(?P<region>[a-z0-9-]+):")
_SIGNING_REGION, _SIGNING_SPEC = "us-east-1", "ECC_NIST_P256"
_WEEK_SECONDS = 7 * 24 * 3600


def _preload(configuration: Configuration) -> Iterator[Finding]:
    for policy in configuration.of_type("aws_cloudfront_response_headers_policy"):
        transport = policy.body.block("security_headers_config").block("strict_transport_security")
        if transport.flag("preload"):
            yield at(policy, "strict_transport_security with preload = true")
        for item in policy.body.block("custom_headers_config").blocks("items"):
            is_transport = (item.text("header") or "").lower() == "strict-transport-security"
            if is_transport and "preload" in (item.text("value") or "").lower():
                yield at(policy, f"custom header {item.text('header')}: {item.text('value')}")


def _caa_without_amazon(configuration: Configuration) -> Iterator[Finding]:
    for record in configuration.of_type(RECORD):
        if (record.body.text("type") or "").upper() == "CAA" and record.body.is_known("records"):
            for tag in _tags_in_force(configuration, record):
                issuers = _issuers(record, tag)
                if issuers and not issuers & _AMAZON:
                    yield at(
                        record, f"CAA {tag} allows {', '.join(sorted(filter(None, issuers))) or 'nobody'}, not Amazon"
                    )


def _issuers(record: Resource, tag: str) -> set[str]:
    """Who may issue, "" for nobody; issuewild goes before issue for wildcard names (RFC 8659, section 4.3)."""
    found = [match for text in record.body.texts("records") if (match := _CAA.match(text))]
    return {match["name"].lower() for match in found if match["tag"].lower() == tag}


def _tags_in_force(configuration: Configuration, record: Resource) -> set[str]:
    """Returns the properties that ACM asks this record for: issue, or issuewild for a wildcard name, if both are there.

    ACM asks at each name of its certificates and then upwards (RFC 8659, section 3): a record above no such name binds other
    issuers only.
    """
    own = full_name(configuration, record)
    listed = {match["tag"].lower() for text in record.body.texts("records") if (match := _CAA.match(text))}
    names = configuration.once("names by CAA owner", lambda: _by_owner(configuration)).get(own, []) if own else []
    return {"issuewild" if name.startswith("*.") and "issuewild" in listed else "issue" for name in names}


def _by_owner(configuration: Configuration) -> dict[str | None, list[str]]:
    """Returns the name of a CAA record -> the names of certificates for which ACM asks it."""
    found: dict[str | None, list[str]] = defaultdict(list)
    for name in _public_names(configuration):
        found[_asked_for(configuration, name)].append(name)
    return found


def _public_names(configuration: Configuration) -> Iterator[str]:
    """Yields the names of certificates that ACM issues: neither imported nor of a private authority."""
    for certificate in configuration.of_type("aws_acm_certificate"):
        body = certificate.body
        if body.is_unset("private_key") and body.is_unset("certificate_authority_arn"):
            for key in ("domain_name", "subject_alternative_names"):
                yield from (name.lower().rstrip(".") for name in body.texts(key))


def _asked_for(configuration: Configuration, name: str) -> str | None:
    """Returns the name of the CAA record that counts for a certificate's name: the nearest at or above it."""
    owners = configuration.once("owners of CAA records", lambda: _owners(configuration))
    if None in owners or any("${" in owner for owner in owners if owner):
        return None
    labels = name.removeprefix("*.").split(".")
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return next((one for one in above if one in owners), None)


def _owners(configuration: Configuration) -> set[str | None]:
    """Returns the names with a CAA record, None for one whose name is not known."""
    return {
        full_name(configuration, record)
        for record in configuration.of_type(RECORD)
        if not record.body.is_known("type") or (record.body.text("type") or "").upper() == "CAA"
    }


def _long_signed_ttl(configuration: Configuration) -> Iterator[Finding]:
    signed = {
        zone.key
        for type_, key in (
            ("aws_route53_hosted_zone_dnssec", "hosted_zone_id"),
            ("aws_route53_key_signing_key", "hosted_zone_id"),
        )
        for resource in configuration.of_type(type_)
        if (zone := configuration.resource(resource.body.value(key), resource, "aws_route53_zone"))
    }
    for record in configuration.of_type(RECORD):
        zone_of = configuration.resource(record.body.value("zone_id"), record, "aws_route53_zone")
        ttl = record.body.number("ttl")
        if zone_of and zone_of.key in signed and ttl is not None and ttl > _WEEK_SECONDS:
            yield at(record, f"ttl {ttl:g} s in a zone signed by DNSSEC, at most {_WEEK_SECONDS} s")


def _wrong_signing_key(configuration: Configuration) -> Iterator[Finding]:
    for signing in configuration.of_type("aws_route53_key_signing_key"):
        value = signing.body.value("key_management_service_arn")
        key = configuration.resource(value, signing, "aws_kms_key")
        literal = _KEY_ARN.match(value) if isinstance(value, str) else None
        region = literal["region"] if literal else key.region if key else None
        if region and region != _SIGNING_REGION:
            yield at(signing, f"key in {region}, DNSSEC takes {_SIGNING_REGION} only")
        elif key and not key.is_data and _spec(key.body) not in (None, _SIGNING_SPEC):
            yield at(signing, f"{key.address} is {_spec(key.body)}, DNSSEC takes {_SIGNING_SPEC} only")


def _spec(key: Block) -> str | None:
    """Returns a key's kind, None when unknown."""
    spec = "customer_master_key_spec"
    return "SYMMETRIC_DEFAULT" if key.is_unset(spec) else key.text(spec)


RULES = (
    Rule(
        id="FW311",
        severity=Severity.NOTE,
        slug="hsts-preload",
        title="HSTS preload by default",
        why="Preload binds the whole domain to HTTPS in browsers for months, also names that others own, and is slow to undo.",
        source="https://hstspreload.org/#removal",
        remedy="Leave preload off, or make it a variable that the owner of the domain sets.",
        check=_preload,
    ),
    Rule(
        id="FW312",
        severity=Severity.WARNING,
        slug="caa-without-amazon",
        title="CAA that does not allow Amazon, above a name with a certificate of ACM",
        why="ACM can then neither issue nor renew: the certificate runs out months later, in both regions at once.",
        source="https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html",
        remedy='Add 0 issue "amazon.com" (or amazontrust.com, awstrust.com, amazonaws.com).',
        check=_caa_without_amazon,
    ),
    Rule(
        id="FW313",
        severity=Severity.WARNING,
        slug="dnssec-long-ttl",
        title="A TTL above a week in a signed zone",
        why="Signatures are renewed weekly: a record kept longer fails validation, and the name is gone for those users.",
        source=route53("dns-configuring-dnssec"),
        remedy="Set ttl to 604800 or less.",
        check=_long_signed_ttl,
    ),
    Rule(
        id="FW314",
        slug="dnssec-key",
        title="A key that DNSSEC does not take",
        why="Route 53 signs with a key of the kind ECC_NIST_P256 in us-east-1; plan accepts any, apply fails.",
        source=route53("dns-configuring-dnssec"),
        remedy='Make the key in us-east-1 with customer_master_key_spec = "ECC_NIST_P256" and key_usage = "SIGN_VERIFY".',
        check=_wrong_signing_key,
    ),
)
