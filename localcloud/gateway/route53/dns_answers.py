"""TestDNSAnswer: what the DNS server would answer, from the same pure model of record selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.rest_routes import Parameters
from localcloud.gateway.route53.hosted_zones import HostedZones, xml_response
from localcloud.gateway.route53.store import HostedZone, Route53Store
from localcloud.gateway.wire import JsonObject, Request, Response
from localcloud.gateway.xml_tree import element, text_element
from localcloud.model.addresses import AwsName
from localcloud.model.errors import UnsupportedResource as UnsupportedRecord
from localcloud.model.geography import ViewerLocation
from localcloud.model.places import VIRGINIA, place_of
from localcloud.model.records import HostedZone as ModelZone
from localcloud.model.records import hosted_zone_from_api
from localcloud.model.resolution import NameFailure, ResolutionContext, resolve

LIST_ELEMENTS = {"ResourceRecords"}
DEFAULT_MASKS = {4: 24, 6: 64}
"""Bits of a client subnet without a mask: API_TestDNSAnswer, EDNS0ClientSubnetMask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsNames:
    """The names that AWS answers for.

    Attributes:
        known: The names, lower case, with a final dot, and what they lead to.
        failing: Fault targets whose names do not answer at the moment, and how.
    """

    known: Callable[[], Mapping[str, AwsName]]
    failing: Callable[[], Mapping[str, NameFailure]] = dict


class DnsAnswers:
    """Answers questions as Route 53's servers would.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_TestDNSAnswer.html
    """

    def __init__(self, store: Route53Store, zones: HostedZones, aws_names: AwsNames) -> None:
        self._store = store
        self._zones = zones
        self._aws_names = aws_names

    def test(self, request: Request, _: Parameters) -> Response:
        """TestDNSAnswer, from a client subnet, a resolver, or a resolver in us-east-1."""
        query = request.query
        viewer = _viewer(query)
        name, type_ = query.get("recordname", ""), query.get("recordtype", "A")
        with self._store.lock:
            zone = self._zones.zone(query.get("hostedzoneid", ""))
            healthy = {key: report.is_healthy for key, report in self._store.health_reports.items()}
            try:
                model = zone_for_model(zone)
                names, failing = self._aws_names.known(), self._aws_names.failing()
                context = ResolutionContext(
                    healthy_checks=healthy, aws_names=names, failing_targets=failing, viewer=viewer
                )
                answer = resolve([model], name, type_, context)
            except UnsupportedRecord as error:
                raise UnsupportedResource(str(error)) from error
        values = [value for answers in answer.answers for value in answers.values]
        return xml_response(
            element(
                "TestDNSAnswerResponse",
                text_element("Nameserver", zone.name_servers[0]),
                text_element("RecordName", name),
                text_element("RecordType", type_),
                element("RecordData", *(text_element("RecordDataEntry", value) for value in values)),
                text_element("ResponseCode", answer.status.value),
                text_element("Protocol", "UDP"),
            )
        )


def _viewer(query: Mapping[str, str]) -> ViewerLocation:
    """Return the place that a question comes from: the client subnet's, else the resolver's, else us-east-1.

    Raises:
        ServiceError: 400 InvalidInput, for what is no address or no mask of its kind.
    """
    subnet, mask = query.get("edns0clientsubnetip"), query.get("edns0clientsubnetmask")
    if mask is not None and subnet is None:
        raise _invalid("EDNS0ClientSubnetMask needs EDNS0ClientSubnetIP.")
    if subnet is not None:
        version = _address("EDNS0ClientSubnetIP", subnet).version
        try:
            network = ip_network(f"{subnet}/{mask or DEFAULT_MASKS[version]}", strict=False)
        except ValueError as error:
            raise _invalid(f"EDNS0ClientSubnetMask is {mask}, which is no mask of {subnet}.") from error
        return place_of(str(network.network_address))
    resolver = query.get("resolverip")
    return VIRGINIA if resolver is None else place_of(str(_address("ResolverIP", resolver)))


def _address(field: str, text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError as error:
        raise _invalid(f"{field} is {text}, which is no IP address.") from error


def _invalid(message: str) -> ServiceError:
    return ServiceError(400, "InvalidInput", message)


def zone_for_model(zone: HostedZone) -> ModelZone:
    """Return a hosted zone as the model sees it."""
    records = [to_json(stored.record) for stored in zone.records.values()]
    return hosted_zone_from_api({"Id": zone.id, "Name": zone.name}, records)


def to_json(node: Element) -> JsonObject:
    """Return a record set in the shape that boto3 gives it, all leaves as text."""
    document: JsonObject = {}
    for child in node:
        if child.tag in LIST_ELEMENTS:
            document[child.tag] = [to_json(item) for item in child]
        else:
            document[child.tag] = to_json(child) if len(child) else child.text or ""
    return document
