"""What the clients of the commands send."""

import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.session import Session
from moto import mock_aws

from scripts.aws import clients
from scripts.aws.clients import key_value_store_client, s3_client, translated, until_accepted
from scripts.errors import AwsError
from scripts.release.routing import RoutingStore
from tests.worlds.manual_clock import ManualClock


@mock_aws  # type: ignore[untyped-decorator]
@pytest.mark.parametrize(("size_bytes", "is_asked"), [(0, False), (256 * 1024, False), (256 * 1024 + 1, True)])
def test_only_a_large_object_waits_until_s3_agrees_to_take_it(size_bytes: int, is_asked: bool) -> None:
    client, sent = s3_client("us-east-1"), []

    def note(request: Any, **_rest: object) -> None:
        sent.append("Expect" in request.headers)

    client.create_bucket(Bucket="bucket")
    client.meta.events.register("before-send.s3.PutObject", note)
    client.put_object(Bucket="bucket", Key="k", Body=bytes(size_bytes))
    client.close()
    assert sent == [is_asked]


@mock_aws  # type: ignore[untyped-decorator]
def test_owner_goes_with_every_request_that_can_name_one() -> None:
    client, sent = s3_client("us-east-1", owner="123456789012"), {}

    def note(request: Any, event_name: str, **_rest: object) -> None:
        sent[event_name.rpartition(".")[2]] = request.headers.get("x-amz-expected-bucket-owner")

    client.meta.events.register("before-send.s3", note)
    client.create_bucket(Bucket="bucket")
    client.head_bucket(Bucket="bucket")
    client.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    client.close()
    assert sent == {"CreateBucket": None, "HeadBucket": b"123456789012", "PutBucketVersioning": b"123456789012"}


class _Refusing:
    """A call that AWS refuses with a code so many times."""

    def __init__(self, code: str, times: float) -> None:
        self.code, self.left, self.calls = code, times, 0

    def __call__(self) -> None:
        self.calls += 1
        self.left -= 1
        if self.left >= 0:
            raise ClientError({"Error": {"Code": self.code, "Message": "m"}}, "PutBucketReplication")


def test_call_that_is_refused_because_a_role_is_not_seen_yet_is_made_again() -> None:
    clock, call = ManualClock(), _Refusing("InvalidArgument", 2)
    until_accepted(call, not_yet={"InvalidArgument"}, clock=clock)
    assert (call.calls, clock.seconds) == (3, 6)


@pytest.mark.parametrize(("code", "seconds"), [("InvalidArgument", 60), ("AccessDenied", 0)])
def test_call_that_stays_refused_ends_within_a_minute_and_one_refused_for_good_at_once(code: str, seconds: int) -> None:
    clock = ManualClock()
    with pytest.raises(ClientError, match=code):
        until_accepted(_Refusing(code, float("inf")), not_yet={"InvalidArgument"}, clock=clock)
    assert clock.seconds == seconds


@pytest.mark.parametrize(("is_hasty", "seconds"), [(True, 8), (False, 120)])
def test_silent_region_is_given_up_after(is_hasty: bool, seconds: int) -> None:
    client = s3_client("us-east-1", is_hasty=is_hasty)
    config: Any = client.meta.config
    client.close()
    assert config.read_timeout * config.retries["total_max_attempts"] == seconds
    assert config.connect_timeout * config.retries["total_max_attempts"] <= 20


def test_silent_key_value_store_is_given_up_within_20_seconds_and_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that takes connections and says nothing; a second is a tenth of one here."""
    client: Any = key_value_store_client()
    attempts = client.meta.config.retries["total_max_attempts"]
    # botocore's standard mode pauses up to 1 s, then up to 2 s: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    assert attempts * max(client.meta.config.read_timeout, client.meta.config.connect_timeout) + 1 + 2 <= 20
    client.close()
    monkeypatch.setattr(clients, "_STORE_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setattr(clients, "session", Session)  # one that knows these
        client = key_value_store_client()
        with pytest.raises(AwsError, match=r"The KeyValueStore does not answer\. Viewers are served"):
            RoutingStore(client, "arn:aws:cloudfront::123456789012:key-value-store/a").read()
        client.close()


def test_caller_who_is_not_signed_in_is_told_how() -> None:
    with (
        pytest.raises(AwsError, match=r"Sign in to AWS .*or name a localcloud with --localcloud DIR"),
        translated("GetObject", "bucket/key", region="eu-central-1"),
    ):
        raise NoCredentialsError
