"""Looks at the site once as its visitors do, from a region that does not serve it, and tells that region's CloudWatch.

What `failover health-check` looks at, as far as a function can: page views of the public name, of each region's own name and of
each regional endpoint under the public name; certificates; health objects. Not the zone's name servers and other resolvers, for
which it would need a DNS client; not AAAA, because a function outside a VPC reaches IPv4 alone
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html). What is wrong with the site is a metric and a line in the
log; a run fails only when CloudWatch does not take the metrics. tests/contract/test_site_prober.py compares it with the command.

Ships alone: one file, only the Lambda runtime's own packages. Environment: HOSTNAME; REGIONS, a JSON list, the primary first;
ENDPOINTS, a JSON object of region -> name that leads to its endpoint; HAS_PATH_OBJECT, "true" with CloudFront in the name; and
NAMESPACE, of the metrics.
"""

import http.client
import json
import os
import re
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

MARKER_PATH = "/health/region.json"
PATH_OBJECT = "/health/path.json"
HTTPS_PORT = 443
# As scripts/probe/page_view.py: how long a visitor waits for one page view.
TIMEOUT_SECONDS = 10.0
MOST_BYTES = 4 * 1024 * 1024
# As scripts/probe/network.py; ACM renews 45 days or more before the end:
# https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
CERTIFICATE_DAYS = 21.0
CERTIFICATE_SHARE = 1 / 9
_SECONDS_A_DAY = 86_400
_AT_ONCE = 8
_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})
_RELEASE = re.compile(rb'<meta\s+name="release"\s+content="([^"]*)"', re.IGNORECASE)


class Wrong(Exception):  # noqa: N818  what was found
    """An answer that is not what was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, in the words of `failover health-check`.

    `region` served a page view, `seconds` is how long it took; None where it is none or was not good.
    """

    kind: str
    subject: str
    is_ok: bool
    detail: str
    region: str | None = None
    seconds: float | None = None


def handler(_event: object, _context: object) -> dict[str, Any]:
    """Looks once and publishes the metrics; returns how many checks there were and which failed.

    Raises:
        botocore.exceptions.ClientError: CloudWatch did not take them.
    """
    hostname, regions = os.environ["HOSTNAME"], json.loads(os.environ["REGIONS"])
    findings = look(
        hostname,
        regions,
        json.loads(os.environ["ENDPOINTS"]),
        has_path_object=os.environ["HAS_PATH_OBJECT"] == "true",
    )
    failed = [f"{each.kind} {each.subject}: {each.detail}" for each in findings if not each.is_ok]
    report = {"checks": len(findings), "failed": failed}
    print(json.dumps(report))
    boto3.client("cloudwatch", config=_CONFIG).put_metric_data(
        Namespace=os.environ["NAMESPACE"],
        MetricData=metrics(
            findings, primary=regions[0], dimensions={"Hostname": hostname, "ProbeRegion": os.environ["AWS_REGION"]}
        ),
    )
    return report


def look(hostname: str, regions: list[str], endpoints: dict[str, str], *, has_path_object: bool) -> list[Finding]:
    """Returns everything that was looked at, in the order of docs/PROBER.md's table."""
    names = {region: f"{region}.{hostname}" for region in regions}
    checks = [_page_view("page-view", hostname, hostname)]
    checks += [_page_view("regional-hostname", name, name) for name in names.values()]
    checks += [_endpoint_view(region, hostname, target) for region, target in endpoints.items()]
    checks += [_certificate(name, name, name) for name in (hostname, *names.values())]
    checks += [_certificate(f"{hostname} at the endpoint in {r}", hostname, to) for r, to in endpoints.items()]
    checks += [_health_object(name, f"/health/{region}.json", {region}) for region, name in names.items()]
    if has_path_object:
        checks += [_health_object(name, PATH_OBJECT, set(regions)) for name in names.values()]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda check: check(), checks))


def metrics(findings: list[Finding], *, primary: str, dimensions: dict[str, str]) -> list[dict[str, Any]]:
    """Returns PutMetricData's list: page views of the public name as `failover probe --cloudwatch` has them, what failed."""
    views = [each for each in findings if each.kind == "page-view"]
    good = [each for each in views if each.is_ok]
    counts = {
        "GoodAnswers": len(good),
        "BadAnswers": len(views) - len(good),
        "ServedBySecondary": sum(each.region != primary for each in good),
        "FailedChecks": sum(not each.is_ok for each in findings),
    }
    data = [(name, "Count", [float(count)]) for name, count in counts.items()]
    if good:
        data.append(("AnswerMilliseconds", "Milliseconds", [1000 * (each.seconds or 0.0) for each in good]))
    told = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return [{"MetricName": name, "Unit": unit, "Dimensions": told, "Values": values} for name, unit, values in data]


