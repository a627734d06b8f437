"""The one place where S3 handlers touch moto's objects instead of its HTTP interface.

Reads of objects and replication need it for speed and for version ids; everything else goes through moto's API.
"""

from __future__ import annotations

import uuid
from typing import Any

from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import ACCOUNT_ID

# moto has no types; its buckets and keys stay Any here and in the two modules that use them.
MotoBucket = Any
MotoKey = Any

_USED = {
    "FakeBucket": ("is_versioned",),
    "FakeKey": ("response_dict", "metadata", "value", "etag", "version_id", "set_metadata", "arn"),
    "FakeDeleteMarker": ("version_id",),
    "_VersionedKeyStore": ("get", "getlist", "setlist"),
    "S3Backend": ("put_object_tagging",),
}


class MotoObjects:
    """moto's buckets and object versions."""

    def __init__(self) -> None:
        from moto.s3 import models

        for class_name, attributes in _USED.items():
            missing = [name for name in attributes if not hasattr(getattr(models, class_name), name)]
            if missing:
                raise RuntimeError(f"moto's {class_name} has lost {', '.join(missing)}; the gateway needs moto 5.2.5")
        self._models = models
        self._backend = models.s3_backends[ACCOUNT_ID]["aws"]

    def bucket(self, name: str) -> MotoBucket:
        """Return a bucket.

        Raises:
            ServiceError: 404 NoSuchBucket.
        """
        bucket = self._backend.buckets.get(name)
        if bucket is None:
            raise ServiceError(404, "NoSuchBucket", f"The specified bucket does not exist: {name}")
        return bucket

    def buckets(self) -> dict[str, MotoBucket]:
        """Return all buckets by name."""
        return dict(self._backend.buckets)

    def has_bucket(self, name: str) -> bool:
        """Return whether a bucket exists."""
        return name in self._backend.buckets

    def version(self, bucket: MotoBucket, key: str, version_id: str | None) -> MotoKey | None:
        """Return a version of an object, the latest unless it is named; it may be a delete marker."""
        if version_id is None:
            return bucket.keys.get(key)
        versions = bucket.keys.getlist(key, [])
        return next((version for version in versions if version.version_id == version_id), None)

    def is_delete_marker(self, version: MotoKey) -> bool:
        """Return whether a version is a delete marker."""
        return isinstance(version, self._models.FakeDeleteMarker)

    def add_replica(
        self, destination: str, source: MotoKey, storage_class: str | None, *, kms_key: str | None = None
    ) -> None:
        """Copy a version with its id, metadata, tags and times, or refresh the tags of one copied before.

        What a replica keeps: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
        The copy is complete before it can be read. Under a KMS key of its own (`kms_key`) it has an ETag of its own.
        """
        bucket = self.bucket(destination)
        replica = self.version(bucket, source.name, source.version_id)
        if replica is None:
            replica = self._copy_of(source, bucket, storage_class, kms_key)
            versions = [*bucket.keys.getlist(source.name, []), replica]
            self._copy_tags(source, replica)
            bucket.keys.setlist(source.name, versions)
        else:
            self._copy_tags(source, replica)

    def _copy_of(self, source: MotoKey, bucket: MotoBucket, storage_class: str | None, kms_key: str | None) -> MotoKey:
        replica = self._models.FakeKey(
            name=source.name,
            bucket_name=bucket.name,
            value=source.value,
            account_id=source.account_id,
            region_name=source.region_name,
            storage=storage_class or source.storage_class,
            etag=source.etag.strip('"') if kms_key is None else uuid.uuid4().hex,
            kms_key_id=kms_key,
            is_versioned=True,
            version_id=source.version_id,
            multipart=source.multipart,
            encryption=source.encryption,
            checksum_value=source.checksum_value,
            checksum_type=source.checksum_type,
            checksum_parts=source.checksum_parts,
        )
        replica.set_metadata(dict(source.metadata))
        replica.checksum_algorithm = source.checksum_algorithm
        replica.website_redirect_location = source.website_redirect_location
        replica.last_modified = source.last_modified
        return replica

    def _copy_tags(self, source: MotoKey, replica: MotoKey) -> None:
        tags = self._backend.tagger.get_tag_dict_for_resource(source.arn)
        self._backend.put_object_tagging(replica, tags)

    def tags(self, version: MotoKey) -> dict[str, str]:
        """Return an object's tags."""
        return dict(self._backend.tagger.get_tag_dict_for_resource(version.arn))

    def add_delete_marker(self, destination: str, key: str) -> None:
        """Put a delete marker on top of an object's versions; without versions there is nothing to mark."""
        bucket = self.bucket(destination)
        versions = bucket.keys.getlist(key, [])
        if versions and not self.is_delete_marker(versions[-1]):
            bucket.keys.setlist(key, [*versions, self._models.FakeDeleteMarker(key=versions[-1])])
