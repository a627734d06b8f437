"""Health checks as Route 53 runs them: what they ask, and which distribution's behaviour answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.distributions import DISTRIBUTION, Distribution, bucket_behind, distributions
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import RECORD, full_name
from scripts.lint.values import Block

HEALTH_CHECK = "aws_route53_health_check"
ENDPOINT_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
_WEB_TYPES = ENDPOINT_TYPES[:4]


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
        if self.group is not None:
            return self.distribution.members(self.group)
        origin = self.distribution.origins.get(self.behaviour.text("target_origin_id") or "")
        return [origin] if origin else []

    @property
    def key(self) -> str:
        """Key of the object asked for, if no function rewrites the path and the origin has no path of its own."""
        return self.path.lstrip("/")


def health_checks(configuration: Configuration) -> list[Resource]:
    """Returns all health checks."""
    return configuration.of_type(HEALTH_CHECK)


def probes(configuration: Configuration) -> Iterator[Probe]:
    """Yields the checks that ask a distribution over HTTP or HTTPS with a known path."""
    known = distributions(configuration)
    for check in health_checks(configuration):
        distribution = _asked(configuration, check, known)
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


def _asked(configuration: Configuration, check: Resource, known: list[Distribution]) -> Distribution | None:
    record = configuration.resource(check.body.value("fqdn"), check, RECORD)
    name = full_name(configuration, record) if record else configuration.same(check.body.value("fqdn"), check)
    resource = configuration.resource(check.body.value("fqdn"), check, DISTRIBUTION)
    for distribution in known:
        if distribution.resource == resource or name in distribution.aliases:
            return distribution
    return next((one for one in known if name and one.covers(name)), None)


def bucket_asked(configuration: Configuration, check: Resource) -> Resource | None:
    """Returns the bucket that a check asks directly, at its REST endpoint."""
    return bucket_behind(configuration, check.body.value("fqdn"), check)
