"""Checks by DNS and HTTPS: what the sandbox answers, and how soon."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from botocore.exceptions import ClientError

from scripts.aws.clients import aws_client, translated
from scripts.probe.authority import AuthoritativeServer, ask, find_authoritative_servers, find_zone
from scripts.probe.resolver import ResolutionError
from scripts.prove.target import DisprovedError, Sandbox, UnreachableError, insist, release_of

LIFETIME_SECONDS = 60
"""Of a record and of a negative answer: what the design counts on."""
EDGE_SECONDS = 60.0
"""More than this is not "within seconds"."""
RESTORED_SECONDS = 300.0
ODD_PAGES: Mapping[str, str] = {
    "a b.html": "/a%20b.html",
    "100%.html": "/100%25.html",
    "a+b.html": "/a%2Bb.html",
}
"""Pages of the sandbox's site whose names are written otherwise in a URL -> that spelling."""


def markers(sandbox: Sandbox) -> str:
    """The region marker, which only the bucket has, is served by every name."""
    names = (sandbox.deployment.hostname, *sandbox.deployment.regional_hostnames)
    found = {name: sandbox.get("/health/region.json", hostname=name).status for name in names}
    return insist(set(found.values()) == {200}, "; ".join(f"{name} answers {status}" for name, status in found.items()))


def lifetime_of_records(sandbox: Sandbox) -> str:
    """Both records of the public name have a lifetime of 60 s, as the zone's own server says."""
    server = _server(sandbox)
    clock, name = sandbox.network.clock(), sandbox.deployment.hostname
    try:
        found = {kind: asyncio.run(ask(server.nameserver, name, kind, clock)).ttl_seconds for kind in ("A", "AAAA")}
    except ResolutionError as error:
        raise UnreachableError(str(error)) from error
    told = ", ".join(f"{kind} {seconds} s" for kind, seconds in found.items())
    return insist(set(found.values()) == {LIFETIME_SECONDS}, f"{server.name} says {told}")


def negative_lifetime(sandbox: Sandbox) -> str:
    """The zone's SOA lets a resolver keep a negative answer for 60 s: the lesser of its TTL and its last field (RFC 2308)."""
    server, zone = _server(sandbox), _zone(sandbox)
    try:
        answer = asyncio.run(ask(server.nameserver, zone, "SOA", sandbox.network.clock()))
    except ResolutionError as error:
        raise UnreachableError(str(error)) from error
    last = int(answer.values[0].split()[-1]) if answer.values else -1
    evidence = f"SOA of {zone} at {server.name}: TTL {answer.ttl_seconds} s, last field {last} s"
    return insist(min(answer.ttl_seconds, last) == LIFETIME_SECONDS, evidence)


def seconds_to_the_edge(sandbox: Sandbox) -> str:
    """A new release is switched to by one write; how soon its page is served here."""
    release = sandbox.publish_anew()
    seconds = sandbox.seconds_until(lambda: release_of(sandbox.get("/")) == release, at_most=EDGE_SECONDS)
    if seconds is None:
        raise DisprovedError(f"release {release} was not served here within {EDGE_SECONDS:g} s of the write")
    return f"release {release} was served here {seconds:.1f} s after the write"


def spellings_at_endpoint(sandbox: Sandbox) -> str:
    """The regional endpoint finds pages whose names are encoded in the URL."""
    region, endpoint = next(iter(sandbox.endpoints.items()))
    wanted = [path for name, path in ODD_PAGES.items() if "+" not in name]
    found = {path: sandbox.get(path, via=endpoint).status for path in wanted}
    told = ", ".join(f"{path} {status}" for path, status in found.items())
    return insist(set(found.values()) == {200}, f"the regional endpoint in {region} answers: {told}")


def plus_sign(sandbox: Sandbox) -> str:
    """CloudFront hands S3 the plus sign of a name, however it is written."""
    found = {path: sandbox.get(path).status for path in ("/a+b.html", ODD_PAGES["a+b.html"])}
    told = ", ".join(f"{path} {status}" for path, status in found.items())
    return insist(set(found.values()) == {200}, told)


