"""Both layers of failover, driven by faults: the origin group in seconds, Route 53 in its own time."""

import http.client
import json
import socket
import ssl
import time
import uuid
from collections.abc import Callable
from typing import Any

import dns.rcode
import pytest

from tests.documented import documented
from tests.worlds.dataplane_world import EDGE, HOSTNAME, PRIMARY, REGIONAL, SECONDARY, SPEED, Response, World, put

# What the machine itself may add to a modelled duration.
SLACK_REAL_SECONDS = 0.15


def served_by(world: World, path: str = "/health/region.json", host: str = HOSTNAME) -> str:
    region: str = json.loads(world.get(path, host=host).body)["region"]
    return region


def taking(aws_seconds: float, ask: Callable[[], Response], *, slack_seconds: float = SLACK_REAL_SECONDS) -> Response:
    """None is faster than modelled; asks until one, which the machine held up least, is no slower, and returns that."""
    deadline = time.monotonic() + 60
    while True:
        answer = ask()
        assert answer.seconds >= aws_seconds / SPEED
        if answer.seconds <= aws_seconds / SPEED + slack_seconds:
            return answer
        assert time.monotonic() < deadline, f"{answer.seconds} s for {aws_seconds} AWS seconds"


def fresh_page(world: World) -> str:
    """Put a page that nobody asked for into the other bucket, in both releases; return its path."""
    name = f"{uuid.uuid4().hex}.html"
    for release in ("r1", "r2"):
        put(world, f"releases/{release}/{name}", b"new", regions=(SECONDARY,))
    return f"/{name}"


@documented(
    "CF/high_availability_origin_failover",
    "An unreachable primary is given up after attempts times connection timeout; an error or a refusal at once.",
)
@pytest.mark.parametrize(
    ("kind", "value", "aws_seconds"),
    [("status", 503, 0.0), ("status", 403, 0.0), ("refuse", None, 0.0), ("unreachable", None, 2.0)],
)
def test_failover_origin_group_answers_from_the_other_region_after_its_connection_timeout(
    world: World, kind: str, value: int | None, aws_seconds: float
) -> None:
    """high_availability_origin_failover.html: 1 x 2 s until an unreachable primary is given up, errors at once."""
    with world.fault(f"s3:{PRIMARY}", kind, value):
        answer = taking(aws_seconds, lambda: world.get("/health/region.json"))
        assert json.loads(answer.body) == {"region": SECONDARY}
        assert served_by(world) == SECONDARY
    assert served_by(world) == PRIMARY


@documented("CF/helper-functions-origin-modification", "updateRequestOrigin sets the read timeout of the primary.")
def test_failover_read_timeout_set_by_the_function_bounds_a_hang(world: World) -> None:
    """helper-functions-origin-modification.html: updateRequestOrigin changes the primary's readTimeout to 4 s."""
    with world.fault(f"s3:{PRIMARY}", "hang"):
        assert world.get("/other.html").body.endswith(SECONDARY.encode())
        # Pages that no edge has yet; without the function it were CloudFront's 30 s.
        taking(4, lambda: world.get(fresh_page(world)), slack_seconds=16 / SPEED)


def test_failover_of_a_share_is_per_request_and_nobody_fails(world: World) -> None:
    with world.fault(f"s3:{PRIMARY}", "status", 503, ratio=0.5):
        answers = [world.get("/health/region.json") for _ in range(40)]
    assert {answer.status for answer in answers} == {200}
    regions = [json.loads(answer.body)["region"] for answer in answers]
    assert 8 <= regions.count(SECONDARY) <= 32


def test_failover_of_a_connection_that_s3_resets(world: World) -> None:
    with world.fault(f"s3:{PRIMARY}", "reset"):
        answer = world.get("/health/region.json")
    assert json.loads(answer.body)["region"] == SECONDARY


def test_slow_body_lasts_as_long_as_it_has_bytes_and_no_read_timeout_ends_it(world: World) -> None:
    """The router's read timeout of 4 s bounds the gaps between bytes, not the whole."""
    with world.fault(f"s3:{PRIMARY}", "slow", 3):
        answer = world.get("/health/region.json")
    assert json.loads(answer.body)["region"] == PRIMARY
    assert answer.seconds >= len(answer.body) / 3 / SPEED > 4 / SPEED


@pytest.mark.parametrize("target", ["cloudfront", f"apigateway:{SECONDARY}"])
def test_reset_ends_the_viewers_connection(world: World, target: str) -> None:
    address = EDGE if target == "cloudfront" else REGIONAL[SECONDARY]
    with world.fault(target, "reset"), pytest.raises(OSError):
        world.get("/", address=address)
    assert world.get("/", address=address).status == 200


