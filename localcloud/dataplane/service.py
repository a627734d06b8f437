"""Puts the data plane together: who listens, who reads, who is told when the configuration changes."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType

from localcloud.authority import new_authority
from localcloud.dataplane.certificates import ServerContexts
from localcloud.dataplane.checkers import HealthCheckers, Opinion
from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.configuration import Configuration
from localcloud.dataplane.control_plane import ControlPlane
from localcloud.dataplane.dns_server import DnsServer, Resolve
from localcloud.dataplane.edge.cache_store import CacheStore
from localcloud.dataplane.edge.cached_answers import CachedAnswers
from localcloud.dataplane.edge.custom_origins import CustomOrigins
from localcloud.dataplane.edge.origin_certificates import FOLDER as ORIGINS_FOLDER
from localcloud.dataplane.edge.origin_certificates import OriginCertificates
from localcloud.dataplane.edge.origin_places import OriginPlaces
from localcloud.dataplane.edge.origin_requests import OriginRequester
from localcloud.dataplane.edge.pipeline import EdgePipeline
from localcloud.dataplane.edge.server import EdgeServer
from localcloud.dataplane.faults import FaultBoard
from localcloud.dataplane.metric_checks import MetricChecks
from localcloud.dataplane.metrics import Metrics
from localcloud.dataplane.probe import Ports
from localcloud.dataplane.readers.clients import Clients
from localcloud.dataplane.regional.asynchronous import AsynchronousInvocations
from localcloud.dataplane.regional.lambda_hosts import LambdaHosts, Outside
from localcloud.dataplane.regional.server import RegionalEndpoints
from localcloud.dataplane.traffic import Traffic
from localcloud.dataplane.web_servers import WebServers
from localcloud.model.addresses import ipv4_mapped, loopback_of
from localcloud.model.geography import FRANKFURT, ViewerLocation
from localcloud.model.resolution import Answer, ResolutionContext, resolve, with_addresses, with_divided_ttls
from localcloud.state_directory import CA_CERTIFICATE_FILE, update_speed

logger = logging.getLogger(__name__)

DNS_ADDRESS = "127.0.0.1"


class PortTaken(Exception):  # noqa: N818  what happened
    """A port is in use; the message names the port and the option that changes it."""


class DataPlane:
    """The whole data plane of one localcloud."""

    def __init__(
        self,
        *,
        gateway_url: str,
        secret: str,
        state_dir: Path,
        dns_port: int,
        https_port: int,
        http_port: int,
        speed: float,
        has_scaled_ttls: bool = False,
        web_servers: Mapping[str, Path] = MappingProxyType({}),
        origins: Mapping[str, tuple[str, int]] = MappingProxyType({}),
        origin_authority: Path | None = None,
    ) -> None:
        """Bind DNS and edge (port 0 = any); call inside a running event loop.

        Args:
            gateway_url: Where the control plane answers.
            secret: Of the run.
            state_dir: Gets the certificate of the throwaway authority.
            dns_port: UDP and TCP.
            https_port: Edge and regional endpoints.
            http_port: Edge, plain HTTP.
            speed: AWS seconds in a real second.
            has_scaled_ttls: Whether TTLs in DNS answers are divided by the speed.
            web_servers: Address of a server outside AWS -> the folder that it serves.
            origins: `NAME` or `NAME:PORT` of a custom origin -> loopback address and port of its stand-in.
            origin_authority: Certificates of authorities that custom origins may show one of, beside the run's own.

        Raises:
            PortTaken: when a port is in use.
        """
        self.clock = self._clock = AwsClock(speed=speed)
        self.traffic = Traffic()
        self._state_dir = state_dir
        self._faults = FaultBoard()
        self._metrics = Metrics()
        self._hosts = LambdaHosts(
            gateway_url=gateway_url,
            secret=secret,
            speed=speed,
            metrics=self._metrics,
            outside=self._outside_of_functions,
        )
        self._asynchronous = AsynchronousInvocations(
            hosts=self._hosts, functions=lambda: self._current().regional.functions, clock=self._clock
        )
        self._control_plane = ControlPlane(
            gateway_url=gateway_url,
            secret=secret,
            clock=self._clock,
            faults=self._faults,
            on_change=self._on_change,
            on_invocation=self._asynchronous.start,
            on_speed=self._set_speed,
        )
        authority = new_authority(state_dir / CA_CERTIFICATE_FILE)
        self._contexts = contexts = ServerContexts(authority)
        places = OriginPlaces(origins, self._resolve_address, lambda: self._ports)
        self._origin_certificates = OriginCertificates(state_dir / ORIGINS_FOLDER, authority, places)
        trusted = (state_dir / CA_CERTIFICATE_FILE, *([origin_authority] if origin_authority else []))
        self._requester = OriginRequester(
            gateway_url=gateway_url,
            secret=secret,
            configuration=self._current,
            faults=self._faults,
            clock=self._clock,
            traffic=self.traffic,
            custom_origins=CustomOrigins(places, authorities=trusted, clock=self._clock),
        )
        self._answers = CachedAnswers(self._requester, self._clock)
        self._has_scaled_ttls = has_scaled_ttls
        self._dns = _bind_dns(dns_port, self._resolve_for_clients, self._faults, self._clock)
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self._dns.close_sockets)
            self._edge = self._bind_edge(https_port, http_port, contexts)
            on_failure.pop_all()
        self._regional = RegionalEndpoints(
            https_port=self._edge.https.address[1],
            configuration=self._current,
            hosts=self._hosts,
            contexts=contexts,
            faults=self._faults,
            clock=self._clock,
            metrics=self._metrics,
            traffic=self.traffic,
        )
        self._outside = {
            address: loopback_of(address) if ip_address(address).version == 4 else ipv4_mapped(loopback_of(address))
            for address in web_servers
        }
        self._web_servers = WebServers(
            web_servers, https_port=self._edge.https.address[1], contexts=contexts, faults=self._faults
        )
        self._checkers = HealthCheckers(
            resolve_address=self._resolve_address,
            report=self._control_plane.push_observations,
            faults=self._faults,
            clock=self._clock,
            ports=self._ports,
            metric_health=lambda: self._metric_checks.health,
        )
        clients = Clients(gateway_url, secret)
        self._metric_checks = MetricChecks(clients=clients, on_change=self._checkers.refresh)
        self._invalidated: set[tuple[str, str]] = set()
        self._configurations: asyncio.Queue[Configuration] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def _ports(self) -> Ports:
        return Ports(https=self._edge.https.address[1], http=self._edge.http.address[1])

    @property
    def ports(self) -> dict[str, int]:
        """The bound ports, by the names of `endpoints.json`."""
        return {
            "dns_port": self._dns.address[1],
            "https_port": self._edge.https.address[1],
            "http_port": self._edge.http.address[1],
        }

    def _outside_of_functions(self) -> Outside:
        ports = self.ports
        return Outside(
            dns_port=ports["dns_port"],
            https_port=ports["https_port"],
            authority=self._state_dir / CA_CERTIFICATE_FILE,
        )

    async def start(self) -> None:
        """Serve, and return when the control plane has been read once."""
        await self._dns.start()
        self._edge.start()
        self._web_servers.start()
        self._tasks = [
            asyncio.create_task(self._control_plane.follow()),
            asyncio.create_task(self._follow_regional()),
            asyncio.create_task(self._metrics.report_forever(self._control_plane.push_metrics)),
        ]
        await self._control_plane.has_read.wait()

    async def failure(self) -> None:
        """Wait until a part that should never end does, and raise what ended it.

        Raises:
            RuntimeError: it ended without an exception.
        """
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise RuntimeError("a part of the data plane has ended")

    async def close(self) -> None:
        """Stop everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._metric_checks.close()
        await self._checkers.close()
        await self._dns.close()
        await self._edge.close()
        await self._regional.close()
        await self._web_servers.close()
        await self._asynchronous.close()
        await self._hosts.close()
        await self._requester.close()

    def _bind_edge(self, https_port: int, http_port: int, contexts: ServerContexts) -> EdgeServer:
        try:
            return EdgeServer(
                https_port=https_port,
                http_port=http_port,
                configuration=self._current,
                pipeline=EdgePipeline(self._current, self._answers),
                contexts=contexts,
                faults=self._faults,
                clock=self._clock,
                metrics=self._metrics,
                traffic=self.traffic,
            )
        except OSError as error:
            raise PortTaken(
                f"cannot bind the edge (--https-port {https_port}, --http-port {http_port}): {error}; "
                "stop the other program or choose other ports"
            ) from error

    @property
    def configuration(self) -> Configuration:
        """What is served."""
        return self._current()

    @property
    def health(self) -> Mapping[str, bool]:
        """Health check id -> healthy, right now."""
        return self._checkers.health

    def opinions(self) -> dict[str, list[Opinion]]:
        """Return what every checker of every check thinks."""
        return self._checkers.opinions()

    @property
    def cache(self) -> CacheStore:
        """The edge's cache."""
        return self._answers.store

    def _current(self) -> Configuration:
        return self._control_plane.configuration

    async def slow_down(self, speed: float) -> None:
        """Ask the gateway, which keeps the clock of both, for another speed; it comes back as any change of it does."""
        await self._control_plane.push_speed(speed)

    def _set_speed(self, speed: float) -> None:
        self._clock.set_speed(speed)
        self._hosts.set_speed(speed)
        with contextlib.suppress(FileNotFoundError):  # nobody has been told a speed yet
            update_speed(self._state_dir, speed)
        logger.info("the clock runs %g times as fast as AWS's", speed)

    def _on_change(self, configuration: Configuration) -> None:
        self._contexts.permit(name for names in configuration.certificates.values() for name in names)
        self._origin_certificates.follow(configuration.cloudfront.distributions)
        self._invalidate(configuration)
        self._metric_checks.follow(configuration.health_checks)
        self._checkers.follow(configuration.health_checks)
        targets = {domain.function_arn for domain in configuration.regional.domains}
        functions = configuration.regional.functions
        self._hosts.follow({arn: function for arn, function in functions.items() if arn in targets}, deployed=functions)
        self._configurations.put_nowait(configuration)

    async def _follow_regional(self) -> None:
        while True:
            await self._regional.follow(await self._configurations.get())

    def _invalidate(self, configuration: Configuration) -> None:
        """Drop what the invalidations name that the control plane still counts as in progress, each once."""
        pending = {
            (distribution.domain_name, invalidation.id): invalidation.paths
            for distribution in configuration.cloudfront.distributions
            for invalidation in configuration.cloudfront.invalidations.get(distribution.id, ())
        }
        for (domain_name, _), paths in ((each, pending[each]) for each in pending.keys() - self._invalidated):
            self._answers.store.invalidate(domain_name, paths)
        self._invalidated = set(pending)

    def resolve(self, name: str, type_: str, viewer: ViewerLocation, draw: float) -> Answer:
        """Answer a DNS question, with TTLs in AWS seconds; see `localcloud.model.resolution.resolve`."""
        configuration = self._current()
        context = ResolutionContext(
            healthy_checks=self._checkers.health,
            aws_names=configuration.aws_names,
            failing_targets=self._faults.failing_names(),
            viewer=viewer,
            draw=draw,
        )
        return resolve(configuration.zones, name, type_, context)

    def _resolve_for_clients(self, name: str, type_: str, viewer: ViewerLocation, draw: float) -> Answer:
        divisor = self._clock.speed if self._has_scaled_ttls else 1.0
        return with_divided_ttls(with_addresses(self.resolve(name, type_, viewer, draw), self._outside), divisor)

    def _resolve_address(self, name: str) -> str | None:
        """Return the IPv4 address a health checker connects to, by the hosted zones."""
        answer = self.resolve(name, "A", FRANKFURT, 0.0)
        addresses = [value for found in answer.answers if found.type == "A" for value in found.values]
        return addresses[0] if addresses else None


def _bind_dns(port: int, resolve_: Resolve, faults: FaultBoard, clock: AwsClock) -> DnsServer:
    try:
        return DnsServer(address=(DNS_ADDRESS, port), resolve=resolve_, faults=faults, clock=clock)
    except OSError as error:
        raise PortTaken(
            f"cannot bind the DNS server to {DNS_ADDRESS} port {port}: {error}; "
            "stop the other program or choose another --dns-port"
        ) from error
