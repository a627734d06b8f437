"""Generated site files over every key that a site file may have: valid by construction, or with something broken.

A key's values come from its model (bounds, enumerations, patterns) where that says enough, else from `_VALUES`. A new key that
neither knows fails `tests/synth/test_generated_site_files.py`, which names it.
"""

import copy
import datetime as dt
import json
import string
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from constructs_lib.site_file.aws_regions import HEALTH_CHECKER_REGIONS, REGIONS, UNKNOWN_TO_STATE_BACKEND
from constructs_lib.site_file.content import Content, ContentRedirect, ContentRule
from constructs_lib.site_file.database import Database
from constructs_lib.site_file.extensions import LONGEST_API_HOSTNAME, Accounts, Api
from constructs_lib.site_file.locations import CONTINENTS, ROUTED_COUNTRIES, SUBDIVISIONS
from constructs_lib.site_file.models import (
    Dns,
    Entry,
    HealthCheck,
    Objectives,
    Policy,
    Region,
    Routing,
    Site,
    SiteFile,
    State,
    Traffic,
)
from constructs_lib.site_file.monitoring import Alerts
from constructs_lib.site_file.rules.one_region import BETWEEN_REGIONS
from constructs_lib.site_file.rules.routing import EDGE_POLICIES
from constructs_lib.site_file.security import Features, Github, Headers, Residency
from constructs_lib.site_file.targets import Endpoint

Document = dict[str, Any]
Values = st.SearchStrategy[Any]

ROUTES = [(Entry.CLOUDFRONT, policy) for policy in EDGE_POLICIES] + [(Entry.REGIONAL, policy) for policy in Policy]
_MOST_REGIONS = 4
_LONGEST_HOSTNAME = 64
# For the longest region name and a dot before the hostname.
_ROOM = 15
_QUERY_LOG_REGION = "us-east-1"

_LABEL = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
_LABEL.validate()  # so hypothesis imports its reader of expressions here: Python 3.11.7 may fail at that amid a test
_TOP_LEVEL = st.sampled_from(["com", "test", "co.uk", "xn--p1ai"])
_WORD = st.text(string.ascii_lowercase + string.digits, min_size=2, max_size=8)
_PATH = st.lists(_WORD, max_size=3).map(lambda parts: "/" + "/".join(parts))
_HOST = st.builds(lambda label, top: f"{label}.{top}", _LABEL, _TOP_LEVEL)

# Section.key -> values, where the model's type says too little.
_VALUES: dict[str, Values] = {
    "health_check.request_interval_seconds": st.sampled_from([10, 30]),
    "health_check.region_request_interval_seconds": st.sampled_from([10, 30]),
    "health_check.checker_regions": st.lists(st.sampled_from(HEALTH_CHECKER_REGIONS), min_size=3, unique=True),
    "endpoint.check_request_interval_seconds": st.sampled_from([10, 30]),
    "endpoint.check_host": _HOST,
    "endpoint.latitude": st.floats(-90, 90).map(lambda degrees: round(degrees, 2)),
    "endpoint.longitude": st.floats(-180, 180).map(lambda degrees: round(degrees, 2)),
    "alerts.runbook_url": _HOST.map(lambda host: f"https://{host}/runbook#now"),
    "content.ignore": st.lists(st.sampled_from(["*.map", "drafts/**"]), unique=True),
    "content.fallback": st.sampled_from(["/index.html", "/app/index.html"]),
    "headers.content_security_policy": st.sampled_from(
        ["default-src 'self'", "default-src 'self'; script-src 'self' 'unsafe-inline'; img-src 'self' data:"]
    ),
    "content.rule": st.lists(st.deferred(lambda: _table("rule", ContentRule)), max_size=3),
    "content.redirect": st.lists(st.deferred(lambda: _table("redirect", ContentRedirect)), max_size=3),
    "api.write_ratio": st.floats(0, 1),
    "rule.pattern": st.sampled_from(["*.css", "/downloads/**", "/a b/*.html", "**/é.txt"]),
    "rule.content_type": st.sampled_from(["text/css", "text/html; charset=utf-8"]),
    "rule.cache_control": st.sampled_from(["no-store", "public, max-age=300"]),
    "redirect.from": _PATH,
    "redirect.to": st.one_of(_PATH, _HOST.map(lambda host: f"https://{host}/")),
}
# What a whole file decides: names, roles, places and what the policy needs.
_DECIDED = {
    "features.prober",
    "features.prober_alarms",
    "features.accelerated_recovery",  # the provider on the machines that plan these files may be 5.100
    "site.domain_name",
    "site.hostname",
    "site.takes_name",
    "region.name",
    "region.role",
    "region.continents",
    "region.countries",
    "region.subdivisions",
    "endpoint.name",
    "endpoint.ipv4_address",
    "endpoint.ipv6_address",
    "endpoint.continents",
    "endpoint.countries",
    "endpoint.subdivisions",
    "endpoint.near_region",
    "alerts.webhook_url",
    "api.hostname",
    "api.policy",
    "api.jwt_issuer",
    "api.jwt_audiences",
    "accounts.zone",
    "accounts.region",
    "accounts.state",
    "accounts.publisher_arns",
    "database.writer_region",
    "database.storage_gigabytes",
    "database.storage_limit_gigabytes",
    "database.network",
    "github.subjects",
    "residency.allowed_regions",
    "state.bucket",
    "state.region",
    "state.replica_region",
}
SECTIONS: dict[str, type[BaseModel]] = {
    "site": Site,
    "region": Region,
    "endpoint": Endpoint,
    "routing": Routing,
    "dns": Dns,
    "health_check": HealthCheck,
    "objectives": Objectives,
    "traffic": Traffic,
    "alerts": Alerts,
    "features": Features,
    "headers": Headers,
    "github": Github,
    "residency": Residency,
    "content": Content,
    "api": Api,
    "accounts": Accounts,
    "database": Database,
    "state": State,
}


