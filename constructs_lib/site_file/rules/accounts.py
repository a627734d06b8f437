"""Rules of `[accounts]`: a role for everything, and nothing that cannot work across accounts."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.extensions import Account, Accounts

Sections = Mapping[str, Any]

_GLOBAL_REGION = "us-east-1"
_ONE_ACCOUNT = "only where the roles of [accounts] are all of one account"


def account_problems(sections: Sections) -> Iterator[Problem]:
    """Returns what is wrong with the roles, and which settings the accounts rule out."""
    accounts: Accounts | None = sections.get("accounts")
    if accounts is None or "region" not in sections:
        return
    names = [region.name for region in sections["region"]]
    yield from _missing_roles(accounts, names)
    yield from _surplus_roles(accounts, names)
    if accounts.zone is not None:
        yield from _unusable_roles(accounts, accounts.zone)
        yield from _ruled_out(sections, accounts, accounts.zone, names)


def _missing_roles(accounts: Accounts, regions: list[str]) -> Iterator[Problem]:
    found = {"zone": accounts.zone, **{f"region.{name}": accounts.region.get(name) for name in regions}}
    for key, account in found.items():
        if account is None:
            yield Problem(
                key=f"accounts.{key}",
                value=None,
                allowed="a table with role_arn, and external_id where the role wants one",
                remedy=f'write [accounts.{key}] with role_arn = "arn:aws:iam::111122223333:role/site-deploy"',
            )


def _surplus_roles(accounts: Accounts, regions: list[str]) -> Iterator[Problem]:
    for name, account in accounts.region.items():
        if name not in regions:
            yield Problem(
                key=f"accounts.region.{name}",
                value=f'"{account.role_arn}"',
                allowed=f"a role for a region of the site: {', '.join(regions)}",
                remedy="remove it, or correct the region's name",
            )


def _unusable_roles(accounts: Accounts, zone: Account) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, account in accounts.region.items():
        key, shown = f"accounts.region.{name}", f'"{account.role_arn}"'
        if name == _GLOBAL_REGION and account != zone:
            yield Problem(
                key=key,
                value=shown,
                allowed=f"the role of accounts.zone, {zone.role_arn}",
                remedy="use the same role: CloudFront's certificate, alarms and metrics lie in us-east-1 of the zone's account, "
                "and a stack has one provider a region",
            )
        elif account.account_id != zone.account_id and account.account_id in seen:
            yield Problem(
                key=key,
                value=shown,
                allowed="the zone's account, or one that no other region has",
                remedy=f"choose another than {seen[account.account_id]}'s: one lost account would take both regions, and "
                "both stacks would own the record that proves the certificates' names",
            )
        seen.setdefault(account.account_id, name)
    for arn in accounts.publisher_arns:
        if arn.split(":")[4] != zone.account_id:
            yield Problem(
                key="accounts.publisher_arns",
                value=f'"{arn}"',
                allowed=f"principals of the zone's account, {zone.account_id}",
                remedy="let them publish by a role of that account: a release is switched in its KeyValueStore",
            )


def _ruled_out(sections: Sections, accounts: Accounts, zone: Account, regions: list[str]) -> Iterator[Problem]:
    """Yields what would fail at apply, or would look at one account and take it for the site."""
    features, github = sections["features"], sections.get("github")
    if github is not None and github.subjects:
        yield Problem(
            key="github.subjects",
            value="a list with features.multi_account",
            allowed="[github] without features.multi_account",
            remedy="remove it: its roles and their boundary lie in one account, and IAM takes no boundary of another; let your "
            "own CI role take the roles of [accounts]",
        )
    if {account.account_id for account in (zone, *accounts.region.values())} == {zone.account_id}:
        return
    reasons = {
        "audit": "a trail records one account; an organisation's trail records them all",
        "api": "a global table's replicas are of one account (provider 5.100.0 makes no other)",
        "kms": "a multi-Region key's replicas are of one account",
        "access_logs": "CloudFront's log delivery writes to buckets of the distribution's account",
        "database": "RDS makes a replica in another region of the same account only",
        "parity": "each region's function reads the other's bucket, which the bucket's policy does not allow it",
    }
    for name, reason in reasons.items():
        if getattr(features, name):
            yield _without(
                f"features.{name}", f"turn it off, or use one account: {reason}", "true with several accounts"
            )
    yield from _metrics_elsewhere(sections, accounts, zone, regions)


def _metrics_elsewhere(sections: Sections, accounts: Accounts, zone: Account, regions: list[str]) -> Iterator[Problem]:
    routing, health_check, residency = (sections.get(name) for name in ("routing", "health_check", "residency"))
    if (
        routing is not None
        and health_check is not None
        and health_check.alarm_check
        and routing.entry.value == "regional"
    ):
        yield _without(
            "health_check.alarm_check",
            "turn it off: Route 53 reads an alarm of the health check's own account alone "
            "(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html)",
            "true with several accounts",
        )
    primary = next((region.name for region in sections["region"] if region.role.value == "primary"), regions[0])
    account = accounts.region.get(primary)
    allowed = () if residency is None else residency.allowed_regions
    if allowed and _GLOBAL_REGION not in allowed and account is not None and account.account_id != zone.account_id:
        yield _without(
            "residency.allowed_regions",
            f"allow {_GLOBAL_REGION}, or give {primary} the zone's account: alarms there would be worded in another account, "
            "whose topics take none of this one's alarms",
            f"a list without {_GLOBAL_REGION}, with several accounts",
        )


def _without(key: str, remedy: str, value: str) -> Problem:
    return Problem(key=key, value=value, allowed=_ONE_ACCOUNT, remedy=remedy)