def compressed_style_sheet(sandbox: Sandbox) -> str:
    """The router sees which encodings a viewer takes, and gives the variant of the release."""
    page = sandbox.get("/").body.decode("utf-8", "replace")
    found = re.search(r'href="(/[^"]+\.css)"', page)
    if found is None:
        raise DisprovedError("the page names no style sheet")
    path = found.group(1)
    headers = sandbox.get(path, accept_encoding="br").headers
    plain = sandbox.get(path).headers
    evidence = (
        f"{path}: content-encoding {headers.get('content-encoding', 'none')}, etag {headers.get('etag')}; without"
        f" accept-encoding {plain.get('content-encoding', 'none')}, etag {plain.get('etag')}"
    )
    is_variant = headers.get("content-encoding") == "br" and "content-encoding" not in plain
    return insist(is_variant and headers.get("etag") != plain.get("etag"), evidence)


def query_string_of_redirect(sandbox: Sandbox) -> str:
    """A redirect made by the router keeps the query string as it was sent."""
    answer = sandbox.get("/old?a=1&b=%20")
    location = answer.headers.get("location", "none")
    return insist(
        answer.status == 308 and location.endswith("?a=1&b=%20"), f"status {answer.status}, location {location}"
    )


def vary(sandbox: Sandbox) -> str:
    """The response headers policy adds Vary, and nobody adds it twice."""
    found = sandbox.get("/").headers.get("vary", "none")
    return insist(found.lower() == "accept-encoding", f"vary: {found}")


def lost_object(sandbox: Sandbox) -> str:
    """An object of the active release, deleted in every version in one bucket, is put back by the parity check."""
    region = sandbox.deployment.secondary
    bucket, key = sandbox.deployment.buckets[region], _a_key(sandbox, region)
    s3 = aws_client("s3", region=region)
    with translated("ListObjectVersions", f"{bucket}/{key}", region=region):
        listed = s3.list_object_versions(Bucket=bucket, Prefix=key)
        gone = {each["VersionId"] for each in listed.get("Versions", [])}
        for version in gone:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)

    def is_back() -> bool:
        with translated("HeadObject", f"{bucket}/{key}", region=region):
            try:
                return s3.head_object(Bucket=bucket, Key=key).get("VersionId") not in gone
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return False
                raise

    seconds = sandbox.seconds_until(is_back, at_most=RESTORED_SECONDS)
    if seconds is None:
        raise DisprovedError(f"{key} was not back in {bucket} after {RESTORED_SECONDS:g} s")
    return insist(
        bool(gone), f"{key} was back in {bucket} {seconds:.0f} s after {len(gone)} versions of it were deleted"
    )


def _a_key(sandbox: Sandbox, region: str) -> str:
    bucket = sandbox.deployment.buckets[region]
    with translated("ListObjectsV2", bucket, region=region):
        found = aws_client("s3", region=region).list_objects_v2(Bucket=bucket, Prefix="releases/").get("Contents", [])
    keys = sorted(each["Key"] for each in found if each["Key"].endswith(".svg"))
    if not keys:
        raise UnreachableError(f"{bucket} holds no .svg of a release, which is what the check would delete")
    return str(keys[0])


def _zone(sandbox: Sandbox) -> str:
    network = sandbox.network
    try:
        return asyncio.run(find_zone(sandbox.deployment.hostname, network.resolvers[0], network.clock()))
    except ResolutionError as error:
        raise UnreachableError(str(error)) from error


def _server(sandbox: Sandbox) -> AuthoritativeServer:
    zone = _zone(sandbox)
    try:
        return asyncio.run(find_authoritative_servers(zone, sandbox.network, sandbox.network.clock()))[0]
    except ResolutionError as error:
        raise UnreachableError(str(error)) from error