class Visit:
    """One connection of a visitor, within one deadline for everything on it.

    Raises, each of its methods:
        OSError, http.client.HTTPException: the name does not resolve, nobody answers in time, the certificate is refused.
    """

    def __init__(self, hostname: str, dns_name: str) -> None:
        self._hostname = hostname
        self._dns_name = dns_name
        self._deadline = time.monotonic() + TIMEOUT_SECONDS
        self._socket = self._connect()
        self._is_over = False

    def _connect(self) -> ssl.SSLSocket:
        address = socket.getaddrinfo(self._dns_name, HTTPS_PORT, socket.AF_INET, socket.SOCK_STREAM)[0][4]
        raw = socket.create_connection((str(address[0]), int(address[1])), timeout=self._left())
        try:
            return ssl.create_default_context().wrap_socket(raw, server_hostname=self._hostname)
        except BaseException:
            raw.close()
            raise

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, path: str) -> tuple[int, bytes]:
        """Returns status and body."""
        if self._is_over:
            self._socket.close()
            self._socket = self._connect()
        connection = http.client.HTTPConnection(self._hostname)
        connection.sock = self._socket
        self._socket.settimeout(self._left())
        connection.request("GET", path, headers={"User-Agent": "failover-prober", "Accept-Encoding": "identity"})
        answer = connection.getresponse()
        self._is_over = answer.will_close
        body = b""
        while part := answer.read1():
            body += part
            if len(body) > MOST_BYTES:
                raise Wrong(f"{path}: a body of more than {MOST_BYTES} bytes")
            self._socket.settimeout(self._left())
        return answer.status, body

    @property
    def certificate_days(self) -> tuple[float, float]:
        """How many days are left of the certificate, and how many should be."""
        found = self._socket.getpeercert() or {}
        begins, ends = (ssl.cert_time_to_seconds(str(found[name])) for name in ("notBefore", "notAfter"))
        wanted = min(CERTIFICATE_DAYS, CERTIFICATE_SHARE * (ends - begins) / _SECONDS_A_DAY)
        return (ends - time.time()) / _SECONDS_A_DAY, wanted

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no whole answer within {TIMEOUT_SECONDS:g} s")
        return left


Check = Callable[[], Finding]


def _page_view(kind: str, subject: str, hostname: str) -> Check:
    return lambda: _viewed(kind, f"{subject} A", hostname, hostname)


def _endpoint_view(region: str, hostname: str, target: str) -> Check:
    return lambda: _viewed("regional-endpoint", f"{region} A", hostname, target, wanted_region=region)


def _viewed(kind: str, subject: str, hostname: str, dns_name: str, *, wanted_region: str | None = None) -> Finding:
    """Reads the page and then the marker of the region that answers, on one connection if the server keeps it."""
    began = time.monotonic()
    try:
        with Visit(hostname, dns_name) as visit:
            status, page = visit.get("/")
            if status != http.HTTPStatus.OK:
                raise Wrong(f"/: status {status}")
            region = _region(MARKER_PATH, *visit.get(MARKER_PATH))
    except (OSError, http.client.HTTPException, Wrong) as error:
        return Finding(kind=kind, subject=subject, is_ok=False, detail=_in_words(error))
    if wanted_region not in (None, region):
        return Finding(kind=kind, subject=subject, is_ok=False, detail=f"served by {region}")
    found = _RELEASE.search(page)
    release = found.group(1).decode("utf-8", "replace") if found else None
    seconds = time.monotonic() - began
    detail = f"release {release}, served by {region} in {1000 * seconds:.0f} ms"
    return Finding(kind=kind, subject=subject, is_ok=True, detail=detail, region=region, seconds=seconds)


def _certificate(subject: str, hostname: str, dns_name: str) -> Check:
    def check() -> Finding:
        try:
            with Visit(hostname, dns_name) as visit:
                left, wanted = visit.certificate_days
        except (OSError, http.client.HTTPException, Wrong) as error:
            return Finding(kind="certificate", subject=subject, is_ok=False, detail=_in_words(error))
        detail = f"expires in {left:.3g} days; {wanted:.3g} are wanted"
        return Finding(kind="certificate", subject=subject, is_ok=left >= wanted, detail=detail)

    return check


def _health_object(hostname: str, path: str, regions: set[str]) -> Check:
    def check() -> Finding:
        subject = f"{hostname}{path}"
        try:
            with Visit(hostname, hostname) as visit:
                region = _region(path, *visit.get(path))
        except (OSError, http.client.HTTPException, Wrong) as error:
            return Finding(kind="health-object", subject=subject, is_ok=False, detail=_in_words(error))
        is_ok = region in regions
        detail = f"names {region}" if is_ok else f"names {region}, not {' or '.join(sorted(regions))}"
        return Finding(kind="health-object", subject=subject, is_ok=is_ok, detail=detail)

    return check


def _region(path: str, status: int, body: bytes) -> str:
    if status != http.HTTPStatus.OK:
        raise Wrong(f"{path}: status {status}")
    try:
        region = json.loads(body)["region"]
    except (ValueError, KeyError, TypeError) as error:
        raise Wrong(f"{path}: not a region marker: {body[:80]!r}") from error
    if not isinstance(region, str) or not region:
        raise Wrong(f"{path}: not the name of a region: {region!r}")
    return region


def _in_words(error: Exception) -> str:
    return str(error) or type(error).__name__
