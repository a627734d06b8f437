"""Where a request may go: the behaviour's origin or group, as the viewer-request function changed it.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/helper-functions-origin-modification.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from localcloud.dataplane.configuration import Distribution
from localcloud.dataplane.edge.functions import FunctionError
from localcloud.model.errors import UnsupportedResource
from localcloud.model.origins import FAILOVER_STATUS_CODES, Origin, OriginPlan

# Attempts, and seconds, same page.
_RANGES = {"connectionAttempts": (1, 3), "connectionTimeout": (1, 10), "readTimeout": (1, 120)}


def plan_of(distribution: Distribution, target_origin_id: str) -> OriginPlan:
    """Return the plan of a behaviour's target origin or origin group."""
    group = distribution.origin_groups.get(target_origin_id)
    if group:
        members = tuple(distribution.origins[id_] for id_ in group.member_ids)
        return OriginPlan(members=members, failover_status_codes=group.status_codes)
    if target_origin_id not in distribution.origins:
        raise UnsupportedResource(
            f"distribution {distribution.id}", reason=f"target origin {target_origin_id!r} does not exist"
        )
    return OriginPlan(members=(distribution.origins[target_origin_id],))


def changed_plan(plan: OriginPlan, calls: Iterable[Mapping[str, Any]], distribution: Distribution) -> OriginPlan:
    """Apply the function's calls in order; `updateRequestOrigin` changes the primary only.

    Raises:
        FunctionError: for an origin id that the distribution does not have, or a group without two members.
    """
    for call in calls:
        settings: Mapping[str, Any] = call["settings"]
        if call["kind"] == "group":
            plan = _group(settings, distribution)
        elif call["kind"] == "select":
            plan = OriginPlan(members=(_updated(_origin(call["originId"], distribution), settings),))
        else:
            plan = replace(plan, members=(_updated(plan.members[0], settings), *plan.members[1:]))
    return plan


def _group(settings: Mapping[str, Any], distribution: Distribution) -> OriginPlan:
    ids = [item["originId"] for item in settings.get("originIds", [])]
    if len(ids) != 2:
        raise FunctionError(f"createRequestOriginGroup wants exactly two originIds, got {ids}")
    codes = settings.get("failoverCriteria", {}).get("statusCodes", [])
    if not codes or not FAILOVER_STATUS_CODES.issuperset(codes):
        allowed = ", ".join(map(str, sorted(FAILOVER_STATUS_CODES)))
        raise FunctionError(f"createRequestOriginGroup wants statusCodes of {allowed}, got {codes}")
    members = tuple(_origin(id_, distribution) for id_ in ids)
    return OriginPlan(members=members, failover_status_codes=frozenset(codes))


def _origin(id_: str, distribution: Distribution) -> Origin:
    if id_ not in distribution.origins:
        known = ", ".join(sorted(distribution.origins))
        raise FunctionError(f"origin {id_!r} does not exist in distribution {distribution.id}; it has {known}")
    return distribution.origins[id_]


def _updated(origin: Origin, settings: Mapping[str, Any]) -> Origin:
    """Return the origin with the fields a function set; fields it left out keep their value."""
    timeouts = settings.get("timeouts") or {}
    _check_ranges({**settings, **timeouts})
    access = settings.get("originAccessControlConfig")
    custom = settings.get("customOriginConfig") or {}
    port = custom.get("port")
    return replace(
        origin,
        domain_name=settings.get("domainName", origin.domain_name).lower(),
        origin_path=settings.get("originPath", origin.origin_path),
        custom_headers=settings.get("customHeaders", origin.custom_headers),
        connection_attempts=int(settings.get("connectionAttempts", origin.connection_attempts)),
        connection_timeout_seconds=float(timeouts.get("connectionTimeout", origin.connection_timeout_seconds)),
        read_timeout_seconds=float(timeouts.get("readTimeout", origin.read_timeout_seconds)),
        is_s3=origin.is_s3 and not custom,
        protocol_policy=f"{custom['protocol']}-only" if custom.get("protocol") else origin.protocol_policy,
        http_port=int(port or origin.http_port),
        https_port=int(port or origin.https_port),
        host_header=settings.get("hostHeader", origin.host_header),
        access_control_id=_access_control_id(origin, access),
    )


def _check_ranges(settings: Mapping[str, Any]) -> None:
    for name, (low, high) in _RANGES.items():
        if name in settings and not low <= float(settings[name]) <= high:
            raise FunctionError(f"{name} is {settings[name]}, but must be between {low} and {high}")


def _access_control_id(origin: Origin, access: Mapping[str, Any] | None) -> str:
    if access is None:
        return origin.access_control_id
    return (origin.access_control_id or "set by the function") if access.get("enabled") else ""
