"""Alternate domain names of distributions: one holder each, whatever DNS says (trap 1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scripts.lint.distributions import Distribution, distributions
from scripts.lint.model import Configuration
from scripts.lint.records import Record, RecordSet, record_sets, records
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront, route53
from scripts.lint.values import Block

_LARGEST_STAGING_RATIO = 0.15


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
    for group, pair in _sets_between_distributions(configuration):
        exact = [one for one in pair if group.name in one.aliases]
        wildcard = [one for one in pair if one not in exact and one.covers(group.name)]
        for one in wildcard if exact else []:
            detail = (
                f"{group.type} {group.name} also points here, but {exact[0].resource.address} holds that exact name"
            )
            yield at(one.resource, detail)


def _steered_distributions(configuration: Configuration) -> Iterator[Finding]:
    for group, pair in _sets_between_distributions(configuration):
        policies = {policy for record in group.records for policy in record.policies}
        if policies - {"failover"}:
            names = " and ".join(sorted(one.resource.address for one in pair))
            yield at(
                group.records[0].resource,
                f"{', '.join(sorted(policies))} records for {group.name} choose between {names}",
            )


def _sets_between_distributions(configuration: Configuration) -> Iterator[tuple[RecordSet, list[Distribution]]]:
    for group in record_sets(configuration):
        ends = [end for record in group.records for end in record.ends]
        targets = {end.distribution.key: end.distribution for end in ends if end.distribution}
        if len(targets) > 1:
            yield group, [Distribution(configuration, targets[key]) for key in sorted(targets)]


def _foreign_name(configuration: Configuration) -> Iterator[Finding]:
    known = {one.resource.key: one for one in distributions(configuration)}
    for record in records(configuration):
        ends = [known.get(end.distribution.key) if end.distribution else None for end in record.ends]
        for one in dict.fromkeys(filter(None, ends)):
            if record.name and "${" not in record.name and one.knows_its_aliases and not _may_cover(one, record):
                yield at(record.resource, f"{record.name} is no alias of {one.resource.address}")


def _may_cover(distribution: Distribution, record: Record) -> bool:
    """Whether a record's name is an alias, or may become one when its zone, which is unknown, completes it."""
    name = (record.name or "").replace("\\052", "*")
    return distribution.covers(name) or any(alias.startswith(f"{name}.") for alias in distribution.aliases)


def _tenant_name(configuration: Configuration) -> Iterator[Finding]:
    holders = {
        alias: one.resource for one in distributions(configuration) for alias in sorted(one.aliases, reverse=True)
    }
    for tenant in configuration.of_type("aws_cloudfront_distribution_tenant"):
        for block in tenant.body.blocks("domain"):
            name = configuration.same(block.value("domain"), tenant)
            holder = holders.setdefault(name, tenant) if name else tenant
            if holder != tenant:
                yield at(tenant, f"domain {name} is also on {holder.address}")


def _staging_share(configuration: Configuration) -> Iterator[Finding]:
    for policy in configuration.of_type("aws_cloudfront_continuous_deployment_policy"):
        for share in policy.body.block("traffic_config").blocks("single_weight_config"):
            weight = share.number("weight")
            if weight is not None and weight > _LARGEST_STAGING_RATIO:
                yield at(policy, f"weight {weight:g}, at most {_LARGEST_STAGING_RATIO:g}")


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
    Rule(
        id="FW014",
        slug="name-without-alias",
        title="A record that leads to a distribution which does not hold the name",
        why="CloudFront answers 403 for a Host that no distribution holds, and Route 53 refuses an alias record whose name "
        "is not among the distribution's aliases; plan accepts it.",
        source=route53("resource-record-sets-values-alias-common"),
        remedy="Add the record's name to the distribution's aliases, with a certificate that covers it.",
        check=_foreign_name,
    ),
    Rule(
        id="FW015",
        severity=Severity.WARNING,
        slug="continuous-deployment-share",
        title="Continuous deployment as a second distribution",
        why="A staging distribution gets 15% of the traffic at most, or requests with a header, in the same account: it is for "
        "trying a configuration, and takes nothing over. More is refused at apply, not at plan.",
        source=cloudfront("continuous-deployment"),
        remedy="Set weight to 0.15 or less; for failover use an origin group.",
        check=_staging_share,
    ),
    Rule(
        id="FW016",
        slug="tenant-name-twice",
        title="The same name on a tenant and a distribution, or on two tenants",
        why=f"{_ONE_HOLDER} Tenants share the names with distributions: the second holder is refused at apply, not at plan.",
        source=cloudfront("distribution-config-options"),
        remedy="Give the name to one of them.",
        check=_tenant_name,
    ),
)
