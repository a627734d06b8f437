"""Redirects, clean URLs and variants from the site file to the viewer, at the edge and at the regional endpoint."""

import json
import socket
import ssl
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path

import brotli
import pytest

from localcloud.model.addresses import api_gateway_address
from tests.local.test_deployment import EDGE, HOSTNAME
from tests.worlds.deployment_world import PATIENCE_SECONDS, DeploymentWorld

pytestmark = pytest.mark.local

BROTLI = brotli.compress(b"body {}")
SITE = {
    "index.html": "home",
    "404.html": "nothing here",
    "new/index.html": "new page",
    "styles.css": "body {}",
    "styles.css.br": BROTLI,
    "LICENSE": "free",
}
ADDRESSES = {
    "rule": [{"pattern": "/LICENSE", "content_type": "text/plain; charset=utf-8"}],
    "redirect": [{"from": "/old", "to": "/new/", "status": 308}, {"from": "/blog/*", "to": "/new/", "status": 302}],
    "trailing_slash": "add",
}
View = tuple[str, str, tuple[int, str | None, str | None, bytes]]
"""Path, Accept-Encoding, what comes: status, Location, Content-Encoding, body."""
VIEWS: list[View] = [
    ("/new", "", (301, "/new/", None, b"")),
    ("/old?a=1&b=%20", "", (308, "/new/?a=1&b=%20", None, b"")),
    ("/blog/2019/x", "", (302, "/new/", None, b"")),
    ("/new/", "br", (200, None, None, b"new page")),
    ("/styles.css", "gzip, br", (200, None, "br", BROTLI)),
    ("/styles.css", "br;q=0", (200, None, None, b"body {}")),
    ("/LICENSE/", "", (200, None, None, b"free")),
    ("/no/such.html", "br", (404, None, None, b"nothing here")),
]


def test_addresses_answer_alike_at_the_edge_and_at_the_regional_endpoint_and_leave_with_their_release(
    deployment: DeploymentWorld, tmp_path: Path
) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "index.html").write_text("before", encoding="utf-8")
    deployment.failover("sync-content", str(tmp_path / "before"), "--force", "--apply", "--no-probe")
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    outputs["edge"]["content"] |= ADDRESSES
    (tmp_path / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
    for name, text in SITE.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    arguments = ("--force", "--apply", "--outputs", str(tmp_path / "outputs.json"))
    deployment.failover("sync-content", str(tmp_path / "site"), *arguments)
    regional = api_gateway_address("us-east-1", sorted(outputs["edge"]["buckets"]))
    for address in (EDGE, regional):
        await_views(deployment, address, VIEWS)
    deployment.failover("rollback", "--apply")
    for address in (EDGE, regional):
        await_status(deployment, address, "/old", 404)


def view(
    deployment: DeploymentWorld, address: str, path: str, coding: str
) -> tuple[int, str | None, str | None, bytes]:
    """Return status, Location, Content-Encoding and body of the public name's answer at an address."""
    context = ssl.create_default_context(cafile=deployment.endpoints.ca_certificate)
    connection = HTTPConnection(HOSTNAME)
    with socket.create_connection((address, deployment.endpoints.https_port), timeout=60) as raw:
        connection.sock = context.wrap_socket(raw, server_hostname=HOSTNAME)
        connection.request("GET", path, headers={"Accept-Encoding": coding} if coding else {})
        answer = connection.getresponse()
        found = (answer.status, answer.headers["location"], answer.headers["content-encoding"], answer.read())
        connection.close()
    return found


def await_views(deployment: DeploymentWorld, address: str, views: Sequence[View]) -> None:
    """Wait until all answers are these: a store's write takes two AWS seconds, a pointer is read every two real ones."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while found := [
        seen for path, coding, wanted in views if (seen := view(deployment, address, path, coding)) != wanted
    ]:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def await_status(deployment: DeploymentWorld, address: str, path: str, status: int) -> None:
    """Wait until a path has this status."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := view(deployment, address, path, ""))[0] != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
