"""What entries answer, asked by a client that shares nothing with the product's probe."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.query

from scripts.local.endpoints import Endpoints
from tools.statements.judgement import Seen

_TIMEOUT_SECONDS = 5.0
_NO_ANSWER = (OSError, http.client.HTTPException, ValueError, KeyError, dns.exception.DNSException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Asks a running localcloud.

    Attributes:
        endpoints: where it is.
        hostname: the public name.
        entries: entry -> (Host header and SNI, name that is resolved).
        page_md5: of the home page that was published; empty: any page is right.
    """

    endpoints: Endpoints
    hostname: str
    entries: Mapping[str, tuple[str, str]]
    page_md5: str = ""

    def seen(self) -> dict[str, Seen]:
        """Returns what every entry answers now."""
        return {name: self._entry(*names) for name, names in self.entries.items()}

    def home_pages(self) -> dict[str, str]:
        """Returns the MD5 of the home page of every entry; empty where there is none now."""
        return {name: self._home_page(*names) for name, names in self.entries.items()}

    def _home_page(self, hostname: str, leads_to: str) -> str:
        try:
            status, _, md5 = self._get(hostname, self._address(leads_to), "/")
        except _NO_ANSWER:
            return ""
        return md5 if status == 200 else ""

    def _entry(self, hostname: str, leads_to: str) -> Seen:
        try:
            address = self._address(leads_to)
            status, headers, md5 = self._get(hostname, address, "/")
            marker_status, _, _, marker = self._read(hostname, address, "/health/region.json")
            region = json.loads(marker)["region"] if marker_status == 200 else None
        except _NO_ANSWER:
            return Seen(serves=False)
        is_right = status == 200 and self.page_md5 in ("", md5)
        return Seen(
            serves=is_right and region is not None,
            region=region,
            by_cloudfront="cloudfront" in headers.get("via", "").lower(),
        )

    def _address(self, name: str) -> str:
        where = self.endpoints.dns
        query = dns.message.make_query(name, "A")
        answer = dns.query.udp(query, where.address, port=where.port, timeout=_TIMEOUT_SECONDS)
        addresses = [str(item) for each in answer.answer for item in each]
        if not addresses:
            raise OSError(f"{name} has no address")
        return addresses[-1]

    def _get(self, hostname: str, address: str, path: str) -> tuple[int, Mapping[str, str], str]:
        status, headers, md5, _ = self._read(hostname, address, path)
        return status, headers, md5

    def _read(self, hostname: str, address: str, path: str) -> tuple[int, Mapping[str, str], str, bytes]:
        context = ssl.create_default_context(cafile=str(self.endpoints.ca_certificate))
        raw = socket.create_connection((address, self.endpoints.https_port), timeout=_TIMEOUT_SECONDS)
        with context.wrap_socket(raw, server_hostname=hostname) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {hostname}\r\nConnection: close\r\n\r\n".encode())
            response = http.client.HTTPResponse(connection)
            response.begin()
            body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, hashlib.md5(body, usedforsecurity=False).hexdigest(), body
