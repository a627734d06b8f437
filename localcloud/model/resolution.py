"""How Route 53 answers one question: zone, wildcard, CNAME, alias, NXDOMAIN or NODATA.

Which of several records answers is `record_selection`'s part. DNS rules: RFC 1034 section 4.3.2, RFC 4592
(wildcards), RFC 2308 (negative answers).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from localcloud.model.addresses import AwsName, ipv4_mapped
from localcloud.model.errors import UnsupportedResource
from localcloud.model.geography import FRANKFURT, ViewerLocation
from localcloud.model.record_selection import select_records
from localcloud.model.records import AliasTarget, HostedZone, ResourceRecordSet, normalized_name

# CloudFront and API Gateway aliases answer with 60 s, measured with dig (AWS documents 60 s for ELB only),
# https://dev.classmethod.jp/cloud/amazon-route-53-alias-ttl/
ALIAS_TTL_SECONDS = 60
MAXIMUM_CHAIN_LENGTH = 8
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
SOA_TTL_SECONDS = 900


class Status(Enum):
    """The DNS response code, by its IANA name."""

    NOERROR = "NOERROR"
    NXDOMAIN = "NXDOMAIN"
    REFUSED = "REFUSED"
    SERVFAIL = "SERVFAIL"


class NameFailure(Enum):
    """How one of AWS's own names does not answer.

    What Route 53 says for an alias whose target has vanished is not documented: here it says what the target's own servers say,
    so NXDOMAIN and NODATA are the two readings.
    """

    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    SERVFAIL = "servfail"

    @property
    def status(self) -> Status:
        """The response code that a resolver gets."""
        return {NameFailure.NXDOMAIN: Status.NXDOMAIN, NameFailure.SERVFAIL: Status.SERVFAIL}.get(self, Status.NOERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSet:
    """Records of one name and type in an answer."""

    name: str
    type: str
    ttl_seconds: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the DNS server says.

    Attributes:
        answers: CNAME chain first; empty with NOERROR means NODATA.
        authority: The SOA of a negative answer, or the NS records of a delegation.
        is_authoritative: False for a delegation.
    """

    status: Status
    answers: tuple[AnswerSet, ...] = ()
    authority: tuple[AnswerSet, ...] = ()
    is_authoritative: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionContext:
    """What an answer depends on besides the records.

    Attributes:
        healthy_checks: Health check id -> healthy; an id that is missing counts as healthy.
        aws_names: Names that AWS answers for (lower case, final dot) -> address.
        failing_targets: Fault target of AWS's names -> how they do not answer.
        viewer: Where the query comes from.
        draw: A uniform random number in [0, 1).
    """

    healthy_checks: Mapping[str, bool] = field(default_factory=dict)
    aws_names: Mapping[str, AwsName] = field(default_factory=dict)
    failing_targets: Mapping[str, NameFailure] = field(default_factory=dict)
    viewer: ViewerLocation = FRANKFURT
    draw: float = 0.0

    def failure_of(self, name: str) -> NameFailure | None:
        """Return how one of AWS's names does not answer; None: it does, or is none of AWS's."""
        targets = self.aws_names[name].fault_targets if name in self.aws_names else ()
        return next((self.failing_targets[each] for each in targets if each in self.failing_targets), None)


