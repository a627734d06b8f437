"""Rules of the extensions: what their sections need of `[features]`, `[site]`, `[routing]` and `[[region]]`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from constructs_lib.errors import Problem
from constructs_lib.site_file.database import database_problems, name_problems
from constructs_lib.site_file.extensions import LONGEST_API_HOSTNAME, Api
from constructs_lib.site_file.rules.accounts import account_problems

Sections = Mapping[str, Any]

_FAILOVER_RECORDS = 2
# Feature -> its section.
_SECTIONS = {"api": "api", "multi_account": "accounts", "database": "database"}


def extension_problems(sections: Sections) -> list[Problem]:
    """Returns what is wrong between the extensions and the rest; sections that are invalid by themselves are skipped."""
    features = sections.get("features")
    if features is None:
        return []
    problems = [*_sections_without_feature(sections)]
    if features.api:
        problems += _api_problems(sections)
    if features.database:
        problems += name_problems(sections)
        problems += database_problems(sections)
    if features.multi_account:
        problems += account_problems(sections)
    return problems


def _sections_without_feature(sections: Sections) -> Iterator[Problem]:
    """A section that nothing reads would be taken for switched on."""
    for feature, name in _SECTIONS.items():
        section: BaseModel | None = sections.get(name)
        if section is not None and section != type(section)() and not getattr(sections["features"], feature):
            yield Problem(
                key=name,
                value=f"a table without features.{feature}",
                allowed=f"[{name}] together with features.{feature} = true",
                remedy=f"add {feature} = true to [features], or remove [{name}]",
            )


def _api_problems(sections: Sections) -> Iterator[Problem]:
    site, routing, api = (sections.get(name) for name in ("site", "routing", "api"))
    if api is None:
        return
    yield from _api_authorization(api)
    if site is not None:
        yield from _api_hostname(api, site, [region.name for region in sections.get("region", ())])
    if routing is not None and "region" in sections:
        yield from _api_policy(api, routing.policy.value, sections["region"])


def _api_authorization(api: Api) -> Iterator[Problem]:
    if (api.jwt_issuer is None) == (not api.jwt_audiences):
        return
    missing = "jwt_issuer" if api.jwt_issuer is None else "jwt_audiences"
    yield Problem(
        key=f"api.{missing}",
        value=None,
        allowed="jwt_issuer and jwt_audiences together, or neither",
        remedy=f"add {missing}: a token is judged by its issuer and its audience; without both, AWS IAM authorizes",
    )


def _api_hostname(
    api: Api,
    site: Any,  # noqa: ANN401  (models.Site, whose module imports this one's)
    regions: list[str],
) -> Iterator[Problem]:
    """Each region has a name of its own below the API's, and one below the website's: none may be of both."""
    hostname = api.hostname or f"api.{site.domain_name}"
    below = [*regions, "regions"]
    names = {hostname, *(f"{name}.{hostname}" for name in below)}
    taken = {site.hostname, *(f"{name}.{site.hostname}" for name in below)}
    allowed = f"a name below {site.domain_name}, other than the website's, of at most {LONGEST_API_HOSTNAME} characters"
    remedies = [
        (not hostname.endswith(f".{site.domain_name}"), "use a host name inside the hosted zone"),
        (bool(names & taken), f"choose another name: the website has {', '.join(sorted(names & taken))}"),
        (len(hostname) > LONGEST_API_HOSTNAME, "shorten it: it is the common name of the API's certificates"),
    ]
    yield from (
        Problem(key="api.hostname", value=f'"{hostname}"', allowed=allowed, remedy=remedy)
        for is_wrong, remedy in remedies
        if is_wrong
    )


def _api_policy(api: Api, site_policy: str, regions: Sequence[Any]) -> Iterator[Problem]:
    """The keys of `[[region]]` belong to `routing.policy`, so the API has that one, or one that needs no keys.

    External endpoints do not serve the API, so geolocation needs its default in a region.
    """
    policy = api.policy.value if api.policy is not None else site_policy
    usable = [name for name in dict.fromkeys([site_policy, "failover", "latency"]) if _fits(name, regions)]
    if policy in usable:
        return
    yield Problem(
        key="api.policy",
        value=f'"{policy}"' + ("" if api.policy is not None else " (from routing.policy)"),
        allowed=" or ".join(f'"{name}"' for name in usable),
        remedy="choose one of these: multivalue takes no alias, a failover record has two roles, geolocation needs "
        "is_default_location on a region, and weights and areas are those of routing.policy",
    )


def _fits(policy: str, regions: Sequence[Any]) -> bool:
    if policy == "geolocation":
        return any(region.is_default_location for region in regions)
    return policy != "multivalue" and (policy != "failover" or len(regions) == _FAILOVER_RECORDS)
