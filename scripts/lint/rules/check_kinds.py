"""Health checks that ask in a way that their endpoint refuses, or with settings of another type (traps 9, 11, 34)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.checks import HEALTH_CHECK, health_checks, probes, resource_asked
from scripts.lint.distributions import DISTRIBUTION
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import records
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront, route53, route53_api
from scripts.lint.values import Expression

_NAMES = ("aws_api_gateway_domain_name", "aws_apigatewayv2_domain_name")
_BALANCERS = ("aws_lb", "aws_alb")
_HTTPS_PORT = 443
# A plain reference to a resource, which is never null, and how a plan lists one.
_REFERENCES = re.compile(r"\$\{\s*\w+_\w+\.[\w.\-\[\]\"]+(?:,\s*\w+_\w+\.[\w.\-\[\]\"]+)*\s*\}")
# Type -> what only other types have. https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
_OF_ALARM = ("cloudwatch_alarm_name", "cloudwatch_alarm_region", "insufficient_data_health_status")
_OF_CALCULATED = ("child_healthchecks", "child_health_threshold")
_OF_ENDPOINT = ("fqdn", "ip_address", "port", "resource_path", "search_string")
_OF_OTHERS = {
    "CLOUDWATCH_METRIC": (*_OF_CALCULATED, *_OF_ENDPOINT),
    "CALCULATED": (*_OF_ALARM, *_OF_ENDPOINT),
    "RECOVERY_CONTROL": (*_OF_ALARM, *_OF_CALCULATED, *_OF_ENDPOINT),
    "TCP": (*_OF_ALARM, *_OF_CALCULATED, "resource_path", "search_string"),
    "HTTP": (*_OF_ALARM, *_OF_CALCULATED, "search_string"),
    "HTTPS": (*_OF_ALARM, *_OF_CALCULATED, "search_string"),
    "HTTP_STR_MATCH": (*_OF_ALARM, *_OF_CALCULATED),
    "HTTPS_STR_MATCH": (*_OF_ALARM, *_OF_CALCULATED),
}


def _without_sni(configuration: Configuration) -> Iterator[Finding]:
    known = {probe.check.key: probe.distribution.resource for probe in probes(configuration)}
    for check in health_checks(configuration):
        if not (check.body.text("type") or "").startswith("HTTPS") or check.body.flag("enable_sni") is not False:
            continue
        endpoint = known.get(check.key) or resource_asked(configuration, check, DISTRIBUTION, *_NAMES)
        name = check.body.text("fqdn") or ""
        if endpoint is not None or name.lower().rstrip(".").endswith(".cloudfront.net"):
            yield at(
                check, f"{check.body.text('type')} of {endpoint.address if endpoint else name} with enable_sni = false"
            )


def _of_another_type(configuration: Configuration) -> Iterator[Finding]:
    for check in health_checks(configuration):
        type_ = (check.body.text("type") or "").upper()
        wrong = [key for key in _OF_OTHERS.get(type_, ()) if _is_set(check, key)]
        if wrong:
            yield at(check, f"{type_} with {', '.join(wrong)}")


def _is_set(check: Resource, key: str) -> bool:
    """Whether something certainly is configured; a plan and a state print a 0 for some of what is not."""
    value = check.body.value(key)
    if isinstance(value, Expression):
        return bool(value.references) and _REFERENCES.fullmatch(value.text) is not None
    return check.body.is_known(key) and not check.body.is_unset(key) and check.body.number(key) != 0


def _silence_is_health(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        check = configuration.resource(record.body.value("health_check_id"), record.resource, HEALTH_CHECK)
        if check is None or not record.policies or record.failover_role == "SECONDARY":
            continue
        for one in (check, *configuration.listed(check.body.items("child_healthchecks"), check, HEALTH_CHECK)):
            is_healthy = one.body.text("insufficient_data_health_status") == "Healthy"
            is_plain = one.body.is_unset("invert_healthcheck") or one.body.flag("invert_healthcheck") is False
            if is_healthy and is_plain and one.body.text("type") == "CLOUDWATCH_METRIC":
                yield at(one, f"no data counts as healthy, and it decides {record.resource.address}")


def _client_certificate(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        mode = probe.distribution.body.block("viewer_mtls_config").text("mode") or ""
        if probe.type.startswith("HTTPS") and mode.lower() in _DEMANDING:
            yield at(
                probe.check, f"asks {probe.distribution.resource.address}, whose viewer_mtls_config has mode {mode}"
            )
    for check in health_checks(configuration):
        if (check.body.text("type") or "").startswith("HTTPS"):
            for endpoint in _demanding_endpoints(configuration, check):
                yield at(check, f"asks {endpoint.address}, which wants a client certificate")


# "optional" lets in who has no certificate, as "passthrough" of a listener does.
_DEMANDING = ("required", "strict", "verify")


def _demanding_endpoints(configuration: Configuration, check: Resource) -> Iterator[Resource]:
    name = resource_asked(configuration, check, *_NAMES)
    if name is not None and name.body.blocks("mutual_tls_authentication"):
        yield name
    balancer = resource_asked(configuration, check, *_BALANCERS)
    port = check.body.number("port") or _HTTPS_PORT
    for type_ in ("aws_lb_listener", "aws_alb_listener") if balancer and check.body.is_known("port") else ():
        for listener in configuration.users(balancer, type_, "load_balancer_arn") if balancer else []:
            mode = listener.body.block("mutual_authentication").text("mode")
            if listener.body.number("port") == port and mode in _DEMANDING:
                yield listener


_CONFIG = route53_api("API_HealthCheckConfig")

RULES = (
    Rule(
        id="FW099",
        slug="check-without-sni",
        title="An HTTPS check without SNI of an endpoint that needs it",
        why="CloudFront and API Gateway choose the certificate by the name in the TLS handshake: without it the handshake fails"
        " and the check is unhealthy, or sees another certificate's answer.",
        source=_CONFIG,
        remedy="Leave enable_sni out (it is true), or set it to true.",
        check=_without_sni,
    ),
    Rule(
        id="FW113",
        severity=Severity.WARNING,
        slug="silence-is-health",
        title="A CloudWatch check that takes missing data for health",
        why="A region that has fallen sends no data: the check then stays healthy, and the record never fails over.",
        source=route53("health-checks-creating-values"),
        remedy='Set insufficient_data_health_status = "Unhealthy" (or "LastKnownStatus" for a metric with gaps).',
        check=_silence_is_health,
    ),
    Rule(
        id="FW114",
        slug="field-of-another-check",
        title="A health check with settings of another type of check",
        why="Route 53 answers InvalidInput: an alarm belongs to CLOUDWATCH_METRIC, children to CALCULATED, a name and a path to"
        " endpoint checks; plan accepts all of them together, apply fails.",
        source="https://github.com/hashicorp/terraform-provider-aws/issues/22993",
        remedy="Make one check per type, and a CALCULATED one that counts them.",
        check=_of_another_type,
    ),
    Rule(
        id="FW341",
        slug="check-without-client-certificate",
        title="A check of an endpoint that demands a client certificate",
        why="Health checkers have no client certificate: the handshake fails, and the region counts as unhealthy for ever.",
        source=cloudfront("viewer-mtls"),
        remedy="Check an endpoint without mutual TLS beside it, or set the mode to optional and refuse in a function.",
        check=_client_certificate,
    ),
)