class _AliasFailed(Exception):  # noqa: N818  control flow of this module
    """The target of the alias that was chosen does not answer."""

    def __init__(self, failure: NameFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


def resolve(zones: Sequence[HostedZone], name: str, type_: str, context: ResolutionContext) -> Answer:
    """Answer one question from the hosted zones.

    Args:
        zones: All public hosted zones; the longest matching one answers.
        name: The name asked for, any case, final dot or not.
        type_: The record type asked for, e.g. `AAAA`.
        context: Health, AWS's own names, the viewer and the random draw.

    Raises:
        UnsupportedResource: when the answer depends on something that is not modelled.
    """
    qname = normalized_name(name)
    if qname in context.aws_names:
        return _aws_answer(qname, type_, context)
    zone = find_zone(zones, qname)
    return _ZoneResolver(zone, context).answer(qname, type_) if zone else Answer(status=Status.REFUSED)


def find_zone(zones: Sequence[HostedZone], name: str) -> HostedZone | None:
    """Return the hosted zone with the longest name that holds `name`."""
    holding = [zone for zone in zones if name == zone.name or name.endswith("." + zone.name)]
    return max(holding, key=lambda zone: len(zone.name), default=None)


def _aws_answer(name: str, type_: str, context: ResolutionContext) -> Answer:
    failure = context.failure_of(name)
    if failure:
        return Answer(status=failure.status, authority=() if failure is NameFailure.SERVFAIL else (_aws_soa(name),))
    values = _aws_addresses(context.aws_names[name], type_)
    answer = AnswerSet(name=name, type=type_, ttl_seconds=ALIAS_TTL_SECONDS, values=values)
    return Answer(status=Status.NOERROR, answers=(answer,) if values else ())


def _aws_soa(name: str) -> AnswerSet:
    """The SOA of a zone that Route 53 serves as it comes, which AWS's own names are taken to lie in.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
    """
    value = f"ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 {SOA_TTL_SECONDS} 1209600 86400"
    return AnswerSet(name=name.split(".", 1)[1], type="SOA", ttl_seconds=SOA_TTL_SECONDS, values=(value,))


def _aws_addresses(target: AwsName, type_: str) -> tuple[str, ...]:
    if type_ == "A":
        return (target.ipv4_address,)
    return (ipv4_mapped(target.ipv4_address),) if type_ == "AAAA" and target.has_ipv6 else ()


def with_addresses(answer: Answer, reached: Mapping[str, str]) -> Answer:
    """Return the answer with addresses outside AWS replaced by those that reach their servers on this machine."""
    if not reached:
        return answer
    sets = (replace(found, values=tuple(reached.get(each, each) for each in found.values)) for found in answer.answers)
    return replace(answer, answers=tuple(sets))


def with_divided_ttls(answer: Answer, divisor: float) -> Answer:
    """Return the answer with TTLs divided and rounded up: real seconds, for a resolver that knows no faster clock."""
    if divisor == 1:
        return answer

    def divided(sets: tuple[AnswerSet, ...]) -> tuple[AnswerSet, ...]:
        return tuple(replace(found, ttl_seconds=math.ceil(found.ttl_seconds / divisor)) for found in sets)

    return replace(answer, answers=divided(answer.answers), authority=divided(answer.authority))


class _ZoneResolver:
    """One hosted zone in one context."""

    def __init__(self, zone: HostedZone, context: ResolutionContext) -> None:
        self.zone = zone
        self.context = context
        self.groups: dict[tuple[str, str], list[ResourceRecordSet]] = {}
        for record in zone.records:
            self.groups.setdefault((record.name, record.type), []).append(record)
        self.names = {record.name for record in zone.records}

    def answer(self, qname: str, type_: str) -> Answer:
        delegation = self._delegation(qname)
        if delegation:
            return Answer(status=Status.NOERROR, authority=(delegation,), is_authoritative=False)
        chain: list[AnswerSet] = []
        try:
            return self._follow(qname, type_, chain)
        except _AliasFailed as error:
            is_negative = error.failure is not NameFailure.SERVFAIL
            return self._negative(error.failure.status, chain) if is_negative else Answer(status=error.failure.status)

    def _follow(self, qname: str, type_: str, chain: list[AnswerSet]) -> Answer:
        """Answer along CNAME records, which are put into `chain`."""
        name = qname
        for _ in range(MAXIMUM_CHAIN_LENGTH):
            owner = self._owner(name)
            if owner is None:
                return self._negative(Status.NOERROR if chain else Status.NXDOMAIN, chain)
            found = self._answer_set(name, owner, type_)
            if found:
                return Answer(status=Status.NOERROR, answers=(*chain, found))
            cname = self._answer_set(name, owner, "CNAME")
            if cname is None:
                return self._negative(Status.NOERROR, chain)
            chain.append(cname)
            name = normalized_name(cname.values[0])
            if not self._holds(name):
                return self._outside(name, type_, chain)
        return Answer(status=Status.NOERROR, answers=tuple(chain))

    def _holds(self, name: str) -> bool:
        return name == self.zone.name or name.endswith("." + self.zone.name)

    def _outside(self, name: str, type_: str, chain: list[AnswerSet]) -> Answer:
        """Answer the end of a chain that leaves the zone, as a resolver would find it: only AWS's names are known."""
        if name not in self.context.aws_names:
            return Answer(status=Status.NOERROR, answers=tuple(chain))
        found = _aws_answer(name, type_, self.context)
        return replace(found, answers=(*chain, *found.answers))

    def _owner(self, name: str) -> str | None:
        """Return the record name that answers for `name`: itself, or the wildcard at its closest encloser."""
        if name in self.names or any(other.endswith("." + name) for other in self.names):
            return name
        labels = name.split(".")
        for cut in range(1, len(labels)):
            encloser = ".".join(labels[cut:])
            if f"*.{encloser}" in self.names:
                return f"*.{encloser}"
            if encloser in self.names or any(other.endswith("." + encloser) for other in self.names):
                return None
        return None

    def _delegation(self, qname: str) -> AnswerSet | None:
        name = qname
        while self._holds(name) and name != self.zone.name:
            group = self.groups.get((name, "NS"))
            if group:
                return _plain(name, group[0])
            name = name.split(".", 1)[1]
        return None

    def _answer_set(self, name: str, owner: str, type_: str) -> AnswerSet | None:
        group = self.groups.get((owner, type_), [])
        context = self.context
        chosen = select_records(group, viewer=context.viewer, is_healthy=self.is_healthy, draw=context.draw)
        sets = [found for record in chosen if (found := self._record_answer(name, record))]
        if not sets:
            return None
        values = tuple(dict.fromkeys(value for found in sets for value in found.values))
        ttl_seconds = min(found.ttl_seconds for found in sets)
        return AnswerSet(name=name, type=type_, ttl_seconds=ttl_seconds, values=values)

    def _record_answer(self, name: str, record: ResourceRecordSet) -> AnswerSet | None:
        if record.alias_target is None:
            return _plain(name, record)
        return self._alias_answer(name, record, record.alias_target)

    def _alias_answer(self, name: str, record: ResourceRecordSet, target: AliasTarget) -> AnswerSet | None:
        """An alias answers only its own type, with the target's values and TTL.

        Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
        """
        if self._holds(target.dns_name):
            if target.dns_name == record.name:
                raise UnsupportedResource(f"alias {record.name} {record.type}", reason="it points at itself")
            return self._renamed(name, self._answer_set(target.dns_name, target.dns_name, record.type))
        aws_name = self.context.aws_names.get(target.dns_name)
        if aws_name is None:
            _refuse_unknown_target(record, target)
            return None
        failure = self.context.failure_of(target.dns_name)
        if failure:
            raise _AliasFailed(failure)
        values = _aws_addresses(aws_name, record.type)
        if not values:
            return None
        return AnswerSet(name=name, type=record.type, ttl_seconds=ALIAS_TTL_SECONDS, values=values)

    @staticmethod
    def _renamed(name: str, found: AnswerSet | None) -> AnswerSet | None:
        if found is None:
            return None
        return AnswerSet(name=name, type=found.type, ttl_seconds=found.ttl_seconds, values=found.values)

    def is_healthy(self, record: ResourceRecordSet) -> bool:
        """A record is healthy when its check and, with EvaluateTargetHealth, its target are.

        Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html
        """
        if record.health_check_id and not self.context.healthy_checks.get(record.health_check_id, True):
            return False
        target = record.alias_target
        if target is None or not target.evaluate_target_health:
            return True
        if target.dns_name.endswith(".cloudfront.net."):
            # https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
            raise UnsupportedResource(
                f"alias {record.name} {record.type}",
                reason="EvaluateTargetHealth cannot be true for a CloudFront distribution",
                remedy="set it to false and give the record its own health check",
            )
        group = self.groups.get((target.dns_name, record.type))
        # Outside the zone the target is an AWS service, healthy while the service stands in its region:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/dns-failover.html
        return group is None or any(self.is_healthy(member) for member in group)

    def _negative(self, status: Status, chain: list[AnswerSet]) -> Answer:
        return Answer(status=status, answers=tuple(chain), authority=self._soa())

    def _soa(self) -> tuple[AnswerSet, ...]:
        """The SOA with the negative TTL: the lesser of its TTL and its minimum field (RFC 2308 section 3)."""
        group = self.groups.get((self.zone.name, "SOA"))
        if not group:
            return ()
        soa = _plain(self.zone.name, group[0])
        minimum = int(soa.values[0].split()[-1])
        ttl_seconds = min(soa.ttl_seconds, minimum)
        return (AnswerSet(name=soa.name, type="SOA", ttl_seconds=ttl_seconds, values=soa.values),)


def _plain(name: str, record: ResourceRecordSet) -> AnswerSet:
    return AnswerSet(name=name, type=record.type, ttl_seconds=record.ttl_seconds or 0, values=record.values)


def _refuse_unknown_target(record: ResourceRecordSet, target: AliasTarget) -> None:
    """A deleted distribution or domain answers nothing; any other AWS target is not modelled."""
    is_modelled = target.dns_name.endswith(".cloudfront.net.") or ".execute-api." in target.dns_name
    if not is_modelled:
        raise UnsupportedResource(
            f"alias {record.name} {record.type}",
            reason=f"target {target.dns_name} is not modelled",
            remedy="point it at a distribution, an API Gateway domain or a record of the same zone",
        )
