"""The live suite's site: `pytest -m live --site-file F [--localcloud DIR] [--outputs FILE] [--drill NAME ...]`.

The tests ask AWS's APIs, DNS and HTTPS, and never what answers them: `--localcloud` changes endpoints, and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.aws.clients import key_value_store_client, s3_client
from scripts.commands.shared.options import use_localcloud
from scripts.local.network import network_of
from scripts.probe.http1 import Response, connect_tcp, start_http
from scripts.probe.network import Network
from scripts.probe.resolver import CachingResolver
from scripts.probe.samples import Family
from scripts.probe.survey import Finding, Survey, SurveyedSite
from scripts.release.bucket import ContentBucket
from scripts.release.routing import RoutingStore
from scripts.terraform.outputs import Deployment, deployment_of, last_exits, load_outputs, regional_endpoints

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSite:
    """A deployment and how to reach it.

    Attributes:
        site_file: the site file, parsed.
        document: stack -> output -> value.
        deployment: the edge stack's.
        network: where DNS and HTTPS are.
        exits: name of a server outside AWS -> where it is reached.
        options: the command line's, for the commands that a test runs.
    """

    site_file: dict[str, Any]
    document: dict[str, dict[str, Any]]
    deployment: Deployment
    network: Network
    exits: dict[str, str]
    options: tuple[str, ...]

    @property
    def regional_hostnames(self) -> dict[str, str]:
        return {region: f"{region}.{self.deployment.hostname}" for region in self.deployment.roles}

    @property
    def names(self) -> list[str]:
        return [self.deployment.hostname, *self.regional_hostnames.values()]

    def bucket(self, region: str) -> ContentBucket:
        return ContentBucket(s3_client(region), region=region, name=self.deployment.buckets[region])

    def routing(self) -> RoutingStore:
        return RoutingStore(key_value_store_client(), self.deployment.key_value_store_arn)

    def get(self, hostname: str, path: str) -> Response:
        return asyncio.run(self._get(hostname, path))

    async def _get(self, hostname: str, path: str) -> Response:
        clock = self.network.clock()
        async with clock.timeout_at(clock.now_seconds() + 60):
            resolver = CachingResolver(nameservers=self.network.resolvers, clock=clock)
            raw = await connect_tcp((await resolver.addresses(hostname, Family.IPV4))[0], self.network.https_port)
            connection = await start_http(raw, tls=self.network.tls(), server_name=hostname)
            try:
                return await connection.request(host=hostname, path=path, close=True)
            finally:
                connection.abort()


@pytest.fixture(scope="session")
def live(pytestconfig: pytest.Config) -> Iterator[LiveSite]:
    """The site of the command line; its outputs and its site file must be of one deployment."""
    given = pytestconfig.option
    before = dict(os.environ)
    endpoints = use_localcloud(given.localcloud)
    site_file = tomllib.loads(given.site_file.read_text(encoding="utf-8"))
    document = load_outputs(given.outputs)
    deployment = deployment_of(document, given.outputs)
    wanted = site_file["site"]["hostname"]
    if deployment.hostname != wanted:
        pytest.exit(f"{given.outputs} is of {deployment.hostname}, and {given.site_file} of {wanted}", returncode=2)
    options = ["--outputs", str(given.outputs)]
    options += ["--localcloud", str(given.localcloud)] if given.localcloud else []
    yield LiveSite(
        site_file=site_file,
        document=document,
        deployment=deployment,
        network=network_of(endpoints),
        exits=last_exits(deployment, endpoints.web_servers if endpoints else {}),
        options=tuple(options),
    )
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def findings(live: LiveSite) -> list[Finding]:
    """One survey, asked once more for what was not right: a deployment may have ended a moment ago."""

    async def never_elsewhere(_at: float, _record_type: str, _entry: str) -> float | None:
        return None

    async def look() -> list[Finding]:
        survey = Survey(
            site=SurveyedSite(
                hostname=live.deployment.hostname,
                regional_hostnames=live.regional_hostnames,
                endpoints=regional_endpoints(live.document),
                exits=live.exits,
                has_path_object=bool(live.deployment.distributions),
            ),
            network=live.network,
            resolvers={each.address: each for each in live.network.resolvers},
            clock=live.network.clock(),
            note_entry=never_elsewhere,
        )
        found = await survey.look()
        return found if all(each.is_ok for each in found) else await survey.look()

    return asyncio.run(look())
