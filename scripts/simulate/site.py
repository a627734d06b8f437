"""What of a site decides how fast it recovers: read from synthesized stacks, or from plans as `terraform show -json` has them."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_facts.health_checks import (
    ALIAS_TTL_SECONDS,
    CHECKER_REGIONS_BY_DEFAULT,
    CHECKERS_PER_REGION,
    DEFAULT_FAILURE_THRESHOLD,
    DEFAULT_REQUEST_INTERVAL_SECONDS,
    UNMANAGED_NEGATIVE_TTL_SECONDS,
)
from aws_facts.recovery import DnsFailover
from scripts.errors import WrongUsageError

_SLOWEST_RATIO = 0.95
"""Of several checks that decide records, the one whose recovery is longest in 95 of 100 outages speaks for the site."""
# CloudFront's own: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html
_CONNECTION_ATTEMPTS = 3
_CONNECTION_TIMEOUT_SECONDS = 10.0
_READ_TIMEOUT_SECONDS = 30.0
# What the router function sets on the first origin: constructs_lib/functions/router.js
_FUNCTION_TIMEOUTS = re.compile(r'"timeouts":\s*\{"connectionTimeout":\s*(\d+),\s*"readTimeout":\s*(\d+)\}')
_REFERENCE = re.compile(r"aws_route53_health_check\.?([\w-]+?)(?:\.id\b|id\b|\b(?![\w.-]))")


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginFailover:
    """How CloudFront leaves the first origin of a group.

    Attributes:
        connection_attempts: to the first origin, and after a silent one for GET too.
        connection_timeout_seconds: of one attempt.
        read_timeout_seconds: how long an origin may stay silent.
        status_codes: answers of the first origin after which the second one is asked.
    """

    connection_attempts: int = _CONNECTION_ATTEMPTS
    connection_timeout_seconds: float = _CONNECTION_TIMEOUT_SECONDS
    read_timeout_seconds: float = _READ_TIMEOUT_SECONDS
    status_codes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSite:
    """A site as far as drills in virtual time need it.

    Attributes:
        dns: None without a health check that decides a record: nobody leads users elsewhere.
        negative_ttl_seconds: how long a resolver may keep the answer that a name does not exist.
        origins: None without an origin group.
        has_cloudfront: whether CloudFront is in the public name.
        rto_seconds, availability_ratio: the site file's objectives; None where the stacks name none.
    """

    primary: str = "the primary region"
    secondary: str = "the secondary region"
    hostname: str = ""
    dns: DnsFailover | None
    negative_ttl_seconds: float
    origins: OriginFailover | None
    has_cloudfront: bool
    rto_seconds: float | None = None
    availability_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A managed resource: its attributes, and the text in which it names others."""

    type: str
    name: str
    values: Mapping[str, Any]
    references: str


def site_of_stacks(stacks: Mapping[str, Mapping[str, Any]]) -> SimulatedSite:
    """Read synthesized stacks: name -> Terraform JSON.

    Raises:
        WrongUsageError: there is neither CloudFront nor a health check in them.
    """
    outputs = {
        name: output.get("value")
        for stack in stacks.values()
        for named in blocks(stack.get("output"))
        for name, output in named.items()
        if isinstance(output, Mapping)
    }
    return _site([each for stack in stacks.values() for each in _of_stack(stack)], outputs)


def site_of_plans(files: Iterable[Path]) -> SimulatedSite:
    """Read plans, each of one stack, as `terraform show -json` prints them.

    Raises:
        WrongUsageError: a file is no such plan, or together they hold nothing that fails over.
    """
    resources: list[Resource] = []
    outputs: dict[str, Any] = {}
    for file in files:
        plan = _plan(file)
        resources += _of_plan(plan)
        planned = plan["planned_values"].get("outputs", {})
        outputs |= {name: output.get("value") for name, output in planned.items()}
    return _site(resources, outputs)