def unknown_keys() -> list[str]:
    """Returns the keys of the site file that nothing here generates."""
    tables = [name for name in SiteFile.model_fields if name not in SECTIONS]
    nested: dict[str, type[BaseModel]] = {"rule": ContentRule, "redirect": ContentRedirect}
    keys = [
        f"{section}.{name}"
        for section, model in {**SECTIONS, **nested}.items()
        for name in _properties(model)
        if f"{section}.{name}" not in _DECIDED and _values(section, model, name) is None
    ]
    return tables + keys


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = _schema(model)["properties"]
    return properties


@cache
def _values(section: str, model: type[BaseModel], name: str) -> Values | None:
    if f"{section}.{name}" in _VALUES:
        return _VALUES[f"{section}.{name}"]
    schema = _schema(model)
    found: dict[str, Any] = schema["properties"][name]
    (option, *_) = [one for one in found.get("anyOf", [found]) if one.get("type") != "null"]
    option = {**found, **option}
    if "$ref" in option:
        option = schema["$defs"][option["$ref"].rpartition("/")[2]]
    return _from_schema(option)


def _from_schema(option: dict[str, Any]) -> Values | None:
    if "enum" in option:
        return st.sampled_from(option["enum"])
    match option.get("type"):
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(option["minimum"], option["maximum"]) if "minimum" in option else None
        case "number":
            low, high = (option.get(key, option.get(f"exclusive{key.title()}")) for key in ("minimum", "maximum"))
            return st.floats(
                low, high, exclude_min="exclusiveMinimum" in option, exclude_max="exclusiveMaximum" in option
            )
        case "string" if "pattern" in option:
            return st.from_regex(option["pattern"].removesuffix("$") + r"\Z", fullmatch=True).filter(_is_no_template)
        case _:
            return None


def _table(
    section: str, model: type[BaseModel], *, forced: Document | None = None, without: Sequence[str] = ()
) -> st.SearchStrategy[Document]:
    """Returns tables with any of the section's keys; required keys and `forced` ones are always there."""
    forced = forced or {}
    required = set(_schema(model).get("required", []))
    mandatory: dict[str, Values] = {name: st.just(value) for name, value in forced.items()}
    optional: dict[str, Values] = {}
    for name in _properties(model):
        values = _values(section, model, name)
        if name in forced or name in without or f"{section}.{name}" in _DECIDED or values is None:
            continue
        (mandatory if name in required else optional)[name] = values
    return st.fixed_dictionaries(mandatory, optional=optional)


