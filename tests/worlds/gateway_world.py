"""A gateway in this process, boto3 clients for it, and the resources that most conformance tests start from."""

import itertools
import json
from collections.abc import Callable, Iterator
from functools import cache
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.gateway.server import Gateway

SPEED = 1000.0
"""One AWS second lasts a millisecond: certificates and replicas are there at once."""

_NUMBERS = itertools.count(1)
"""Of the names of all worlds of this process, whose gateways share moto's state."""

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


class GatewayWorld:
    """One gateway and what tests ask of it. State is shared by all tests of a run; names must differ."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.client = cache(self._make_client)
        self._clients: list[Any] = []
        self._session: Any = boto3.Session(aws_access_key_id="localcloud", aws_secret_access_key="localcloud")

    def _make_client(self, service: str, region: str = "us-east-1") -> Any:
        config = Config(
            proxies={"http": self.gateway.url}, retries={"total_max_attempts": 1}, parameter_validation=False
        )
        client = self._session.client(service, region_name=region, endpoint_url=self.gateway.url, config=config)
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close the clients' connections."""
        for client in self._clients:
            client.close()

    def unique(self, prefix: str) -> str:
        """Return a name that no other test has."""
        return f"{prefix}-{next(_NUMBERS)}"

    def control(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        """Call the control API; return status and JSON."""
        body = None if document is None else json.dumps(document)
        status, _, answer = self.http(method, f"/_localcloud{path}", body=body)
        return status, json.loads(answer)

    def http(
        self, method: str, path: str, *, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a plain HTTP request; return status, headers (lower case) and body."""
        connection = HTTPConnection(self.gateway.host, self.gateway.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def data_plane_read(
        self, bucket: str, key: str, region: str = "eu-central-1", *, origin: str = "data-plane"
    ) -> tuple[int, dict[str, str], bytes]:
        """Read an object as the edge does."""
        scope = f"localcloud/20260101/{region}/s3/aws4_request"
        headers = {
            "x-localcloud-origin": origin,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        return self.http("GET", f"/{bucket}/{key}", headers=headers)

    def hosted_zone(self) -> tuple[str, str]:
        """Create a hosted zone; return its id and its domain."""
        domain = f"{self.unique('zone')}.test"
        zone = self.client("route53").create_hosted_zone(Name=domain, CallerReference=domain)
        return zone["HostedZone"]["Id"].rpartition("/")[2], domain

    def change(self, zone_id: str, action: str, **record: Any) -> None:
        """Change one record set."""
        change = {"Action": action, "ResourceRecordSet": record}
        self.client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": [change]})

    def add_validation_records(self, certificate_arn: str, zone_id: str, region: str = "us-east-1") -> None:
        """Put the validation CNAMEs of a certificate into a zone."""
        certificate = self.client("acm", region).describe_certificate(CertificateArn=certificate_arn)["Certificate"]
        for option in certificate["DomainValidationOptions"]:
            record = option["ResourceRecord"]
            values = [{"Value": record["Value"]}]
            self.change(zone_id, "UPSERT", Name=record["Name"], Type="CNAME", TTL=300, ResourceRecords=values)

    def certificate(self, zone_id: str, *names: str, region: str = "us-east-1") -> str:
        """Return the ARN of an issued certificate."""
        acm = self.client("acm", region)
        arn: str = acm.request_certificate(
            DomainName=names[0], SubjectAlternativeNames=list(names), ValidationMethod="DNS"
        )["CertificateArn"]
        self.add_validation_records(arn, zone_id, region)
        wait_until(lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED")
        return arn

    def distribution(self, **changes: Any) -> Any:
        """Create a distribution with two S3 origins and a group; `changes` replace parts of its configuration."""
        return self.client("cloudfront").create_distribution(DistributionConfig=self.distribution_config(**changes))

    def distribution_config(self, **changes: Any) -> dict[str, Any]:
        """Return a distribution configuration that CloudFront accepts."""
        origins = [
            {
                "Id": f"s3-{region}",
                "DomainName": f"site.s3.{region}.amazonaws.com",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            }
            for region in ("eu-central-1", "us-east-1")
        ]
        return {
            "CallerReference": self.unique("reference"),
            "Comment": "",
            "Enabled": False,
            "Origins": listed(origins),
            "OriginGroups": listed([origin_group()]),
            "DefaultCacheBehavior": behavior(),
            **changes,
        }

    def bucket(self, region: str = "eu-central-1", *, is_versioned: bool = True) -> str:
        """Create a bucket; return its name."""
        name, s3 = self.unique("bucket"), self.client("s3", region)
        location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **location)
        if is_versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name


def listed(items: list[Any]) -> dict[str, Any]:
    """Return CloudFront's list shape."""
    return {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}


def origin_group(
    members: tuple[str, ...] = ("s3-eu-central-1", "s3-us-east-1"), codes: tuple[int, ...] = (500, 503)
) -> Any:
    """Return an origin group."""
    return {
        "Id": "origin-group",
        "FailoverCriteria": {"StatusCodes": listed(list(codes))},
        "Members": listed([{"OriginId": member} for member in members]),
    }


def behavior(target: str = "origin-group", methods: tuple[str, ...] = ("GET", "HEAD"), **changes: Any) -> Any:
    """Return a cache behavior."""
    return {
        "TargetOriginId": target,
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": CACHING_DISABLED,
        "AllowedMethods": {**listed(list(methods)), "CachedMethods": listed(["GET", "HEAD"])},
        **changes,
    }


def refused(code: str, call: Callable[..., object], /, status: int | None = None, **arguments: Any) -> str:
    """Require that a call is refused with an AWS error code; return the message."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    assert status in (None, error["ResponseMetadata"]["HTTPStatusCode"])
    return str(error["Error"]["Message"])


def wait_until(condition: Callable[[], bool], attempts: int = 2000) -> None:
    """Ask until a condition holds; each attempt is a round trip to the gateway, so this needs no sleep."""
    assert any(condition() for _ in range(attempts)), "the condition never held"


@pytest.fixture(scope="session")
def gateway_world() -> Iterator[GatewayWorld]:
    """One gateway for the whole run: moto's state is the process's."""
    with Gateway(speed=SPEED) as gateway:
        world = GatewayWorld(gateway)
        yield world
        world.close()
