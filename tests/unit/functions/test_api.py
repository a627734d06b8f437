"""The API's own handler on moto's DynamoDB, in this process."""

import base64
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from tests.worlds.shipped_function import load

TABLE, REGION = "site-test-api", "eu-central-1"
HEADERS = {"x-content-type-options": "nosniff"}


@pytest.fixture(scope="module")
def api() -> Iterator[ModuleType]:
    """The handler with a table; tests use notes of their own."""
    environment = {"TABLE": TABLE, "REGION": REGION, "SECURITY_HEADERS": json.dumps(HEADERS)}
    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        module = load(monkeypatch, "api/handler.py", environment=environment)
        module.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield module


def call(api: ModuleType, method: str, path: str, body: str | None = None, **headers: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        "rawPath": path,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method}},
        "isBase64Encoded": False,
    }
    if body is not None:
        event["body"] = body
    answer: dict[str, Any] = api.handler(event, None)
    return answer


def put(api: ModuleType, path: str, text: str, **headers: str) -> dict[str, Any]:
    return call(api, "PUT", path, json.dumps({"text": text}), **headers)


def document(answer: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = json.loads(answer["body"])
    return found


def test_note_is_read_as_it_was_written(api: ModuleType) -> None:
    written = put(api, "/v1/notes/read", "Grüße 👋")
    read = call(api, "GET", "/v1/notes/read")
    assert (written["statusCode"], read["statusCode"]) == (201, 200)
    assert document(read) == document(written)
    assert {name: document(read)[name] for name in ("id", "text", "written_in")} == {
        "id": "read",
        "text": "Grüße 👋",
        "written_in": REGION,
    }
    assert read["headers"]["etag"] == written["headers"]["etag"]


def test_replaced_note_says_200_and_has_another_etag(api: ModuleType) -> None:
    first = put(api, "/v1/notes/again", "same")
    second = put(api, "/v1/notes/again", "same")
    assert second["statusCode"] == 200
    assert first["headers"]["etag"] != second["headers"]["etag"]


def test_note_that_is_not_there_is_404(api: ModuleType) -> None:
    assert call(api, "GET", "/v1/notes/none")["statusCode"] == 404


def test_known_etag_is_answered_without_body(api: ModuleType) -> None:
    entity_tag = put(api, "/v1/notes/known", "x")["headers"]["etag"]
    answer = call(api, "GET", "/v1/notes/known", if_none_match=entity_tag)
    assert (answer["statusCode"], answer["body"]) == (304, "")


def test_if_none_match_makes_but_never_replaces(api: ModuleType) -> None:
    assert put(api, "/v1/notes/new", "first", if_none_match="*")["statusCode"] == 201
    assert put(api, "/v1/notes/new", "second", if_none_match="*")["statusCode"] == 412
    assert document(call(api, "GET", "/v1/notes/new"))["text"] == "first"


def test_if_match_replaces_only_the_revision_that_was_read(api: ModuleType) -> None:
    entity_tag = put(api, "/v1/notes/match", "first")["headers"]["etag"]
    assert put(api, "/v1/notes/match", "second", if_match=entity_tag)["statusCode"] == 200
    assert put(api, "/v1/notes/match", "third", if_match=entity_tag)["statusCode"] == 412
    assert document(call(api, "GET", "/v1/notes/match"))["text"] == "second"


def test_if_match_of_anything_needs_a_note(api: ModuleType) -> None:
    assert put(api, "/v1/notes/absent", "x", if_match="*")["statusCode"] == 412


def test_retry_of_a_write_whose_answer_was_lost_is_no_conflict(
    api: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK sends the same item twice; the second finds the first one's revision."""
    original = api.dynamodb.put_item

    def put_twice(**arguments: Any) -> Any:
        original(**arguments)
        return original(**arguments)

    monkeypatch.setattr(api.dynamodb, "put_item", put_twice)
    assert put(api, "/v1/notes/lost", "x", if_none_match="*")["statusCode"] == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 400),
        ("not json", 400),
        ("[]", 400),
        ('{"text": 1}', 400),
        ('{"text": ""}', 400),
        ('{"text": "x", "id": "other"}', 400),
        ('{"text": "\\ud800"}', 400),
        (json.dumps({"text": "x" * 4001}), 400),
        (json.dumps({"text": "x" * 50_000}), 413),
    ],
)
def test_body_that_is_no_note_is_refused(api: ModuleType, body: str | None, status: int) -> None:
    assert call(api, "PUT", "/v1/notes/bad", body)["statusCode"] == status
    assert call(api, "GET", "/v1/notes/bad")["statusCode"] == 404


