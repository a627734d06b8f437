"""One deployed website as the release commands see it: its regions' buckets and its routing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.errors import WrongUsageError
from scripts.release.bucket import ContentBucket
from scripts.release.routing import RoutingStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Website:
    """A deployment's handles.

    Attributes:
        hostname: the public name.
        buckets: region -> its content bucket.
        routing: the store with the routing key.
        regional_hostnames: the names of the regional distributions, or of the regional endpoints.
        takes_name: whether the public name is this site's; false while another distribution still serves it.
        entry: `cloudfront`, whose router function obeys the routing key, or `regional`.
        parity_regions: regions with a parity check (`features.parity`).
        content: the site file's `[content]`, as the edge stack's output has it.
        content_security_policy: the header of every answer; empty when the outputs do not say.
        health_check_ids: "path", where there is one, and each region -> id of its health check.
    """

    hostname: str
    buckets: Mapping[str, ContentBucket]
    routing: RoutingStore
    regional_hostnames: tuple[str, ...] = ()
    takes_name: bool = True
    entry: str = "cloudfront"
    parity_regions: tuple[str, ...] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    content_security_policy: str = ""
    health_check_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def hostnames(self) -> tuple[str, ...]:
        """Every name that serves what we publish; with a regional entry the public one may lead to an external server."""
        has_name = self.entry != "regional" and self.takes_name
        return (self.hostname, *self.regional_hostnames) if has_name else self.regional_hostnames

    def bucket(self, region: str) -> ContentBucket:
        """Returns a region's bucket.

        Raises:
            WrongUsageError: the website has no such region.
        """
        if region not in self.buckets:
            raise WrongUsageError(f"region {region!r} is not one of this website's; allowed: {', '.join(self.buckets)}")
        return self.buckets[region]
