"""Distributions as CloudFront reads them: aliases, origins, groups, and which behaviour a path meets."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from scripts.lint.model import Configuration, Resource
from scripts.lint.values import Block, Expression, Value

DISTRIBUTION = "aws_cloudfront_distribution"
FUNCTION = "aws_cloudfront_function"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheTimes:
    """How long a behaviour keeps an object; None is unknown."""

    min_seconds: float | None
    default_seconds: float | None
    max_seconds: float | None


_DAY, _YEAR = 86_400, 31_536_000
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
_CACHING_DISABLED = CacheTimes(min_seconds=0, default_seconds=0, max_seconds=0)
_CACHING_OPTIMIZED = CacheTimes(min_seconds=1, default_seconds=_DAY, max_seconds=_YEAR)
_ORIGIN_DECIDES = CacheTimes(min_seconds=0, default_seconds=0, max_seconds=_YEAR)
_MANAGED = {
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": _CACHING_DISABLED,
    "Managed-CachingDisabled": _CACHING_DISABLED,
    "658327ea-f89d-4fab-a63d-7e88639e58f6": _CACHING_OPTIMIZED,
    "Managed-CachingOptimized": _CACHING_OPTIMIZED,
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": _CACHING_OPTIMIZED,
    "Managed-CachingOptimizedForUncompressedObjects": _CACHING_OPTIMIZED,
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": _ORIGIN_DECIDES,
    "UseOriginCacheControlHeaders": _ORIGIN_DECIDES,
}
_UNKNOWN_TIMES = CacheTimes(min_seconds=None, default_seconds=None, max_seconds=None)
# bucket.s3.region.amazonaws.com, bucket.s3-region..., bucket.s3.amazonaws.com, dualstack, and China's .com.cn
_S3_NAME = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?P<rest>[a-z0-9.-]*amazonaws\.com(?:\.cn)?)$")


class Distribution:
    """One distribution and the questions that rules ask of it."""

    def __init__(self, configuration: Configuration, resource: Resource) -> None:
        self.configuration = configuration
        self.resource = resource
        self.body = resource.body

    @cached_property
    def aliases(self) -> set[str]:
        """The alternate names as `Configuration.same` spells them: an expression stands for a name that is not known."""
        listed = self.body.value("aliases")
        names = [self.configuration.same(name, self.resource) for name in (listed if isinstance(listed, list) else [])]
        return {name for name in names if name}

    @property
    def knows_its_aliases(self) -> bool:
        """Whether every alias is known."""
        return all(isinstance(name, str) for name in self.body.items("aliases"))

    @cached_property
    def origins(self) -> Mapping[str, Block]:
        """Origin id -> origin."""
        return {name: block for block in self.body.blocks("origin") if (name := block.text("origin_id"))}

    @cached_property
    def groups(self) -> Mapping[str, Block]:
        """Origin group id -> group."""
        return {name: block for block in self.body.blocks("origin_group") if (name := block.text("origin_id"))}

    @property
    def knows_its_origins(self) -> bool:
        """Whether the ids of all origins and groups are known."""
        blocks = [*self.body.items("origin"), *self.body.items("origin_group")]
        return bool(blocks) and all(isinstance(block, dict) and Block(block).text("origin_id") for block in blocks)

    def members(self, group: Block) -> list[Block]:
        """Returns a group's origins, the primary first; the unknown are left out."""
        names = [member.text("origin_id") or "" for member in group.blocks("member")]
        return [self.origins[name] for name in names if name in self.origins]

    def origins_of(self, behaviour: Block) -> list[Block]:
        """Returns the origins that may answer a behaviour's requests: one, or the members of its group."""
        target = behaviour.text("target_origin_id") or ""
        if target in self.groups:
            return self.members(self.groups[target])
        return [self.origins[target]] if target in self.origins else []

    def behaviours(self) -> Iterator[Block]:
        """Yields the ordered behaviours, then the default one."""
        yield from self.body.blocks("ordered_cache_behavior")
        yield from self.body.blocks("default_cache_behavior")

    def behaviour_for(self, path: str) -> Block | None:
        """Returns the behaviour that a path meets, None when an unknown pattern comes before it.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
        """
        for item in self.body.items("ordered_cache_behavior"):
            block = Block(item if isinstance(item, dict) else {})
            pattern = block.text("path_pattern")
            if pattern is None:
                return None
            if _path_matches(pattern, path):
                return block
        return next(iter(self.body.blocks("default_cache_behavior")), None)

    def covers(self, hostname: str) -> bool:
        """Whether a name is an alias or below a wildcard alias; a wildcard covers any depth."""
        return any(
            hostname == alias or (alias.startswith("*.") and hostname.endswith(alias[1:])) for alias in self.aliases
        )

    def cache_times(self, behaviour: Block) -> CacheTimes:
        """Returns how long a behaviour caches, from its policy, or its own settings when it has none."""
        value = behaviour.value("cache_policy_id")
        policy = self.configuration.resource(value, self.resource, "aws_cloudfront_cache_policy")
        if policy is not None:
            return _MANAGED.get(policy.body.text("name") or "", _times_of(policy.body))
        if isinstance(value, str) and value:
            return _MANAGED.get(value, _UNKNOWN_TIMES)
        return _times_of(behaviour) if behaviour.is_unset("cache_policy_id") else _UNKNOWN_TIMES

    def viewer_request_code(self, behaviour: Block) -> str | None:
        """Returns the source of the function at a behaviour's viewer request: "" without one, None when unknown."""
        if not behaviour.is_unset("lambda_function_association"):
            return None
        for association in behaviour.items("function_association"):
            if not isinstance(association, dict):
                return None
            block = Block(association)
            if block.text("event_type") == "viewer-request":
                function = self.configuration.resource(block.value("function_arn"), self.resource, FUNCTION)
                return code_of(function) if function else None
        return ""

    def bucket_of(self, origin: Block) -> Resource | None:
        """Returns the bucket behind an S3 origin, when it is among what was given."""
        return bucket_behind(self.configuration, origin.value("domain_name"), self.resource)


