"""An objective that health checks and TTLs cannot meet is refused, with the sum."""

import math
from pathlib import Path

import pytest

from aws_facts.recovery import DnsFailover
from constructs_lib.errors import ConfigError
from constructs_lib.site_file.loader import load_site_file
from tests.worlds.routing_site import write_site

ENDPOINTS = "".join(
    f'[[endpoint]]\nname = "dc{number}"\nipv4_address = "203.0.113.{number}"\ncheck_request_interval_seconds = 30\n'
    for number in (1, 2)
)


def refused(folder: Path, entry: str, policy: str, parts: dict[str, str]) -> str | None:
    try:
        load_site_file(write_site(folder, entry, policy, **parts))
    except ConfigError as error:
        return str(error)
    return None


def settings(rto_seconds: int | None, interval: int, threshold: int = 3, more: str = "") -> dict[str, str]:
    objective = "" if rto_seconds is None else f"[objectives]\nrto_seconds = {rto_seconds}\n"
    check = f"request_interval_seconds = {interval}\nfailure_threshold = {threshold}\n"
    return {"more": objective + more, "health_check": check}


@pytest.mark.parametrize("entry", ["cloudfront", "regional"])
@pytest.mark.parametrize(("interval", "threshold"), [(10, 1), (10, 3), (30, 3), (30, 10)])
def test_smallest_objective_is_the_predicted_p95(entry: str, interval: int, threshold: int, tmp_path: Path) -> None:
    predicted = DnsFailover(interval_seconds=interval, failure_threshold=threshold).recovery_seconds(0.95)
    smallest = math.ceil(predicted)
    assert refused(tmp_path, entry, "failover", settings(smallest, interval, threshold)) is None
    report = refused(tmp_path, entry, "failover", settings(smallest - 1, interval, threshold))
    assert report is not None
    assert f"objectives.rto_seconds is {smallest - 1}" in report
    assert f"{smallest} or more" in report
    assert f"= {predicted:.1f} s" in report


def test_default_objective_is_named_as_the_default(tmp_path: Path) -> None:
    report = refused(tmp_path, "cloudfront", "failover", settings(None, 30, 10))
    assert report is not None and "180 (the default)" in report


@pytest.mark.parametrize(
    ("rto_seconds", "interval", "threshold", "remedy"),
    [
        (100, 30, 3, "set health_check.request_interval_seconds = 10 (1.00 USD"),
        (85, 30, 3, "request_interval_seconds = 10 and failure_threshold = 2"),
        (60, 10, 3, "no health check is that fast"),
    ],
)
def test_remedy_is_one_that_helps(rto_seconds: int, interval: int, threshold: int, remedy: str, tmp_path: Path) -> None:
    report = refused(tmp_path, "cloudfront", "failover", settings(rto_seconds, interval, threshold))
    assert report is not None and remedy in report


def test_slowest_check_of_an_endpoint_counts(tmp_path: Path) -> None:
    report = refused(tmp_path, "regional", "multivalue", settings(120, 10, more=ENDPOINTS))
    assert report is not None and "149 or more" in report


def test_more_checkers_need_longer_to_agree(tmp_path: Path) -> None:
    regions = 'checker_regions = ["us-east-1", "us-west-1", "us-west-2", "eu-west-1", "sa-east-1", "ap-southeast-1"]\n'
    parts = settings(60, 10)
    parts["health_check"] += regions
    report = refused(tmp_path, "cloudfront", "failover", parts)
    assert report is not None and "10 of 12 checkers" in report
