"""An emulator to ask: a localcloud of the tests' own, or the one that the environment names.

To ask another one set CONFORMANCE_AWS_ENDPOINT (a URL), CONFORMANCE_EDGE and CONFORMANCE_EDGE_HTTP (host:port of HTTPS and
HTTP of its CDN), CONFORMANCE_DNS (host:port) and, when its AWS time runs faster, CONFORMANCE_SPEED. What it does not have is left
out: nobody answers there. CONFORMANCE_PATIENCE is how many seconds a test waits for what never comes, 60 unless set.
CONFORMANCE_ORIGIN_CA names a file with a key and a certificate, which the emulator trusts of origins.
`python -m localcloud conformance --against moto` sets all of it.
"""

import itertools
import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import dns.message
import dns.query
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.worlds.dataplane_world import EDGE, start_localcloud, stop_localcloud

SPEED = 10.0
PATIENCE_SECONDS = float(os.environ.get("CONFORMANCE_PATIENCE", "60"))
NOBODY = "127.0.0.1:1"
"""Where nothing listens (TCP port 1, tcpmux)."""
OPTIMIZED, DISABLED = "658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
READS, ALL_METHODS = ("GET", "HEAD"), ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
Address = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a viewer got; header names lower case. `cookies`: the Set-Cookie headers."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str]


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Where the emulator answers, and what tests do there. `speed` is how many AWS seconds pass in a real one."""

    endpoint: str
    edge: Address
    edge_http: Address
    name_server: Address
    speed: float

    def aws(self, service: str, region: str = "us-east-1") -> Any:
        """Returns a client that does not check parameters itself and tries once."""
        return _client(self.endpoint, service, region)

    def get(
        self,
        host: str,
        path: str = "/",
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        tls: bool = True,
    ) -> Answer:
        """Asks the edge as a browser does, over a new connection."""
        address = self.edge if tls else self.edge_http
        with socket.create_connection(address, timeout=PATIENCE_SECONDS) as raw:
            context = ssl._create_unverified_context()  # the emulator's authority is of its own making
            sock = context.wrap_socket(raw, server_hostname=host) if tls else raw
            connection = HTTPConnection(host)
            connection.sock = sock
            connection.request(method, path, body=body, headers={"Host": host, **(headers or {})})
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            cookies = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
            result = Answer(status=answer.status, headers=received, body=answer.read(), cookies=cookies)
            connection.close()
            return result

    def ask(self, name: str, type_: str = "A", **options: Any) -> dns.message.Message:
        """Asks the name server."""
        query = dns.message.make_query(name, type_, **options)
        return dns.query.udp(query, self.name_server[0], port=self.name_server[1], timeout=PATIENCE_SECONDS)

    def values(self, name: str, type_: str = "A", **options: Any) -> list[str]:
        """Returns the values of the answer."""
        return [item.to_text() for rrset in self.ask(name, type_, **options).answer for item in rrset]

    def sleep(self, aws_seconds: float) -> None:
        """Lets AWS time pass."""
        time.sleep(aws_seconds / self.speed)

    def bucket(self, region: str = "us-east-1", **objects: str | bytes) -> str:
        """Makes a bucket with objects; returns its name."""
        s3, name = self.aws("s3", region), unique("bucket")
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **where)
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        return name

    def open_bucket(
        self, name: str, actions: Iterable[str] = ("s3:GetObject",), *, lists: bool = False, region: str = "us-east-1"
    ) -> None:
        """Lets CloudFront in."""
        principal = {"Service": "cloudfront.amazonaws.com"}
        statements = [
            {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": f"arn:aws:s3:::{name}/*"}
        ]
        if lists:
            bucket = f"arn:aws:s3:::{name}"
            statements.append(
                {"Effect": "Allow", "Principal": principal, "Action": "s3:ListBucket", "Resource": bucket}
            )
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.aws("s3", region).put_bucket_policy(Bucket=name, Policy=policy)

    def readable_bucket(self, region: str = "us-east-1", **objects: str | bytes) -> str:
        """Makes a bucket with objects that CloudFront reads and lists."""
        name = self.bucket(region, **objects)
        self.open_bucket(name, lists=True, region=region)
        return name

    @property
    def access_control(self) -> str:
        """An origin access control."""
        return _access_control(self)

    def origin(self, bucket: str, id_: str = "o", region: str = "us-east-1", **more: Any) -> dict[str, Any]:
        """Returns an S3 origin with origin access control."""
        return {
            "Id": id_,
            "DomainName": f"{bucket}.s3.{region}.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
            "OriginAccessControlId": self.access_control,
            **more,
        }

    def config(
        self, origins: list[dict[str, Any]], behavior: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Returns a distribution configuration that CloudFront takes."""
        default = {"TargetOriginId": origins[0]["Id"], "ViewerProtocolPolicy": "allow-all", "CachePolicyId": OPTIMIZED}
        return {
            "CallerReference": unique("reference"),
            "Comment": "",
            "Enabled": True,
            "Origins": items(origins),
            "DefaultCacheBehavior": {
                key: value
                for key, value in {**default, "Compress": False, **(behavior or {})}.items()
                if value is not None
            },
            **more,
        }

    def distribution(self, origins: list[dict[str, Any]], behavior: dict[str, Any] | None = None, **more: Any) -> Any:
        """Makes a distribution and waits until CloudFront says that it is deployed."""
        made = self.aws("cloudfront").create_distribution(DistributionConfig=self.config(origins, behavior, **more))
        self.until_deployed(made["Distribution"]["Id"])
        return made["Distribution"]

    def domain_of(self, origins: list[dict[str, Any]], behavior: dict[str, Any] | None = None, **more: Any) -> str:
        """Makes a distribution, uncached unless its behavior says otherwise; returns its domain name."""
        return str(self.distribution(origins, behavior or {"CachePolicyId": DISABLED}, **more)["DomainName"])

    def until_deployed(self, distribution_id: str) -> None:
        """Waits as boto3's waiter does, in shorter steps."""
        get = self.aws("cloudfront").get_distribution
        self.until(lambda: get(Id=distribution_id)["Distribution"]["Status"] == "Deployed")

    def until(self, claim: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until a claim holds, in real seconds."""
        deadline = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < deadline, "it never became true"
            time.sleep(0.02)

    def zone(self) -> tuple[str, str]:
        """Makes a hosted zone; returns its id and its name without a final dot."""
        name = f"{unique('zone')}.test"
        made = self.aws("route53").create_hosted_zone(Name=name, CallerReference=name)
        return made["HostedZone"]["Id"].rpartition("/")[2], name

    def change(self, zone_id: str, *records: dict[str, Any], action: str = "UPSERT") -> None:
        """Changes records and waits until Route 53 says that the change is in sync."""
        route53 = self.aws("route53")
        changes = [{"Action": action, "ResourceRecordSet": record} for record in records]
        info = route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})["ChangeInfo"]
        self.until(lambda: route53.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC")

    def health_check(self, **config: Any) -> str:
        """Makes a health check, of a closed port unless told otherwise; returns its id."""
        full = {"Type": "TCP", "IPAddress": "203.0.113.77", "Port": 9, "RequestInterval": 10, **config}
        kept = {name: value for name, value in full.items() if value is not None}
        made = self.aws("route53").create_health_check(CallerReference=unique("check"), HealthCheckConfig=kept)
        return str(made["HealthCheck"]["Id"])


@cache
def _client(endpoint: str, service: str, region: str) -> Any:
    session: Any = boto3.Session(aws_access_key_id="conformance", aws_secret_access_key="conformance")
    config = Config(
        proxies={"http": endpoint},
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        s3={"addressing_style": "path"},
    )
    return session.client(service, region_name=region, endpoint_url=endpoint, config=config)


@cache
def _access_control(cloud: Cloud) -> str:
    config = {
        "Name": unique("oac"),
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    made = cloud.aws("cloudfront").create_origin_access_control(OriginAccessControlConfig=config)
    return str(made["OriginAccessControl"]["Id"])


_RUN, _NUMBERS = secrets.token_hex(3), itertools.count(1)


def unique(prefix: str) -> str:
    """Returns a name that nothing else has, in this run and in others."""
    return f"{prefix}-{_RUN}-{next(_NUMBERS)}"


def items(values: Iterable[Any]) -> dict[str, Any]:
    """Returns CloudFront's list shape."""
    listed = list(values)
    return {"Quantity": len(listed), **({"Items": listed} if listed else {})}


def methods(allowed: Iterable[str], cached: Iterable[str] = READS) -> dict[str, Any]:
    """Returns AllowedMethods."""
    return {**items(allowed), "CachedMethods": items(cached)}


def record(name: str, type_: str, *values: str, ttl: int = 60, **more: Any) -> dict[str, Any]:
    """Returns a record set."""
    return {"Name": name, "Type": type_, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values], **more}


