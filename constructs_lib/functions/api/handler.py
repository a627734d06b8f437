"""The API: notes by id, kept in the DynamoDB replica of the function's own region.

One file, only the Lambda runtime's own packages. Environment: TABLE, REGION, SECURITY_HEADERS (JSON object).

    GET /health          200 when the table answers, else 503; what Route 53's checkers ask
    GET /v1/notes/{id}   200 with an ETag, 304, 404
    PUT /v1/notes/{id}   {"text": "..."}: 201 made, 200 replaced; If-None-Match: * only makes, If-Match: ETag only replaces that
                         revision, else 412

A condition is judged by this region's replica. Two regions that write one note within the replication's delay both succeed, and
the later write stays everywhere: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html

Event and answer: HTTP API payload format 2.0,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import json
import os
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

TABLE = os.environ["TABLE"]
REGION = os.environ["REGION"]
SECURITY_HEADERS: dict[str, str] = json.loads(os.environ.get("SECURITY_HEADERS", "{}"))

NOTES_PREFIX = "/v1/notes/"
NOTE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ENTITY_TAG = re.compile(r'"([0-9a-f]{32})"')
LARGEST_TEXT_CHARACTERS = 4000
# The longest text in JSON, every character escaped as \uXXXX twice (a surrogate pair), and the braces.
LARGEST_BODY_BYTES = LARGEST_TEXT_CHARACTERS * 12 + 100
# No note can have this id, as NOTE_ID has no #.
HEALTH_ID = "#health"

# Both tries end before the function's 10 s do.
dynamodb = boto3.client(
    "dynamodb",
    region_name=REGION,
    config=Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"}),
)
# Route 53 waits 2 s for an answer once it is connected, so the health answer must come before:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
health_dynamodb = boto3.client(
    "dynamodb",
    region_name=REGION,
    config=Config(connect_timeout=0.5, read_timeout=0.8, retries={"total_max_attempts": 1, "mode": "standard"}),
)

Answer = dict[str, Any]


class RefusedError(Exception):
    """A request that is answered with an error status; `message` is for the caller."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


def handler(event: dict[str, Any], _context: object) -> Answer:
    """Answers one request, always in JSON with the security headers; 503 when the table does not answer."""
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    try:
        if path == "/health":
            return _health(method)
        return _note(method, path, event)
    except RefusedError as refused:
        return _answer(refused.status, {"message": refused.message}, refused.headers)
    except ClientError as error:
        return _answer(503, {"message": f"The table of {REGION} answered {error.response['Error']['Code']}."})
    except BotoCoreError as error:
        return _answer(503, {"message": f"The table of {REGION} is unreachable ({type(error).__name__})."})


def _health(method: str) -> Answer:
    """Reads the table as a note is read; an item that is not there is an answer too."""
    if method not in ("GET", "HEAD"):
        raise RefusedError(405, "Only GET and HEAD.", {"allow": "GET, HEAD"})
    health_dynamodb.get_item(TableName=TABLE, Key={"id": {"S": HEALTH_ID}}, ConsistentRead=True)
    return _answer(200, {"region": REGION, "table": "reachable"})


def _note(method: str, path: str, event: dict[str, Any]) -> Answer:
    note_id = path.removeprefix(NOTES_PREFIX)
    if not path.startswith(NOTES_PREFIX) or "/" in note_id:
        raise RefusedError(404, "Not found.")
    if not NOTE_ID.fullmatch(note_id):
        raise RefusedError(400, "The id of a note is 1 to 64 of A-Z, a-z, 0-9, _ and -.")
    match method:
        case "GET" | "HEAD":
            return _get(note_id, event.get("headers", {}))
        case "PUT":
            return _put(note_id, event)
        case _:
            raise RefusedError(405, "Only GET, HEAD and PUT.", {"allow": "GET, HEAD, PUT"})


def _get(note_id: str, headers: dict[str, str]) -> Answer:
    item = dynamodb.get_item(TableName=TABLE, Key={"id": {"S": note_id}}, ConsistentRead=True).get("Item")
    if item is None:
        raise RefusedError(404, f"There is no note {note_id}.")
    entity_tag = _entity_tag(item["revision"]["S"])
    if headers.get("if-none-match") == entity_tag:
        return _answer(304, None, {"etag": entity_tag})
    note = {name: item[name]["S"] for name in ("id", "text", "updated_at", "written_in")}
    return _answer(200, note, {"etag": entity_tag})


def _put(note_id: str, event: dict[str, Any]) -> Answer:
    text = _text_of(event)
    condition = _condition(event.get("headers", {}))
    revision = uuid.uuid4().hex
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    note = {"id": note_id, "text": text, "updated_at": now, "written_in": REGION}
    item = {name: {"S": value} for name, value in {**note, "revision": revision}.items()}
    try:
        replaced = dynamodb.put_item(
            TableName=TABLE,
            Item=item,
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **condition,
        ).get("Attributes")
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        found = error.response.get("Item", {})
        if found.get("revision") != item["revision"]:  # else the first try was written and its answer lost
            raise RefusedError(412, f"Note {note_id} is not what the condition says; GET it again.") from error
        replaced = None
    return _answer(200 if replaced else 201, note, {"etag": _entity_tag(revision)})


def _condition(headers: dict[str, str]) -> dict[str, Any]:
    """Returns DynamoDB's words for If-Match and If-None-Match: https://www.rfc-editor.org/rfc/rfc9110#section-13.1."""
    if "if-none-match" in headers:
        if headers["if-none-match"] != "*":
            raise RefusedError(400, "If-None-Match of a PUT is *.")
        return {"ConditionExpression": "attribute_not_exists(id)"}
    if "if-match" not in headers:
        return {}
    if headers["if-match"] == "*":
        return {"ConditionExpression": "attribute_exists(id)"}
    found = ENTITY_TAG.fullmatch(headers["if-match"])
    if found is None:
        raise RefusedError(412, "If-Match is * or one ETag that this API gave.")
    return {
        "ConditionExpression": "revision = :revision",
        "ExpressionAttributeValues": {":revision": {"S": found.group(1)}},
    }


def _text_of(event: dict[str, Any]) -> str:
    body = _body_of(event)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise RefusedError(400, "The body is not JSON.") from error
    if not isinstance(document, dict) or set(document) != {"text"} or not isinstance(document["text"], str):
        raise RefusedError(400, 'The body is {"text": "..."} and nothing else.')
    text: str = document["text"]
    if not 1 <= len(text) <= LARGEST_TEXT_CHARACTERS:
        raise RefusedError(400, f"The text has 1 to {LARGEST_TEXT_CHARACTERS} characters.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:  # half of a surrogate pair, which JSON's \uD800 can write
        raise RefusedError(400, "The text is not Unicode.") from error
    return text


def _body_of(event: dict[str, Any]) -> bytes:
    body = (event.get("body") or "").encode("utf-8", "surrogatepass")
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise RefusedError(400, "The body is not what its encoding says.") from error
    if len(body) > LARGEST_BODY_BYTES:
        raise RefusedError(413, f"The body has at most {LARGEST_BODY_BYTES} bytes.")
    return body


def _entity_tag(revision: str) -> str:
    return f'"{revision}"'


def _answer(status: int, document: dict[str, str] | None, headers: dict[str, str] | None = None) -> Answer:
    return {
        "statusCode": status,
        "headers": {
            **SECURITY_HEADERS,
            "content-type": "application/json; charset=utf-8",
            "cache-control": "no-store",
            "x-served-by-region": REGION,
            **(headers or {}),
        },
        "body": "" if document is None else json.dumps(document, ensure_ascii=False),
    }