@st.composite
def site_documents(draw: st.DrawFn) -> Document:
    """Site files that are valid: every entry and policy, one to four regions, any option of any section."""
    entry, policy = draw(st.sampled_from(ROUTES))
    regions = draw(_regions(entry, policy))
    is_one = len(regions) == 1
    endpoints = [] if is_one else draw(_endpoints(entry, policy))
    certificate = "wildcard" if is_one else draw(_values_of("site.certificate"))
    needs_room = certificate == "wildcard" if entry is Entry.REGIONAL else bool(endpoints)
    longest = _LONGEST_HOSTNAME - _ROOM if len(regions) > 2 or needs_room else _LONGEST_HOSTNAME
    document: Document = {"site": draw(_sites(longest, certificate))}
    _add_policy_keys(draw, policy, regions, [] if entry is Entry.CLOUDFRONT else endpoints)
    document["region"] = regions
    if endpoints:
        document["endpoint"] = endpoints
    has_no_edge = entry is Entry.REGIONAL
    names = {"entry": entry.value, "policy": policy.value}
    document["routing"] = draw(_table("routing", Routing, forced=names, without=["price_class"] if has_no_edge else []))
    missing = BETWEEN_REGIONS if is_one else ["waf", "origin_latency"] if has_no_edge else []
    features = draw(_table("features", Features, without=list(missing)))
    features |= draw(_probers([region["name"] for region in regions]))
    needs_https = has_no_edge or features.get("kms", False)
    https = {"region_check_protocol": "https"} if needs_https else {}
    has_no_alarm = ["alarm_check"] if policy is Policy.MULTIVALUE else []
    document["health_check"] = draw(_table("health_check", HealthCheck, forced=https, without=has_no_alarm))
    if not document["health_check"].get("alarm_check"):
        document["health_check"].pop("insufficient_data_health_status", None)
    document["dns"] = draw(_table("dns", Dns))
    document["objectives"] = draw(
        _table("objectives", Objectives, forced=draw(_within_reach(document["health_check"])))
    )
    document["traffic"] = draw(_table("traffic", Traffic))
    document["content"] = draw(_table("content", Content))
    document["features"] = features
    document["headers"] = draw(st.sampled_from([{}, {"hsts_include_subdomains": True}, _BOTH_HEADERS]))
    document["github"] = draw(st.one_of(st.just({}), _github()))
    document["alerts"] = draw(_alerts(document))
    document["state"] = draw(_states([region["name"] for region in regions]))
    if draw(st.booleans()):
        document["residency"] = {"allowed_regions": draw(_allowed_regions(document))}
    _add_extensions(draw, document)
    return {name: table for name, table in document.items() if table or draw(st.booleans())}


@st.composite
def _within_reach(draw: st.DrawFn, health_check: Document) -> Document:
    """An objective that the slowest interval meets; where the default does, sometimes none."""
    longest = 30 * health_check.get("failure_threshold", 3) + 60
    if longest <= Objectives().rto_seconds and draw(st.booleans()):
        return {"rto_seconds": Objectives().rto_seconds}
    return {"rto_seconds": draw(st.integers(longest, 86_400))}


_BOTH_HEADERS = {"hsts_include_subdomains": True, "hsts_preload": True}


def _is_no_template(text: str) -> bool:
    return "${" not in text and "%{" not in text


@st.composite
def _sites(draw: st.DrawFn, longest: int, certificate: str) -> Document:
    # At most a label of 12 and two dots before and behind it.
    long_label = st.integers(longest - 24, longest - 22).map(lambda length: "w" * length)
    domain = f"{draw(st.one_of(_LABEL, long_label))}.{draw(_TOP_LEVEL)}"
    hostname = draw(st.one_of(st.just(domain), _LABEL.map(lambda label: f"{label}.{domain}")))
    forced = {"domain_name": domain, "hostname": hostname, "certificate": certificate}
    return draw(_table("site", Site, forced=forced))


@st.composite
def _regions(draw: st.DrawFn, entry: Entry, policy: Policy) -> list[Document]:
    most = 2 if entry is Entry.CLOUDFRONT or policy is Policy.FAILOVER else _MOST_REGIONS
    fewest = draw(st.sampled_from([1, 2, 2])) if (entry, policy) == (Entry.CLOUDFRONT, Policy.FAILOVER) else 2
    names = draw(st.lists(st.sampled_from(REGIONS), min_size=fewest, max_size=most, unique=True))
    primary = draw(st.sampled_from(names))
    return [{"name": name, "role": "primary" if name == primary else "secondary"} for name in names]


