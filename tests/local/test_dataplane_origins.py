"""Custom origins as localcloud alone has them: names that lead nowhere, mapped names, certificates of the run, faults."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.cloud import DISABLED, Cloud
from tests.conformance.origin_server import origin_server
from tests.worlds.dataplane_world import EDGE, World, start_localcloud, stop_localcloud

SPEED = 5.0


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Cloud, int, Path]]:
    """A localcloud that maps mapped.test to a port, where a server may be started."""
    folder = tmp_path_factory.mktemp("origins")
    with origin_server() as server:
        port = server.port
    arguments = ("--origin", f"mapped.test=127.0.0.1:{port}")
    world = start_localcloud(folder, speed=SPEED, arguments=arguments)
    ports = world.endpoints
    cloud = Cloud(
        endpoint=ports["gateway_url"],
        edge=(EDGE, ports["https_port"]),
        edge_http=(EDGE, ports["http_port"]),
        name_server=("127.0.0.1", ports["dns"]["port"]),
        speed=SPEED,
    )
    try:
        yield world, cloud, port, folder
    finally:
        stop_localcloud(world)


def test_name_that_leads_nowhere_is_502_and_says_what_to_do(mapped: tuple[World, Cloud, int, Path]) -> None:
    world, cloud, _, _ = mapped
    with origin_server() as server:
        answer = cloud.get(cloud.domain_of([server.config(name="app.example.com")]), "/i")
    assert answer.status == 502
    assert b"--origin app.example.com=127.0.0.1:PORT" in answer.body
    assert "the custom origin app.example.com leads to no loopback address" in world.log.read_text()


def test_mapped_origin_shows_the_certificate_of_the_run(mapped: tuple[World, Cloud, int, Path]) -> None:
    _, cloud, port, folder = mapped

    class RunCertificate:
        def configure_cert(self, context: ssl.SSLContext) -> None:
            context.load_cert_chain(folder / "origins" / "mapped.test.pem")

    with origin_server() as other:
        domain = cloud.domain_of([other.config(name="mapped.test", OriginProtocolPolicy="https-only")])
    assert (folder / "origins" / "mapped.test.pem").stat().st_mode & 0o777 == 0o600
    with origin_server(certificate=RunCertificate(), port=port) as server:
        assert cloud.get(domain, "/i").body == b"origin"
    assert server.last.headers["host"] == "mapped.test"


def test_fault_on_an_origin_breaks_it_alone(mapped: tuple[World, Cloud, int, Path]) -> None:
    world, cloud, _, _ = mapped
    with origin_server() as server:
        domain = cloud.domain_of([server.config()], {"CachePolicyId": DISABLED})
        with world.fault("origin:localhost", "status", 503):
            assert cloud.get(domain, "/a").status == 503
        with world.fault("origin:localhost", "refuse"):
            assert cloud.get(domain, "/b").status == 502
        assert cloud.get(domain, "/c").status == 200
