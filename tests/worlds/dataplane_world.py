"""A localcloud of its own for the data-plane tests, with a two-region site made through boto3, and clients for it.

One instance a test run; tests leave the site as they found it. Faults are undone by `World.fault`.
"""

import contextlib
import functools
import http.client
import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import dns.message
import dns.query
import pytest
from botocore.config import Config

from scripts.local.process import ANY_PORT

SPEED = 10.0
DOMAIN = "example.test"
HOSTNAME = "www.example.test"
PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
EDGE, REGIONAL = "127.0.10.1", {PRIMARY: "127.0.20.1", SECONDARY: "127.0.20.2"}
START_LIMIT_SECONDS = 300.0

ROUTER = """
import cf from 'cloudfront';
async function handler(event) {
  const request = event.request;
  if (request.uri === '/redirect') {
    return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: '/elsewhere' } } };
  }
  if (request.uri === '/viewer') {
    const country = request.headers['cloudfront-viewer-country'] || { value: 'unknown' };
    return { statusCode: 200, statusDescription: 'OK', headers: { 'x-country': country } };
  }
  if (request.uri === '/throw') throw new Error('broken on purpose');
  if (request.uri.startsWith('/plain/') || request.uri.startsWith('/health/')) return request;
  let release = 'none';
  try { release = await cf.kvs().get('active_release'); } catch (error) { release = 'r1'; }
  if (request.uri === '/swapped/page.html') {
    cf.createRequestOriginGroup({
      originIds: [{ originId: 's3-us-east-1' }, { originId: 's3-eu-central-1' }],
      failoverCriteria: { statusCodes: [403, 500, 502, 503, 504] },
    });
  } else {
    cf.updateRequestOrigin({ timeouts: { readTimeout: 4, connectionTimeout: 2 } });
  }
  if (request.uri.endsWith('/')) request.uri += 'index.html';
  request.uri = '/releases/' + release + request.uri;
  return request;
}
"""

HANDLER = """
import base64, json, os, time
import boto3

s3 = boto3.client("s3")

def handler(event, context):
    path = event["rawPath"]
    if path == "/event" or path.startswith("/notes/"):
        return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
    if path == "/fail":
        raise RuntimeError("broken on purpose")
    if path == "/sleep":
        time.sleep(30)
    if path == "/huge":
        return {"statusCode": 200, "body": "x" * (7 * 1024 * 1024)}
    if path == "/plain":
        return {"hello": "world"}
    body = s3.get_object(Bucket=os.environ["BUCKET"], Key="health/region.json")["Body"].read()
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
"""


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a viewer got; header names lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    certificate: dict[str, Any]


@functools.cache
def _client(url: str, service: str, region: str, secret: str) -> Any:
    """Made once: making one takes longer than some of the periods that tests measure."""
    session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", aws_session_token=secret)
    config = Config(proxies={"http": url}, s3={"addressing_style": "path"})
    return session.client(service, region_name=region, endpoint_url=url, config=config)


