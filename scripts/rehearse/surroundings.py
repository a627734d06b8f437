"""What a configuration expects to be there: zones, certificates and buckets that it looks up, web servers that it points at.

They are made up in the localcloud of the rehearsal, or on loopback beside it.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.lint.model import Configuration
from scripts.local.endpoints import Endpoints

_OF_AWS = (".amazonaws.com", ".cloudfront.net")
DEFAULT_REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
"""Of every localcloud."""
MOST_NAMES = 10
"""Of a certificate, by default: https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html"""
ISSUE_POLL_SECONDS, ISSUE_POLLS = 0.2, 150
STAND_IN_PAGE = b"<!DOCTYPE html><title>A stand-in of this rehearsal</title>"


def clients(endpoints: Endpoints, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401  boto3 is untyped
    """Return a client of the localcloud."""
    secret = endpoints.environment["AWS_SESSION_TOKEN"]
    session: Any = boto3.Session(
        aws_access_key_id=secret, aws_secret_access_key=secret, aws_session_token=secret, region_name=region
    )
    config = Config(proxies={"http": endpoints.gateway_url}, s3={"addressing_style": "path"})
    return session.client(service, region_name=region, endpoint_url=endpoints.gateway_url, config=config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is looked up or pointed at, as far as the text of the configuration says it.

    Attributes:
        zones: names of hosted zones.
        certificates: (domain name, region, key algorithm).
        imported: the same of certificates that another authority issued.
        buckets: (name, region).
        web_servers: domain names of custom origins outside AWS.
    """

    zones: tuple[str, ...] = ()
    certificates: tuple[tuple[str, str, str], ...] = ()
    imported: tuple[tuple[str, str, str], ...] = ()
    buckets: tuple[tuple[str, str], ...] = ()
    web_servers: tuple[str, ...] = ()


def expected(configuration: Configuration) -> Expected:
    """Return what the configuration expects."""
    data = [each for each in configuration.resources if each.is_data]
    zones = {_name(each.body.text("name")) for each in data if each.type == "aws_route53_zone"}
    certificates = {
        (
            _name(each.body.text("domain")),
            each.region or DEFAULT_REGION,
            next(iter(each.body.texts("key_types")), "RSA_2048"),
        ): _is_imported(each.body.texts("types"))
        for each in data
        if each.type == "aws_acm_certificate" and each.body.text("domain")
    }
    buckets = {
        (_name(each.body.text("bucket")), each.region or DEFAULT_REGION)
        for each in data
        if each.type == "aws_s3_bucket"
    }
    made = {
        _name(each.body.text("bucket"))
        for each in configuration.resources
        if each.type == "aws_s3_bucket" and not each.is_data
    }
    servers = {
        _name(origin.text("domain_name"))
        for each in configuration.resources
        if each.type == "aws_cloudfront_distribution" and not each.is_data
        for origin in each.body.blocks("origin")
        if origin.blocks("custom_origin_config")
    }
    return Expected(
        zones=tuple(sorted(name for name in zones if name)),
        certificates=tuple(sorted(each for each, is_imported in certificates.items() if not is_imported)),
        imported=tuple(sorted(each for each, is_imported in certificates.items() if is_imported)),
        buckets=tuple(sorted(pair for pair in buckets if is_bucket_name(pair[0]) and pair[0] not in made)),
        web_servers=tuple(sorted(name for name in servers if name and not name.endswith(_OF_AWS))),
    )


def _name(text: str | None) -> str:
    return (text or "").rstrip(".").lower()


def _is_imported(types: list[str]) -> bool:
    return "IMPORTED" in types and "AMAZON_ISSUED" not in types


def make(endpoints: Endpoints, wanted: Expected) -> list[str]:
    """Make zones, certificates and buckets; return what was made, a phrase each."""
    route53, made = clients(endpoints, "route53"), []

    def attempt(what: str, make_it: Callable[[], object]) -> None:
        with suppress(ClientError):  # a name that AWS refuses: Terraform will say so when it looks it up
            make_it()
            made.append(what)

    for domain, region, algorithm in wanted.certificates:
        what = f"certificate of {domain} in {region}"
        attempt(what, partial(certificate, endpoints, region, (domain,), algorithm))
    for domain, region, _ in wanted.imported:
        attempt(f"certificate of {domain} in {region}", partial(_import, endpoints, region, domain))
    for name in wanted.zones:
        zone = partial(route53.create_hosted_zone, Name=name, CallerReference=f"rehearsal {name}")
        attempt(f"hosted zone {name}", zone)
    for bucket, region in wanted.buckets:
        what = f"bucket {bucket} in {region}, which everybody may read"
        attempt(what, partial(public_bucket, endpoints, bucket, region))
    return made


