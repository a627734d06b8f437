"""The site of config/demo.toml as the simulator sees it; a test of its synthesized stacks holds it to that."""

from aws_facts.recovery import DnsFailover
from scripts.simulate.site import OriginFailover, SimulatedSite

DEMO = SimulatedSite(
    primary="eu-central-1",
    secondary="us-east-1",
    hostname="www.example.test",
    dns=DnsFailover(interval_seconds=10),
    negative_ttl_seconds=60,
    origins=OriginFailover(
        connection_attempts=1,
        connection_timeout_seconds=2,
        read_timeout_seconds=4,
        status_codes=frozenset({403, 500, 502, 503, 504}),
    ),
    has_cloudfront=True,
    rto_seconds=120,
    availability_ratio=0.999,
)