@dataclass(kw_only=True)
class World:
    """A running localcloud and what was made in it."""

    process: subprocess.Popen[bytes]
    endpoints: dict[str, Any]
    log: Path
    distributions: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def client(self, service: str, region: str = "us-east-1") -> Any:
        return _client(
            self.endpoints["gateway_url"], service, region, self.endpoints["environment"]["AWS_SESSION_TOKEN"]
        )

    def bucket(self, region: str) -> str:
        return f"site-{region}"

    def get(
        self,
        path: str,
        *,
        host: str = HOSTNAME,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        address: str = EDGE,
        sni: str | None = None,
        tls: bool = True,
        timeout: float = 10,
        body: bytes | None = None,
        source: str = "",
    ) -> Response:
        """Ask as a browser does: a new connection, SNI and Host the same name unless told otherwise; `source` is its address."""
        started = time.monotonic()
        port = self.endpoints["https_port" if tls else "http_port"]
        certificate: dict[str, Any] = {}
        raw = socket.create_connection((address, port), timeout=timeout, source_address=(source, 0) if source else None)
        try:
            if tls:
                context = ssl.create_default_context(cafile=self.endpoints["ca_certificate"])
                context.check_hostname = False
                raw = context.wrap_socket(raw, server_hostname=sni or host)
                certificate = raw.getpeercert() or {}
            connection = http.client.HTTPConnection(host)
            connection.sock = raw
            connection.request(method, path, body=body, headers={"Host": host, **(headers or {})})
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Response(
                status=answer.status,
                headers=received,
                body=answer.read(),
                seconds=time.monotonic() - started,
                certificate=certificate,
            )
        finally:
            raw.close()

    def ask(self, name: str, type_: str = "A", *, tcp: bool = False, **options: Any) -> dns.message.Message:
        """Ask the DNS server."""
        query = dns.message.make_query(name, type_, **options)
        where, port = self.endpoints["dns"]["address"], self.endpoints["dns"]["port"]
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, where, port=port, timeout=60)

    def addresses(self, name: str, type_: str = "A", **options: Any) -> list[str]:
        return [item.to_text() for rrset in self.ask(name, type_, **options).answer for item in rrset]

    def control(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.endpoints["control_url"] + path, data=data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    @contextlib.contextmanager
    def fault(self, target: str, kind: str, value: int | None = None, **share: float) -> Iterator[None]:
        """Put a fault in force and wait until the data plane has seen it; lift it afterwards, wait again."""
        fault = {"target": target, "kind": kind, **share} | ({} if value is None else {"value": value})
        id_ = self.control("POST", "/faults", fault)["id"]
        self._until_followed()
        try:
            yield
        finally:
            self.control("DELETE", f"/faults/{id_}")
            self._until_followed()

    def _until_followed(self) -> None:
        """Wait until the data plane has the faults in force, or has lifted them."""

        def is_followed() -> bool:
            found = self.control("GET", "/faults")
            return bool(found["followed"] == found["revision"])

        self.eventually(is_followed, seconds=60)

    def eventually(self, claim: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Wait until the claim holds; an error counts as not yet. The default is for a machine that is busy with other work."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, ssl.SSLError):
                if claim():
                    return
            if time.monotonic() > deadline:
                raise AssertionError("it never became true")
            time.sleep(0.05)


def start_localcloud(folder: Path, *, speed: float = SPEED, arguments: tuple[str, ...] = ()) -> World:
    """Start localcloud on ephemeral ports and wait until it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    command = [sys.executable, "-m", "localcloud", "serve", "--speed", str(speed), "--state-dir", str(folder)]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *ANY_PORT, *arguments], stderr=output, stdout=output)
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while not (folder / "endpoints.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise AssertionError(f"localcloud does not start:\n{log.read_text()}")
        time.sleep(0.05)
    return World(process=process, endpoints=json.loads((folder / "endpoints.json").read_text()), log=log)


def stop_localcloud(world: World) -> None:
    world.process.send_signal(signal.SIGTERM)
    try:
        world.process.wait(timeout=60)
    finally:
        if world.process.poll() is None:
            world.process.kill()
            world.process.wait()


def build_site(world: World) -> None:
    """Make the site of the contract: zone, certificates, buckets, distributions, checks, regional endpoints, records."""
    zone_id = world.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="zone")["HostedZone"]["Id"]
    world.ids["zone"] = zone_id.rsplit("/", 1)[-1]
    for region in (PRIMARY, SECONDARY):
        _make_bucket(world, region)
    _make_certificates(world)
    _make_edge(world)
    for region in (PRIMARY, SECONDARY):
        _make_regional_endpoint(world, region)
    _make_records(world)


def change_records(world: World, action: str, *records: Mapping[str, Any]) -> None:
    world.client("route53").change_resource_record_sets(
        HostedZoneId=world.ids["zone"],
        ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record} for record in records]},
    )


def put(
    world: World, key: str, body: bytes, *, regions: tuple[str, ...] = (PRIMARY, SECONDARY), **options: Any
) -> None:
    for region in regions:
        world.client("s3", region).put_object(Bucket=world.bucket(region), Key=key, Body=body, **options)


def _make_bucket(world: World, region: str) -> None:
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    world.client("s3", region).create_bucket(Bucket=world.bucket(region), **location)
    marker = json.dumps({"region": region}).encode()
    json_type = {"ContentType": "application/json"}
    put(world, "health/region.json", marker, regions=(region,), **json_type)
    put(world, f"health/{region}.json", marker, regions=(region,), **json_type)
    for release in ("r1", "r2"):
        page = f'<meta name="release" content="{release}"> from {region}'.encode()
        options = {
            "ContentType": "text/html",
            "CacheControl": "public, max-age=60",
            "Metadata": {"release": release},
        }
        for name in ("index.html", "page.html", "other.html", "swapped/page.html"):
            put(world, f"releases/{release}/{name}", page, regions=(region,), **options)
    put(world, "plain/served-by.txt", region.encode(), regions=(region,), ContentType="text/plain")
    put(world, "errors/404.html", b"custom page", regions=(region,), ContentType="text/html")


def _make_certificates(world: World) -> None:
    names = [HOSTNAME, f"{PRIMARY}.{HOSTNAME}", f"{SECONDARY}.{HOSTNAME}"]
    for region in (PRIMARY, SECONDARY):
        acm = world.client("acm", region)
        arn = acm.request_certificate(DomainName=names[0], SubjectAlternativeNames=names, ValidationMethod="DNS")[
            "CertificateArn"
        ]
        world.ids[f"certificate:{region}"] = arn
        options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        records = {option["ResourceRecord"]["Name"]: option["ResourceRecord"] for option in options}
        change_records(
            world,
            "UPSERT",
            *(
                {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": record["Value"]}]}
                for name, record in records.items()
            ),
        )
        world.eventually(
            lambda acm=acm, arn=arn: (  # type: ignore[misc]
                acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
            ),
            seconds=20,
        )


def _make_edge(world: World) -> None:
    cloudfront = world.client("cloudfront")
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": "oac",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    store = cloudfront.create_key_value_store(Name="routing")["KeyValueStore"]["ARN"]
    world.ids["key_value_store"] = store
    function = _make_function(cloudfront, store)
    cache_policy = cloudfront.create_cache_policy(
        CachePolicyConfig={
            "Name": "pages",
            "MinTTL": 0,
            "DefaultTTL": 60,
            "MaxTTL": 300,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": False,
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        }
    )["CachePolicy"]["Id"]
    headers_policy = cloudfront.create_response_headers_policy(
        ResponseHeadersPolicyConfig={
            "Name": "security",
            "SecurityHeadersConfig": {
                "StrictTransportSecurity": {
                    "Override": True,
                    "AccessControlMaxAgeSec": 31536000,
                    "IncludeSubdomains": True,
                },
                "ContentTypeOptions": {"Override": True},
            },
            "CustomHeadersConfig": {
                "Quantity": 1,
                "Items": [{"Header": "x-custom", "Value": "yes", "Override": False}],
            },
        }
    )["ResponseHeadersPolicy"]["Id"]
    for region in (PRIMARY, SECONDARY):
        aliases = [f"{region}.{HOSTNAME}", *([HOSTNAME] if region == PRIMARY else [])]
        config = distribution_config(world, region, aliases, control, function, cache_policy, headers_policy)
        world.distributions[region] = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    for region in (PRIMARY, SECONDARY):
        _allow_cloudfront(world, region)


def _make_function(cloudfront: Any, store: str) -> str:
    config = {
        "Comment": "router",
        "Runtime": "cloudfront-js-2.0",
        "KeyValueStoreAssociations": {"Quantity": 1, "Items": [{"KeyValueStoreARN": store}]},
    }
    made = cloudfront.create_function(Name="router", FunctionConfig=config, FunctionCode=ROUTER.encode())
    published = cloudfront.publish_function(Name="router", IfMatch=made["ETag"])
    arn: str = published["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    return arn


def distribution_config(
    world: World,
    region: str,
    aliases: list[str],
    control: str,
    function: str,
    cache_policy: str,
    headers_policy: str,
) -> dict[str, Any]:
    """A distribution like the project's: group of both buckets, pinned and grouped health behaviours, cached default."""
    other = SECONDARY if region == PRIMARY else PRIMARY
    methods = {
        "Quantity": 3,
        "Items": ["GET", "HEAD", "OPTIONS"],
        "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
    }
    router = {"Quantity": 1, "Items": [{"EventType": "viewer-request", "FunctionARN": function}]}
    disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

    def behaviour(pattern: str, target: str, policy: str, *, runs: bool) -> dict[str, Any]:
        return {
            **({"PathPattern": pattern} if pattern else {}),
            "TargetOriginId": target,
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": methods,
            "Compress": False,
            "SmoothStreaming": False,
            "FieldLevelEncryptionId": "",
            "CachePolicyId": policy,
            "LambdaFunctionAssociations": {"Quantity": 0},
            **({"FunctionAssociations": router} if runs else {}),
            **({"ResponseHeadersPolicyId": headers_policy} if not pattern else {}),
        }

    behaviours = [
        *(behaviour(f"/health/{name}.json", f"s3-{name}", disabled, runs=False) for name in (PRIMARY, SECONDARY)),
        behaviour("/health/*", "origin-group", disabled, runs=True),
    ]
    return {
        "CallerReference": region,
        "Comment": region,
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "IsIPV6Enabled": True,
        "Aliases": {"Quantity": len(aliases), "Items": aliases},
        "Origins": {
            "Quantity": 2,
            "Items": [
                {
                    "Id": f"s3-{name}",
                    "DomainName": f"{world.bucket(name)}.s3.{name}.amazonaws.com",
                    "OriginPath": "",
                    "CustomHeaders": {"Quantity": 0},
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                    "OriginAccessControlId": control,
                    "ConnectionAttempts": 1,
                    "ConnectionTimeout": 2,
                }
                for name in (PRIMARY, SECONDARY)
            ],
        },
        "OriginGroups": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "origin-group",
                    "FailoverCriteria": {"StatusCodes": {"Quantity": 5, "Items": [403, 500, 502, 503, 504]}},
                    "Members": {"Quantity": 2, "Items": [{"OriginId": f"s3-{name}"} for name in (region, other)]},
                }
            ],
        },
        "DefaultCacheBehavior": behaviour("", "origin-group", cache_policy, runs=True),
        "CacheBehaviors": {"Quantity": len(behaviours), "Items": behaviours},
        "CustomErrorResponses": {
            "Quantity": 2,
            "Items": [
                {"ErrorCode": 503, "ErrorCachingMinTTL": 0},
                {
                    "ErrorCode": 404,
                    "ResponsePagePath": "/errors/404.html",
                    "ResponseCode": "404",
                    "ErrorCachingMinTTL": 10,
                },
            ],
        },
        "ViewerCertificate": {
            "ACMCertificateArn": world.ids[f"certificate:{SECONDARY}"],
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
        "PriceClass": "PriceClass_All",
        "HttpVersion": "http2",
    }