@st.composite
def _endpoints(draw: st.DrawFn, entry: Entry, policy: Policy) -> list[Document]:
    is_exit = entry is Entry.CLOUDFRONT
    fewest, most = {Policy.FAILOVER: (0, 1), Policy.MULTIVALUE: (2, 3)}.get(policy, (0, 1 if is_exit else 2))
    count = draw(st.integers(fewest, most))
    names = draw(st.lists(_values_of("endpoint.name"), min_size=count, max_size=count, unique=True))
    found = []
    for number, name in enumerate(names, start=1):
        forced = {"name": name, "ipv4_address": f"203.0.113.{number}"}
        if is_exit or policy is Policy.FAILOVER or draw(st.booleans()):
            forced["ipv6_address"] = f"2001:db8::{number}"
        protocol = draw(_values_of("endpoint.check_protocol"))
        unread: tuple[str, ...] = _ASKED_FOR if protocol == "tcp" else ()
        if is_exit:
            protocol, unread = "https", ("check_port", "check_host")
        forced["check_protocol"] = protocol
        forced |= draw(_stores())
        found.append(draw(_table("endpoint", Endpoint, forced=forced, without=(*_POLICY_KEYS, *_STORE_KEYS, *unread))))
    return found


@st.composite
def _stores(draw: st.DrawFn) -> Document:
    """Returns where an endpoint's releases are published: nowhere, a folder or a bucket."""
    choices: list[tuple[str, ...]] = [(), ("content_folder",), _STORE_KEYS[1:3], _STORE_KEYS[1:]]
    keys = draw(st.sampled_from(choices))
    return {key: draw(_values_of(f"endpoint.{key}")) for key in keys}


_STORE_KEYS = ("content_folder", "content_bucket", "content_endpoint_url", "content_region", "content_profile")
_ASKED_FOR = ("check_path", "check_host", "check_search_string")
_POLICY_KEYS = ("weight", "is_default_location", "bias", "latitude", "longitude")


def _values_of(key: str) -> Values:
    section, _, name = key.partition(".")
    values = _values(section, SECTIONS[section], name)
    assert values is not None
    return values


def _add_policy_keys(draw: st.DrawFn, policy: Policy, regions: list[Document], endpoints: list[Document]) -> None:
    targets = endpoints if policy is Policy.MULTIVALUE else [*regions, *endpoints]
    match policy:
        case Policy.WEIGHTED:
            for target in targets:
                target["weight"] = draw(st.integers(0, 255))
            targets[0]["weight"] = max(1, targets[0]["weight"])
        case Policy.LATENCY:
            free = [name for name in REGIONS if name not in [region["name"] for region in regions]]
            near = draw(st.lists(st.sampled_from(free), min_size=3, max_size=3, unique=True))
            for endpoint, name in zip(endpoints, near, strict=False):
                endpoint["near_region"] = name
        case Policy.GEOLOCATION:
            _add_areas(draw, targets)
        case Policy.GEOPROXIMITY:
            for target in targets:
                if draw(st.booleans()):
                    target["bias"] = draw(st.integers(-99, 99))
            for endpoint in endpoints:
                endpoint["latitude"], endpoint["longitude"] = (
                    draw(_VALUES["endpoint.latitude"]),
                    draw(_VALUES["endpoint.longitude"]),
                )
        case _:
            pass


def _add_areas(draw: st.DrawFn, targets: list[Document]) -> None:
    """Gives one target the default, every other one an area, and spreads further areas: few of them, or all."""
    kinds = {"continents": list(CONTINENTS), "countries": list(ROUTED_COUNTRIES), "subdivisions": list(SUBDIVISIONS)}
    areas = [(kind, code) for kind, codes in kinds.items() for code in codes]
    if draw(st.integers(0, 9)):
        areas = draw(st.lists(st.sampled_from(areas), min_size=len(targets), max_size=12, unique=True))
    default = draw(
        st.sampled_from([target for target in targets if "ipv4_address" not in target or "ipv6_address" in target])
    )
    default["is_default_location"] = True
    for number, (kind, code) in enumerate(areas):
        target = targets[number] if number < len(targets) else draw(st.sampled_from(targets))
        target.setdefault(kind, []).append(code)


@st.composite
def _github(draw: st.DrawFn) -> Document:
    owner, name = draw(_LABEL), draw(st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True))
    number = draw(st.integers(1, 10**9))
    subjects = [f"repo:{owner}@{number}/{name}@{number + 1}"]
    if draw(st.booleans()):
        subjects.insert(0, f"repo:{owner}/{name}")
    table = draw(_table("github", Github, forced={"subjects": subjects}))
    names = [key for key in Github.model_fields if key.endswith("_environment")]
    chosen = [table.get(key, Github.model_fields[key].default) for key in names]
    return table if len(set(chosen)) == len(chosen) else {"subjects": subjects}


