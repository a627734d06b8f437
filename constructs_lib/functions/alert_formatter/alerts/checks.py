"""The health checks of the site at this moment, as Route 53 reports them."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from alerts.clients import CONFIG

# "If more than 18% of health checkers report that an endpoint is healthy, Route 53 considers it healthy":
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
_HEALTHY_RATIO = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The health checks of the site at this moment.

    Attributes:
        regions: the site's, primary first.
        states: check -> whether Route 53's checkers get an answer; a check that could not be read is not in it.
        reasons: check that fails -> what its checkers say.
        has_path: whether CloudFront is in the name.
    """

    regions: tuple[str, ...]
    states: Mapping[str, bool]
    reasons: Mapping[str, str]
    has_path: bool

    def fails(self, name: str) -> bool:
        """Whether the check is known to fail."""
        return self.states.get(name) is False

    @property
    def failing_regions(self) -> tuple[str, ...]:
        """Regions whose check fails."""
        return tuple(region for region in self.regions if self.fails(region))

    @property
    def knows_all(self) -> bool:
        """Whether path check and region checks could all be read."""
        return {*self.regions, *(["path"] if self.has_path else [])} <= self.states.keys()

    def other(self, region: str) -> str:
        """Returns the region that stands in for one: the first other one that answers, else the first other one."""
        others = [each for each in self.regions if each != region] or [region]
        return next((each for each in others if not self.fails(each)), others[0])

    def summary(self) -> str:
        """Returns every check in a word, for the end of the mail."""
        names = [*(["path"] if self.has_path else []), *self.regions]
        words = {True: "healthy", False: "unhealthy", None: "unknown"}
        return ", ".join(f"{name} {words[self.states.get(name)]}" for name in names)


CHECKS_OF_NOTHING = Checks(regions=(), states={}, reasons={}, has_path=False)
"""Of a message that is no alarm of this site."""


def ask_route53() -> Checks:
    """Asks Route 53 for every health check of the site; those after one that cannot be read stay unknown, to lose no time."""
    ids: dict[str, str] = json.loads(os.environ.get("CHECKS", "{}"))
    external: dict[str, str] = json.loads(os.environ.get("EXTERNAL_CHECKS", "{}"))
    states, reasons = {}, {}
    try:
        for name, failures in _observed({**ids, **external}):
            states[name] = not failures
            if failures:
                reasons[name] = failures[0]
    except (BotoCoreError, ClientError) as error:
        print(f"Route 53 does not tell the health checks: {type(error).__name__}: {error}")
    regions = tuple(name for name in ids if name != "path")
    return Checks(regions=regions, states=states, reasons=reasons, has_path="path" in ids)


def _observed(ids: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yields each check and what its checkers complain of; nothing when enough of them get an answer.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
    """
    client = boto3.client("route53", config=CONFIG)
    for name, id_ in ids.items():
        observations = client.get_health_check_status(HealthCheckId=id_)["HealthCheckObservations"]
        statuses = [each["StatusReport"]["Status"] for each in observations]
        failures = [status for status in statuses if not status.startswith("Success")]
        is_healthy = len(statuses) - len(failures) > _HEALTHY_RATIO * len(statuses)
        yield name, [] if is_healthy else failures