def _allow_cloudfront(world: World, region: str) -> None:
    bucket = world.bucket(region)
    arn = f"arn:aws:s3:::{bucket}"
    sources = [item["ARN"] for item in world.distributions.values()]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"StringEquals": {"AWS:SourceArn": sources}},
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
    world.client("s3", region).put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _make_regional_endpoint(world: World, region: str) -> None:
    role = f"arn:aws:iam::123456789012:role/site-{region}"
    with contextlib.suppress(Exception):
        world.client("iam").create_role(RoleName=f"site-{region}", AssumeRolePolicyDocument="{}", Path="/")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", HANDLER)
    functions = world.client("lambda", region)
    arn = functions.create_function(
        FunctionName="site",
        Runtime="python3.13",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": package.getvalue()},
        Timeout=10,
        Environment={"Variables": {"BUCKET": world.bucket(region), "REGION": region}},
    )["FunctionArn"]
    api = world.client("apigatewayv2", region)
    api_id = api.create_api(Name="site", ProtocolType="HTTP", DisableExecuteApiEndpoint=True)["ApiId"]
    integration = api.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion="2.0",
        IntegrationMethod="POST",
    )["IntegrationId"]
    api.create_route(ApiId=api_id, RouteKey="$default", Target=f"integrations/{integration}")
    for key, authorization in (("GET /notes/{id}", "NONE"), ("GET /signed", "AWS_IAM"), ("GET /token", "JWT")):
        api.create_route(
            ApiId=api_id, RouteKey=key, Target=f"integrations/{integration}", AuthorizationType=authorization
        )
    api.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    domain = api.create_domain_name(
        DomainName=HOSTNAME,
        DomainNameConfigurations=[
            {
                "CertificateArn": world.ids[f"certificate:{region}"],
                "EndpointType": "REGIONAL",
                "SecurityPolicy": "TLS_1_2",
                "IpAddressType": "dualstack",
            }
        ],
    )["DomainNameConfigurations"][0]
    world.ids[f"api_domain:{region}"] = domain["ApiGatewayDomainName"]
    world.ids[f"api_zone:{region}"] = domain["HostedZoneId"]
    api.create_api_mapping(ApiId=api_id, DomainName=HOSTNAME, Stage="$default")
    functions.add_permission(
        FunctionName="site",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:123456789012:{api_id}/*",
    )


def _make_records(world: World) -> None:
    check = world.client("route53").create_health_check(
        CallerReference="path",
        HealthCheckConfig={
            "Type": "HTTPS",
            "FullyQualifiedDomainName": f"{PRIMARY}.{HOSTNAME}",
            "Port": 443,
            "ResourcePath": "/health/region.json",
            "RequestInterval": 10,
            "FailureThreshold": 3,
            "EnableSNI": True,
            "Regions": ["us-east-1", "eu-west-1", "ap-southeast-1"],
        },
    )["HealthCheck"]["Id"]
    world.ids["health_check"] = check
    for region, distribution in world.distributions.items():
        for type_ in ("A", "AAAA"):
            change_records(world, "CREATE", alias(f"{region}.{HOSTNAME}", type_, distribution["DomainName"]))
    for type_ in ("A", "AAAA"):
        primary = alias(HOSTNAME, type_, world.distributions[PRIMARY]["DomainName"])
        secondary = alias(
            HOSTNAME, type_, world.ids[f"api_domain:{SECONDARY}"], zone=world.ids[f"api_zone:{SECONDARY}"]
        )
        change_records(
            world,
            "CREATE",
            {**primary, "SetIdentifier": "primary", "Failover": "PRIMARY", "HealthCheckId": check},
            {**secondary, "SetIdentifier": "secondary", "Failover": "SECONDARY"},
        )


def alias(name: str, type_: str, target: str, *, zone: str = "Z2FDTNDATAQYW2") -> dict[str, Any]:
    """An alias record to CloudFront, or to another AWS zone."""
    return {
        "Name": name,
        "Type": type_,
        "AliasTarget": {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": False},
    }


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The site, running; built once for a folder's tests, and ended with them."""
    running = start_localcloud(tmp_path_factory.mktemp("localcloud"))
    try:
        build_site(running)
        running.eventually(lambda: running.get("/").status == 200, seconds=20)
        running.eventually(lambda: running.get("/", address=REGIONAL[SECONDARY]).status == 200, seconds=20)
        yield running
    finally:
        stop_localcloud(running)
        if os.environ.get("LOCALCLOUD_SHOW_LOG"):
            print(running.log.read_text())
