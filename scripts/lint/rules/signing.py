"""What CloudFront's signed requests cannot read, and names that a certificate does not cover (traps 19, 22)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.distributions import Distribution, distributions, spelled_name
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import records_of
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront
from scripts.lint.values import Value

_MRAP = ".mrap.accesspoint.s3-global.amazonaws.com"
_CERTIFICATE = "aws_acm_certificate"


def _writer_owns(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            bucket = distribution.bucket_of(origin)
            if bucket is None or origin.is_unset("origin_access_control_id"):
                continue
            for controls in configuration.users(bucket, "aws_s3_bucket_ownership_controls", "bucket"):
                if controls.body.block("rule").text("object_ownership") == "ObjectWriter":
                    yield at(controls, f"ObjectWriter on {bucket.address}, which {distribution.resource.address} reads")


def _regional_signature(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            value = origin.value("origin_access_control_id")
            control = configuration.resource(value, distribution.resource, "aws_cloudfront_origin_access_control")
            if spelled_name(origin).endswith(_MRAP) and control and control.body.text("signing_protocol") == "sigv4":
                yield at(control, f"sigv4 for origin {origin.text('origin_id')}, a Multi-Region Access Point")


def _uncovered_name(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        certificate = distribution.body.block("viewer_certificate").value("acm_certificate_arn")
        covered = _covered_names(configuration, certificate, distribution.resource)
        for name, resource in _served_names(configuration, distribution) if covered else []:
            if not _is_covered(name, covered):
                yield at(resource, f"{name} is not on the certificate of {distribution.resource.address}")
    for endpoint in configuration.of_type("aws_apigatewayv2_domain_name"):
        certificate = endpoint.body.block("domain_name_configuration").value("certificate_arn")
        covered, endpoint_name = _covered_names(configuration, certificate, endpoint), endpoint.body.text("domain_name")
        if covered and endpoint_name and not _is_covered(endpoint_name.lower(), covered):
            yield at(endpoint, f"{endpoint_name} is not on its certificate")


def _served_names(configuration: Configuration, distribution: Distribution) -> Iterator[tuple[str, Resource]]:
    """Yields (name, resource that brings it): the aliases, and records below a wildcard alias."""
    for alias in distribution.aliases:
        if "${" not in alias:
            yield alias, distribution.resource
    for record in records_of(configuration, distribution.resource):
        if record.name and record.name not in distribution.aliases and distribution.covers(record.name):
            yield record.name, record.resource


def _covered_names(configuration: Configuration, value: Value, near: Resource) -> set[str]:
    """Returns a certificate's names, none unless all are known."""
    certificate = configuration.resource(value, near, _CERTIFICATE)
    if certificate is None or certificate.is_data or certificate.body.text("domain_name") is None:
        return set()
    names = [*certificate.body.items("domain_name"), *certificate.body.items("subject_alternative_names")]
    known = {name.lower() for name in names if isinstance(name, str)}
    return known if len(known) and all(isinstance(name, str) for name in names) else set()


def _is_covered(name: str, covered: set[str]) -> bool:
    return name in covered or f"*.{name.partition('.')[2]}" in covered


_OAC = cloudfront("private-content-restricting-access-to-s3")

RULES = (
    Rule(
        id="FW195",
        severity=Severity.WARNING,
        slug="writer-owns-objects",
        title="Objects that belong to who wrote them, behind origin access control",
        why="The bucket's policy speaks for objects of the bucket's owner only: what another account wrote is 403.",
        source=_OAC,
        remedy='Set object_ownership = "BucketOwnerEnforced".',
        check=_writer_owns,
    ),
    Rule(
        id="FW196",
        slug="regional-signature-for-mrap",
        title="A Multi-Region Access Point signed by SigV4",
        why="A request that may end in any region has to be signed for all of them: SigV4 names one, and S3 refuses it.",
        source=cloudfront("private-content-restricting-access-to-s3-mrap"),
        remedy="Set signing_protocol = sigv4a (provider 6), or use an origin group of the two buckets.",
        check=_regional_signature,
    ),
    Rule(
        id="FW224",
        slug="name-not-on-certificate",
        title="A name that its certificate does not cover",
        why="CloudFront and API Gateway refuse a name without a certificate for it, at apply. A wildcard alias serves names of "
        "any depth, a wildcard certificate one level: below that browsers refuse the connection.",
        source=cloudfront("CNAMEs"),
        remedy="Add the name to the certificate's subject_alternative_names.",
        check=_uncovered_name,
    ),
)