def _plan(file: Path) -> dict[str, Any]:
    try:
        plan = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongUsageError(f"--plan {file} cannot be read: {error}") from error
    if not isinstance(plan, dict) or not isinstance(plan.get("planned_values"), dict):
        raise WrongUsageError(
            f"--plan {file} is no plan as JSON: write one with `terraform plan -out=tfplan` and `terraform show -json tfplan`"
        )
    return plan


def _of_stack(stack: Mapping[str, Any]) -> Iterator[Resource]:
    """Yield the resources; each level may be an object or an array of objects.

    https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping
    """
    for kinds in blocks(stack.get("resource")):
        for kind, named in kinds.items():
            for names in blocks(named):
                for name, bodies in names.items():
                    for body in blocks(bodies):
                        yield Resource(type=kind, name=name, values=body, references=json.dumps(body))


def _of_plan(plan: Mapping[str, Any]) -> Iterator[Resource]:
    expressions = {
        (each["type"], each["name"]): json.dumps(each.get("expressions", {}))
        for module in _configurations(plan.get("configuration", {}).get("root_module", {}))
        for each in module.get("resources", ())
    }
    for module in _modules(plan["planned_values"].get("root_module", {})):
        for each in module.get("resources", ()):
            if each.get("mode") == "managed":
                key = each["type"], each["name"]
                yield Resource(
                    type=each["type"], name=each["name"], values=each["values"], references=expressions.get(key, "")
                )


