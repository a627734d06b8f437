"""The endpoint itself: proxy requests, the control API, refusals, start and stop."""

import errno
import os
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from typing import Any

import pytest

from localcloud.gateway.server import Gateway, PortTaken, listening_socket
from tests.worlds.gateway_world import GatewayWorld, refused


def test_absolute_form_target_is_served(gateway_world: GatewayWorld) -> None:
    # RFC 9112 section 3.2.2: what a client sends to a proxy
    status, _, body = gateway_world.http("GET", "http://123456789012.127.0.0.1:80/_localcloud/regions")
    assert status == 200, body


def test_connection_is_kept_after_answers_without_a_body(gateway_world: GatewayWorld) -> None:
    bucket = gateway_world.bucket()
    gateway_world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    connection = HTTPConnection(gateway_world.gateway.host, gateway_world.gateway.port, timeout=60)
    connection.connect()
    opened = connection.sock
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host"}
    for method, path, expected in (("GET", f"/{bucket}/k", 304), ("DELETE", f"/{bucket}/k", 204), ("GET", "/", 200)):
        conditional = {"If-None-Match": "*"} if expected == 304 else {}
        connection.request(method, path, headers=signed | conditional)
        response = connection.getresponse()
        response.read()
        assert (response.status, connection.sock) == (expected, opened)
    connection.close()


def test_request_that_expects_to_continue_is_answered_with_and_without_a_body(gateway_world: GatewayWorld) -> None:
    # What AWS's SDKs send with every PutObject: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
    bucket, client = gateway_world.bucket(), gateway_world.client("s3")
    for body in (b"", b"1", b""):
        client.put_object(Bucket=bucket, Key="k", Body=body)
        assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == body


@pytest.mark.parametrize(
    ("service", "operation"), [("lambda", "list_code_signing_configs"), ("route53", "list_cidr_collections")]
)
def test_unmodelled_operation_is_a_loud_501(gateway_world: GatewayWorld, service: str, operation: str) -> None:
    message = refused("NotImplemented", getattr(gateway_world.client(service), operation), 501)
    assert message.startswith("localcloud does not model")


def test_unknown_service_is_a_loud_501(gateway_world: GatewayWorld) -> None:
    scope = "Credential=a/20260101/us-east-1/nosuchservice/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host", "X-Amz-Target": "NoSuch.DoThings"}
    status, _, body = gateway_world.http("POST", "/", body="{}", headers=headers)
    assert (status, b"does not model nosuchservice DoThings" in body) == (501, True)


def test_revision_counts_configuration_by_service(gateway_world: GatewayWorld) -> None:
    bucket = gateway_world.bucket()
    before = gateway_world.control("GET", "/revision")[1]
    gateway_world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    gateway_world.client("s3").get_object(Bucket=bucket, Key="k")
    after = gateway_world.control("GET", "/revision")[1]
    assert after["revision"] == before["revision"] + 1
    assert after["services"] == before["services"]
    gateway_world.hosted_zone()
    assert gateway_world.control("GET", "/revision")[1]["services"]["route53"] > after["services"].get("route53", 0)


def test_refused_request_does_not_change_the_revision(gateway_world: GatewayWorld) -> None:
    before = gateway_world.control("GET", "/revision")[1]
    refused("NoSuchHostedZone", gateway_world.client("route53").delete_hosted_zone, Id="Z0")
    assert gateway_world.control("GET", "/revision")[1] == before


def test_regions_are_those_that_requests_were_signed_for(gateway_world: GatewayWorld) -> None:
    gateway_world.client("sts", "eu-west-3").get_caller_identity()
    assert "eu-west-3" in gateway_world.control("GET", "/regions")[1]["regions"]


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"target": "s3", "kind": "hang"}, "s3:<region>"),
        ({"target": "cloudfront:E0", "kind": "hang"}, "no such distribution"),
        ({"target": "dns", "kind": "explode"}, "refuse, unreachable, hang, status, delay"),
        ({"target": "s3:us-east-1", "kind": "status"}, "from 400 to 599"),
        ({"target": "s3:us-east-1", "kind": "delay", "value": 0}, "from 1 to 600000"),
    ],
)
def test_fault_rejects(gateway_world: GatewayWorld, document: dict[str, object], named: str) -> None:
    status, answer = gateway_world.control("POST", "/faults", document)
    assert status == 400
    assert named in answer["message"]


def test_faults_are_listed_and_removed(gateway_world: GatewayWorld) -> None:
    before = gateway_world.control("GET", "/faults")[1]["revision"]
    gateway_world.control("POST", "/faults", {"target": "dns", "kind": "delay", "value": 100})
    listed = gateway_world.control("GET", "/faults")[1]
    assert [(f["target"], f["kind"], f["value"]) for f in listed["faults"]] == [("dns", "delay", 100)]
    gateway_world.control("DELETE", "/faults")
    after = gateway_world.control("GET", "/faults")[1]
    assert (after["faults"], after["revision"]) == ([], before + 2)


def test_terraform_gets_no_change_info_above_speed_1(gateway_world: GatewayWorld) -> None:
    # the provider sleeps 15 real seconds on a ChangeInfo, whatever the speed
    body = "<CreateHostedZoneRequest><Name>{0}</Name><CallerReference>{0}</CallerReference></CreateHostedZoneRequest>"
    for agent, has_info in (("terraform-provider-aws/5.100.0", False), ("Boto3/1.44", True)):
        document = body.format(f"{gateway_world.unique('zone')}.test")
        _, _, answer = gateway_world.http(
            "POST", "/2013-04-01/hostedzone", body=document, headers={"User-Agent": agent}
        )
        assert (b"ChangeInfo" in answer) is has_info


def test_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortTaken):
        listening_socket("127.0.0.1", taken.getsockname()[1])


def test_gateway_ends_when_its_loop_is_awake_already_and_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    with Gateway() as gateway:
        server: Any = gateway._server
        wake, is_closed = server.trigger._physical_pull, threading.Event()
        close = server.close

        def close_and_tell() -> None:
            close()
            is_closed.set()

        def wake_too_late() -> None:
            wake()  # as a request does that ends at the same moment
            assert is_closed.wait(10)
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

        monkeypatch.setattr(server, "close", close_and_tell)
        monkeypatch.setattr(server.trigger, "_physical_pull", wake_too_late)
    assert is_closed.is_set()


def test_process_announces_its_port_and_stops_on_sigterm() -> None:
    command = [sys.executable, "-m", "localcloud.gateway", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ.copy(), text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith('{"port": ')
        process.terminate()
        assert process.wait(timeout=60) == 0


_INTERRUPTED_AGAIN = """
import os, signal, sys
from localcloud.gateway import __main__ as gateway
from localcloud.gateway.server import Gateway

close = Gateway._close_sockets
Gateway._close_sockets = lambda self: (os.kill(os.getpid(), signal.SIGTERM), close(self))
sys.exit(gateway.main(["--port", "0"]))
"""


def test_process_stops_when_another_signal_comes_while_it_stops() -> None:
    # A parent's death is told twice: by the kernel and by the thread that watches it.
    with subprocess.Popen([sys.executable, "-c", _INTERRUPTED_AGAIN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith('{"port": ')
        process.terminate()
        try:
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


def test_process_exits_with_3_when_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "localcloud.gateway", "--port", str(taken.getsockname()[1])]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 3
    assert "is in use" in finished.stderr
