"""Regional endpoints: API Gateway custom domains in front of real Lambda handlers."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.documented import documented
from tests.worlds.dataplane_world import HANDLER, HOSTNAME, PRIMARY, REGIONAL, SECONDARY, Response, World


def ask(world: World, path: str, region: str = PRIMARY, **options: object) -> Response:
    return world.get(path, address=REGIONAL[region], **options)  # type: ignore[arg-type]  # World.get's own options


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
def test_regional_endpoint_serves_from_its_own_regions_bucket(world: World, region: str) -> None:
    answer = ask(world, "/anything", region)
    assert (answer.status, json.loads(answer.body)) == (200, {"region": region})


@documented(
    "GW/apigateway-regional-api-custom-domain-create", "A regional custom domain shows the certificate of its region."
)
def test_regional_endpoint_has_its_own_certificate(world: World) -> None:
    names = {value for _, value in ask(world, "/").certificate["subjectAltName"]}
    assert HOSTNAME in names


@documented("GW/http-api-develop-integrations-lambda", "An HTTP API invokes its function with payload format 2.0.")
def test_regional_event_is_payload_format_2(world: World) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
    answer = ask(world, "/event?a=1&a=2&b=", headers={"X-Test": "yes", "Cookie": "one=1; two=2"})
    event = json.loads(answer.body)
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/event")
    assert (event["rawQueryString"], event["queryStringParameters"]) == ("a=1&a=2&b=", {"a": "1,2", "b": ""})
    assert (event["headers"]["x-test"], event["headers"]["host"]) == ("yes", HOSTNAME)
    assert event["cookies"] == ["one=1", "two=2"]
    assert event["requestContext"]["http"]["method"] == "GET"
    assert event["requestContext"]["domainName"] == HOSTNAME
    assert event["isBase64Encoded"] is False


@documented(
    "GW/http-api-develop-routes", "A route with a path variable tells the function its value, and goes before $default."
)
def test_regional_route_with_a_variable_tells_its_value(world: World) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"""
    event = json.loads(ask(world, "/notes/7").body)
    assert (event["routeKey"], event["pathParameters"]) == ("GET /notes/{id}", {"id": "7"})
    assert event["requestContext"]["routeKey"] == "GET /notes/{id}"
    assert json.loads(ask(world, "/event").body)["routeKey"] == "$default"


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/signed", None, 403),
        ("/signed", "Bearer x", 403),
        ("/signed", "AWS4-HMAC-SHA256 Credential=x", 200),
        ("/token", None, 401),
        ("/token", "Bearer x", 501),
    ],
)
def test_regional_route_wants_its_authorization(
    world: World, path: str, authorization: str | None, status: int
) -> None:
    """Signatures are believed; a token would have to be checked, so it is refused."""
    headers = {} if authorization is None else {"Authorization": authorization}
    assert ask(world, path, headers=headers).status == status


def test_regional_path_is_handed_over_decoded_and_the_query_string_is_not(world: World) -> None:
    """What live HTTP APIs were seen to do: https://github.com/middleapi/standard-server/pull/93"""
    event = json.loads(ask(world, "/%65vent%3Fcut?a=%20").body)
    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == ("/event", "/event")
    assert event["rawQueryString"] == "a=%20"


@documented("GW/http-api-develop-integrations-lambda", "A binary body is handed to the function as base64.")
def test_regional_body_is_text_or_base64(world: World) -> None:
    text = ask(world, "/event", method="POST", body=b"hi", headers={"Content-Type": "text/plain"})
    binary = ask(world, "/event", method="POST", body=b"\xff", headers={"Content-Type": "image/png"})
    assert [(json.loads(item.body)["body"], json.loads(item.body)["isBase64Encoded"]) for item in (text, binary)] == [
        ("hi", False),
        ("/w==", True),
    ]


@documented("GW/http-api-develop-integrations-lambda", "A result without a status code is answered as JSON with 200.")
def test_regional_result_without_status_code_is_200_json(world: World) -> None:
    answer = ask(world, "/plain")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.body) == {"hello": "world"}


@documented(
    "GW/http-api-troubleshooting-lambda",
    "A function that fails, times out or answers more than 6 MB is answered with 500.",
)
@pytest.mark.parametrize("path", ["/fail", "/huge", "/sleep"])
def test_regional_error_timeout_and_oversize_are_500(world: World, path: str) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html"""
    answer = ask(world, path)
    assert (answer.status, json.loads(answer.body)) == (500, {"message": "Internal Server Error"})


@documented("GW/http-api-custom-domain-names", "A name that is no custom domain is answered with 403.")
def test_regional_unknown_host_is_forbidden(world: World) -> None:
    answer = ask(world, "/", host="unknown.example.test")
    assert (answer.status, json.loads(answer.body)) == (403, {"message": "Forbidden"})


def test_regional_port_80_is_not_served(world: World) -> None:
    with pytest.raises(ConnectionRefusedError):
        ask(world, "/", tls=False)


def test_regional_requests_run_in_parallel_workers(world: World) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ask(world, "/anything").status, range(32)))
    assert set(answers) == {200}


@pytest.mark.parametrize("kind", ["refuse", "unreachable"])
def test_regional_fault_spares_the_other_region(world: World, kind: str) -> None:
    with world.fault(f"apigateway:{PRIMARY}", kind):
        with pytest.raises(OSError):
            ask(world, "/", timeout=0.5)
        assert ask(world, "/", SECONDARY).status == 200
    assert ask(world, "/").status == 200


def test_regional_s3_fault_reaches_the_function(world: World) -> None:
    with world.fault(f"s3:{PRIMARY}", "status", 503):
        assert ask(world, "/anything").status == 500
        assert ask(world, "/anything", SECONDARY).status == 200


def test_regional_new_code_is_served(world: World) -> None:
    def package(handler: str) -> bytes:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("handler.py", handler)
        return data.getvalue()

    functions = world.client("lambda", SECONDARY)
    answer = 'def handler(event, context):\n    return {"statusCode": 418, "body": "new"}\n'
    functions.update_function_code(FunctionName="site", ZipFile=package(answer))
    try:
        world.eventually(lambda: ask(world, "/", SECONDARY).status == 418)
    finally:
        functions.update_function_code(FunctionName="site", ZipFile=package(HANDLER))
    world.eventually(lambda: ask(world, "/", SECONDARY).status == 200)


@documented(
    "LAMBDA/configuration-concurrency",
    "A reserved concurrency of 0 throttles every invocation: the function does not run, the API answers 500.",
)
def test_regional_function_without_concurrency_is_throttled(world: World) -> None:
    functions = world.client("lambda", SECONDARY)
    functions.put_function_concurrency(FunctionName="site", ReservedConcurrentExecutions=0)
    try:
        world.eventually(lambda: ask(world, "/plain", SECONDARY).status == 500)
        assert ask(world, "/plain").status == 200
    finally:
        functions.delete_function_concurrency(FunctionName="site")
    world.eventually(lambda: ask(world, "/plain", SECONDARY).status == 200)
