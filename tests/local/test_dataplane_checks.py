"""Health checks that ask no distribution: external endpoints by address, calculated ones, and those on an alarm's metric."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.documented import documented
from tests.worlds.dataplane_world import DOMAIN, World, change_records

EXTERNAL, LOOPBACK = "203.0.113.77", "127.0.30.77"
# health-checks-creating-values.html
FAST = {"RequestInterval": 10, "FailureThreshold": 1, "Regions": ["us-east-1", "eu-west-1", "us-west-2"]}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def external_server(world: World) -> Iterator[None]:
    """A server at the place that stands for `EXTERNAL`, on the port that stands for 80."""
    server = ThreadingHTTPServer((LOOPBACK, world.endpoints["http_port"]), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def health_check(world: World, reference: str, **config: Any) -> Iterator[str]:
    route53 = world.client("route53")
    created = route53.create_health_check(CallerReference=reference, HealthCheckConfig=config)["HealthCheck"]["Id"]
    try:
        yield created
    finally:
        route53.delete_health_check(HealthCheckId=created)


def is_healthy(world: World, check_id: str) -> bool | None:
    found = world.control("GET", "/health-checks").get(check_id)
    return None if found is None else bool(found["is_healthy"])


def by_address(**changes: Any) -> dict[str, Any]:
    return {
        "Type": "HTTP_STR_MATCH",
        "IPAddress": EXTERNAL,
        "FullyQualifiedDomainName": "www.example.test",
        "ResourcePath": "/",
        "SearchString": "www.example.test",
        **FAST,
        **changes,
    }


@documented("R53/health-checks-creating-values", "A check by address asks that address, with the domain name as Host.")
def test_check_by_address_asks_that_address_with_the_name_as_host(world: World) -> None:
    """API_HealthCheckConfig, FullyQualifiedDomainName: with an IPAddress it is passed in the Host header."""
    with external_server(world), health_check(world, "external", **by_address()) as check_id:
        world.eventually(lambda: is_healthy(world, check_id) is True)


def test_check_by_address_turns_unhealthy_when_nobody_is_there_and_takes_its_record_out(world: World) -> None:
    """health-checks-how-route-53-chooses-records.html: an unhealthy multivalue record is left out."""
    name = f"servers.{DOMAIN}"
    with health_check(world, "gone", **by_address()) as check_id:
        records: list[dict[str, Any]] = [
            {
                "Name": name,
                "Type": "A",
                "TTL": 60,
                "SetIdentifier": address,
                "MultiValueAnswer": True,
                "ResourceRecords": [{"Value": address}],
                **extra,
            }
            for address, extra in ((EXTERNAL, {"HealthCheckId": check_id}), ("203.0.113.78", {}))
        ]
        change_records(world, "CREATE", *records)
        try:
            world.eventually(lambda: world.addresses(name) == ["203.0.113.78"], seconds=10)
            with external_server(world):
                world.eventually(lambda: len(world.addresses(name)) == 2, seconds=10)
        finally:
            change_records(world, "DELETE", *records)


def put_metric(world: World, value: float) -> None:
    """Fills the last whole minute and the ones around it."""
    now = datetime.now(UTC)
    data = [
        {"MetricName": "Errors", "Timestamp": now - timedelta(seconds=60 * minutes), "Value": value}
        for minutes in range(5)
    ]
    world.client("cloudwatch").put_metric_data(Namespace="Site", MetricData=data)


@pytest.fixture
def alarm(world: World) -> Iterator[str]:
    cloudwatch = world.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="Site",
        MetricName="Errors",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=2,
        Threshold=10,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    yield "errors"
    cloudwatch.delete_alarms(AlarmNames=["errors"])


@documented(
    "R53/health-checks-creating-values", "A check on a CloudWatch alarm follows the metric, not the state of the alarm."
)
def test_check_on_an_alarm_follows_the_metric_and_not_the_alarms_state(world: World, alarm: str) -> None:
    """health-checks-creating-values.html: Route 53 monitors the data stream; SetAlarmState changes nothing."""
    config = {
        "Type": "CLOUDWATCH_METRIC",
        "AlarmIdentifier": {"Name": alarm, "Region": "us-east-1"},
        "InsufficientDataHealthStatus": "Unhealthy",
    }
    with health_check(world, "alarm", **config) as check_id:
        world.eventually(lambda: is_healthy(world, check_id) is False)
        put_metric(world, 0)
        world.eventually(lambda: is_healthy(world, check_id) is True)
        world.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="by hand")
        both = {"Type": "CALCULATED", "ChildHealthChecks": [check_id], "HealthThreshold": 1}
        with health_check(world, "sum", **both) as sum_id:
            world.eventually(lambda: is_healthy(world, sum_id) is True)
            put_metric(world, 50)
            world.eventually(lambda: is_healthy(world, check_id) is False)
            world.eventually(lambda: is_healthy(world, sum_id) is False)