def _import(endpoints: Endpoints, region: str, domain: str) -> None:
    issued = trustme.CA(organization_name="a rehearsal").issue_cert(domain, f"*.{domain.removeprefix('*.')}")
    clients(endpoints, "acm", region).import_certificate(
        Certificate=issued.cert_chain_pems[0].bytes(), PrivateKey=issued.private_key_pem.bytes()
    )


def certificate(endpoints: Endpoints, region: str, names: Sequence[str], algorithm: str = "RSA_2048") -> str:
    """Return the ARN of a new certificate of Amazon's for names and one level below their domains.

    ACM issues it as always, when its validation records are in zones; these are gone again on return.
    """
    bases = list(dict.fromkeys(name.removeprefix("*.") for name in names))
    wide = list(dict.fromkeys([*names, *bases, *(f"*.{base}" for base in bases)]))[:MOST_NAMES]
    acm, route53 = clients(endpoints, "acm", region), clients(endpoints, "route53")
    arn = acm.request_certificate(
        DomainName=wide[0], SubjectAlternativeNames=wide, ValidationMethod="DNS", KeyAlgorithm=algorithm
    )["CertificateArn"]
    options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    with ExitStack() as stack:
        for record in {each["ResourceRecord"]["Name"]: each["ResourceRecord"] for each in options}.values():
            zone_name = record["Name"].partition(".")[2]
            zone = route53.create_hosted_zone(Name=zone_name, CallerReference=f"{arn} {zone_name}")["HostedZone"]["Id"]
            stack.callback(route53.delete_hosted_zone, Id=zone)
            _change(route53, zone, "CREATE", record)
            stack.callback(_change, route53, zone, "DELETE", record)
        waiting = {"Delay": ISSUE_POLL_SECONDS, "MaxAttempts": ISSUE_POLLS}
        acm.get_waiter("certificate_validated").wait(CertificateArn=arn, WaiterConfig=waiting)
    return str(arn)


def _change(route53: Any, zone: str, action: str, record: Mapping[str, str]) -> None:  # noqa: ANN401  boto3 is untyped
    values = {"TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    change = {"Action": action, "ResourceRecordSet": {"Name": record["Name"], "Type": record["Type"], **values}}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def is_bucket_name(text: str) -> bool:
    """Return whether S3 takes a text as a bucket's name: .../AmazonS3/latest/userguide/bucketnamingrules.html."""
    return re.fullmatch(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text) is not None


def public_bucket(endpoints: Endpoints, name: str, region: str) -> None:
    """Make a bucket that everybody may read: whoever looks it up has another configuration that says who may."""
    s3 = clients(endpoints, "s3", region)
    place = {} if region == DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place)
    s3.delete_public_access_block(Bucket=name)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


@dataclass(slots=True, kw_only=True)
class StandIns:
    """Web servers on loopback that stand for custom origins.

    Attributes:
        arguments: options of `localcloud serve` that lead there.
    """

    arguments: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=())


@contextmanager
def stand_ins(names: tuple[str, ...], folder: Path) -> Iterator[StandIns]:
    """Serve a page for each name, by HTTP and HTTPS, while the block lasts."""
    authority = trustme.CA(organization_name="a rehearsal")
    folder.mkdir(parents=True, exist_ok=True)
    authority_file = folder / "stand-ins.pem"
    authority.cert_pem.write_to_path(authority_file)
    arguments: list[str] = ["--origin-ca", str(authority_file)] if names else []
    with ExitStack() as stack:
        for name in names:
            plain = stack.enter_context(_serving(None))
            secure = stack.enter_context(_serving(authority.issue_cert(name)))
            arguments += ["--origin", f"{name}=127.0.0.1:{plain}", "--origin", f"{name}:443=127.0.0.1:{secure}"]
        yield StandIns(arguments=tuple(arguments), names=names)


@contextmanager
def _serving(certificate: trustme.LeafCert | None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _StandIn)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


class _StandIn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer every path with one page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(STAND_IN_PAGE)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(STAND_IN_PAGE)

    do_HEAD = do_GET  # noqa: N815  its protocol

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
