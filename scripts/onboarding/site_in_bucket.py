"""Whether the states' bucket holds what these stacks cannot become: the same site under other names, or with another certificate.

A synthesis asks nobody, so in a fresh clone it does not know of a site whose states are in S3. Before a plan or an apply of such
stacks the bucket is asked: for the state of their own `edge`, and only where that holds nothing, for those of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.aws.clients import translated
from scripts.errors import AwsError, UnsafePlanError
from scripts.onboarding.known_site import KnownSite, certificate_of_stack, json_object, of_states, read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3.client import S3Client

_EDGE, _DNS = "edge.tfstate", "dns.tfstate"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stacks:
    """What synthesized stacks say of their site.

    Attributes:
        hostname: the public name.
        certificate: the value of `site.certificate`; "" where there is no such certificate.
        bucket, region: where their states are.
        prefix: what the keys of their states begin with, `<project>/<environment>/`.
    """

    hostname: str
    certificate: str
    bucket: str
    region: str
    prefix: str


def refuse_another_site(stacks: Path, s3: Callable[[str], S3Client], tell: Callable[[str], None]) -> None:
    """Looks into the states' bucket before anything is planned or applied; stacks with states elsewhere are not looked at.

    Args:
        stacks: folder of the synthesized stacks.
        s3: region -> client.
        tell: takes a sentence where the bucket could not be asked: Terraform is about to say the same of its own states.

    Raises:
        UnsafePlanError: a site of the same public name is deployed under other names, or this one with another certificate.
    """
    own = _stacks(stacks)
    if own is None:
        return
    try:
        known = _deployed(own, s3(own.region))
    except AwsError as error:
        tell(f"not known whether another site has {own.hostname}: {error}")
        return
    if known is None:
        return
    names = own.prefix.strip("/").replace("/", "-")
    if known.prefix != names:
        raise UnsafePlanError(
            f"s3://{known.found_in} holds the site {known.prefix}, which is deployed and has {own.hostname}. These stacks would "
            f"make a second site, {names}: it cannot have that name, and the first one would stay, and be billed. Write its "
            "project and environment back into the site file, or first take it down under its own names (docs/TEARDOWN.md)"
        )
    if known.certificate and own.certificate and known.certificate != own.certificate:
        raise UnsafePlanError(
            f's3://{known.found_in} holds this site, deployed with certificate = "{known.certificate}". These stacks have '
            f'"{own.certificate}": that makes another certificate, and AWS deletes none that CloudFront uses, so Terraform would '
            f'stop halfway. Write certificate = "{known.certificate}" back into [site] and synthesize again'
        )


def _stacks(folder: Path) -> _Stacks | None:
    edge, dns = read_object(folder / "edge" / "cdk.tf.json"), read_object(folder / "dns" / "cdk.tf.json")
    backend = edge.get("terraform", {}).get("backend", {}).get("s3", {})
    hostname = edge.get("output", {}).get("hostname", {}).get("value")
    if not backend or not isinstance(hostname, str):
        return None
    return _Stacks(
        hostname=hostname,
        certificate=certificate_of_stack(dns, hostname),
        bucket=backend["bucket"],
        region=backend["region"],
        prefix=str(backend["key"]).removesuffix(_EDGE),
    )


def _deployed(own: _Stacks, s3: S3Client) -> KnownSite | None:
    """Returns this site, or else another one of the same public name; None where neither is deployed."""
    keys = list(_edges(s3, own.bucket))
    mine = own.prefix + _EDGE
    if mine in keys and (known := _site(s3, own, own.prefix)) is not None:
        return known
    others = (_site(s3, own, key.removesuffix(_EDGE)) for key in keys if key != mine)
    return next((each for each in others if each is not None and each.hostname == own.hostname), None)


def _edges(s3: S3Client, bucket: str) -> Iterator[str]:
    with translated("ListObjectsV2", f"s3://{bucket}"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            yield from (each["Key"] for each in page.get("Contents", ()) if each["Key"].endswith(f"/{_EDGE}"))


def _site(s3: S3Client, own: _Stacks, prefix: str) -> KnownSite | None:
    state, dns = (_state(s3, own.bucket, prefix + name) for name in (_EDGE, _DNS))
    return of_states(state, dns, found_in=Path(f"{own.bucket}/{prefix}{_EDGE}"))


def _state(s3: S3Client, bucket: str, key: str) -> dict[str, Any]:
    with translated("GetObject", f"s3://{bucket}/{key}"):
        try:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            return {}
    return json_object(body)
