"""Where Terraform's state lies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.buckets import BUCKET
from scripts.lint.distributions import distributions
from scripts.lint.model import Configuration, Document, Resource
from scripts.lint.values import Block, Expression

# acme-tfstate, acme-terraform-state-eu, terraform_state; logs of such a bucket are none.
_STATE = re.compile(r"(?:^|[^a-z])(?:tf|terraform)[-_.]?(?:remote[-_.]?)?(?:state|backend)s?(?![a-z])")
_LOGS = re.compile(r"(?:^|[^a-z])(?:access[-_.]?)?logs?(?![a-z])")


def s3_backends(configuration: Configuration) -> Iterator[tuple[Document, Block]]:
    """Yields (document, settings) of the documents with an S3 backend."""
    for document in configuration.documents:
        if document.backend and document.backend[0] == "s3":
            yield document, document.backend[1]


def is_state_bucket(configuration: Configuration, resource: Resource) -> bool:
    """Whether a bucket, or the `bucket` of a resource, holds state: a backend or a remote state names it, or its name says so."""
    is_bucket = resource.type == BUCKET
    bucket = resource if is_bucket else configuration.resource(resource.body.value("bucket"), resource, BUCKET)
    name = (bucket or resource).body.text("bucket")
    is_named = name is not None and name in configuration.once("state names", lambda: set(_state_names(configuration)))
    return is_named or bool(bucket and _is_called_state(bucket))


def may_be_state_bucket(configuration: Configuration, bucket: Resource) -> bool:
    """Whether a bucket holds state as far as one knows: any does that no distribution serves while some state's is unknown."""
    if is_state_bucket(configuration, bucket):
        return True
    served = configuration.once("served buckets", lambda: set(_served_buckets(configuration)))
    return bucket.address not in served and configuration.once(
        "unknown state", lambda: not all(_are_known(configuration))
    )


def _served_buckets(configuration: Configuration) -> Iterator[str]:
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            if bucket := distribution.bucket_of(origin):
                yield bucket.address


def _state_names(configuration: Configuration) -> Iterator[str]:
    """Yields the buckets that hold state of what was given, or that it reads state from."""
    for settings in _settings_of_states(configuration):
        if name := settings.text("bucket"):
            yield name


def _are_known(configuration: Configuration) -> Iterator[bool]:
    """Yields of each state whether the value of its bucket is known, if it is set; -backend-config may set what is left out."""
    for settings in _settings_of_states(configuration):
        yield settings.is_known("bucket")


def _settings_of_states(configuration: Configuration) -> Iterator[Block]:
    """Yields the settings of the S3 backends of what was given, and of those that it reads state from."""
    for _, settings in s3_backends(configuration):
        yield settings
    for resource in configuration.resources:
        if resource.type == "terraform_remote_state" and resource.body.text("backend") == "s3":
            yield resource.body.block("config")


def _is_called_state(bucket: Resource) -> bool:
    """Whether the bucket's name, as far as it is spelled out, or else its name in Terraform, is that of a state bucket."""
    value = bucket.body.value("bucket")
    spelled = re.sub(r"\$\{[^}]*\}", "", value.text) if isinstance(value, Expression) else value
    names = [name for name in (spelled, bucket.address.rpartition(".")[2]) if isinstance(name, str)]
    return any(_STATE.search(name.lower()) and not _LOGS.search(name.lower()) for name in names)
