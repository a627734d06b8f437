"""Route 53's API, version 2013-04-01: routes, tags and errors."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError
from localcloud.gateway.model_constraints import violations
from localcloud.gateway.rest_routes import Parameters, Route, RouteTable, route
from localcloud.gateway.route53.dns_answers import AwsNames, DnsAnswers
from localcloud.gateway.route53.dnssec import Dnssec, SigningKeys
from localcloud.gateway.route53.health_checks import HealthChecks
from localcloud.gateway.route53.hosted_zones import HostedZones, xml_response
from localcloud.gateway.route53.query_logging import LogAccess, QueryLogging
from localcloud.gateway.route53.record_sets import AliasTargets
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, error_tree, parse_xml, text_element

PREFIX = "/2013-04-01"


class Route53Service:
    """Answers Route 53 requests."""

    def __init__(
        self,
        store: Route53Store,
        targets: AliasTargets,
        aws_names: AwsNames,
        *,
        signing_key: SigningKeys,
        logs: LogAccess,
    ) -> None:
        """Make the service."""
        self._store = store
        self.zones = HostedZones(store, targets)
        self.health_checks = HealthChecks(store)
        self._answers = DnsAnswers(store, self.zones, aws_names)
        protection = [
            *Dnssec(store, self.zones, signing_key).routes(PREFIX),
            *QueryLogging(store, self.zones, logs).routes(PREFIX),
        ]
        self._routes = RouteTable("route53", self._zone_routes() + self._health_check_routes() + protection)

    def _zone_routes(self) -> list[Route]:
        zones = self.zones
        return [
            route("POST", f"{PREFIX}/hostedzone", zones.create),
            route("GET", f"{PREFIX}/hostedzone", zones.list_all),
            route("GET", f"{PREFIX}/hostedzonesbyname", zones.list_by_name),
            route("GET", f"{PREFIX}/hostedzonecount", zones.count),
            route("GET", f"{PREFIX}/hostedzone/{{Id}}", zones.get),
            route("POST", f"{PREFIX}/hostedzone/{{Id}}", zones.update_comment),
            route("DELETE", f"{PREFIX}/hostedzone/{{Id}}", zones.delete),
            route("POST", f"{PREFIX}/hostedzone/{{Id}}/rrset", zones.change_records),
            route("GET", f"{PREFIX}/hostedzone/{{Id}}/rrset", zones.list_records),
            route("GET", f"{PREFIX}/change/{{Id}}", zones.get_change),
            route("GET", f"{PREFIX}/testdnsanswer", self._answers.test),
            route("GET", f"{PREFIX}/tags/{{Type}}/{{Id}}", self._list_tags),
            route("POST", f"{PREFIX}/tags/{{Type}}/{{Id}}", self._change_tags),
            route("POST", f"{PREFIX}/tags/{{Type}}", self._list_tags_of_many),
        ]

    def _health_check_routes(self) -> list[Route]:
        checks = self.health_checks
        return [
            route("POST", f"{PREFIX}/healthcheck", checks.create),
            route("GET", f"{PREFIX}/healthcheck", checks.list_all),
            route("GET", f"{PREFIX}/healthcheckcount", checks.count),
            route("GET", f"{PREFIX}/checkeripranges", checks.checker_ranges),
            route("GET", f"{PREFIX}/healthcheck/{{Id}}", checks.get),
            route("POST", f"{PREFIX}/healthcheck/{{Id}}", checks.update),
            route("DELETE", f"{PREFIX}/healthcheck/{{Id}}", checks.delete),
            route("GET", f"{PREFIX}/healthcheck/{{Id}}/status", checks.status),
            route("GET", f"{PREFIX}/healthcheck/{{Id}}/lastfailurereason", checks.last_failure_reason),
        ]

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals become Route 53's ErrorResponse."""
        try:
            for violation in violations("route53", request):
                raise ServiceError(400, "InvalidInput", f"1 validation error detected: {violation}")
            return self._routes.dispatch(request)
        except ServiceError as error:
            return xml_response(error_tree(error), status=error.status)

    def _require(self, parameters: Parameters) -> tuple[str, str]:
        """Return the key of a taggable resource, which must exist."""
        type_, identifier = parameters["Type"], parameters["Id"]
        if type_ == "hostedzone":
            self.zones.zone(identifier)
        elif type_ == "healthcheck":
            self.health_checks.check(identifier)
        else:
            raise ServiceError(400, "InvalidInput", f"ResourceType is '{type_}', not healthcheck or hostedzone")
        return type_, identifier

    def _list_tags(self, _: Request, parameters: Parameters) -> Response:
        with self._store.lock:
            tag_set = self._tag_set(*self._require(parameters))
        return xml_response(element("ListTagsForResourceResponse", tag_set))

    def _list_tags_of_many(self, request: Request, parameters: Parameters) -> Response:
        ids = [node.text or "" for node in parse_xml(request.body).findall("ResourceIds/ResourceId")]
        with self._store.lock:
            keys = [self._require({"Type": parameters["Type"], "Id": identifier}) for identifier in ids]
            sets = [self._tag_set(*key) for key in keys]
        return xml_response(element("ListTagsForResourcesResponse", element("ResourceTagSets", *sets)))

    def _tag_set(self, type_: str, identifier: str) -> Element:
        tags = self._store.tags.get((type_, identifier), {})
        return element(
            "ResourceTagSet",
            text_element("ResourceType", type_),
            text_element("ResourceId", identifier),
            element(
                "Tags",
                *(
                    element("Tag", text_element("Key", key), text_element("Value", value))
                    for key, value in tags.items()
                ),
            ),
        )

    def _change_tags(self, request: Request, parameters: Parameters) -> Response:
        root = parse_xml(request.body)
        with self._store.lock:
            tags = self._store.tags.setdefault(self._require(parameters), {})
            for tag in root.findall("AddTags/Tag"):
                tags[tag.findtext("Key") or ""] = tag.findtext("Value") or ""
            for key in root.findall("RemoveTagKeys/Key"):
                tags.pop(key.text or "", None)
        return xml_response(element("ChangeTagsForResourceResponse"))
