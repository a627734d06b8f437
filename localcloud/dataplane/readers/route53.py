"""Reads hosted zones with their records, and health checks."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localcloud.dataplane.readers.clients import Clients
from localcloud.model.errors import UnsupportedResource
from localcloud.model.health import HealthCheck, health_check_from_api
from localcloud.model.records import HostedZone, ResourceRecordSet, hosted_zone_from_api, record_set_from_api

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client

logger = logging.getLogger(__name__)


def read_hosted_zone(clients: Clients, zone_id: str) -> HostedZone:
    """Return a public hosted zone; a record that is not modelled is left out and logged."""
    client: Route53Client = clients.get("route53")
    bare = hosted_zone_from_api(client.get_hosted_zone(Id=zone_id)["HostedZone"], ())
    return HostedZone(id=bare.id, name=bare.name, records=_records(client, zone_id))


def _records(client: "Route53Client", zone_id: str) -> tuple[ResourceRecordSet, ...]:
    pages = client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    found = (_record(record) for page in pages for record in page["ResourceRecordSets"])
    return tuple(record for record in found if record)


def _record(record: Mapping[str, Any]) -> ResourceRecordSet | None:
    try:
        return record_set_from_api(record)
    except UnsupportedResource as error:
        logger.error("%s", error)
        return None


def read_health_checks(clients: Clients) -> dict[str, HealthCheck]:
    """Return all health checks by id; one that is not modelled is left out and logged."""
    client: Route53Client = clients.get("route53")
    checks: dict[str, HealthCheck] = {}
    for page in client.get_paginator("list_health_checks").paginate():
        for check in page["HealthChecks"]:
            try:
                checks[check["Id"]] = health_check_from_api(check)
            except UnsupportedResource as error:
                logger.error("%s", error)
    return checks
