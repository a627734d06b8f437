"""How certificates are proved and waited for (trap 22)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scripts.lint.distributions import DISTRIBUTION
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import RECORD
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.validation import (
    CERTIFICATE,
    OPTIONS,
    ValidationRecord,
    certificate_names,
    validation_records,
)
from scripts.lint.values import Expression, Value, expressions_in

_VALIDATION = "aws_acm_certificate_validation"
# {for o in CERTIFICATE.domain_validation_options : o.domain_name => ...}, with no condition that leaves names out.
_BY_DOMAIN_NAME = re.compile(r"\bfor\s+(\w+)\s+in\b[^:]*\bdomain_validation_options\b[^:]*:\s*\1\.domain_name\s*=>")
_CONDITION = re.compile(r"\bif\b")


def _validated_twice(configuration: Configuration) -> Iterator[Finding]:
    by_name: dict[tuple[str, str], ValidationRecord] = {}
    for record in validation_records(configuration):
        for name in sorted(record.names):
            first = by_name.setdefault((name, record.account), record)
            if first.resource != record.resource and first.block != record.block:
                yield at(record.resource, f"validation record of {name} is also made by {first.resource.address}")
                break


def _apex_and_wildcard(configuration: Configuration) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], ValidationRecord] = {}
    for record in validation_records(configuration):
        may_overwrite = record.resource.body.flag("allow_overwrite") or not record.resource.body.is_known(
            "allow_overwrite"
        )
        if record.certificate is None or may_overwrite:
            continue
        pairs = {name for name in record.names if f"*.{name}" in record.names}
        if pairs and _makes_each_name(record.resource):
            yield at(record.resource, f"one record each for {min(pairs)} and *.{min(pairs)}, which have the same one")
        for name in record.names if len(record.names) == 1 else ():
            first = seen.setdefault((*record.block, name.removeprefix("*.")), record)
            if first.resource != record.resource and first.names != record.names:
                yield at(record.resource, f"the record of {name} is also that of {min(first.names)}")


def _makes_each_name(record: Resource) -> bool:
    """Whether one block certainly makes a record for every validation option."""
    each, count = record.body.value("for_each"), record.body.value("count")
    if isinstance(each, Expression):
        return bool(_BY_DOMAIN_NAME.search(each.text)) and not _CONDITION.search(each.text)
    return (
        isinstance(count, Expression) and count.text.replace(" ", "").startswith("${length(") and OPTIONS in count.text
    )


def _not_waited_for(configuration: Configuration) -> Iterator[Finding]:
    plans = {document.name: document.shape == "plan" for document in configuration.documents}
    for resource, value in certificate_uses(configuration):
        certificate = configuration.resource(value, resource, CERTIFICATE) if isinstance(value, Expression) else None
        if certificate is None or certificate.is_data or certificate.document != resource.document:
            continue
        is_new = "create" in certificate.actions if plans.get(certificate.document) else True
        is_proved = certificate.body.text("validation_method") in ("DNS", "EMAIL")
        if is_new and is_proved and not _waits(configuration, resource, value, certificate):
            yield at(resource, f"takes {certificate.address} without its {_VALIDATION}")


def _waits(configuration: Configuration, resource: Resource, value: Value, certificate: Resource) -> bool:
    if configuration.resource(value, resource, _VALIDATION):
        return True
    validations = [one for one in configuration.of_type(_VALIDATION) if one.document == resource.document]
    return any(
        configuration.depends_on(resource, one)
        and configuration.resource(one.body.value("certificate_arn"), one, CERTIFICATE) in (certificate, None)
        for one in validations
    )


def certificate_uses(configuration: Configuration) -> Iterator[tuple[Resource, Value]]:
    """Yields (resource, certificate's ARN) of all that serves with a certificate of ACM."""
    for resource in configuration.of_type(DISTRIBUTION, "aws_cloudfront_multitenant_distribution"):
        yield resource, resource.body.block("viewer_certificate").value("acm_certificate_arn")
    yield from regional_certificate_uses(configuration)


def regional_certificate_uses(configuration: Configuration) -> Iterator[tuple[Resource, Value]]:
    """Yields (resource, certificate's ARN) of what takes a certificate of its own region."""
    for resource in configuration.of_type("aws_apigatewayv2_domain_name"):
        yield resource, resource.body.block("domain_name_configuration").value("certificate_arn")
    for resource in configuration.of_type("aws_api_gateway_domain_name"):
        yield resource, resource.body.value("regional_certificate_arn")
    for resource in configuration.of_type(
        "aws_lb_listener", "aws_alb_listener", "aws_lb_listener_certificate", "aws_alb_listener_certificate"
    ):
        yield resource, resource.body.value("certificate_arn")


def _kept_by_nobody(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.is_whole:
        return
    if any(_may_prove(resource) for resource in configuration.resources):
        return
    for name, certificates in _by_name(configuration).items():
        regions = {certificate.region for certificate in certificates}
        if None not in regions and len(regions) > 1 and _is_in_a_zone(configuration, name):
            listed = " and ".join(sorted(str(region) for region in regions))
            yield at(
                certificates[-1], f"{name} has certificates in {listed}, and nothing makes their validation record"
            )


def _may_prove(resource: Resource) -> bool:
    """Whether a resource takes validation options of any certificate, or is a record whose name is not known."""
    uses = [expression for expression in expressions_in(dict(resource.body.values)) if OPTIONS in expression.text]
    referred = [
        reference
        for expression in expressions_in(dict(resource.body.values))
        for reference in expression.references
        if OPTIONS in reference.attribute
    ]
    if resource.type != RECORD:
        return bool(uses or referred)
    return not resource.body.is_known("name") or (resource.body.text("name") or "").startswith("_")


def _by_name(configuration: Configuration) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for certificate in configuration.of_type(CERTIFICATE):
        if certificate.body.text("validation_method") == "DNS" and not certificate.role:
            for name in certificate_names(certificate):
                found[name.removeprefix("*.")].append(certificate)
    return found


def _is_in_a_zone(configuration: Configuration, name: str) -> bool:
    zones = [resource for resource in configuration.resources if resource.type == "aws_route53_zone"]
    suffixes = [(zone.body.text("name") or "").lower().rstrip(".") for zone in zones]
    return any(suffix and (name == suffix or name.endswith(f".{suffix}")) for suffix in suffixes)


_DNS_VALIDATION = "https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html"

RULES = (
    Rule(
        id="FW223",
        severity=Severity.WARNING,
        slug="validation-record-twice",
        title="A validation record made twice",
        why="One name has one validation CNAME in an account, whatever the region: two resources fight over it, and "
        "destroying one "
        "stops the renewal of both. allow_overwrite hides that.",
        source=_DNS_VALIDATION,
        remedy="Make validation records once, for one certificate; the other regions' certificates of that name use "
        "the same ones.",
        check=_validated_twice,
    ),
    Rule(
        id="FW225",
        slug="certificate-not-waited-for",
        title="A certificate that is used before it is issued",
        why="aws_acm_certificate is done when the certificate is asked for. CloudFront, API Gateway and load balancers refuse "
        "one that is not issued: the first apply fails, and so does the one that is to bring up a new region.",
        source="https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/acm_certificate_validation",
        remedy="Take certificate_arn of the aws_acm_certificate_validation, or add depends_on with it.",
        check=_not_waited_for,
    ),
    Rule(
        id="FW226",
        slug="apex-and-wildcard-validation",
        title="One validation record each for a name and its wildcard",
        why="ACM proves example.com and *.example.com by the same CNAME: the second record of for_each exists already, and "
        "apply fails.",
        source=_DNS_VALIDATION,
        remedy="Set allow_overwrite = true on that one block, or key for_each by resource_record_name with `...` and take the "
        "first of each.",
        check=_apex_and_wildcard,
    ),
    Rule(
        id="FW227",
        severity=Severity.WARNING,
        slug="validation-record-of-nobody",
        title="Certificates of two regions on a validation record that nothing keeps",
        why="Both regions' certificates of one name renew by one CNAME, every 198 days at most: whoever cleans up the zone lets"
        " both expire at once.",
        source=_DNS_VALIDATION,
        remedy="Make the record with aws_route53_record in a stack that outlives both certificates, and alarm on DaysToExpiry.",
        check=_kept_by_nobody,
    ),
)
