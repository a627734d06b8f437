"""What a load test does, as the one document that goes to Locust's processes."""

from __future__ import annotations

import dataclasses
import json

ENVIRONMENT = "FAILOVER_LOAD_PLAN"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """One load test. Times are of the machine's clock: a viewer makes one page view a second.

    Args:
        hostname: sent as SNI and Host.
        dns_name: asked of DNS; the hostname, or a regional endpoint's name.
        https_port: 443 on AWS.
        nameserver: address and port of the resolver.
        ca_certificate: the only root that is believed; "" for the system's.
        first_viewers: of the first step; every further one has twice as many.
        most_viewers: of the last step at most.
        step_seconds: how long a step lasts.
        max_failed_ratio: share of failed page views at which the site is broken, and the test over.
        output: file that gets a JSON line a step.
    """

    hostname: str
    dns_name: str
    https_port: int
    nameserver: tuple[str, int]
    ca_certificate: str
    first_viewers: int
    most_viewers: int
    step_seconds: float
    max_failed_ratio: float
    output: str

    def to_json(self) -> str:
        """Return it for the environment."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LoadPlan:
        """Return what `to_json` wrote."""
        document = json.loads(text)
        address, port = document["nameserver"]
        return cls(**{**document, "nameserver": (str(address), int(port))})

    def viewers(self, elapsed_seconds: float) -> int:
        """Return how many viewers there are so long after the begin; 0 when the test is over."""
        step = int(elapsed_seconds // self.step_seconds)
        count = self.first_viewers * 2**step
        before = self.first_viewers * 2 ** (step - 1) if step else 0
        return 0 if before >= self.most_viewers else min(count, self.most_viewers)
