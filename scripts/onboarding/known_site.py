"""Which site is deployed already, as far as this machine knows: from states, saved outputs and the last synthesis. Asks nobody.

Project and environment name every stack, bucket and state, and AWS renames none of them. Under other names Terraform would make a
second site, which cannot have the public name; where the states lie beside the output folder, it would take the first one down.
CloudFront's certificate cannot be exchanged either: AWS deletes none that a distribution uses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_LOCAL_STATES = ("edge", "region-*", "attachment-*")
"""Those whose outputs name a bucket, or what has one."""
_CERTIFICATE = "aws_acm_certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSite:
    """A site that was deployed.

    Attributes:
        prefix: project and environment, `<project>-<environment>`.
        hostname: its public name; "" where it is not known.
        found_in: the file that says so.
        holds_states: whether what is synthesized now would be applied to its states.
        regions: its regions; empty where they are not known.
        certificate: the value of `site.certificate` that CloudFront's certificate came from; "" where that is not known, or where
            no distribution uses it.
    """

    prefix: str
    hostname: str
    found_in: Path
    holds_states: bool = False
    regions: tuple[str, ...] = ()
    certificate: str = ""


def known_sites(*, hostname: str, has_local_states: bool, outdir: Path, outputs: Path | None) -> list[KnownSite]:
    """Returns the deployed sites that a synthesis would change: those in its states, and those of its public name.

    Args:
        hostname: the public name of the site file.
        has_local_states: whether its states lie beside the output folder.
        outdir: the output folder, with what was synthesized before.
        outputs: where `failover outputs` saves; None: it is not asked.
    """
    named = [_of_last_synthesis(outdir / "stacks" / "edge"), None if outputs is None else _of_outputs(outputs)]
    return [
        *(_of_local_states(outdir.absolute().parent) if has_local_states else ()),
        *(each for each in named if each is not None and each.hostname == hostname),
    ]


def _of_local_states(folder: Path) -> Iterator[KnownSite]:
    for pattern in _LOCAL_STATES:
        for path in sorted(folder.glob(f"terraform.{pattern}.tfstate")):
            known = of_states(read_object(path), read_object(folder / "terraform.dns.tfstate"), found_in=path)
            if known is not None:
                yield replace(known, holds_states=True)


def of_states(state: Mapping[str, Any], dns: Mapping[str, Any], *, found_in: Path) -> KnownSite | None:
    """Returns the site of a state whose outputs name a bucket, with the state of its `dns`; None where nothing is deployed."""
    values = {name: each.get("value") for name, each in state.get("outputs", {}).items()}
    if not state.get("resources") or not (prefix := _prefix(values)):
        return None
    hostname = str(values.get("hostname") or "")
    certificates = [
        instance.get("attributes", {})
        for each in dns.get("resources", ())
        for instance in each.get("instances", ())
        if each.get("type") == _CERTIFICATE
    ]
    return KnownSite(
        prefix=prefix,
        hostname=hostname,
        found_in=found_in,
        regions=_regions(values),
        certificate=(_certificate(certificates, hostname) if values.get("distributions") else "") or _of_one(values),
    )


def certificate_of_stack(dns: Mapping[str, Any], hostname: str) -> str:
    """Returns the value of `site.certificate` that a synthesized `dns` stack was written for, else ""."""
    return _certificate(dns.get("resource", {}).get(_CERTIFICATE, {}).values(), hostname)


def _certificate(certificates: Iterable[Mapping[str, Any]], hostname: str) -> str:
    for each in certificates:
        names = each.get("subject_alternative_names") or ()
        if each.get("domain_name") == hostname and set(names) - {hostname}:
            return "wildcard" if f"*.{hostname}" in names else "regions"
    return ""


def _of_last_synthesis(edge: Path) -> KnownSite | None:
    """Terraform was in the folder, so what stood there was at least planned; its key holds project and environment."""
    if not (edge / ".terraform").is_dir():
        return None
    stack, dns = read_object(edge / "cdk.tf.json"), read_object(edge.parent / "dns" / "cdk.tf.json")
    key = stack.get("terraform", {}).get("backend", {}).get("s3", {}).get("key", "")
    project, _, rest = key.partition("/")
    hostname = str(stack.get("output", {}).get("hostname", {}).get("value", ""))
    is_used = bool(stack.get("resource", {}).get("aws_cloudfront_distribution"))
    if not rest:
        return None
    return KnownSite(
        prefix=f"{project}-{rest.partition('/')[0]}",
        hostname=hostname,
        found_in=edge / "cdk.tf.json",
        certificate=certificate_of_stack(dns, hostname) if is_used else "",
    )


def _of_outputs(path: Path) -> KnownSite | None:
    values = read_object(path).get("edge", {})
    prefix = _prefix(values) if isinstance(values, Mapping) else ""
    if not prefix:
        return None
    return KnownSite(
        prefix=prefix,
        hostname=str(values.get("hostname")),
        found_in=path,
        regions=_regions(values),
        certificate=_of_one(values),
    )


def _regions(outputs: Mapping[str, Any]) -> tuple[str, ...]:
    roles = outputs.get("roles")
    return tuple(roles) if isinstance(roles, Mapping) else ()


def _of_one(outputs: Mapping[str, Any]) -> str:
    """Returns the only value of `site.certificate` that a site of one region may have; "" for others."""
    return "wildcard" if len(_regions(outputs)) == 1 else ""


def _prefix(outputs: Mapping[str, Any]) -> str:
    """Returns what a content bucket's name begins with, before its region and the account's id."""
    buckets = outputs.get("buckets") or {outputs.get("region"): outputs.get("bucket_name")}
    for region, bucket in buckets.items() if isinstance(buckets, Mapping) else ():
        if found := re.fullmatch(rf"(.+)-{re.escape(str(region))}-\d{{12}}", str(bucket)):
            return found[1]
    return ""


def read_object(path: Path) -> dict[str, Any]:
    """Returns the JSON object in a file; what is not there, or is none, knows of no site."""
    try:
        return json_object(path.read_bytes())
    except OSError:
        return {}


def json_object(content: bytes) -> dict[str, Any]:
    """Returns the JSON object that these bytes are; an empty one, if they are none."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
