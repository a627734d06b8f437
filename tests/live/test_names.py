"""DNS on every authoritative server, delegation, and what every name and endpoint serves."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from scripts.aws.clients import aws_client
from scripts.probe.authority import ask, find_zone
from scripts.probe.survey import Finding
from tests.live.conftest import LiveSite

pytestmark = pytest.mark.live

SECURITY_HEADERS = {"strict-transport-security", "x-content-type-options", "content-security-policy"}


@pytest.mark.parametrize(
    "kind",
    [
        "authoritative",
        "propagation",
        "page-view",
        "regional-hostname",
        "regional-endpoint",
        "certificate",
        "health-object",
    ],
)
def test_survey_finds_it_as_it_must_be(findings: list[Finding], kind: str) -> None:
    looked_at = [each for each in findings if each.kind == kind]
    assert looked_at, f"nothing of the kind {kind} was looked at"
    assert [f"{each.subject}: {each.detail}" for each in looked_at if not each.is_ok] == []


def test_delegation_names_the_servers_of_the_hosted_zone(live: LiveSite) -> None:
    zone = aws_client("route53", region="us-east-1").get_hosted_zone(Id=live.deployment.hosted_zone_id)
    wanted = {name.rstrip(".").lower() for name in zone["DelegationSet"]["NameServers"]}
    resolver, clock = live.network.resolvers[0], live.network.clock()
    name = asyncio.run(find_zone(live.deployment.hostname, resolver, clock))
    assert f"{name}." == zone["HostedZone"]["Name"]
    assert {each.rstrip(".") for each in asyncio.run(ask(resolver, name, "NS", clock)).values} == wanted


def test_every_name_sends_the_security_headers(live: LiveSite) -> None:
    lacking = {name: SECURITY_HEADERS - live.get(name, "/").headers.keys() for name in live.names}
    assert not any(lacking.values()), lacking


def test_absent_page_is_404_by_every_name(live: LiveSite) -> None:
    path = f"/{uuid.uuid4().hex}.html"
    assert {name: live.get(name, path).status for name in live.names} == dict.fromkeys(live.names, 404)


def test_redirects_of_the_site_file_lead_where_it_says(live: LiveSite) -> None:
    """Those without a wildcard; a site file without any has nothing to check but that a page is no redirect."""
    redirects = live.site_file.get("content", {}).get("redirect", [])
    for each in (each for each in redirects if "*" not in each["from"]):
        answer = live.get(live.deployment.hostname, each["from"])
        assert (answer.status // 100, answer.headers.get("location")) == (3, each["to"])
    assert live.get(live.deployment.hostname, "/").status == 200
