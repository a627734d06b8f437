"""The prober's own handler: what it publishes, says and raises. What it finds: tests/contract/test_site_prober.py."""

import json
import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.worlds.shipped_function import give_clients, load

ENVIRONMENT = {
    "HOSTNAME": "www.example.test",
    "REGIONS": '["eu-central-1", "us-east-1"]',
    "ENDPOINTS": '{"eu-central-1": "d-1.example.test", "us-east-1": "d-2.example.test"}',
    "HAS_PATH_OBJECT": "true",
    "NAMESPACE": "FailoverSite",
    "AWS_REGION": "eu-west-1",
}


class CloudWatch:
    """Keeps what is published, or refuses it."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.calls: list[dict[str, Any]] = []
        self._refuses = refuses

    def put_metric_data(self, **arguments: Any) -> None:
        if self._refuses:
            raise ClientError({"Error": {"Code": "Throttling", "Message": "no"}}, "PutMetricData")
        self.calls.append(arguments)


def prober(monkeypatch: pytest.MonkeyPatch, cloudwatch: CloudWatch, **environment: str) -> Any:
    module = load(monkeypatch, "site_prober/handler.py", environment={**ENVIRONMENT, **environment})
    give_clients(monkeypatch, module, {"cloudwatch": cloudwatch})
    return module


def with_findings(monkeypatch: pytest.MonkeyPatch, module: Any, *findings: tuple[str, bool, str | None]) -> None:
    """Lets the module find these: (kind, whether it is as it must be, region)."""
    made = [
        module.Finding(kind=kind, subject="s", is_ok=is_ok, detail="d", region=region, seconds=0.25 if is_ok else None)
        for kind, is_ok, region in findings
    ]
    monkeypatch.setattr(module, "look", lambda *_, **__: made)


def published(cloudwatch: CloudWatch) -> dict[str, list[float]]:
    (call,) = cloudwatch.calls
    assert call["Namespace"] == "FailoverSite"
    dimensions = [{"Name": "Hostname", "Value": "www.example.test"}, {"Name": "ProbeRegion", "Value": "eu-west-1"}]
    assert all(datum["Dimensions"] == dimensions for datum in call["MetricData"])
    return {datum["MetricName"]: datum["Values"] for datum in call["MetricData"]}


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        (
            [("page-view", True, "eu-central-1"), ("certificate", True, None)],
            {"GoodAnswers": [1], "BadAnswers": [0], "ServedBySecondary": [0], "FailedChecks": [0], "AnswerMilliseconds": [250]},
        ),
        (
            [("page-view", True, "us-east-1"), ("certificate", False, None)],
            {"GoodAnswers": [1], "BadAnswers": [0], "ServedBySecondary": [1], "FailedChecks": [1], "AnswerMilliseconds": [250]},
        ),
        (
            [("page-view", False, None), ("regional-hostname", False, None)],
            {"GoodAnswers": [0], "BadAnswers": [1], "ServedBySecondary": [0], "FailedChecks": [2]},
        ),
    ],
)  # fmt: skip
def test_page_views_of_the_public_name_and_all_failures_are_published(
    monkeypatch: pytest.MonkeyPatch, findings: list[tuple[str, bool, str | None]], expected: dict[str, list[float]]
) -> None:
    cloudwatch = CloudWatch()
    module = prober(monkeypatch, cloudwatch)
    with_findings(monkeypatch, module, *findings)
    module.handler({}, None)
    assert published(cloudwatch) == expected


def test_run_names_what_failed_and_does_not_fail_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = prober(monkeypatch, CloudWatch())
    with_findings(monkeypatch, module, ("page-view", False, None), ("certificate", True, None))
    report = module.handler({}, None)
    assert report == {"checks": 2, "failed": ["page-view s: d"]}
    assert json.loads(capsys.readouterr().out) == report


def test_run_fails_when_cloudwatch_does_not_take_what_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    module = prober(monkeypatch, CloudWatch(refuses=True))
    with_findings(monkeypatch, module, ("page-view", True, "eu-central-1"))
    with pytest.raises(ClientError):
        module.handler({}, None)


@pytest.mark.parametrize(("has_path_object", "count"), [("true", 14), ("false", 12)])
def test_site_of_which_no_name_resolves_is_told_check_by_check(
    monkeypatch: pytest.MonkeyPatch, has_path_object: str, count: int
) -> None:
    cloudwatch = CloudWatch()
    module = prober(monkeypatch, cloudwatch, HAS_PATH_OBJECT=has_path_object)

    def no_such_name(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(module.socket, "getaddrinfo", no_such_name)
    report = module.handler({}, None)
    assert (report["checks"], len(report["failed"])) == (count, count)
    assert published(cloudwatch)["FailedChecks"] == [count]
    assert all("Name or service not known" in line for line in report["failed"])


def test_server_that_dribbles_is_given_up_after_the_visitors_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    module = prober(monkeypatch, CloudWatch())
    left, right = socket.socketpair()
    with left, right:
        monkeypatch.setattr(module.Visit, "_connect", lambda _self: left)
        now = [100.0]
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
        visit = module.Visit("www.example.test", "www.example.test")
        right.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        now[0] += module.TIMEOUT_SECONDS + 0.1
        with pytest.raises(TimeoutError, match="no whole answer within 10 s"):
            visit.get("/")