@st.composite
def _alerts(draw: st.DrawFn, document: Document) -> Document:
    table: Document = draw(_table("alerts", Alerts))
    if draw(st.booleans()):
        site = document["site"]
        table["webhook_url"] = f"ssm:/{site['project']}-{site['environment']}/{draw(_WORD)}"
    return table


@st.composite
def _states(draw: st.DrawFn, serving: list[str]) -> Document:
    if draw(st.booleans()):
        return {"backend": "local"}
    free = [name for name in REGIONS if name not in (*serving, *UNKNOWN_TO_STATE_BACKEND)]
    region, replica = draw(st.lists(st.sampled_from(free), min_size=2, max_size=2, unique=True))
    words = draw(st.lists(_WORD, min_size=2, max_size=5))
    table = {"backend": "s3", "bucket": "-".join(words), "region": region}
    return {**table, "replica_region": replica} if draw(st.booleans()) else table


@st.composite
def _probers(draw: st.DrawFn, serving: list[str]) -> Document:
    """None, or probers in regions that do not serve, with their alarms or without."""
    free = [name for name in REGIONS if name not in serving]
    regions = draw(st.lists(st.sampled_from(free), max_size=2, unique=True))
    return {"prober": regions, "prober_alarms": draw(st.booleans())} if regions else {}


@st.composite
def _allowed_regions(draw: st.DrawFn, document: Document) -> list[str]:
    state = document["state"]
    used = [region["name"] for region in document["region"]]
    used += document["features"].get("prober", [])
    used += [state[key] for key in ("region", "replica_region") if key in state]
    if document["features"].get("query_log"):
        used.append(_QUERY_LOG_REGION)
    more = draw(st.lists(st.sampled_from(REGIONS), max_size=2))
    return draw(st.permutations(list(dict.fromkeys([*used, *more]))))


def _add_extensions(draw: st.DrawFn, document: Document) -> None:
    """Fills in the section of each extension that is on, and turns off what the rest of the file rules out."""
    features, domain = document["features"], document["site"]["domain_name"]
    if features.get("api") and len(f"notes.{domain}") > LONGEST_API_HOSTNAME:
        features["api"] = False
    if features.get("api"):
        document["api"] = draw(_apis(document))
    if features.get("multi_account") and document["github"]:
        features["multi_account"] = False
    if features.get("multi_account"):
        document["accounts"] = draw(_accounts(document))
    if any("--" in document["site"][key] for key in ("project", "environment")):
        features.pop("database", None)
    if features.get("database"):
        document["database"] = draw(_databases([region["name"] for region in document["region"]]))


@st.composite
def _apis(draw: st.DrawFn, document: Document) -> Document:
    site, regions = document["site"], document["region"]
    label = "notes" if site["hostname"] == f"api.{site['domain_name']}" else draw(st.sampled_from(["api", "notes"]))
    taken = site["hostname"] == f"{label}.{site['domain_name']}"
    table: Document = draw(_table("api", Api))
    table["hostname"] = f"{'other' if taken else label}.{site['domain_name']}"
    policies = [Policy.LATENCY, *([Policy.FAILOVER] if len(regions) == 2 else [])]
    policy = document["routing"]["policy"]
    has_default = any(region.get("is_default_location") for region in regions)
    needs_another = policy == Policy.MULTIVALUE or (policy == Policy.GEOLOCATION and not has_default)
    if needs_another or draw(st.booleans()):
        table["policy"] = draw(st.sampled_from(policies)).value
    if draw(st.booleans()):
        table |= {"jwt_issuer": f"https://{draw(_HOST)}/", "jwt_audiences": [draw(_WORD)]}
    return table


@st.composite
def _accounts(draw: st.DrawFn, document: Document) -> Document:
    """Roles of several accounts where nothing rules them out, else of one."""
    features, routing = document["features"], document["routing"]
    one_account = ("audit", "api", "database", "parity", "kms", "access_logs")
    alarm = document["health_check"].get("alarm_check") and routing["entry"] == Entry.REGIONAL
    is_one = alarm or "residency" in document or any(features.get(name) for name in one_account)
    zone = {"role_arn": f"arn:aws:iam::{1:012}:role/{draw(_WORD)}"}
    roles = {}
    for number, region in enumerate(document["region"], start=2):
        is_zones = is_one or region["name"] == "us-east-1" or draw(st.booleans())
        other = {"role_arn": f"arn:aws:iam::{number:012}:role/{draw(_WORD)}", "external_id": draw(_WORD)}
        roles[region["name"]] = zone if is_zones else other
    table: Document = {"zone": zone, "region": roles}
    if draw(st.booleans()):
        table |= {"state": zone, "publisher_arns": [f"arn:aws:iam::{1:012}:user/{draw(_WORD)}"]}
    return table


