"""Alternate domain names of distributions: one holder each, whatever DNS says (trap 1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scripts.lint.distributions import Distribution, distributions
from scripts.lint.model import Configuration
from scripts.lint.records import RecordSet, record_sets
from scripts.lint.rule import Finding, Rule, at
from scripts.lint.sources import cloudfront
from scripts.lint.values import Block


def _shared_alias(configuration: Configuration) -> Iterator[Finding]:
    holders: dict[str, list[Distribution]] = defaultdict(list)
    for distribution in distributions(configuration):
        for alias in distribution.aliases:
            holders[alias].append(distribution)
            if _has_instances(distribution.resource.body):
                yield at(distribution.resource, f"alias {alias} is on every instance of it")
    for alias, sharing in sorted(holders.items()):
        for distribution in sharing[1:]:
            yield at(distribution.resource, f"alias {alias} is also on {sharing[0].resource.address}")


def _has_instances(body: Block) -> bool:
    """Whether `count` or `for_each` certainly makes more than one; in a plan or state each is a resource of its own."""
    each = body.value("for_each")
    return (body.number("count") or 0) > 1 or (isinstance(each, dict | list) and len(each) > 1)


def _wildcard_pair(configuration: Configuration) -> Iterator[Finding]:
    for records, pair in _sets_between_distributions(configuration):
        exact = [one for one in pair if records.name in one.aliases]
        wildcard = [one for one in pair if one not in exact and one.covers(records.name)]
        for one in wildcard if exact else []:
            detail = (
                f"{records.type} {records.name} also points here, but {exact[0].resource.address} holds that exact name"
            )
            yield at(one.resource, detail)


def _steered_distributions(configuration: Configuration) -> Iterator[Finding]:
    for records, pair in _sets_between_distributions(configuration):
        policies = {policy for record in records.records for policy in record.policies}
        if policies - {"failover"}:
            names = " and ".join(sorted(one.resource.address for one in pair))
            yield at(
                records.records[0].resource,
                f"{', '.join(sorted(policies))} records for {records.name} choose between {names}",
            )


def _sets_between_distributions(configuration: Configuration) -> Iterator[tuple[RecordSet, list[Distribution]]]:
    known = {one.resource.key: one for one in distributions(configuration)}
    for records in record_sets(configuration):
        ends = [end for record in records.records for end in record.ends]
        targets = {end.distribution.key for end in ends if end.distribution}
        if len(targets) > 1:
            yield records, [known[key] for key in sorted(targets)]


_ONE_HOLDER = (
    "An alternate domain name sits on one distribution, over all accounts, and the edge picks the distribution by SNI and Host, "
    "not by the DNS answer."
)

RULES = (
    Rule(
        id="FW011",
        slug="shared-alias",
        title="The same alias on two distributions",
        why=f"{_ONE_HOLDER} The second one fails at apply with 409 CNAMEAlreadyExists; plan does not say so.",
        source=cloudfront("CNAMEs"),
        remedy="Give the name to one distribution with an origin group of both regions, and each distribution a name of its own.",
        check=_shared_alias,
    ),
    Rule(
        id="FW012",
        slug="wildcard-alias-pair",
        title="An exact and a wildcard alias as a pair that DNS steers",
        why=f"{_ONE_HOLDER} An exact name beats a wildcard held elsewhere: the exact holder keeps serving after any DNS switch.",
        source=cloudfront("CNAMEs"),
        remedy="Fail over inside one distribution (origin group), or make the SECONDARY something that is not CloudFront.",
        check=_wildcard_pair,
    ),
    Rule(
        id="FW013",
        slug="dns-between-distributions",
        title="A routing policy that chooses between two distributions for one name",
        why=f"{_ONE_HOLDER} So weighted, latency or geolocation records between distributions change nothing.",
        source=cloudfront("CNAMEs"),
        remedy="Choose the origin inside CloudFront (origin group, viewer-request function), or route between "
        "regional endpoints.",
        check=_steered_distributions,
    ),
)
