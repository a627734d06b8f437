"""The account's CloudFront resources. Configurations are kept as the XML that the client sent, defaults added."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from xml.etree.ElementTree import Element

from localcloud.gateway.clock import utc_now
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import ACCOUNT_ID, cloudfront_id
from localcloud.gateway.revision import Changes
from localcloud.gateway.wire import Request


class Stage(StrEnum):
    """The stages of a function."""

    DEVELOPMENT = "DEVELOPMENT"
    LIVE = "LIVE"


@dataclass(slots=True, kw_only=True)
class Resource:
    """A resource with a configuration and an ETag: a distribution, an origin access control or a policy."""

    id: str
    config: Element
    is_managed: bool = False
    etag: str = field(default_factory=cloudfront_id)
    last_modified: datetime = field(default_factory=utc_now)

    def replace_config(self, config: Element) -> None:
        """Put a new configuration in place, with a new ETag."""
        self.config = config
        self.touch()

    def touch(self) -> None:
        """Note that the configuration has changed."""
        self.etag = cloudfront_id()
        self.last_modified = utc_now()


@dataclass(slots=True, kw_only=True)
class Distribution(Resource):
    """A distribution, its invalidations by id, and its monitoring subscription if it has one.

    `revision` is that of its last change: it is `Deployed` when the data plane serves it.
    """

    domain_name: str
    revision: int = 0
    invalidations: dict[str, Invalidation] = field(default_factory=dict)
    monitoring_subscription: Element | None = None

    @property
    def arn(self) -> str:
        """The distribution's ARN."""
        return arn_of("distribution", self.id)

    @property
    def aliases(self) -> frozenset[str]:
        """The alternate domain names, lower case."""
        return frozenset((node.text or "").lower() for node in self.config.findall("Aliases/Items/CNAME"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalidation:
    """An invalidation, `Completed` when the data plane has followed its revision."""

    id: str
    batch: Element
    created: datetime
    revision: int


@dataclass(slots=True, kw_only=True)
class FunctionVersion:
    """One stage of a function."""

    config: Element
    code: bytes
    etag: str = field(default_factory=cloudfront_id)
    last_modified: datetime = field(default_factory=utc_now)
    revision: int = 0


@dataclass(slots=True, kw_only=True)
class Function:
    """A CloudFront function."""

    name: str
    versions: dict[Stage, FunctionVersion]
    created: datetime = field(default_factory=utc_now)

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return arn_of("function", self.name)


@dataclass(slots=True, kw_only=True)
class KeyValueStore:
    """A key value store. `etag` guards the resource, `data_etag` its keys."""

    id: str
    name: str
    comment: str | None
    values: dict[str, str] = field(default_factory=dict)
    etag: str = field(default_factory=cloudfront_id)
    data_etag: str = field(default_factory=cloudfront_id)
    created: datetime = field(default_factory=utc_now)
    last_modified: datetime = field(default_factory=utc_now)

    @property
    def arn(self) -> str:
        """The store's ARN."""
        return arn_of("key-value-store", self.id)

    @property
    def size_bytes(self) -> int:
        """The size of all keys and values."""
        return sum(len(key.encode()) + len(value.encode()) for key, value in self.values.items())


class CloudFrontStore:
    """All CloudFront state. Callers hold `lock` while they read or write more than one thing."""

    STATE: ClassVar[tuple[str, ...]] = ("distributions", "configured", "functions", "key_value_stores", "tags")

    def __init__(self, lock: threading.RLock, changes: Changes) -> None:
        self.lock = lock
        self.changes = changes
        self.distributions: dict[str, Distribution] = {}
        self.configured: dict[str, dict[str, Resource]] = {}
        """Origin access controls and policies, by the path segment of their kind."""
        self.functions: dict[str, Function] = {}
        self.key_value_stores: dict[str, KeyValueStore] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def references(self, tag: str, value: str) -> Iterator[Distribution]:
        """Return the distributions whose configuration holds an element with this text."""
        for distribution in self.distributions.values():
            if any(node.text == value for node in distribution.config.iter(tag)):
                yield distribution

    def custom_origins(self) -> set[str]:
        """Return the domain names of the custom origins of all distributions."""
        with self.lock:
            return {
                (origin.findtext("DomainName") or "").lower()
                for distribution in self.distributions.values()
                for origin in distribution.config.findall("Origins/Items/Origin")
                if origin.find("CustomOriginConfig") is not None
            }

    def aliases_of_domain(self, domain_name: str) -> frozenset[str] | None:
        """Return the aliases of the distribution with a domain name, or None when there is no such distribution."""
        with self.lock:
            for distribution in self.distributions.values():
                if distribution.domain_name == domain_name:
                    return distribution.aliases
        return None

    def users_of_certificate(self, arn: str) -> list[str]:
        """Return the ARNs of the distributions that use a certificate."""
        with self.lock:
            return [distribution.arn for distribution in self.references("ACMCertificateArn", arn)]


def arn_of(kind: str, identifier: str) -> str:
    """Return a CloudFront ARN; CloudFront is global, so it names no region."""
    return f"arn:aws:cloudfront::{ACCOUNT_ID}:{kind}/{identifier}"


def require_if_match(request: Request, etag: str) -> None:
    """Refuse a write that does not name the current version.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html, Errors

    Raises:
        ServiceError: 400 InvalidIfMatchVersion without If-Match, 412 PreconditionFailed with a stale one.
    """
    sent = request.header("If-Match")
    if not sent:
        message = "The If-Match version is missing or not valid for the resource."
        raise ServiceError(400, "InvalidIfMatchVersion", message)
    if sent.strip('"') != etag:
        message = f"The request failed because it didn't meet the preconditions: If-Match is {sent}, not {etag}."
        raise ServiceError(412, "PreconditionFailed", message)