@st.composite
def _databases(draw: st.DrawFn, regions: list[str]) -> Document:
    table: Document = draw(_table("database", Database))
    gigabytes = draw(st.integers(20, 16_384))
    table |= {"storage_gigabytes": gigabytes, "storage_limit_gigabytes": gigabytes * 2}
    if draw(st.booleans()):
        table["writer_region"] = draw(st.sampled_from(regions))
    if draw(st.booleans()):
        subnets = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
        network = {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_ids": subnets,
            "client_security_group_ids": ["sg-01234567"],
        }
        table["network"] = {draw(st.sampled_from(regions)): network}
    return table


_JUNK: Values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.integers(min_value=10**20, max_value=10**40),
        st.floats(),
        st.text(max_size=80),
        st.text(string.ascii_lowercase + "-.0/@:", max_size=300),
        st.sampled_from(
            ["", " ", "a\n", "${aws_s3_bucket.x.arn}", "%{ if true }", "${TfToken[TOKEN.0]}", "*", "../x", "null"]
        ),
        st.datetimes(),
        st.dates(),
        st.times(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=3)),
    max_leaves=6,
)
Path_ = tuple[str | int, ...]


def paths(value: Any, before: Path_ = ()) -> list[Path_]:
    """Returns the path of everything in a document, tables and elements of lists included."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path for key, item in inner for path in ((*before, key), *paths(item, (*before, key)))]


@st.composite
def broken_documents(draw: st.DrawFn) -> Document:
    """Site files to which one to three things happened; some of them are still valid."""
    document = copy.deepcopy(draw(site_documents()))
    for _ in range(draw(st.integers(1, 3))):
        _break(draw, document)
    return document


def _break(draw: st.DrawFn, document: Document) -> None:
    last: Any
    path = draw(st.sampled_from(paths(document) or [("site",)]))
    *above, last = path
    holder: Any = document
    for part in above:
        holder = holder[part]
    match draw(st.sampled_from(["replace", "remove", "add", "repeat", "other", "empty"])):
        case "replace":
            holder[last] = draw(_JUNK)
        case "remove" if last in holder or isinstance(holder, list):
            del holder[last]
        case "add" if isinstance(holder, dict):
            name = draw(st.one_of(st.text(max_size=20), st.sampled_from(_all_names())))
            holder[name] = draw(_JUNK)
        case "repeat" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[int(last)]))
        case "other" if len(path) == 2 or (len(path) == 3 and isinstance(path[1], int)):
            _set_other(draw, document, path)
        case "empty":
            holder[last] = copy.copy(draw(st.sampled_from(["", 0, False, [], {}])))
        case _:
            pass


def _all_names() -> list[str]:
    return sorted({*SECTIONS, *(name for model in SECTIONS.values() for name in _properties(model))})


def _set_other(draw: st.DrawFn, document: Document, path: Path_) -> None:
    """Gives any key of the table another of the values that are valid by themselves: what rules between keys are for."""
    section = str(path[0])
    table: Any = document[section]
    if len(path) == 3:
        table = table[path[1]]
    if section not in SECTIONS or not isinstance(table, dict):
        return
    known = [name for name in _properties(SECTIONS[section]) if _values(section, SECTIONS[section], name) is not None]
    if known:
        name = draw(st.sampled_from(known))
        table[name] = draw(_values_of(f"{section}.{name}"))


def write_toml(folder: Path, document: Document) -> Path:
    """Writes a document as a site file, and returns its path."""
    path = folder / "site.toml"
    path.write_text(to_toml(document), encoding="utf-8")
    return path


def to_toml(document: Document) -> str:
    """Returns a document as TOML: tables and lists of tables at the top, everything below them inline."""
    lines = [f"{_text(name)} = {_inline(value)}" for name, value in document.items() if not _is_table(value)]
    for name, value in document.items():
        for table in value if isinstance(value, list) else [value]:
            if _is_table(value):
                lines.append(f"[[{_text(name)}]]" if isinstance(value, list) else f"[{_text(name)}]")
                lines += [f"{_text(key)} = {_inline(item)}" for key, item in table.items()]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)
    )


def _inline(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(_inline(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{_text(key)} = {_inline(item)}' for key, item in value.items())}}}"
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case _:
            return repr(value)


def _text(value: str) -> str:
    """Returns a basic string: https://toml.io/en/v1.0.0#string; JSON's escapes, and DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
