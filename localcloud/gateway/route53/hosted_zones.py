"""Hosted zones and their record sets: ChangeResourceRecordSets and its neighbours."""

from __future__ import annotations

import copy
from itertools import islice
from xml.etree.ElementTree import Element

from localcloud.gateway.clock import rfc3339
from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.identifiers import prefixed_id
from localcloud.gateway.rest_routes import Parameters
from localcloud.gateway.route53.record_sets import (
    AliasTargets,
    RecordKey,
    contents_of,
    key_of,
    listing_order,
    normalize_name,
    problems_of_alias,
    problems_of_batch,
    problems_of_groups,
    problems_of_record,
)
from localcloud.gateway.route53.record_values import problems_of_name
from localcloud.gateway.route53.store import Change, HostedZone, Route53Store
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, flag, parse_xml, serialize_xml, text_element

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
BASE_URL = "https://route53.amazonaws.com/2013-04-01"
NAME_SERVERS = ("ns-2048.awsdns-64.com", "ns-2049.awsdns-65.net", "ns-2050.awsdns-66.org", "ns-2051.awsdns-67.co.uk")
APEX_TYPES = {"NS", "SOA"}
MAXIMUM_PAGE = 300
"""ListResourceRecordSets returns at most 300 (API_ListResourceRecordSets)."""


def xml_response(root: Element, *, status: int = 200, location: str | None = None) -> Response:
    """Return a Route 53 XML answer."""
    headers = {"Content-Type": "text/xml"} | ({"Location": location} if location else {})
    return Response(status=status, headers=headers, body=serialize_xml(root, NAMESPACE))


def pending_change(request: Request, store: Route53Store, change: Change) -> list[Element]:
    """Return the ChangeInfo of an answer, unless terraform would sleep on it.

    Terraform's AWS provider sleeps 15 real seconds before it asks GetChange, whatever localcloud's speed is, and not at
    all when an answer has no ChangeInfo. Above speed 1 it gets none; every other client always does, as in AWS.
    """
    is_terraform = "terraform-provider-aws" in (request.header("User-Agent") or "")
    return [] if is_terraform and store.clock.speed > 1 else [change_info(store, change)]


def change_info(store: Route53Store, change: Change) -> Element:
    """Return a ChangeInfo: PENDING until the name server answers with the change.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeInfo.html
    """
    node = element(
        "ChangeInfo",
        text_element("Id", f"/change/{change.id}"),
        text_element("Status", "INSYNC" if store.changes.are_live(change.revision) else "PENDING"),
        text_element("SubmittedAt", rfc3339(change.submitted_at)),
    )
    if change.comment:
        node.append(text_element("Comment", change.comment))
    return node


