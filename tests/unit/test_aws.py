"""What the clients of the commands send."""

from typing import Any

import pytest
from moto import mock_aws

from scripts.aws import s3_client


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


@pytest.mark.parametrize(("is_hasty", "seconds"), [(True, 20), (False, 120)])
def test_silent_region_is_given_up_after(is_hasty: bool, seconds: int) -> None:
    client = s3_client("us-east-1", is_hasty=is_hasty)
    config: Any = client.meta.config
    client.close()
    assert config.read_timeout * config.retries["total_max_attempts"] == seconds
