"""Additional metrics of a distribution: kept, so that Terraform's provider finds them; no such metric is published here.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateMonitoringSubscription.html
"""

from __future__ import annotations

from typing import ClassVar
from xml.etree.ElementTree import Element

from localcloud.gateway.cloudfront.answers import PREFIX, xml_response
from localcloud.gateway.cloudfront.store import CloudFrontStore
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, parse_xml

_PATH = f"{PREFIX}/distributions/{{DistributionId}}/monitoring-subscription"


class MonitoringSubscriptions:
    """Operations on monitoring subscriptions; a distribution has one at most."""

    STATE: ClassVar[tuple[str, ...]] = ("_subscriptions",)

    def __init__(self, store: CloudFrontStore) -> None:
        self._store = store
        self._subscriptions: dict[str, Element] = {}

    def routes(self) -> list[Route]:
        """Return the operations."""
        return [
            route("POST", _PATH, self._create),
            route("GET", _PATH, self._get),
            route("DELETE", _PATH, self._delete),
        ]

    def _create(self, request: Request, parameters: Parameters) -> Response:
        """CreateMonitoringSubscription; it also changes an existing one, as the provider's update relies on."""
        with self._store.lock:
            self._subscriptions[self._distribution_id(parameters)] = parse_xml(request.body)
            return self._get(request, parameters)

    def _get(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            return xml_response(element("MonitoringSubscription", *self._found(parameters)))

    def _delete(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            self._found(parameters)
            del self._subscriptions[self._distribution_id(parameters)]
        return Response()

    def _distribution_id(self, parameters: Parameters) -> str:
        id_ = parameters["DistributionId"]
        if id_ not in self._store.distributions:
            self._subscriptions.pop(id_, None)
            raise ServiceError(404, "NoSuchDistribution", f"The specified distribution does not exist: {id_}")
        return id_

    def _found(self, parameters: Parameters) -> Element:
        subscription = self._subscriptions.get(self._distribution_id(parameters))
        if subscription is None:
            message = "A monitoring subscription does not exist for the specified distribution."
            raise ServiceError(404, "NoSuchMonitoringSubscription", message)
        return subscription
