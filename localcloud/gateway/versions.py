"""What changed since the data plane last looked: a version for each resource, so that it reads only what is new.

With 200 distributions a full read through AWS's APIs takes seconds; this answer takes milliseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from localcloud.gateway.acm import CertificateStore
from localcloud.gateway.cloudfront.store import CloudFrontStore, Stage
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.s3.service import S3Service
from localcloud.gateway.wire import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Whose versions are told."""

    cloudfront: CloudFrontStore
    route53: Route53Store
    certificates: CertificateStore
    s3: S3Service

    def snapshot(self) -> JsonObject:
        """Return kind -> id -> version; a version is equal only while the resource is.

        `invalidations` is another shape: distribution id -> ids of those that the data plane has not followed yet; and
        `has_health_checks` tells whether there are any.
        """
        with self.cloudfront.lock:
            return {
                **self._cloudfront(),
                "zones": {zone.id: str(zone.revision) for zone in self.route53.zones.values()},
                "has_health_checks": bool(self.route53.health_checks),
                "certificates": dict.fromkeys(self.certificates.certificates, ""),
                "buckets": self.s3.bucket_versions(),
            }

    def _cloudfront(self) -> JsonObject:
        store = self.cloudfront
        policies = {
            f"{path}/{resource.id}": resource.etag
            for path, by_id in store.configured.items()
            for resource in by_id.values()
        }
        return {
            "distributions": {each.id: f"{each.etag} {_digest(policies)}" for each in store.distributions.values()},
            "policies": {"all": _digest(policies)},
            "invalidations": {
                each.id: pending
                for each in store.distributions.values()
                if (
                    pending := [
                        item.id for item in each.invalidations.values() if not store.changes.are_live(item.revision)
                    ]
                )
            },
            "functions": {
                function.name: function.versions[Stage.LIVE].etag
                for function in store.functions.values()
                if Stage.LIVE in function.versions
            },
            "key_value_stores": {each.arn: each.data_etag for each in store.key_value_stores.values()},
        }


def _digest(versions: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()[:16]
