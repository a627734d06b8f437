"""Certificates, TLS versions, and what the provider in use can express (traps 22, 23)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.checks import health_checks, probes, resource_asked
from scripts.lint.distributions import DISTRIBUTION, distributions
from scripts.lint.model import Configuration, Resource
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.rules.validation import regional_certificate_uses
from scripts.lint.sources import api_gateway, cloudfront
from scripts.lint.values import Value
from scripts.lint.versions import lacks_release_since

_GLOBAL_REGION = "us-east-1"
_CERTIFICATE_ARN = re.compile(r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):")
_NEW_TLS = ("TLSv1.2_2025", "TLSv1.3_2025")
# Looked up on 2026-11-30: https://github.com/hashicorp/terraform-provider-aws/blob/main/CHANGELOG.md
_NEWEST_PROVIDER = "6.69.1"
_HTTPS_PORT = 443
# ELBSecurityPolicy-TLS13-1-3-..., and SecurityPolicy_TLS13_1_3_... of REST APIs:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
_TLS13_ONLY = re.compile(r"TLS13[-_]1[-_]3(?![0-9])")
_NEXT_MAJOR, _COMPLETION_TIMEOUT_SINCE = (6, 0, 0), (6, 13, 0)


def _region(configuration: Configuration, value: Value, near: Resource) -> str | None:
    """The region of a certificate, None when unknown."""
    literal = _CERTIFICATE_ARN.match(value) if isinstance(value, str) else None
    if literal:
        return literal["region"]
    certificate = configuration.resource(value, near, "aws_acm_certificate")
    return certificate.region if certificate else None


def _cloudfront_certificate(configuration: Configuration) -> Iterator[Finding]:
    for resource, value in _global_uses(configuration):
        region = _region(configuration, value, resource)
        if region and region != _GLOBAL_REGION:
            yield at(resource, f"certificate from {region}, CloudFront reads {_GLOBAL_REGION} only")


def _global_uses(configuration: Configuration) -> Iterator[tuple[Resource, Value]]:
    """Yields (resource, certificate's ARN) of distributions, tenants, and edge-optimized names of API Gateway."""
    for resource in configuration.of_type(DISTRIBUTION, "aws_cloudfront_multitenant_distribution"):
        yield resource, resource.body.block("viewer_certificate").value("acm_certificate_arn")
    for resource in configuration.of_type("aws_cloudfront_distribution_tenant"):
        yield resource, resource.body.block("customizations").block("certificate").value("arn")
    for resource in configuration.of_type("aws_api_gateway_domain_name"):
        yield resource, resource.body.value("certificate_arn")


def _default_certificate(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        if (
            distribution.body.block("viewer_certificate").flag("cloudfront_default_certificate")
            and distribution.aliases
        ):
            names = ", ".join(sorted(distribution.body.texts("aliases"))) or "its aliases"
            yield at(distribution.resource, f"cloudfront_default_certificate for {names}")


def _regional_certificate(configuration: Configuration) -> Iterator[Finding]:
    for resource, value in regional_certificate_uses(configuration):
        region = _region(configuration, value, resource)
        if region and resource.region and region != resource.region:
            yield at(resource, f"certificate from {region} on an endpoint in {resource.region}")


def _beyond_provider(configuration: Configuration) -> Iterator[Finding]:
    constraints = {document.name: document.aws_provider_version for document in configuration.documents}
    for resource in configuration.resources:
        constraint = constraints.get(resource.document) or ""
        for setting, first in () if resource.is_data else _new_settings(resource):
            if first is None:
                yield at(resource, f"{setting}, which no aws provider up to {_NEWEST_PROVIDER} takes")
            elif lacks_release_since(constraint, first):
                yield at(
                    resource, f"{setting} with aws provider {constraint}, in which it is since {first[0]}.{first[1]}"
                )


def _new_settings(resource: Resource) -> Iterator[tuple[str, tuple[int, int, int] | None]]:
    """Yields (setting, the first release of the provider that takes it, None when there is none yet)."""
    body = resource.body
    if resource.type == "aws_cloudfront_origin_access_control" and body.text("signing_protocol") == "sigv4a":
        yield "signing_protocol sigv4a", _NEXT_MAJOR
    if resource.type == "aws_route53_zone" and not body.is_unset("enable_accelerated_recovery"):
        yield "enable_accelerated_recovery", _NEXT_MAJOR
    if resource.type == "aws_cloudfront_distribution":
        version = body.block("viewer_certificate").text("minimum_protocol_version")
        if version in _NEW_TLS:
            yield f"minimum_protocol_version {version}", _NEXT_MAJOR
        for origin in body.blocks("origin"):
            if not origin.block("s3_origin_config").is_unset("origin_read_timeout"):
                yield "s3_origin_config.origin_read_timeout", None
            if origin.number("response_completion_timeout"):
                yield "response_completion_timeout", _COMPLETION_TIMEOUT_SINCE


def _tls13_only(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        version = probe.distribution.body.block("viewer_certificate").text("minimum_protocol_version") or ""
        if version.startswith("TLSv1.3") and probe.type.startswith("HTTPS"):
            yield at(
                probe.check, f"{probe.type} check of {probe.distribution.resource.address}, which offers {version} only"
            )
    for check in health_checks(configuration):
        if (check.body.text("type") or "").startswith("HTTPS"):
            for endpoint, policy in _endpoint_policies(configuration, check):
                if _TLS13_ONLY.search(policy):
                    yield at(
                        check, f"{check.body.text('type')} check of {endpoint.address}, which offers {policy} only"
                    )


def _endpoint_policies(configuration: Configuration, check: Resource) -> Iterator[tuple[Resource, str]]:
    """Yields (endpoint, TLS policy) of the load balancer's listeners at the checked port, or the API's domain name."""
    balancer = resource_asked(configuration, check, "aws_lb", "aws_alb")
    port = check.body.number("port") or _HTTPS_PORT
    for type_ in ("aws_lb_listener", "aws_alb_listener") if balancer and check.body.is_known("port") else ():
        for listener in configuration.users(balancer, type_, "load_balancer_arn") if balancer else []:
            if listener.body.number("port") == port:
                yield listener, listener.body.text("ssl_policy") or ""
    name = resource_asked(configuration, check, "aws_api_gateway_domain_name")
    if name is not None:
        yield name, name.body.text("security_policy") or ""


RULES = (
    Rule(
        id="FW221",
        slug="cloudfront-certificate-region",
        title="A CloudFront certificate outside us-east-1",
        why="CloudFront, and with it tenants and edge-optimized names of API Gateway, reads certificates of us-east-1 only; "
        "plan accepts any ARN, apply fails.",
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
        id="FW228",
        slug="alias-on-default-certificate",
        title="An alias with CloudFront's own certificate",
        why="CloudFront's certificate is for *.cloudfront.net: a distribution with aliases and no certificate of theirs is "
        "refused at apply, plan accepts it.",
        source=cloudfront("cnames-and-https-requirements"),
        remedy="Set acm_certificate_arn to a certificate of us-east-1 that has the names, and ssl_support_method.",
        check=_default_certificate,
    ),
    Rule(
        id="FW231",
        slug="beyond-provider",
        title="A setting that the provider in use does not take",
        why="Provider 5.100.0 refuses sigv4a, TLSv1.2_2025 and newer, and accelerated recovery; response_completion_timeout is "
        "there since 6.13, and an S3 origin's read timeout in no release.",
        source="https://github.com/hashicorp/terraform-provider-aws/issues/49650",
        remedy="Allow provider 6.13 or newer, or stay with sigv4 and TLSv1.2_2021; lower an S3 origin's read timeout by "
        "updateRequestOrigin, the AWS CLI or awscc.",
        check=_beyond_provider,
    ),
    Rule(
        id="FW232",
        severity=Severity.WARNING,
        slug="tls13-only-with-checks",
        title="TLS 1.3 only, with HTTPS health checks",
        why="Health checkers need TLS 1.0, 1.1 or 1.2: the check may fail while users are served.",
        source="https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html",
        remedy="Offer TLS 1.2 too (TLSv1.2_2021; ELBSecurityPolicy-TLS13-1-2-2021-06 on a load balancer), or check over HTTP.",
        check=_tls13_only,
    ),
)