def distributions(configuration: Configuration) -> list[Distribution]:
    """Returns all distributions."""
    return configuration.once(
        "distributions",
        lambda: [Distribution(configuration, resource) for resource in configuration.of_type(DISTRIBUTION)],
    )


def groups(configuration: Configuration) -> Iterator[tuple[Distribution, Block]]:
    """Yields (distribution, origin group)."""
    for distribution in distributions(configuration):
        for group in distribution.groups.values():
            yield distribution, group


def is_s3_origin(distribution: Distribution, origin: Block) -> bool:
    """Whether an origin is a bucket's REST endpoint."""
    if origin.blocks("custom_origin_config"):
        return False
    return bool(_S3_NAME.match(spelled_name(origin))) or distribution.bucket_of(origin) is not None


def spelled_name(origin: Block) -> str:
    """Returns an origin's domain name as it is written, expressions inside it too, such as `${var.bucket}.s3.amazonaws.com`."""
    value = origin.value("domain_name")
    text = value.text if isinstance(value, Expression) else value
    return text if isinstance(text, str) else ""


def bucket_behind(configuration: Configuration, name: Value, near: Resource) -> Resource | None:
    """Returns the bucket that a domain name, an ARN, a bucket name or a reference means."""
    found = configuration.resource(name, near, "aws_s3_bucket")
    if found is None and isinstance(name, str):
        match = _S3_NAME.match(name)
        bucket = match["bucket"] if match else name.removeprefix("arn:aws:s3:::").split("/")[0]
        found = configuration.resource(bucket, near, "aws_s3_bucket")
    return found


def is_s3_name(name: str) -> bool:
    """Whether a domain name is of a bucket's REST endpoint."""
    return bool(_S3_NAME.match(name.lower().rstrip(".")))


def code_of(function: Resource) -> str | None:
    """Returns a function's source, None when it is an expression, such as file(...)."""
    value = function.body.value("code")
    if isinstance(value, Expression) and not value.text.startswith("${"):
        return value.text or None
    return value if isinstance(value, str) else None


def _times_of(block: Block) -> CacheTimes:
    return CacheTimes(
        min_seconds=block.number("min_ttl"),
        default_seconds=block.number("default_ttl"),
        max_seconds=block.number("max_ttl"),
    )


def _path_matches(pattern: str, path: str) -> bool:
    # CloudFront knows * and ?, and no sets; a pattern may lack the leading slash.
    escaped = pattern.replace("[", "[[]")
    return fnmatch.fnmatchcase(path.lstrip("/"), escaped.lstrip("/"))