def refused(code: str, call: Callable[..., object], **arguments: Any) -> str:
    """Requires that AWS refuses a call with this code, and returns its message."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    return str(error["Error"]["Message"])


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _from_environment(endpoint: str) -> Cloud:
    return Cloud(
        endpoint=endpoint,
        edge=_address(os.environ.get("CONFORMANCE_EDGE", NOBODY)),
        edge_http=_address(os.environ.get("CONFORMANCE_EDGE_HTTP", NOBODY)),
        name_server=_address(os.environ.get("CONFORMANCE_DNS", NOBODY)),
        speed=float(os.environ.get("CONFORMANCE_SPEED", "1")),
    )


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that the emulator trusts of custom origins."""
    if given := os.environ.get("CONFORMANCE_ORIGIN_CA"):
        content = Path(given).read_bytes()
        return trustme.CA.from_pem(cert_bytes=content, private_key_bytes=content)
    return trustme.CA()


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Cloud]:
    """The emulator that all tests of this folder ask; it ends with them, because what they made keeps it at work."""
    if endpoint := os.environ.get("CONFORMANCE_AWS_ENDPOINT"):
        yield _from_environment(endpoint)
        return
    folder = tmp_path_factory.mktemp("conformance")
    authority.cert_pem.write_to_path(folder / "origin-ca.pem")
    arguments = ("--origin-ca", str(folder / "origin-ca.pem"))
    world = start_localcloud(Path(folder), speed=SPEED, arguments=arguments)
    ports = world.endpoints
    try:
        yield Cloud(
            endpoint=ports["gateway_url"],
            edge=(EDGE, ports["https_port"]),
            edge_http=(EDGE, ports["http_port"]),
            name_server=(ports["dns"]["address"], ports["dns"]["port"]),
            speed=SPEED,
        )
    finally:
        stop_localcloud(world)