def _modules(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield module
    for child in module.get("child_modules", ()):
        yield from _modules(child)


def _configurations(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield module
    for call in module.get("module_calls", {}).values():
        yield from _configurations(call.get("module", {}))


def _site(resources: list[Resource], outputs: Mapping[str, Any]) -> SimulatedSite:
    distribution = _distribution(resources)
    dns = _dns(resources)
    if distribution is None and dns is None:
        raise WrongUsageError(
            "there is neither a CloudFront distribution nor a health check here, so nothing fails over: synthesize the site"
            " file first (`python main.py FILE`), or name its edge stack's plan with --plan"
        )
    roles, objectives, routing = (
        found if isinstance(found := outputs.get(name), Mapping) else {} for name in ("roles", "objectives", "routing")
    )
    return SimulatedSite(
        primary=_in_role(roles, "primary", "the primary region"),
        secondary=_in_role(roles, "secondary", "the secondary region"),
        hostname=str(outputs.get("hostname") or ""),
        dns=dns,
        negative_ttl_seconds=_negative_ttl_seconds(resources),
        origins=None if distribution is None else _origins(distribution, resources),
        has_cloudfront=distribution is not None and routing.get("entry", "cloudfront") == "cloudfront",
        rto_seconds=_number(objectives.get("rto_seconds")),
        availability_ratio=_number(objectives.get("availability_ratio")),
    )


def _in_role(roles: Mapping[str, Any], role: str, otherwise: str) -> str:
    return next((region for region, given in roles.items() if given == role), otherwise)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def blocks(value: object) -> list[Mapping[str, Any]]:
    """Return nested blocks, which Terraform JSON may write as one object or as a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Mapping)]


def _figure(value: object, default: float) -> float:
    """Return a number; what is known only to Terraform, such as a variable, is taken for the default."""
    if isinstance(value, str) and value.isdigit():
        return float(value)
    return float(value) if isinstance(value, int | float) and value > 0 else default


def _distribution(resources: Iterable[Resource]) -> Resource | None:
    """Return the distribution that users reach: the one with most names, and of those one with an origin group."""
    found = [each for each in resources if each.type == "aws_cloudfront_distribution"]
    return max(
        found,
        key=lambda each: (
            len(each.values["aliases"]) if isinstance(each.values.get("aliases"), list) else 0,
            bool(blocks(each.values.get("origin_group"))),
        ),
        default=None,
    )


def _origins(distribution: Resource, resources: Iterable[Resource]) -> OriginFailover | None:
    groups = blocks(distribution.values.get("origin_group"))
    if not groups:
        return None
    group = groups[0]
    first = next((each.get("origin_id") for each in blocks(group.get("member"))), None)
    origin = next((o for o in blocks(distribution.values.get("origin")) if o.get("origin_id") == first), {})
    codes = itertools.chain.from_iterable(b.get("status_codes", ()) for b in blocks(group.get("failover_criteria")))
    timeouts = _timeouts_of_function(resources)
    connection, read = timeouts or (origin.get("connection_timeout"), _read_timeout(origin))
    return OriginFailover(
        connection_attempts=int(_figure(origin.get("connection_attempts"), _CONNECTION_ATTEMPTS)),
        connection_timeout_seconds=_figure(connection, _CONNECTION_TIMEOUT_SECONDS),
        read_timeout_seconds=_figure(read, _READ_TIMEOUT_SECONDS),
        status_codes=frozenset(int(code) for code in codes if str(code).isdigit()),
    )


def _read_timeout(origin: Mapping[str, Any]) -> object:
    configs = [*blocks(origin.get("custom_origin_config")), *blocks(origin.get("s3_origin_config"))]
    return next((c["origin_read_timeout"] for c in configs if c.get("origin_read_timeout")), None)


def _timeouts_of_function(resources: Iterable[Resource]) -> tuple[float, float] | None:
    for each in resources:
        if each.type == "aws_cloudfront_function":
            found = _FUNCTION_TIMEOUTS.search(str(each.values.get("code") or ""))
            if found:
                return float(found[1]), float(found[2])
    return None


def _dns(resources: list[Resource]) -> DnsFailover | None:
    """Return what decides the records: the slowest pair of a record's TTL and a check that it names."""
    checks = {each.name: each for each in resources if each.type == "aws_route53_health_check"}
    pairs = [
        (check, _ttl_seconds(record))
        for record in resources
        if record.type == "aws_route53_record"
        for name in _REFERENCE.findall(record.references)
        for check in _probed(checks, name)
    ]
    if not pairs:  # the records are in another stack's plan
        pairs = [(check, float(ALIAS_TTL_SECONDS)) for name in checks for check in _probed(checks, name)]
    found = [_failover(check, ttl_seconds) for check, ttl_seconds in pairs]
    return max(found, key=lambda each: each.recovery_seconds(_SLOWEST_RATIO), default=None)


def _probed(checks: Mapping[str, Resource], name: str) -> list[Resource]:
    """Return the checks that are probed among a check and its children."""
    check = checks.get(name)
    if check is None:
        return []
    if check.values.get("type") != "CALCULATED":
        return [check] if check.values.get("type") not in ("CLOUDWATCH_METRIC", "RECOVERY_CONTROL") else []
    children = [each for each in _REFERENCE.findall(check.references) if each != name]
    return [found for child in children for found in _probed({k: v for k, v in checks.items() if k != name}, child)]


def _failover(check: Resource, ttl_seconds: float) -> DnsFailover:
    regions = check.values.get("regions")
    return DnsFailover(
        interval_seconds=_figure(check.values.get("request_interval"), DEFAULT_REQUEST_INTERVAL_SECONDS),
        failure_threshold=int(_figure(check.values.get("failure_threshold"), DEFAULT_FAILURE_THRESHOLD)),
        checkers=CHECKERS_PER_REGION
        * (len(regions) if isinstance(regions, list) and regions else CHECKER_REGIONS_BY_DEFAULT),
        ttl_seconds=ttl_seconds,
    )


def _ttl_seconds(record: Resource) -> float:
    return _figure(record.values.get("ttl"), ALIAS_TTL_SECONDS)


def _negative_ttl_seconds(resources: Iterable[Resource]) -> float:
    """Return the lesser of the SOA's TTL and its last field (RFC 2308 section 5); without a managed one Route 53's own."""
    for each in resources:
        if each.type == "aws_route53_record" and each.values.get("type") == "SOA" and each.values.get("records"):
            minimum = str(next(iter(each.values["records"]))).split()[-1]
            if minimum.isdigit():
                return min(float(minimum), _figure(each.values.get("ttl"), float(minimum)))
    return float(UNMANAGED_NEGATIVE_TTL_SECONDS)
