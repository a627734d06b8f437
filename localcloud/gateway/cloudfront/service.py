"""CloudFront's API, version 2020-05-31: routes, tags and errors."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.gateway.acm import CertificateStore
from localcloud.gateway.cloudfront.answers import PREFIX, no_content, tags_of, tags_xml, xml_response
from localcloud.gateway.cloudfront.configured import KINDS, ConfiguredResources
from localcloud.gateway.cloudfront.distributions import Distributions
from localcloud.gateway.cloudfront.functions import Functions
from localcloud.gateway.cloudfront.key_value_stores import KeyValueStores
from localcloud.gateway.cloudfront.monitoring_subscriptions import MonitoringSubscriptions
from localcloud.gateway.cloudfront.store import CloudFrontStore
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.model_constraints import violations
from localcloud.gateway.rest_routes import Parameters, Route, RouteTable, route
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import error_tree, parse_xml


class CloudFrontService:
    """Answers CloudFront requests."""

    def __init__(
        self,
        store: CloudFrontStore,
        certificates: CertificateStore,
        *,
        has_web_acl: Callable[[str], bool],
        txt_values: Callable[[str], frozenset[str]],
    ) -> None:
        """`txt_values`: name -> the values of its TXT records in any hosted zone, which prove who may move an alias."""
        self._store = store
        routes: list[Route] = []
        for kind in KINDS:
            routes += ConfiguredResources(store, kind).routes()
        routes += Distributions(store, certificates, has_web_acl=has_web_acl, txt_values=txt_values).routes()
        routes += Functions(store).routes()
        routes += KeyValueStores(store).routes()
        routes += MonitoringSubscriptions(store).routes()
        routes += [
            route("GET", f"{PREFIX}/tagging", self._list_tags, {"Resource": None}),
            route("POST", f"{PREFIX}/tagging", self._tag, {"Operation": "Tag"}),
            route("POST", f"{PREFIX}/tagging", self._untag, {"Operation": "Untag"}),
        ]
        self._routes = RouteTable("cloudfront", routes)

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals become CloudFront's ErrorResponse."""
        try:
            for violation in violations("cloudfront", request):
                raise ServiceError(400, "InvalidArgument", f"1 validation error detected: {violation}")
            return self._routes.dispatch(request)
        except ServiceError as error:
            return xml_response(error_tree(error), status=error.status)

    def _tags_of_resource(self, request: Request) -> dict[str, str]:
        arn = request.query.get("Resource", "")
        known = {distribution.arn for distribution in self._store.distributions.values()}
        if arn not in known:
            raise ServiceError(404, "NoSuchResource", f"The specified resource does not exist: {arn}")
        return self._store.tags.setdefault(arn, {})

    def _list_tags(self, request: Request, _: Parameters) -> Response:
        with self._store.lock:
            return xml_response(tags_xml(self._tags_of_resource(request)))

    def _tag(self, request: Request, _: Parameters) -> Response:
        with self._store.lock:
            self._tags_of_resource(request).update(tags_of(parse_xml(request.body)))
        return no_content()

    def _untag(self, request: Request, _: Parameters) -> Response:
        keys = [node.text or "" for node in parse_xml(request.body).iter("Key")]
        with self._store.lock:
            tags = self._tags_of_resource(request)
            for key in keys:
                tags.pop(key, None)
        return no_content()
