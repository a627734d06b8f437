"""Health checks: their configuration, and what the data plane's checkers report about them."""

from __future__ import annotations

import copy
from ipaddress import ip_address, ip_network
from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.identifiers import random_uuid
from localcloud.gateway.rest_routes import Parameters
from localcloud.gateway.route53.hosted_zones import BASE_URL, xml_response
from localcloud.gateway.route53.store import HealthCheck, Route53Store
from localcloud.gateway.wire import JsonObject, Request, Response
from localcloud.gateway.xml_tree import element, parse_xml, same_xml, text_element

CHECKER_REGIONS = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)
"""https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html, Regions"""

MINIMUM_CHECKER_REGIONS = 3
MAXIMUM_CHILDREN = 256
INSUFFICIENT_DATA_STATUSES = ("Healthy", "Unhealthy", "LastKnownStatus")
DOCUMENTATION_NETWORKS = tuple(
    ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
MAXIMUM_SEARCH_STRING = 255
ENDPOINT_TYPES = {"HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP"}
MODELLED_TYPES = ENDPOINT_TYPES | {"CALCULATED", "CLOUDWATCH_METRIC"}
UPDATABLE = {
    "IPAddress",
    "Port",
    "ResourcePath",
    "FullyQualifiedDomainName",
    "SearchString",
    "FailureThreshold",
    "Inverted",
    "Disabled",
    "HealthThreshold",
    "ChildHealthChecks",
    "EnableSNI",
    "Regions",
    "AlarmIdentifier",
    "InsufficientDataHealthStatus",
}
"""What UpdateHealthCheck can change; type, interval and latency graph are fixed at creation."""


class HealthChecks:
    """Operations on health checks."""

    def __init__(self, store: Route53Store) -> None:
        self._store = store

    def create(self, request: Request, _: Parameters) -> Response:
        """CreateHealthCheck. The same caller reference with the same settings returns the existing check.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHealthCheck.html, CallerReference
        """
        root = parse_xml(request.body)
        reference, sent = root.findtext("CallerReference") or "", root.find("HealthCheckConfig")
        if sent is None:
            raise ServiceError(400, "InvalidInput", "HealthCheckConfig is required")
        config = with_defaults(sent)
        check_config(config)
        with self._store.lock:
            self._check_children(config)
            check = self._existing(reference, config)
            if check is None:
                check = HealthCheck(id=random_uuid(), caller_reference=reference, config=config)
                self._store.health_checks[check.id] = check
        answer = element("CreateHealthCheckResponse", _check_xml(check))
        return xml_response(answer, status=201, location=f"{BASE_URL}/healthcheck/{check.id}")

    def _existing(self, reference: str, config: Element) -> HealthCheck | None:
        same = [check for check in self._store.health_checks.values() if check.caller_reference == reference]
        if reference in self._store.deleted_health_check_references or (same and not same_xml(same[0].config, config)):
            message = f"A health check with the caller reference {reference} and other settings already exists."
            raise ServiceError(409, "HealthCheckAlreadyExists", message)
        return same[0] if same else None

    def _check_children(self, config: Element) -> None:
        """Refuse children that are not there or are calculated themselves.

        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
        """
        for child_id in [node.text or "" for node in config.findall("ChildHealthChecks/ChildHealthCheck")]:
            child = self._store.health_checks.get(child_id)
            if child is None or child.config.findtext("Type") == "CALCULATED":
                reason = "does not exist" if child is None else "is a calculated check"
                raise ServiceError(400, "InvalidInput", f"Child health check {child_id} {reason}")

    def check(self, health_check_id: str) -> HealthCheck:
        """Return a health check.

        Raises:
            ServiceError: 404 NoSuchHealthCheck.
        """
        check = self._store.health_checks.get(health_check_id)
        if check is None:
            message = f"No health check exists with the specified ID: {health_check_id}"
            raise ServiceError(404, "NoSuchHealthCheck", message)
        return check

    def get(self, _: Request, parameters: Parameters) -> Response:
        """GetHealthCheck."""
        with self._store.lock:
            return xml_response(element("GetHealthCheckResponse", _check_xml(self.check(parameters["Id"]))))

    def list_all(self, request: Request, _: Parameters) -> Response:
        """ListHealthChecks, in one page."""
        with self._store.lock:
            checks = [_check_xml(check) for check in self._store.health_checks.values()]
        answer = element(
            "ListHealthChecksResponse",
            element("HealthChecks", *checks),
            text_element("Marker", request.query.get("marker", "")),
            text_element("IsTruncated", False),
            text_element("MaxItems", request.query.get("maxitems", "100")),
        )
        return xml_response(answer)

    def count(self, _: Request, __: Parameters) -> Response:
        """GetHealthCheckCount."""
        total = text_element("HealthCheckCount", len(self._store.health_checks))
        return xml_response(element("GetHealthCheckCountResponse", total))

    def update(self, request: Request, parameters: Parameters) -> Response:
        """UpdateHealthCheck."""
        root = parse_xml(request.body)
        with self._store.lock:
            check = self.check(parameters["Id"])
            expected = root.findtext("HealthCheckVersion")
            if expected is not None and expected != str(check.version):
                message = f"The health check is at version {check.version}, not {expected}."
                raise ServiceError(409, "HealthCheckVersionMismatch", message)
            config = with_defaults(_updated(check.config, root))
            check_config(config)
            self._check_children(config)
            check.config = config
            check.version += 1
            return xml_response(element("UpdateHealthCheckResponse", _check_xml(check)))

    def delete(self, _: Request, parameters: Parameters) -> Response:
        """DeleteHealthCheck; records may still name it, as in AWS."""
        with self._store.lock:
            check = self.check(parameters["Id"])
            del self._store.health_checks[check.id]
            self._store.health_reports.pop(check.id, None)
            self._store.deleted_health_check_references.add(check.caller_reference)
            self._store.tags.pop(("healthcheck", check.id), None)
        return xml_response(element("DeleteHealthCheckResponse"))

    def checker_ranges(self, _: Request, __: Parameters) -> Response:
        """GetCheckerIpRanges: checkers are on loopback."""
        ranges = element("CheckerIpRanges", text_element("member", "127.0.0.0/8"))
        return xml_response(element("GetCheckerIpRangesResponse", ranges))

    def status(self, _: Request, parameters: Parameters) -> Response:
        """GetHealthCheckStatus: the checkers' last observations; calculated checks have none.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
        """
        observations = [_observation_xml(observation) for observation in self._observations(parameters["Id"])]
        return xml_response(element("GetHealthCheckStatusResponse", element("HealthCheckObservations", *observations)))

    def last_failure_reason(self, _: Request, parameters: Parameters) -> Response:
        """GetHealthCheckLastFailureReason: the observations that are failures."""
        observations = [
            _observation_xml(observation)
            for observation in self._observations(parameters["Id"])
            if not str(observation.get("status", "")).startswith("Success")
        ]
        return xml_response(
            element("GetHealthCheckLastFailureReasonResponse", element("HealthCheckObservations", *observations))
        )

    def _observations(self, health_check_id: str) -> list[JsonObject]:
        """Return what the checkers reported; nothing before the first of them has probed."""
        with self._store.lock:
            check = self.check(health_check_id)
            if check.config.findtext("Type") == "CALCULATED":
                raise ServiceError(400, "InvalidInput", "The status of a calculated health check cannot be read")
            report = self._store.health_reports.get(health_check_id)
            return [] if report is None else list(report.observations)


def with_defaults(sent: Element) -> Element:
    """Return a configuration with the defaults that API_HealthCheckConfig states."""
    config = copy.deepcopy(sent)
    type_ = config.findtext("Type") or ""
    defaults: dict[str, object] = {"Inverted": False, "Disabled": False}
    if type_ in ENDPOINT_TYPES:
        is_https = type_.startswith("HTTPS")
        defaults |= {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False, "EnableSNI": is_https}
        if type_ != "TCP":
            defaults["Port"] = 443 if is_https else 80
    for tag, value in defaults.items():
        if config.find(tag) is None:
            config.append(text_element(tag, value))
    return config


def check_config(config: Element) -> None:
    """Refuse what Route 53 refuses.

    Raises:
        ServiceError: 400 InvalidInput.
        UnsupportedResource: a type that is not modelled.
    """
    type_ = config.findtext("Type") or ""
    if type_ not in MODELLED_TYPES:
        raise UnsupportedResource(f"health checks of type {type_}")
    regions = [node.text for node in config.findall("Regions/Region")]
    claims = {
        "RequestInterval must be 10 or 30": config.findtext("RequestInterval") in {None, "10", "30"},
        "FailureThreshold must be between 1 and 10": 1 <= int(config.findtext("FailureThreshold") or 3) <= 10,
        f"Regions must be at least {MINIMUM_CHECKER_REGIONS} of {', '.join(CHECKER_REGIONS)}": not regions
        or (len(set(regions)) >= MINIMUM_CHECKER_REGIONS and set(regions) <= set(CHECKER_REGIONS)),
        f"SearchString must have 1 to {MAXIMUM_SEARCH_STRING} characters for a string match": (
            not type_.endswith("STR_MATCH") or 1 <= len(config.findtext("SearchString") or "") <= MAXIMUM_SEARCH_STRING
        ),
        "IPAddress or FullyQualifiedDomainName is required": type_ not in ENDPOINT_TYPES
        or bool(config.findtext("IPAddress") or config.findtext("FullyQualifiedDomainName")),
    }
    for claim, holds in {**claims, **_claims_without_endpoint(config, type_)}.items():
        if not holds:
            raise ServiceError(400, "InvalidInput", f"Invalid health check configuration: {claim}")


def _claims_without_endpoint(config: Element, type_: str) -> dict[str, bool]:
    """API_HealthCheckConfig: IPAddress, HealthThreshold, ChildHealthChecks, AlarmIdentifier, InsufficientDataHealthStatus."""
    threshold = int(config.findtext("HealthThreshold") or 0)
    children = config.findall("ChildHealthChecks/ChildHealthCheck")
    return {
        "IPAddress must be reachable from the internet": _is_reachable(config.findtext("IPAddress")),
        f"HealthThreshold must be between 0 and {MAXIMUM_CHILDREN}": 0 <= threshold <= MAXIMUM_CHILDREN,
        f"at most {MAXIMUM_CHILDREN} ChildHealthChecks are permitted": len(children) <= MAXIMUM_CHILDREN,
        "AlarmIdentifier with Name and Region is required": type_ != "CLOUDWATCH_METRIC"
        or bool(config.findtext("AlarmIdentifier/Name") and config.findtext("AlarmIdentifier/Region")),
        f"InsufficientDataHealthStatus must be one of {', '.join(INSUFFICIENT_DATA_STATUSES)}": config.findtext(
            "InsufficientDataHealthStatus", INSUFFICIENT_DATA_STATUSES[0]
        )
        in INSUFFICIENT_DATA_STATUSES,
    }


def _is_reachable(text: str | None) -> bool:
    """Whether Route 53 takes an address: no local, private, multicast or otherwise nonroutable one.

    Addresses of documentation (RFC 5737, RFC 3849) are taken, because rehearsed site files are written with them.
    """
    if text is None:
        return True
    try:
        address = ip_address(text)
    except ValueError:
        return False
    is_example = any(address in network for network in DOCUMENTATION_NETWORKS)
    return is_example or (address.is_global and not address.is_multicast)


def _updated(config: Element, update: Element) -> Element:
    """Return the configuration with the update's elements in place of its own, and the reset ones left out."""
    reset = {node.text for node in update.findall("ResetElements/ResettableElementName")}
    changed = {node.tag: node for node in update if node.tag in UPDATABLE}
    kept = [node for node in config if node.tag not in changed and node.tag not in reset]
    return element(config.tag, *kept, *changed.values())


def _check_xml(check: HealthCheck) -> Element:
    return element(
        "HealthCheck",
        text_element("Id", check.id),
        text_element("CallerReference", check.caller_reference),
        check.config,
        text_element("HealthCheckVersion", check.version),
    )


def _observation_xml(observation: JsonObject) -> Element:
    return element(
        "HealthCheckObservation",
        text_element("Region", observation.get("region", "")),
        text_element("IPAddress", observation.get("ip_address", "")),
        element(
            "StatusReport",
            text_element("Status", observation.get("status", "")),
            text_element("CheckedTime", observation.get("checked_time", "")),
        ),
    )