class HostedZones:
    """Operations on hosted zones and record sets."""

    def __init__(self, store: Route53Store, targets: AliasTargets) -> None:
        self._store = store
        self._targets = targets

    def create(self, request: Request, _: Parameters) -> Response:
        """CreateHostedZone."""
        root = parse_xml(request.body)
        if root.find("VPC") is not None or flag(root, "HostedZoneConfig/PrivateZone"):
            raise UnsupportedResource("private hosted zones")
        if root.find("DelegationSetId") is not None:
            raise UnsupportedResource("reusable delegation sets")
        reference = root.findtext("CallerReference") or ""
        name = root.findtext("Name") or ""
        for problem in problems_of_name(name):
            raise ServiceError(400, "InvalidDomainName", problem)
        with self._store.lock:
            if any(zone.caller_reference == reference for zone in self._store.zones.values()):
                raise ServiceError(
                    409, "HostedZoneAlreadyExists", f"A hosted zone has already been created with {reference}"
                )
            zone = HostedZone(
                id=prefixed_id("Z", 21),
                name=normalize_name(name),
                caller_reference=reference,
                comment=root.findtext("HostedZoneConfig/Comment") or "",
                name_servers=NAME_SERVERS,
            )
            self._add_apex_records(zone)
            self._store.zones[zone.id] = zone
            change = self._note(request, zone)
        answer = element("CreateHostedZoneResponse", _zone_xml(zone), *change, _delegation_set(zone))
        return xml_response(answer, status=201, location=f"{BASE_URL}/hostedzone/{zone.id}")

    def _add_apex_records(self, zone: HostedZone) -> None:
        """Add the NS and SOA records that every zone has (Route53/latest/DeveloperGuide/SOA-NSrecords.html)."""
        soa = f"{zone.name_servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
        values = {"NS": [f"{server}." for server in zone.name_servers], "SOA": [soa]}
        for type_, ttl in (("NS", 172800), ("SOA", 900)):
            records = [element("ResourceRecord", text_element("Value", value)) for value in values[type_]]
            record = element(
                "ResourceRecordSet",
                text_element("Name", zone.name),
                text_element("Type", type_),
                text_element("TTL", ttl),
                element("ResourceRecords", *records),
            )
            self._store.put_record(zone, key_of(record), record)

    def get(self, _: Request, parameters: Parameters) -> Response:
        """GetHostedZone."""
        with self._store.lock:
            zone = self.zone(parameters["Id"])
            return xml_response(element("GetHostedZoneResponse", _zone_xml(zone), _delegation_set(zone)))

    def zone(self, zone_id: str) -> HostedZone:
        """Return a zone by id, with or without its `/hostedzone/` prefix.

        Raises:
            ServiceError: 404 NoSuchHostedZone.
        """
        zone = self._store.zones.get(zone_id.rpartition("/")[2])
        if zone is None:
            raise ServiceError(404, "NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")
        return zone

    def list_all(self, request: Request, _: Parameters) -> Response:
        """ListHostedZones, in one page."""
        with self._store.lock:
            zones = [_zone_xml(zone) for zone in self._store.zones.values()]
        answer = element(
            "ListHostedZonesResponse",
            element("HostedZones", *zones),
            text_element("Marker", request.query.get("marker", "")),
            text_element("IsTruncated", False),
            text_element("MaxItems", request.query.get("maxitems", "100")),
        )
        return xml_response(answer)

    def list_by_name(self, request: Request, _: Parameters) -> Response:
        """ListHostedZonesByName, in one page, from the given name on."""
        start = normalize_name(request.query["dnsname"]) if "dnsname" in request.query else ""
        with self._store.lock:
            zones = sorted(self._store.zones.values(), key=lambda zone: _reversed_labels(zone.name))
            found = [_zone_xml(zone) for zone in zones if _reversed_labels(zone.name) >= _reversed_labels(start)]
        answer = element(
            "ListHostedZonesByNameResponse",
            element("HostedZones", *found),
            text_element("IsTruncated", False),
            text_element("MaxItems", request.query.get("maxitems", "100")),
        )
        return xml_response(answer)

    def count(self, _: Request, __: Parameters) -> Response:
        """GetHostedZoneCount."""
        total = text_element("HostedZoneCount", len(self._store.zones))
        return xml_response(element("GetHostedZoneCountResponse", total))

    def update_comment(self, request: Request, parameters: Parameters) -> Response:
        """UpdateHostedZoneComment."""
        comment = parse_xml(request.body).findtext("Comment") or ""
        with self._store.lock:
            zone = self.zone(parameters["Id"])
            zone.comment = comment
            return xml_response(element("UpdateHostedZoneCommentResponse", _zone_xml(zone)))

    def delete(self, request: Request, parameters: Parameters) -> Response:
        """DeleteHostedZone: refused while it holds more than its own NS and SOA."""
        with self._store.lock:
            zone = self.zone(parameters["Id"])
            if any(key.name != zone.name or key.type not in APEX_TYPES for key in zone.records):
                message = (
                    "The specified hosted zone contains non-required resource record sets and so cannot be deleted."
                )
                raise ServiceError(400, "HostedZoneNotEmpty", message)
            del self._store.zones[zone.id]
            self._store.tags.pop(("hostedzone", zone.id), None)
            change = self._note(request, zone)
        return xml_response(element("DeleteHostedZoneResponse", *change))

    def _note(self, request: Request, zone: HostedZone, comment: str | None = None) -> list[Element]:
        change = self._store.change(comment)
        zone.revision = change.revision
        return pending_change(request, self._store, change)

    def change_records(self, request: Request, parameters: Parameters) -> Response:
        """ChangeResourceRecordSets: all changes or none.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
        """
        root = parse_xml(request.body)
        changes = root.findall("ChangeBatch/Changes/Change")
        with self._store.lock:
            zone = self.zone(parameters["Id"])
            after, problems = _apply(zone, changes)
            problems += problems_of_batch(changes)
            changed = [key_of(record) for record in _records_of(changes) if key_of(record) in after]
            for key in dict.fromkeys(changed):
                problems += problems_of_record(after[key], zone.name)
                problems += problems_of_alias(after[key], zone.id, after, self._targets)
                self._require_health_check(after[key])
            problems += problems_of_groups(after, changed)
            if problems:
                raise ServiceError(400, "InvalidChangeBatch", f"[{', '.join(dict.fromkeys(problems))}]")
            for key in zone.records.keys() - after.keys():
                del zone.records[key]
            for key in changed:
                self._store.put_record(zone, key, copy.deepcopy(after[key]))
            change = self._note(request, zone, root.findtext("ChangeBatch/Comment"))
        return xml_response(element("ChangeResourceRecordSetsResponse", *change))

    def _require_health_check(self, record: Element) -> None:
        health_check_id = record.findtext("HealthCheckId")
        if health_check_id and health_check_id not in self._store.health_checks:
            raise ServiceError(
                404, "NoSuchHealthCheck", f"The specified health check {health_check_id} does not exist."
            )

    def list_records(self, request: Request, parameters: Parameters) -> Response:
        """ListResourceRecordSets, sorted by reversed labels, type and set identifier."""
        query = request.query
        limit = min(int(query.get("maxitems") or MAXIMUM_PAGE), MAXIMUM_PAGE)
        if "type" in query and "name" not in query:
            raise ServiceError(400, "InvalidInput", "The input is not valid: type without name")
        start = listing_order(
            RecordKey(
                normalize_name(query["name"]) if "name" in query else "",
                query.get("type", ""),
                query.get("identifier", ""),
            )
        )
        with self._store.lock:
            zone = self.zone(parameters["Id"])
            keys = sorted(zone.records, key=listing_order)
            selected = (key for key in keys if "name" not in query or listing_order(key) >= start)
            page = list(islice(selected, limit + 1))
            records = [_record_xml(key, zone.records[key].record) for key in page[:limit]]
        answer = element(
            "ListResourceRecordSetsResponse",
            element("ResourceRecordSets", *records),
            text_element("IsTruncated", len(page) > limit),
            text_element("MaxItems", limit),
        )
        if len(page) > limit:
            following = page[limit]
            answer.append(text_element("NextRecordName", following.name))
            answer.append(text_element("NextRecordType", following.type))
            if following.set_identifier:
                answer.append(text_element("NextRecordIdentifier", following.set_identifier))
        return xml_response(answer)

    def get_change(self, _: Request, parameters: Parameters) -> Response:
        """GetChange.

        Raises:
            ServiceError: 404 NoSuchChange.
        """
        change = self._store.find_change(parameters["Id"])
        if change is None:
            message = f"A change with the specified change ID does not exist: {parameters['Id']}"
            raise ServiceError(404, "NoSuchChange", message)
        return xml_response(element("GetChangeResponse", change_info(self._store, change)))


