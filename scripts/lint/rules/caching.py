"""What caches and error pages hide: health paths and errors (traps 8, 17, 18)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.buckets import may_be_of_any_bucket
from scripts.lint.checks import Probe, probes
from scripts.lint.distributions import Distribution, distributions
from scripts.lint.model import Configuration, Resource
from scripts.lint.replication import replicates, replication_rules
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront, s3
from scripts.lint.values import Block

# The last is the first one's deprecated name.
_OBJECTS = ("aws_s3_object", "aws_s3_object_copy", "aws_s3_bucket_object")
_STALE = re.compile(r"stale-(?:if-error|while-revalidate)\s*=\s*[1-9]", re.IGNORECASE)
_UNCACHED = re.compile(r"\b(?:no-store|no-cache|private|max-age=0)\b", re.IGNORECASE)
_HIDDEN_CODES = (403, 404, 500, 501, 502, 503, 504)
# CloudFront's default when a distribution says nothing.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
_LONGEST_ERROR_SECONDS = 10


def _cached(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        times = probe.distribution.cache_times(probe.behaviour)
        objects = _objects(configuration, probe)
        if objects and all(_UNCACHED.search(entry.body.text("cache_control") or "") for entry in objects):
            continue
        if times.default_seconds and times.max_seconds != 0:
            yield at(
                probe.check,
                f"{probe.path} is cached for {times.default_seconds:g} s by {probe.distribution.resource.address}",
            )


def _min_ttl(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        least = probe.distribution.cache_times(probe.behaviour).min_seconds
        if least:
            yield at(probe.check, f"{probe.path} has min TTL {least:g} s in {probe.distribution.resource.address}")


def _stale_object(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        for entry in _objects(configuration, probe):
            cache_control = entry.body.text("cache_control") or ""
            if _STALE.search(cache_control):
                yield at(entry, f"health object {probe.key} with cache_control {cache_control!r}")


def _replicated(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        for bucket in _buckets(probe):
            for rule in replication_rules(configuration):
                if rule.source == bucket and replicates(rule.body, probe.key):
                    yield at(
                        rule.holder, f"copies {probe.key or 'the root object'}, which {probe.check.address} asks for"
                    )


def _buckets(probe: Probe) -> list[Resource]:
    """The buckets that hold the health object under the very path that the check asks."""
    if probe.distribution.viewer_request_code(probe.behaviour) is None:
        return []
    plain = [origin for origin in probe.origins if origin.is_unset("origin_path")]
    return [bucket for origin in plain if (bucket := probe.distribution.bucket_of(origin))]


def _objects(configuration: Configuration, probe: Probe) -> list[Resource]:
    return [entry for bucket in _buckets(probe) for entry in _objects_in(configuration, bucket, probe.key)]


def _objects_in(configuration: Configuration, bucket: Resource, key: str) -> list[Resource]:
    found = [entry for type_ in _OBJECTS for entry in configuration.users(bucket, type_, "bucket")]
    return [entry for entry in found if (entry.body.text("key") or "").lstrip("/") == key]


def _mapped_to_success(configuration: Configuration) -> Iterator[Finding]:
    for distribution, response in _error_responses(configuration):
        code = response.number("error_code")
        if code in _HIDDEN_CODES and response.number("response_code") == 200:
            yield at(distribution.resource, f"custom_error_response turns {code:g} into 200")


def _long_error_caching(configuration: Configuration) -> Iterator[Finding]:
    for distribution, response in _error_responses(configuration):
        code, seconds = response.number("error_code"), response.number("error_caching_min_ttl")
        if code and code >= 500 and seconds is not None and seconds > _LONGEST_ERROR_SECONDS:
            yield at(distribution.resource, f"{code:g} is cached for {seconds:g} s (error_caching_min_ttl)")


def _page_in_one_bucket(configuration: Configuration) -> Iterator[Finding]:
    for distribution, response in _error_responses(configuration):
        path = response.text("response_page_path")
        behaviour = distribution.behaviour_for(path) if path else None
        if path and behaviour and distribution.groups:
            yield from _lonely_page(configuration, distribution, behaviour, path)


def _lonely_page(
    configuration: Configuration, distribution: Distribution, behaviour: Block, path: str
) -> Iterator[Finding]:
    target = behaviour.text("target_origin_id") or ""
    in_groups = {
        origin.text("origin_id") for group in distribution.groups.values() for origin in distribution.members(group)
    }
    if target in in_groups:
        yield at(distribution.resource, f"error page {path} comes from origin {target} alone")
    group = distribution.groups.get(target)
    buckets = [distribution.bucket_of(origin) for origin in distribution.members(group)] if group else []
    known = [bucket for bucket in buckets if bucket]
    holders = [bucket for bucket in known if _objects_in(configuration, bucket, path.lstrip("/"))]
    others_may_hold = any(_may_hold(configuration, bucket) for bucket in known if bucket not in holders)
    if len(known) < len(buckets) or others_may_hold:
        return
    if len(known) > 1 and len(holders) == 1 and not _is_copied(configuration, holders[0], path.lstrip("/")):
        yield at(distribution.resource, f"error page {path} is in {holders[0].address} only")


def _may_hold(configuration: Configuration, bucket: Resource) -> bool:
    """Whether objects are put there under keys that are not known, as by for_each over files; or into some unknown bucket."""
    entries = [entry for type_ in _OBJECTS for entry in configuration.users(bucket, type_, "bucket")]
    return may_be_of_any_bucket(configuration, *_OBJECTS) or not all(entry.body.is_known("key") for entry in entries)


def _is_copied(configuration: Configuration, bucket: Resource, key: str) -> bool:
    """Whether a rule copies the page, or may: one whose filter or source is not known."""
    return any(
        replicates(rule.body, key) or not rule.body.is_known("filter") or rule.source is None
        for rule in replication_rules(configuration)
        if rule.source in (bucket, None)
    )


def _error_responses(configuration: Configuration) -> Iterator[tuple[Distribution, Block]]:
    for distribution in distributions(configuration):
        for response in distribution.body.blocks("custom_error_response"):
            yield distribution, response


_EXPIRATION = cloudfront("Expiration")
_ERROR_PAGES = cloudfront("GeneratingCustomErrorResponses")

RULES = (
    Rule(
        id="FW081",
        slug="health-path-cached",
        title="A health path that is cached",
        why="The check gets the edge's copy while the origin is dead, and CloudFront serves an expired copy when the "
        "origin answers 5xx.",
        source=_EXPIRATION,
        remedy="Use the managed policy CachingDisabled (4135ea2d-6df8-44a3-9df3-4b5a84be39ad) on the health path.",
        check=_cached,
    ),
    Rule(
        id="FW082",
        slug="health-path-min-ttl",
        title="A health path with a min TTL above 0",
        why="Even an object marked no-store is kept for the min TTL, and served if the origin cannot be reached.",
        source=_EXPIRATION,
        remedy="Use CachingDisabled on the health path, or a cache policy with min_ttl = 0.",
        check=_min_ttl,
    ),
    Rule(
        id="FW083",
        slug="health-object-stale",
        title="A health object that may be served stale",
        why="stale-if-error and stale-while-revalidate let the edge answer for an origin that is dead.",
        source=_EXPIRATION,
        remedy='Give health objects cache_control = "no-store".',
        check=_stale_object,
    ),
    Rule(
        id="FW084",
        slug="health-object-replicated",
        title="A health object that is replicated",
        why="The copy overwrites the other region's own object: its check then passes, or fails, for the wrong region.",
        source=s3("replication-what-is-isnot-replicated"),
        remedy="Filter replication to the prefix of the releases, and write health objects to each bucket by themselves.",
        check=_replicated,
    ),
    Rule(
        id="FW171",
        severity=Severity.WARNING,
        slug="error-mapped-to-success",
        title="An error answered as 200",
        why="Checks and users see 200 while every origin is dead; a cache keeps the error page as if it were the page.",
        source=_ERROR_PAGES,
        remedy="Keep the code. For a single-page application rewrite paths in a viewer-request function instead.",
        check=_mapped_to_success,
    ),
    Rule(
        id="FW181",
        severity=Severity.WARNING,
        slug="error-page-in-one-bucket",
        title="An error page that only one region holds",
        why="The page is fetched through the behaviour of its own path: with that region down, the error page fails too.",
        source=_ERROR_PAGES,
        remedy="Keep the page in both buckets and let its behaviour target the origin group.",
        check=_page_in_one_bucket,
    ),
    Rule(
        id="FW182",
        severity=Severity.WARNING,
        slug="long-error-caching",
        title="A 5xx cached for longer than 10 s",
        why="Each edge keeps answering the error for that long after the origin has recovered or failed over.",
        source=cloudfront("HTTPStatusCodes"),
        remedy="Set error_caching_min_ttl to 0 to 5 for 500, 502, 503 and 504.",
        check=_long_error_caching,
    ),
)
