"""Query logging configurations. The control plane only: localcloud's name server writes no query log.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateQueryLoggingConfig.html and its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import random_uuid
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.route53.hosted_zones import BASE_URL, HostedZones, xml_response
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, parse_xml, text_element


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAccess:
    """What Route 53 asks of CloudWatch Logs in us-east-1.

    Attributes:
        exists: whether there is a log group of this ARN.
        may_write: whether a resource policy lets route53.amazonaws.com write to it.
    """

    exists: Callable[[str], bool]
    may_write: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLoggingConfig:
    """Where the queries of one zone go."""

    id: str
    zone_id: str
    log_group_arn: str


class QueryLogging:
    """Operations on query logging configurations."""

    STATE: ClassVar[tuple[str, ...]] = ("_configs",)

    def __init__(self, store: Route53Store, zones: HostedZones, logs: LogAccess) -> None:
        self._store = store
        self._zones = zones
        self._logs = logs
        self._configs: dict[str, QueryLoggingConfig] = {}

    def routes(self, prefix: str) -> list[Route]:
        """Return the operations."""
        return [
            route("POST", f"{prefix}/queryloggingconfig", self.create),
            route("GET", f"{prefix}/queryloggingconfig", self.list_all),
            route("GET", f"{prefix}/queryloggingconfig/{{Id}}", self.get),
            route("DELETE", f"{prefix}/queryloggingconfig/{{Id}}", self.delete),
        ]

    def create(self, request: Request, _: Parameters) -> Response:
        """CreateQueryLoggingConfig: one a zone, to a log group in us-east-1 that Route 53 may write to."""
        root = parse_xml(request.body)
        arn = root.findtext("CloudWatchLogsLogGroupArn") or ""
        with self._store.lock:
            zone = self._zones.zone(root.findtext("HostedZoneId") or "")
            if any(config.zone_id == zone.id for config in self._configs.values()):
                message = "You can create only one query logging configuration per hosted zone."
                raise ServiceError(409, "QueryLoggingConfigAlreadyExists", message)
            if not self._logs.exists(arn):
                message = f"There is no CloudWatch Logs log group in us-east-1 with the specified ARN: {arn}"
                raise ServiceError(404, "NoSuchCloudWatchLogsLogGroup", message)
            if not self._logs.may_write(arn):
                message = f"No resource policy lets route53.amazonaws.com create log streams and put events in {arn}"
                raise ServiceError(400, "InsufficientCloudWatchLogsResourcePolicy", message)
            config = QueryLoggingConfig(id=random_uuid(), zone_id=zone.id, log_group_arn=arn)
            self._configs[config.id] = config
        answer = element("CreateQueryLoggingConfigResponse", _config_xml(config))
        return xml_response(answer, status=201, location=f"{BASE_URL}/queryloggingconfig/{config.id}")

    def list_all(self, request: Request, _: Parameters) -> Response:
        """ListQueryLoggingConfigs, in one page; of one zone when it is named."""
        zone_id = request.query.get("hostedzoneid")
        with self._store.lock:
            found = [config for config in self._configs.values() if zone_id in (None, config.zone_id)]
        configs = element("QueryLoggingConfigs", *map(_config_xml, found))
        return xml_response(element("ListQueryLoggingConfigsResponse", configs))

    def get(self, _: Request, parameters: Parameters) -> Response:
        """GetQueryLoggingConfig."""
        with self._store.lock:
            config = self._config(parameters["Id"])
        return xml_response(element("GetQueryLoggingConfigResponse", _config_xml(config)))

    def delete(self, _: Request, parameters: Parameters) -> Response:
        """DeleteQueryLoggingConfig."""
        with self._store.lock:
            del self._configs[self._config(parameters["Id"]).id]
        return xml_response(element("DeleteQueryLoggingConfigResponse"))

    def _config(self, identifier: str) -> QueryLoggingConfig:
        config = self._configs.get(identifier)
        if config is None:
            message = f"There is no DNS query logging configuration with the specified ID: {identifier}"
            raise ServiceError(404, "NoSuchQueryLoggingConfig", message)
        return config


def _config_xml(config: QueryLoggingConfig) -> Element:
    return element(
        "QueryLoggingConfig",
        text_element("Id", config.id),
        text_element("HostedZoneId", config.zone_id),
        text_element("CloudWatchLogsLogGroupArn", config.log_group_arn),
    )
