"""Health checks as Route 53 runs them: what they ask, and which distribution's behaviour answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.distributions import DISTRIBUTION, Distribution, bucket_behind, distributions
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import RECORD, Record, full_name, records
from scripts.lint.values import Block, expressions_in

HEALTH_CHECK = "aws_route53_health_check"
ENDPOINT_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
_WEB_TYPES = ENDPOINT_TYPES[:4]
_ADDRESS_TYPES = ("A", "AAAA", "CNAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A health check that asks a distribution, and the behaviour that its path meets."""

    check: Resource
    distribution: Distribution
    behaviour: Block
    path: str

    @property
    def type(self) -> str:
        """HTTP, HTTPS, and either with _STR_MATCH."""
        return self.check.body.text("type") or ""

    @property
    def group(self) -> Block | None:
        """The origin group that answers, None when a single origin does."""
        return self.distribution.groups.get(self.behaviour.text("target_origin_id") or "")

    @property
    def origins(self) -> list[Block]:
        """The origins that may answer."""
        return self.distribution.origins_of(self.behaviour)

    @property
    def key(self) -> str:
        """Key of the object asked for, if no function rewrites the path and the origin has no path of its own."""
        return self.path.lstrip("/")


def health_checks(configuration: Configuration) -> list[Resource]:
    """Returns all health checks."""
    return configuration.of_type(HEALTH_CHECK)


def probes(configuration: Configuration) -> Iterator[Probe]:
    """Yields the checks that ask a distribution over HTTP or HTTPS with a known path."""
    yield from configuration.once("probes", lambda: list(_probes(configuration)))


def _probes(configuration: Configuration) -> Iterator[Probe]:
    known = distributions(configuration)
    for check in health_checks(configuration):
        distribution = distribution_asked(configuration, check, known)
        path = (check.body.text("resource_path") or "/").partition("?")[0]
        if (
            distribution is None
            or check.body.text("type") not in _WEB_TYPES
            or not check.body.is_known("resource_path")
        ):
            continue
        behaviour = distribution.behaviour_for(path)
        if behaviour is not None:
            yield Probe(check=check, distribution=distribution, behaviour=behaviour, path=path)


def distribution_asked(configuration: Configuration, check: Resource, known: list[Distribution]) -> Distribution | None:
    """Returns the distribution that answers a check: by its own name, by the records of a name, or by an alias without any.

    A wildcard alias alone says nothing: the name's own record may lead elsewhere, also one that is not known. Nor does the name
    of a check that has an address, which is what it asks: the name is its Host header.
    """
    if not check.body.is_unset("ip_address"):
        return None
    resource = configuration.resource(check.body.value("fqdn"), check, DISTRIBUTION)
    index = configuration.once(("distributions by name", id(known)), lambda: _by_name(known))
    if resource is not None:
        return index.get(resource.key)
    name, answering = _answering(configuration, check)
    if name and not answering:
        return index.get(name)
    led_to = [end.distribution.key for record in answering for end in record.ends if end.distribution]
    return next((index[key] for key in led_to if key in index), None)


def _by_name(known: list[Distribution]) -> dict[object, Distribution]:
    """Returns distributions by the key of their resource and by each alias, the first one where several hold it."""
    found: dict[object, Distribution] = {}
    for distribution in known:
        for name in (distribution.resource.key, *distribution.aliases):
            found.setdefault(name, distribution)
    return found


def resource_asked(configuration: Configuration, check: Resource, *types: str) -> Resource | None:
    """Returns the endpoint of these types that answers a check, by its own name or by the records of a name."""
    direct = configuration.resource(check.body.value("fqdn"), check, *types)
    if direct is not None:
        return direct
    _, answering = _answering(configuration, check)
    targets = (
        configuration.resource(value, end.resource, *types)
        for record in answering
        for end in record.ends
        for value in (end.alias.value("name"), *end.values)
        if value is not None
    )
    first = next(targets, None)
    return first if first and all(target and target.key == first.key for target in targets) else None


def _answering(configuration: Configuration, check: Resource) -> tuple[str | None, list[Record]]:
    """Returns the name that a check asks and the records that answer it, or may."""
    return configuration.once(("answering", check.key), lambda: _found_answering(configuration, check))


def _found_answering(configuration: Configuration, check: Resource) -> tuple[str | None, list[Record]]:
    value = check.body.value("fqdn")
    own = configuration.resource(value, check, RECORD)
    name = full_name(configuration, own) if own else configuration.same(value, check)
    by_own = configuration.once("records by name", lambda: _records_by_name(configuration))
    # A record whose zone has no known name is known by the beginning of its own: www of www.example.com.
    asked = name or ""
    beginnings = [asked[:place] for place, character in enumerate(asked) if character == "."]
    near = [record for one in (name, *beginnings, None) for record in by_own.get(one, ())]
    return name, [record for record in near if (own and record.resource.key == own.key) or may_answer(record, name)]


def _records_by_name(configuration: Configuration) -> dict[str | None, list[Record]]:
    """Returns the records by name, those whose name is not known as a whole under None; what proves a certificate is none."""
    found: dict[str | None, list[Record]] = defaultdict(list)
    for record in (one for one in records(configuration) if not _proves_a_certificate(one)):
        found[record.name if record.name and "${" not in record.name else None].append(record)
    return found


def _proves_a_certificate(record: Record) -> bool:
    """Whether its name comes from ACM, which begins such names with an underscore, as no website's does."""
    references = (one for expression in expressions_in(record.body.value("name")) for one in expression.references)
    return any("domain_validation_options" in reference.attribute for reference in references)


def may_answer(record: Record, name: str | None) -> bool:
    """Whether a record may be one of a name's addresses: its name is this one, is not known, or is not known as a whole."""
    if (record.body.text("type") or "A").upper() not in _ADDRESS_TYPES or name is None:
        return False
    own = record.name
    return own is None or "${" in own or own == name or (name.startswith(f"{own}.") and not record.knows_zone_name)


def bucket_asked(configuration: Configuration, check: Resource) -> Resource | None:
    """Returns the bucket that a check asks directly, at its REST endpoint."""
    return bucket_behind(configuration, check.body.value("fqdn"), check)