def _records_of(changes: list[Element]) -> list[Element]:
    return [record for change in changes if (record := change.find("ResourceRecordSet")) is not None]


def _apply(zone: HostedZone, changes: list[Element]) -> tuple[dict[RecordKey, Element], list[str]]:
    """Return the zone's records after the changes, and what is wrong with the changes themselves."""
    after = {key: stored.record for key, stored in zone.records.items()}
    problems = []
    for change, record in zip(changes, _records_of(changes), strict=True):
        key, action = key_of(record), change.findtext("Action")
        if action == "CREATE" and key in after:
            problems.append(f"Tried to create resource record set {key} but it already exists")
        elif action in {"CREATE", "UPSERT"}:
            after[key] = record
        elif action != "DELETE":
            problems.append(f"Action is '{action}', but must be CREATE, UPSERT or DELETE")
        elif key not in after:
            problems.append(f"Tried to delete resource record set {key} but it was not found")
        elif contents_of(after[key]) != contents_of(record):
            problems.append(
                f"Tried to delete resource record set {key} but the values provided do not match the current values"
            )
        elif key.name == zone.name and key.type in APEX_TYPES:
            problems.append(f"A HostedZone must contain at least one NS and exactly one SOA record: {key}")
        else:
            del after[key]
    return after, problems


def _record_xml(key: RecordKey, record: Element) -> Element:
    listed = copy.deepcopy(record)
    name = listed.find("Name")
    if name is not None:
        name.text = key.name
    target = listed.find("AliasTarget/DNSName")
    if target is not None:
        target.text = normalize_name(target.text or "")
    return listed


def _zone_xml(zone: HostedZone) -> Element:
    return element(
        "HostedZone",
        text_element("Id", f"/hostedzone/{zone.id}"),
        text_element("Name", zone.name),
        text_element("CallerReference", zone.caller_reference),
        element("Config", text_element("Comment", zone.comment), text_element("PrivateZone", False)),
        text_element("ResourceRecordSetCount", len(zone.records)),
    )


def _delegation_set(zone: HostedZone) -> Element:
    servers = [text_element("NameServer", server) for server in zone.name_servers]
    return element("DelegationSet", element("NameServers", *servers))


def _reversed_labels(name: str) -> list[str]:
    return name.rstrip(".").split(".")[::-1] if name else []
