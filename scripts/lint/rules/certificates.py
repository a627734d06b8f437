"""Certificates, TLS versions, and what the provider in use can express (traps 22, 23)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scripts.lint.checks import probes
from scripts.lint.distributions import distributions
from scripts.lint.model import Configuration, Document, Resource
from scripts.lint.records import RECORD
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import api_gateway, cloudfront
from scripts.lint.values import Expression, Value, expressions_in
from scripts.lint.versions import is_provider_5_only

_GLOBAL_REGION = "us-east-1"
_CERTIFICATE_ARN = re.compile(r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):")
_NEW_TLS = ("TLSv1.2_2025", "TLSv1.3_2025")


def _region(configuration: Configuration, value: Value, near: Resource) -> str | None:
    """The region of a certificate, None when unknown."""
    literal = _CERTIFICATE_ARN.match(value) if isinstance(value, str) else None
    if literal:
        return literal["region"]
    certificate = configuration.resource(value, near, "aws_acm_certificate")
    return certificate.region if certificate else None


def _cloudfront_certificate(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        value = distribution.body.block("viewer_certificate").value("acm_certificate_arn")
        region = _region(configuration, value, distribution.resource)
        if region and region != _GLOBAL_REGION:
            yield at(distribution.resource, f"certificate from {region}, CloudFront reads {_GLOBAL_REGION} only")


def _regional_certificate(configuration: Configuration) -> Iterator[Finding]:
    for resource, value in _regional_uses(configuration):
        region = _region(configuration, value, resource)
        if region and resource.region and region != resource.region:
            yield at(resource, f"certificate from {region} on an endpoint in {resource.region}")


def _regional_uses(configuration: Configuration) -> Iterator[tuple[Resource, Value]]:
    for resource in configuration.of_type("aws_apigatewayv2_domain_name"):
        yield resource, resource.body.block("domain_name_configuration").value("certificate_arn")
    for resource in configuration.of_type("aws_api_gateway_domain_name"):
        yield resource, resource.body.value("regional_certificate_arn")
    for resource in configuration.of_type("aws_lb_listener", "aws_alb_listener"):
        yield resource, resource.body.value("certificate_arn")


def _validated_twice(configuration: Configuration) -> Iterator[Finding]:
    by_name: dict[tuple[str, str], Resource] = {}
    for resource in configuration.of_type(RECORD):
        for name, account in _validated_names(configuration, resource):
            first = by_name.setdefault((name, account), resource)
            if first != resource:
                yield at(resource, f"validation record of {name} is also made by {first.address}")
                break


def _validated_names(configuration: Configuration, record: Resource) -> set[tuple[str, str]]:
    """What a validation record proves: the domain names, or the record's own name where that is known, and for which account.

    The account is told by the role of the certificate's provider; a record's own name holds it already.
    """
    name = record.body.value("name")
    if isinstance(name, str):
        targets = " ".join(record.body.texts("records"))
        is_validation = name.startswith("_") and "acm-validations.aws" in targets
        return {(name.lower().rstrip("."), "")} if is_validation else set()
    uses_options = any(
        "domain_validation_options" in expression.text or "domain_validation_options" in reference.attribute
        for expression in expressions_in(name)
        for reference in expression.references
    )
    certificate = configuration.resource(name, record, "aws_acm_certificate")
    if not uses_options or certificate is None or not isinstance(name, Expression):
        return set()
    return {(found, certificate.role) for found in _names_in(name, certificate)}


def _names_in(expression: Expression, certificate: Resource) -> set[str]:
    names = {name.lower() for name in _certificate_names(certificate)}
    named = {text.lower() for text in re.findall(r'"([^"]+)"', expression.text)} & names
    # `for_each` over the options makes a record for every name; an index picks one that is not known here.
    is_every_name = bool(expression.is_per_instance)
    return named or (names if is_every_name or len(names) == 1 else set())


def _certificate_names(certificate: Resource) -> list[str]:
    return [*certificate.body.texts("domain_name"), *certificate.body.texts("subject_alternative_names")]


def _beyond_provider(configuration: Configuration) -> Iterator[Finding]:
    old: Mapping[str, Document] = {
        document.name: document
        for document in configuration.documents
        if document.aws_provider_version and is_provider_5_only(document.aws_provider_version)
    }
    for resource in configuration.resources:
        if resource.document in old and not resource.is_data:
            for setting in _new_settings(resource):
                yield at(resource, f"{setting} with aws provider {old[resource.document].aws_provider_version}")


def _new_settings(resource: Resource) -> Iterator[str]:
    if resource.type == "aws_cloudfront_origin_access_control" and resource.body.text("signing_protocol") == "sigv4a":
        yield "signing_protocol sigv4a"
    if resource.type == "aws_cloudfront_distribution":
        version = resource.body.block("viewer_certificate").text("minimum_protocol_version")
        if version in _NEW_TLS:
            yield f"minimum_protocol_version {version}"
        for origin in resource.body.blocks("origin"):
            if not origin.block("s3_origin_config").is_unset("origin_read_timeout"):
                yield "s3_origin_config.origin_read_timeout"


def _tls13_only(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        version = probe.distribution.body.block("viewer_certificate").text("minimum_protocol_version") or ""
        if version.startswith("TLSv1.3") and probe.type.startswith("HTTPS"):
            yield at(
                probe.check, f"{probe.type} check of {probe.distribution.resource.address}, which offers {version} only"
            )


RULES = (
    Rule(
        id="FW221",
        slug="cloudfront-certificate-region",
        title="A CloudFront certificate outside us-east-1",
        why="CloudFront reads certificates of us-east-1 only; plan accepts any ARN, apply fails.",
        source=cloudfront("cnames-and-https-requirements"),
        remedy="Make the certificate with a provider for us-east-1.",
        check=_cloudfront_certificate,
    ),
    Rule(
        id="FW222",
        slug="regional-certificate-region",
        title="A regional endpoint's certificate from another region",
        why="API Gateway and load balancers read certificates of their own region only; plan accepts any ARN.",
        source=api_gateway("apigateway-regional-api-custom-domain-create"),
        remedy="Make one certificate per region, with that region's provider.",
        check=_regional_certificate,
    ),
    Rule(
        id="FW223",
        severity=Severity.WARNING,
        slug="validation-record-twice",
        title="A validation record made twice",
        why="One name has one validation CNAME in an account, whatever the region: two resources fight over it, and "
        "destroying one "
        "stops the renewal of both. allow_overwrite hides that.",
        source="https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html",
        remedy="Make validation records once, for one certificate; the other regions' certificates of that name use "
        "the same ones.",
        check=_validated_twice,
    ),
    Rule(
        id="FW231",
        slug="beyond-provider",
        title="A setting that provider 5 does not take",
        why="Provider 5.100.0 refuses sigv4a, TLSv1.2_2025 and newer, and an S3 origin's read timeout.",
        source="https://github.com/hashicorp/terraform-provider-aws/issues/49650",
        remedy="Allow provider 6, or stay with sigv4, TLSv1.2_2021 and updateRequestOrigin timeouts.",
        check=_beyond_provider,
    ),
    Rule(
        id="FW232",
        severity=Severity.WARNING,
        slug="tls13-only-with-checks",
        title="TLS 1.3 only, with HTTPS health checks",
        why="Health checkers need TLS 1.0, 1.1 or 1.2: the check may fail while users are served.",
        source="https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html",
        remedy="Offer TLS 1.2 too (TLSv1.2_2021), or check over HTTP.",
        check=_tls13_only,
    ),
)
