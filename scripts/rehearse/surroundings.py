"""What a configuration expects to be there: hosted zones and certificates that it looks up, web servers that it points at.

They are made up in the localcloud of the rehearsal, or on loopback beside it.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import trustme
from botocore.config import Config

from scripts.lint.model import Configuration
from scripts.local.endpoints import Endpoints

_OF_AWS = (".amazonaws.com", ".cloudfront.net")
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
        certificates: (domain name, region).
        web_servers: domain names of custom origins outside AWS.
    """

    zones: tuple[str, ...] = ()
    certificates: tuple[tuple[str, str], ...] = ()
    web_servers: tuple[str, ...] = ()


def expected(configuration: Configuration) -> Expected:
    """Return what the configuration expects."""
    data = [each for each in configuration.resources if each.is_data]
    zones = {_name(each.body.text("name")) for each in data if each.type == "aws_route53_zone"}
    certificates = {
        (_name(each.body.text("domain")), each.region or "us-east-1")
        for each in data
        if each.type == "aws_acm_certificate"
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
        certificates=tuple(sorted(pair for pair in certificates if pair[0])),
        web_servers=tuple(sorted(name for name in servers if name and not name.endswith(_OF_AWS))),
    )


def _name(text: str | None) -> str:
    return (text or "").rstrip(".").lower()


def make(endpoints: Endpoints, wanted: Expected) -> list[str]:
    """Make zones and certificates; return what was made, a phrase each."""
    route53 = clients(endpoints, "route53")
    for name in wanted.zones:
        route53.create_hosted_zone(Name=name, CallerReference=f"rehearsal {name}")
    authority = trustme.CA(organization_name="a rehearsal")
    for domain, region in wanted.certificates:
        issued = authority.issue_cert(domain, f"*.{domain.removeprefix('*.')}")
        clients(endpoints, "acm", region).import_certificate(
            Certificate=issued.cert_chain_pems[0].bytes(), PrivateKey=issued.private_key_pem.bytes()
        )
    return [
        *(f"hosted zone {name}" for name in wanted.zones),
        *(f"certificate of {domain} in {region}" for domain, region in wanted.certificates),
    ]


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
