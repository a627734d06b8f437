"""Sites as the simulator sees them; a test of their synthesized stacks holds them to that."""

import dataclasses

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
"""Of config/demo.toml."""
LAST_EXIT = dataclasses.replace(DEMO, hostname="www.example.com", dns=DnsFailover(interval_seconds=30), rto_seconds=190)
"""Of config/last-exit.example.toml."""