def test_longest_text_is_taken_however_it_is_escaped(api: ModuleType) -> None:
    assert put(api, "/v1/notes/long", "👋" * 4000)["statusCode"] == 201


def test_body_in_base64_is_decoded(api: ModuleType) -> None:
    event = {
        "rawPath": "/v1/notes/encoded",
        "requestContext": {"http": {"method": "PUT"}},
        "body": base64.b64encode(b'{"text": "x"}').decode(),
        "isBase64Encoded": True,
    }
    assert api.handler(event, None)["statusCode"] == 201
    assert api.handler({**event, "body": "?"}, None)["statusCode"] == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/notes", 404),
        ("GET", "/v1/notes/a/b", 404),
        ("GET", "/v1/notes/", 400),
        ("GET", "/v1/notes/%23health", 400),
        ("GET", "/v1/notes/#health", 400),
        ("GET", f"/v1/notes/{'x' * 65}", 400),
        ("DELETE", "/v1/notes/x", 405),
        ("PUT", "/health", 405),
    ],
)
def test_request_that_is_not_served_is_refused(api: ModuleType, method: str, path: str, status: int) -> None:
    assert call(api, method, path)["statusCode"] == status


@pytest.mark.parametrize("headers", [{"if_none_match": '"x"'}, {"if_match": "x"}, {"if_match": 'W/"x"'}])
def test_condition_that_cannot_hold_writes_nothing(api: ModuleType, headers: dict[str, str]) -> None:
    assert put(api, "/v1/notes/condition", "x", **headers)["statusCode"] in (400, 412)
    assert call(api, "GET", "/v1/notes/condition")["statusCode"] == 404


@pytest.mark.parametrize("path", ["/health", "/v1/notes/none", "/nowhere"])
def test_every_answer_has_the_security_headers_and_is_not_stored(api: ModuleType, path: str) -> None:
    headers = call(api, "GET", path)["headers"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-served-by-region"] == REGION


def test_health_says_that_the_table_answers(api: ModuleType) -> None:
    answer = call(api, "GET", "/health")
    assert (answer["statusCode"], document(answer)) == (200, {"region": REGION, "table": "reachable"})


FAILURES = [
    ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "GetItem"),
    ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetItem"),
    ConnectTimeoutError(endpoint_url="https://dynamodb"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize(("client", "path"), [("health_dynamodb", "/health"), ("dynamodb", "/v1/notes/x")])
def test_table_that_does_not_answer_is_503(
    api: ModuleType, monkeypatch: pytest.MonkeyPatch, client: str, path: str, failure: Exception
) -> None:
    def fail(**_: object) -> None:
        raise failure

    monkeypatch.setattr(getattr(api, client), "get_item", fail)
    answer = call(api, "GET", path)
    assert answer["statusCode"] == 503
    assert REGION in document(answer)["message"]


def test_health_answers_before_a_checker_gives_up(api: ModuleType) -> None:
    """Route 53 waits 2 s: one try, and connecting and reading together take less."""
    config = api.health_dynamodb.meta.config
    assert config.connect_timeout + config.read_timeout < 2
    assert config.retries["total_max_attempts"] == 1


def test_health_fails_when_the_table_is_gone(api: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "TABLE", "gone")
    assert call(api, "GET", "/health")["statusCode"] == 503


def test_client_asks_its_own_region(api: ModuleType) -> None:
    assert api.dynamodb.meta.region_name == api.health_dynamodb.meta.region_name == REGION
    assert boto3.client("dynamodb", region_name="eu-west-1").list_tables()["TableNames"] == []
