"""Where Terraform's state lies."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import BUCKET
from scripts.lint.model import Configuration, Document, Resource
from scripts.lint.values import Block


def s3_backends(configuration: Configuration) -> Iterator[tuple[Document, Block]]:
    """Yields (document, settings) of the documents with an S3 backend."""
    for document in configuration.documents:
        if document.backend and document.backend[0] == "s3":
            yield document, document.backend[1]


def is_state_bucket(configuration: Configuration, resource: Resource) -> bool:
    """Whether a resource's `bucket` is one that a backend names."""
    bucket = configuration.resource(resource.body.value("bucket"), resource, BUCKET)
    name = (bucket or resource).body.text("bucket")
    return name is not None and any(settings.text("bucket") == name for _, settings in s3_backends(configuration))
