"""A retry of an SDK call whose answer was lost gets that answer; everything else is executed."""

import json
import threading
from collections.abc import Mapping
from http.client import HTTPConnection

import pytest

from localcloud.gateway.replays import KEPT_ANSWERS, Replays, attempt_number
from localcloud.gateway.wire import Request, Response
from tests.worlds.gateway_world import GatewayWorld

_SCOPE = "AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/sns/aws4_request, SignedHeaders=host"


def _request(invocation_id: str | None, attempt: int = 1) -> Request:
    headers = {"HTTP_AMZ_SDK_REQUEST": f"attempt={attempt}; max=3"}
    if invocation_id:
        headers["HTTP_AMZ_SDK_INVOCATION_ID"] = invocation_id
    return Request(method="POST", raw_path="/", query={}, raw_query="", environ=headers)


class _Service:
    """Counts executions; answers with the given statuses in order."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.executions = 0

    def __call__(self) -> Response:
        self.executions += 1
        return Response(status=self._statuses.pop(0), body=str(self.executions).encode())


def _attempts(service: _Service, *requests: Request) -> list[tuple[int, bytes]]:
    replays = Replays()
    answers = [replays.answer(request, service) for request in requests]
    return [(answer.status, answer.body) for answer in answers]


def test_retry_of_a_call_that_succeeded_gets_its_answer() -> None:
    assert _attempts(_Service(201), _request("call"), _request("call", 2)) == [(201, b"1"), (201, b"1")]


def test_retry_of_a_call_that_failed_is_executed() -> None:
    assert _attempts(_Service(500, 201), _request("call"), _request("call", 2)) == [(500, b"1"), (201, b"2")]


@pytest.mark.parametrize("second", [_request("other", 2), _request("call", 1), _request(None, 2)])
def test_anything_else_is_executed(second: Request) -> None:
    assert _attempts(_Service(201, 409), _request("call"), second) == [(201, b"1"), (409, b"2")]


def test_retry_waits_for_the_first_attempt_that_still_runs() -> None:
    replays, began, may_end = Replays(), threading.Event(), threading.Event()
    answers: list[bytes] = []

    def slow() -> Response:
        began.set()
        may_end.wait(60)
        return Response(status=201, body=b"first")

    first = threading.Thread(target=lambda: answers.append(replays.answer(_request("call"), slow).body))
    first.start()
    began.wait(60)
    retry = threading.Thread(target=lambda: answers.append(replays.answer(_request("call", 2), _Service(409)).body))
    retry.start()
    may_end.set()
    for thread in (first, retry):
        thread.join(60)
    assert answers == [b"first", b"first"]


def test_only_the_latest_answers_are_kept() -> None:
    replays, service = Replays(), _Service(*[201] * (KEPT_ANSWERS + 2))
    for number in range(KEPT_ANSWERS + 1):
        replays.answer(_request(f"call-{number}"), service)
    replays.answer(_request("call-0", 2), service)
    assert service.executions == KEPT_ANSWERS + 2


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({}, 1), ({"HTTP_AMZ_SDK_REQUEST": "attempt=3; max=3"}, 3), ({"HTTP_AMZ_SDK_REQUEST": "ttl=1; attempt=2"}, 2)],
)
def test_attempt_number_is_read_from_the_sdk_header(headers: Mapping[str, str], expected: int) -> None:
    request = Request(method="POST", raw_path="/", query={}, raw_query="", environ=dict(headers))
    assert attempt_number(request) == expected


def _create_role(gateway_world: GatewayWorld, name: str, invocation_id: str, attempt: int) -> int:
    body = f"Action=CreateRole&Version=2010-05-08&RoleName={name}&AssumeRolePolicyDocument={json.dumps({})}"
    headers = {
        "Authorization": _SCOPE.replace("/sns/", "/iam/"),
        "Content-Type": "application/x-www-form-urlencoded",
        "amz-sdk-invocation-id": invocation_id,
        "amz-sdk-request": f"attempt={attempt}; max=3",
    }
    return gateway_world.http("POST", "/", body=body, headers=headers)[0]


def test_gateway_creates_once_for_a_call_and_refuses_a_second_call(gateway_world: GatewayWorld) -> None:
    name = gateway_world.unique("role")
    statuses = [_create_role(gateway_world, name, call, attempt) for call, attempt in (("a", 1), ("a", 2), ("b", 1))]
    assert statuses == [200, 200, 409]


def test_answer_to_head_has_no_body_even_when_it_is_a_refusal(gateway_world: GatewayWorld) -> None:
    # http.client skips the body of a HEAD answer, so the next answer on the connection shows what was sent.
    connection = HTTPConnection(gateway_world.gateway.host, gateway_world.gateway.port, timeout=60)
    headers = {"Authorization": _SCOPE.replace("/sns/", "/lambda/")}
    for method, path, expected in (("HEAD", "/nothing", 501), ("GET", "/_localcloud/regions", 200)):
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected
    connection.close()