def test_slow_body_of_the_edge_itself(world: World) -> None:
    with world.fault("cloudfront", "slow", 20):
        answer = world.get("/health/region.json")
    assert answer.seconds >= len(answer.body) / 20 / SPEED


def test_regional_endpoint_waits_for_a_slow_bucket(world: World) -> None:
    with world.fault(f"s3:{SECONDARY}", "slow", 10):
        answer = world.get("/", address=REGIONAL[SECONDARY])
    assert answer.status == 200
    assert answer.seconds >= len(answer.body) / 10 / SPEED


@pytest.mark.parametrize(
    ("kind", "said"), [("expired-certificate", "expired"), ("wrong-certificate", "Hostname mismatch")]
)
@pytest.mark.parametrize("target", ["cloudfront", f"apigateway:{SECONDARY}"])
def test_certificate_that_no_visitor_takes_is_shown_and_no_checker_minds(
    world: World, target: str, kind: str, said: str
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html: certificates are not validated."""
    all_checkers_succeed(world)
    address = EDGE if target == "cloudfront" else REGIONAL[SECONDARY]
    with world.fault(target, kind):
        with pytest.raises(ssl.SSLCertVerificationError, match=said):
            shake_hands(world, address)
        seen_at = {item["checked_time"] for item in observations(world)}
        world.eventually(lambda: succeeds_since(world, seen_at))
    shake_hands(world, address)


def succeeds_since(world: World, seen_at: set[str]) -> bool:
    """Every checker has probed once more, and every probe was good."""
    found = observations(world)
    return not seen_at & {each["checked_time"] for each in found} and all(
        each["status"].startswith("Success") for each in found
    )


def shake_hands(world: World, address: str) -> None:
    """As a browser does: the certificate and its name are verified."""
    context = ssl.create_default_context(cafile=world.endpoints["ca_certificate"])
    with (
        socket.create_connection((address, world.endpoints["https_port"]), timeout=60) as raw,
        context.wrap_socket(raw, server_hostname=HOSTNAME),
    ):
        pass


def test_failover_pinned_region_check_fails_with_its_region(world: World) -> None:
    with world.fault(f"s3:{PRIMARY}", "status", 503):
        assert world.get(f"/health/{PRIMARY}.json").status == 503
        assert world.get(f"/health/{SECONDARY}.json").status == 200


@documented("CF/http-504-gateway-timeout", "Silence of the last origin is 504, a refused connection 502.")
@pytest.mark.parametrize(
    ("primary", "secondary", "status"),
    [("refuse", "refuse", 502), ("refuse", "unreachable", 504), ("unreachable", "refuse", 502)],
)
def test_failover_both_origins_fail_with_the_secondarys_error(
    world: World, primary: str, secondary: str, status: int
) -> None:
    """http-504-gateway-timeout.html, http-502-bad-gateway.html"""
    with world.fault(f"s3:{PRIMARY}", primary), world.fault(f"s3:{SECONDARY}", secondary):
        answer = world.get(f"/plain/{primary}-{secondary}")
    assert (answer.status, answer.headers["x-cache"]) == (status, "Error from cloudfront")


def test_fault_delay_lasts_aws_milliseconds(world: World) -> None:
    with world.fault("cloudfront", "delay", 3000):
        assert world.get("/health/region.json").seconds >= 3 / SPEED


def test_fault_corrupt_alters_the_body_and_not_its_length(world: World) -> None:
    good = world.get("/").body
    with world.fault("cloudfront", "corrupt"):
        bad = world.get("/").body
    assert (len(bad), bad == good) == (len(good), False)


def test_fault_on_one_distribution_spares_the_other(world: World) -> None:
    with world.fault(f"cloudfront:{world.distributions[PRIMARY]['Id']}", "refuse"):
        with pytest.raises((OSError, http.client.HTTPException)):
            world.get("/")
        assert world.get("/health/region.json", host=f"{SECONDARY}.{HOSTNAME}").status == 200
    assert world.get("/").status == 200


def test_fault_refuse_closes_the_edge_for_real(world: World) -> None:
    with world.fault("cloudfront", "refuse"), pytest.raises(ConnectionRefusedError):
        world.get("/")
    assert world.get("/").status == 200


def test_fault_unreachable_lets_no_connection_complete(world: World) -> None:
    with world.fault("cloudfront", "unreachable"), pytest.raises(TimeoutError):
        world.get("/", timeout=0.5)
    assert world.get("/").status == 200


def test_fault_hang_connects_and_stays_silent(world: World) -> None:
    with world.fault("cloudfront", "hang"), pytest.raises(TimeoutError):
        world.get("/", timeout=0.5)
    assert world.get("/").status == 200


@documented(
    "R53/dns-failover-determining-health-of-endpoints",
    "A check of 10 s and threshold 3 moves the failover record within about half a minute, and back.",
)
def test_failover_dns_moves_to_the_regional_endpoint_and_back(world: World) -> None:
    """Route 53 at 10 s x 3: aws-facts section 5 predicts 28 s for an edge that refuses, 22 s for the way back.

    A and AAAA move together, since each has its own pair of records.
    """
    all_checkers_succeed(world)
    started = time.monotonic()
    with world.fault("cloudfront", "refuse"):
        world.eventually(lambda: world.addresses(HOSTNAME) == [REGIONAL[SECONDARY]])
        # No upper limit: tests/unit/drill/test_drill.py has the 28 s in virtual time, where no machine adds to them.
        assert (time.monotonic() - started) * SPEED >= 18
        assert world.addresses(HOSTNAME, "AAAA") == [f"::ffff:{REGIONAL[SECONDARY]}"]
        assert json.loads(world.get("/", address=REGIONAL[SECONDARY]).body)["region"] == SECONDARY
    started = time.monotonic()
    world.eventually(lambda: world.addresses(HOSTNAME) == [EDGE])
    assert (time.monotonic() - started) * SPEED >= 15


@pytest.mark.parametrize("kind", ["nxdomain", "nodata", "servfail"])
def test_failover_dns_leads_past_cloudfronts_vanished_names_and_back(world: World, kind: str) -> None:
    """The edge goes on serving whoever has its address; the alias in the zone answers as its target does, to checkers too."""
    rcode = {"nxdomain": "NXDOMAIN", "nodata": "NOERROR", "servfail": "SERVFAIL"}[kind]
    world.eventually(lambda: world.addresses(HOSTNAME) == [EDGE], seconds=60)
    all_checkers_succeed(world)
    zone_id = world.client("route53").list_hosted_zones()["HostedZones"][0]["Id"]
    with world.fault("cloudfront", kind):
        answer = world.ask(HOSTNAME)
        assert (dns.rcode.to_text(answer.rcode()), answer.answer) == (rcode, [])
        told = world.client("route53").test_dns_answer(HostedZoneId=zone_id, RecordName=HOSTNAME, RecordType="A")
        assert (told["ResponseCode"], told["RecordData"]) == (rcode, [])
        assert world.get("/").status == 200
        world.eventually(lambda: world.addresses(HOSTNAME) == [REGIONAL[SECONDARY]])
    world.eventually(lambda: world.addresses(HOSTNAME) == [EDGE])


@documented(
    "R53/dns-failover-determining-health-of-endpoints",
    "A check is healthy while more than 18 % of its checkers say so.",
)
def test_health_check_survives_one_blind_checker_region(world: World) -> None:
    """aws-facts section 5: with 3 regions, two that reach the endpoint (67%) keep it healthy."""
    all_checkers_succeed(world)
    with world.fault("health-checker:eu-west-1", "status", 500):
        # Longer than three failing probes in a row take at 10 s x 3.
        blind_since = time.monotonic()
        world.eventually(lambda: (time.monotonic() - blind_since) * SPEED > 35)
        statuses = [(item["region"], item["status"][:7]) for item in observations(world)]
        assert statuses.count(("eu-west-1", "Failure")) == 2
        assert report(world)["is_healthy"] is True


def report(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.control("GET", "/health-checks")[world.ids["health_check"]]
    return found


def observations(world: World) -> list[dict[str, str]]:
    found: list[dict[str, str]] = report(world)["observations"]
    return found


def all_checkers_succeed(world: World) -> None:
    """Wait until earlier tests' faults have left every checker's memory: one success clears it."""
    world.eventually(
        lambda: (
            report(world)["is_healthy"] is True
            and [item["status"][:7] for item in observations(world)] == ["Success"] * 6
        )
    )


def test_health_check_status_shows_what_the_checkers_saw(world: World) -> None:
    all_checkers_succeed(world)
    status = world.client("route53").get_health_check_status(HealthCheckId=world.ids["health_check"])
    reports = status["HealthCheckObservations"]
    assert {report["Region"] for report in reports} == {"us-east-1", "eu-west-1", "ap-southeast-1"}
    assert all(report["StatusReport"]["Status"].startswith("Success") for report in reports)
